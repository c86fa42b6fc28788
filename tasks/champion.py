"""The champion as an MLflow model from code. Run: mlflow models serve -m models:/NAME@champion --env-manager local

MLflow copies this file into every registered version and executes it under a name of its own; imported as `tasks.champion` it only
defines functions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class Champion:
    """What MLflow calls: one open answerer between requests."""

    answerer: Any

    def load_context(self, context: Any) -> None:
        self.answerer = open_champion(context.model_config, (context.artifacts or {}).get("adapter"), Path(__file__).parent)

    def predict(self, context: Any, model_input, params=None) -> list[dict[str, Any]]:  # type: ignore[no-untyped-def]
        return answer_all(self.answerer, model_input)


def open_champion(behaviour: Mapping[str, Any], adapter: str | None, folder: Path) -> Any:
    """The answerer of a registered version. `folder` is where MLflow put the version; it says there which version it is."""
    _find_project(behaviour)
    from tasks.answer import open_answerer
    from tasks.workspace import Settings

    return open_answerer(behaviour, Path(adapter) if adapter else None, Settings(), _model_version(folder))


def answer_all(answerer: Any, model_input: Any) -> list[dict[str, Any]]:
    """One record (docs: answers) a question. `model_input`: a DataFrame or a list of mappings with `question`, optionally `roles`
    and `collections`.

    Where the workspace lies on this machine, a record names the data of now and the question becomes a trace. Elsewhere a retrieving
    version, whose index is live, does not know its data.
    """
    from tasks.answer import with_trace
    from tasks.traffic import record_question

    asked = model_input.to_dict(orient="records") if hasattr(model_input, "to_dict") else model_input
    workspace, records = _workspace(answerer.behaviour), []
    data_version = _live_data(answerer.behaviour, workspace)
    for one in asked:
        roles = _names(one.get("roles"))
        answer = answerer.answer(one["question"], roles, _names(one.get("collections")))
        answer = replace(answer, data_version=data_version)
        trace_id = record_question(workspace, one["question"], answer, roles) if workspace else None
        records.append(asdict(with_trace(answer, trace_id)))
    return records


def _workspace(behaviour: Mapping[str, Any]) -> Any:
    """The workspace that registered the version; None where it is not on this machine."""
    from tandem.errors import Refused
    from tasks.workspace import open_workspace

    try:
        return open_workspace(behaviour["workspace"])
    except (Refused, OSError):
        return None


def _live_data(behaviour: Mapping[str, Any], workspace: Any) -> str | None:
    from tasks.answer import reads_index
    from tasks.data_version import data_version

    if workspace is None:
        return None if reads_index(behaviour) else str(behaviour["data_version"])
    return data_version(workspace)


def _names(value: Any) -> tuple[str, ...]:
    """A list or array cell, or one name; a missing cell of a DataFrame is None or NaN, and grants nothing."""
    if value is None or isinstance(value, float):
        return ()
    return (value,) if isinstance(value, str) else tuple(str(name) for name in value)


def _find_project(behaviour: Mapping[str, Any]) -> None:
    """Where Tandem is not installed, use the checkout that registered the version."""
    try:
        installed = find_spec("tasks.answer") is not None
    except ModuleNotFoundError:
        installed = False
    if not installed and behaviour.get("project"):
        sys.path.insert(0, str(behaviour["project"]))


def _model_version(folder: Path) -> str | None:
    import yaml

    about = folder / "registered_model_meta"
    return str(yaml.safe_load(about.read_text(encoding="utf-8"))["model_version"]) if about.is_file() else None


if __name__ != "tasks.champion":  # MLflow is loading a version
    from mlflow.models import set_model
    from mlflow.pyfunc import PythonModel

    # `predict` has no hint for its input and comes from a plain class: MLflow would refuse DataFrames, or warn at every load
    set_model(type("ChampionModel", (Champion, PythonModel), {})())
