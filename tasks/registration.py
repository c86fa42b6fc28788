"""Making a version: the model from code, with its behaviour, its adapter and where it came from."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tandem.errors import Refused
from tandem.params import params_hash
from tandem.records import Decision
from tasks.repository import commit_of
from tasks.tracking import experiment, quoted
from tasks.workspace import PROJECT, Workspace

REQUIREMENTS = ("mlflow", "pydantic", "pydantic-settings", "filelock", "lancedb", "transformers", "torch", "peft")


def register(
    workspace: Workspace,
    behaviour: dict[str, Any],
    adapter_dir: Path | None,
    scorecard_summary: Mapping[str, Any],
    decision: Decision,
    run_id: str | None = None,
) -> str:
    """A new version, aliased `challenger`: the model from code with its behaviour and, where the variant uses one, the adapter.

    Neither the base model's weights nor the index are copied. The version as a string. Raises Refused where the behaviour needs an
    adapter and there is none.
    """
    if behaviour["adapter"] and (adapter_dir is None or not adapter_dir.is_dir()):
        raise Refused(f"variant {behaviour['variant']!r} needs an adapter, {adapter_dir} holds none", hint="Run `tandem retrain` first.")
    with experiment(workspace) as home:
        import mlflow
        from mlflow import MlflowClient

        client = MlflowClient()
        if run_id is None:
            run_id = client.create_run(home, tags={"mlflow.runName": "register"}).info.run_id
        with mlflow.start_run(run_id=run_id), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*input example.*")
            model = mlflow.pyfunc.log_model(
                name="answers",
                python_model=str(Path(__file__).with_name("champion.py")),
                model_config={**behaviour, "project": str(PROJECT)},
                artifacts={"adapter": str(adapter_dir)} if behaviour["adapter"] else None,
                signature=_signature(),
                pip_requirements=_requirements(),
            )
        if not client.search_registered_models(f"name = {quoted(workspace.name)}"):
            client.create_registered_model(workspace.name)
        tags = _tags(workspace, behaviour, scorecard_summary, decision)
        made = client.create_model_version(workspace.name, f"models:/{model.model_id}", run_id, tags=tags, model_id=model.model_id)
        client.set_registered_model_alias(workspace.name, "challenger", str(made.version))
        return str(made.version)


def _signature() -> Any:
    """Columns, not type hints: a type-hinted model takes `inputs` only, this one `dataframe_records` as well.

    `roles` and `collections` are lists of strings, yet of any type here: where some records lack them MLflow fills in NaN, which is
    no list, and would refuse the whole request.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import AnyType

    return ModelSignature(
        inputs=Schema([
            ColSpec(DataType.string, "question"),
            ColSpec(AnyType(), "roles", required=False),
            ColSpec(AnyType(), "collections", required=False),
        ])
    )  # fmt: skip


def _requirements() -> list[str]:
    """Pinned as installed; named here because MLflow would otherwise load the model in a new process to find out."""
    pinned = []
    for name in REQUIREMENTS:
        try:
            pinned.append(f"{name}=={version(name)}")
        except PackageNotFoundError:
            continue
    return pinned


def _tags(workspace: Workspace, behaviour: Mapping[str, Any], summary: Mapping[str, Any], decision: Decision) -> dict[str, str]:
    tags = {
        "variant": behaviour["variant"],
        "base": behaviour["base"].get("model", ""),
        "data_version": behaviour["data_version"],
        "index_version": behaviour["index_version"],
        "git_commit": commit_of(workspace.root),
        "params_hash": params_hash(workspace.params),
        "scorecard": json.dumps(summary, default=str),
        "n": json.dumps(decision.n),
        "interval": json.dumps([decision.interval.low, decision.interval.high] if decision.interval else None),
        "reasons": json.dumps(list(decision.reasons)),
        "decision": json.dumps(asdict(decision), default=str),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return {name: str(value) for name, value in tags.items() if value is not None}
