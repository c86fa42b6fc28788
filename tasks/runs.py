"""MLflow runs: what a comparison, a training, a refresh and a drift measurement did, with the data versions they saw."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tandem.drift import Signal
from tandem.economics import costs_of
from tandem.errors import Refused
from tandem.evidence import evidence_metrics
from tandem.params import Prices, plain_name
from tandem.records import Decision, Scorecard
from tandem.scoring import mean_tokens
from tasks.tracking import connected, experiment_id, put_aside
from tasks.workspace import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import DatasetInput, Metric

MD5 = re.compile(r"\b[0-9a-f]{32}(?:\.dir)?\b")
MAX_VALUE_CHARS = 5_000  # MLflow takes 6,000 in a param and 8,000 in a tag
MAX_BATCH = 100
MAX_DIGEST_CHARS = 36
ROW_COLUMNS = (
    "example_id", "kind", "collection", "question", "expected", "answer", "quality", "exact_match", "token_f1", "rouge_l", "form",
    "grounding", "citation_precision", "citation_recall", "similarity", "judge", "consistency", "right_in_all_wordings",
    "closed_book_facts", "quotation", "outcome", "dated",
    "abstained", "should_abstain", "n_tokens_in", "n_tokens_out", "cost_usd",
)  # fmt: skip


def log_comparison(
    workspace: Workspace,
    scorecards: Mapping[str, Scorecard],
    decision: Decision,
    lineage: Mapping[str, Any],
    report: Path,
    plots: Sequence[Path] = (),
) -> str:
    """A run of the comparison with one nested run a variant; its id. Raises Refused where MLflow cannot be reached.

    The `data_version` of `lineage` and every md5 among its strings become dataset inputs of the run and of each nested run.
    """
    tags = {"tandem.kind": "compare", "promoted": decision.promoted, "winner": decision.variant, "champion": decision.champion}
    experiment = experiment_id(workspace)
    with connected(workspace) as client, _run(client, experiment, "compare", {**tags, "reasons": "\n".join(decision.reasons)}) as run_id:
        _log_params(client, run_id, workspace.params.model_dump(mode="json"))
        _log_lineage(client, run_id, lineage)
        _log_metrics(client, run_id, {**_decision_metrics(decision), **_split_metrics(lineage)})
        for path in (report, *plots):
            if path.exists():
                client.log_artifact(run_id, str(path))
        for name, card in scorecards.items():
            with _run(client, experiment, name, {"tandem.kind": "variant", "variant": name}, parent=run_id) as nested_id:
                _log_lineage(client, nested_id, lineage)
                _log_metrics(client, nested_id, {**scorecard_metrics(card), **cost_metrics(card, workspace.params.prices)})
                if card.rows:
                    client.log_table(nested_id, _columns(card), "rows.json")
    return run_id


def log_training(
    workspace: Workspace,
    metrics_history: Sequence[Mapping[str, float]],
    params: Mapping[str, Any],
    lineage: Mapping[str, Any],
    adapter_dir: Path | None,
    metrics: Mapping[str, float | None],
) -> str | None:
    """A run of the training with its loss curve (a step is an epoch), `metrics` of the whole, and the adapter as an MLflow model; its id.

    Where MLflow cannot be reached the record waits in the outbox and the answer is None: a trained adapter is never lost to bookkeeping.
    """
    record = {
        "history": [dict(row) for row in metrics_history],
        "params": dict(params),
        "metrics": dict(metrics),
        "lineage": dict(lineage),
        "adapter_dir": str(adapter_dir) if adapter_dir else None,
        "adapter_digest": _digest(adapter_dir) if adapter_dir else None,
    }
    try:
        return replay_training(workspace, record)
    except Refused as error:
        put_aside(workspace, "training", record, error)
        return None


def replay_training(workspace: Workspace, record: Mapping[str, Any]) -> str:
    """Log a training's record; the adapter too, if the folder still holds the one that was trained then. The run's id."""
    experiment = experiment_id(workspace)
    folder = Path(record["adapter_dir"]) if record["adapter_dir"] else None
    with connected(workspace) as client, _run(client, experiment, "train", {"tandem.kind": "train"}) as run_id:
        _log_params(client, run_id, record["params"])
        _log_metrics(client, run_id, record.get("metrics", {}))
        _log_lineage(client, run_id, record["lineage"])
        model_id = None
        if folder is not None and _digest(folder) == record["adapter_digest"]:
            data_version = " ".join(digest for _, digest in _digests(record["lineage"]))
            model = client.create_logged_model(
                experiment, "adapter", run_id, tags={"data_version": data_version, "digest": record["adapter_digest"]}, model_type="adapter"
            )
            client.log_model_artifacts(model.model_id, str(folder))
            client.finalize_logged_model(model.model_id, "READY")
            model_id = model.model_id
        for at, row in enumerate(record["history"]):
            step = int(row.get("step", row.get("epoch", at)))
            _log_metrics(client, run_id, {name: value for name, value in row.items() if name not in ("step", "epoch")}, step, model_id)
    return run_id


def log_refresh(workspace: Workspace, refreshed: object) -> bool:
    """A run of one refresh (a dataclass or a mapping): numbers as metrics, lists as their length, the rest as tags.

    Where MLflow cannot be reached the record waits in the outbox and the answer is False: text is searchable without bookkeeping.
    """
    record = asdict(refreshed) if is_dataclass(refreshed) and not isinstance(refreshed, type) else dict(refreshed)  # type: ignore[call-overload]
    try:
        replay_refresh(workspace, record)
    except Refused as error:
        put_aside(workspace, "refresh", record, error)
        return False
    return True


def replay_refresh(workspace: Workspace, record: Mapping[str, Any]) -> str:
    """Log a refresh's record; the run's id."""
    metrics, tags = {}, {}
    for name, value in _flat(record):
        if isinstance(value, (list, tuple, set)):
            metrics[name] = float(len(value))
        elif isinstance(value, (int, float)):
            metrics[name] = float(value)
        elif value is not None:
            tags[name] = value
    experiment = experiment_id(workspace)
    with connected(workspace) as client, _run(client, experiment, "refresh", {"tandem.kind": "refresh", **tags}) as run_id:
        _log_metrics(client, run_id, metrics)
        _log_inputs(client, run_id, record)
    return run_id


def log_drift(workspace: Workspace, signals: Sequence[Signal]) -> bool:
    """A run of one drift measurement: a metric a signal, and which fired. False where the record had to wait in the outbox."""
    record = {signal.name: asdict(signal) for signal in signals}
    try:
        replay_drift(workspace, record)
    except Refused as error:
        put_aside(workspace, "drift", record, error)
        return False
    return True


def replay_drift(workspace: Workspace, record: Mapping[str, Any]) -> str:
    """Log a drift measurement's record; the run's id."""
    experiment = experiment_id(workspace)
    fired = sorted(name for name, signal in record.items() if signal["fired"])
    with (
        connected(workspace) as client,
        _run(client, experiment, "monitor", {"tandem.kind": "monitor", "fired": ", ".join(fired)}) as run_id,
    ):
        _log_metrics(client, run_id, {name: signal["value"] for name, signal in record.items()})
        client.log_dict(run_id, dict(record), "drift.json")
    return run_id


def scorecard_metrics(card: Scorecard) -> dict[str, float | None]:
    """A scorecard's numbers by name; `n_...` counts the rows behind a measure."""
    return {
        **card.measures,
        **{f"n_{name}": count for name, count in card.counts.items()},
        **{"retrieval_n" if name == "n" else name: value for name, value in card.retrieval.items()},
        **{f"latency_{name}_ms": value for name, value in card.latency_ms.items()},
        **{f"tokens_{way}": value for way, value in mean_tokens(card).items()},
        "cost_usd_per_1k": card.cost_usd_per_1k,
        "simplicity": card.simplicity,
        "staleness": card.staleness,
        "forgetting": card.forgetting,
        **evidence_metrics(card.extra),
    }


def cost_metrics(card: Scorecard, prices: Prices) -> dict[str, float]:
    """What a thousand answers, a month at the price book's volume and the start cost: in all, and by part where anything was used."""
    costs = costs_of(card, prices)
    if costs is None:
        return {}
    parts = {f"cost_{part}_per_1k": 1_000 * value for part, value in card.cost_by_part.items()}
    return {**parts, "cost_per_month": costs.per_month(prices.queries_per_day), "cost_to_start": sum(costs.start.values())}


def _decision_metrics(decision: Decision) -> dict[str, float | None]:
    interval = asdict(decision.interval) if decision.interval else {}
    return {"n": decision.n, **{f"difference_{name}": value for name, value in interval.items()}}


def _split_metrics(lineage: Mapping[str, Any]) -> dict[str, float | None]:
    """Counts of the split. Which examples have expired stands in lineage.json."""
    return {f"split_{name}": count for name, count in lineage.get("split", {}).items()}


@contextmanager
def _run(client: MlflowClient, experiment: str, name: str, tags: Mapping[str, Any], parent: str | None = None) -> Iterator[str]:
    """A run that ends FINISHED, or FAILED where the block raises. Not the fluent API: its active run belongs to the thread."""
    named = {"mlflow.runName": name, "mlflow.source.name": "tandem", **({"mlflow.parentRunId": parent} if parent else {})}
    shown = {plain_name(key): str(value)[:MAX_VALUE_CHARS] for key, value in tags.items() if value is not None}
    run_id = str(client.create_run(experiment, tags={**named, **shown}).info.run_id)
    try:
        yield run_id
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id, "FINISHED")


def _log_params(client: MlflowClient, run_id: str, params: Mapping[str, Any]) -> None:
    from mlflow.entities import Param

    rows = [Param(plain_name(name), str(value)[:MAX_VALUE_CHARS]) for name, value in _flat(params)]
    for at in range(0, len(rows), MAX_BATCH):
        client.log_batch(run_id, params=rows[at : at + MAX_BATCH])


def _log_metrics(
    client: MlflowClient, run_id: str, metrics: Mapping[str, float | None], step: int = 0, model_id: str | None = None
) -> None:
    import time

    from mlflow.entities import Metric

    now_ms = int(time.time() * 1000)
    rows: list[Metric] = [
        Metric(plain_name(name), float(value), now_ms, step, model_id=model_id) for name, value in metrics.items() if value is not None
    ]
    if rows:
        client.log_batch(run_id, metrics=rows)


def _log_lineage(client: MlflowClient, run_id: str, lineage: Mapping[str, Any]) -> None:
    _log_inputs(client, run_id, lineage)
    client.log_dict(run_id, dict(lineage), "lineage.json")


def _log_inputs(client: MlflowClient, run_id: str, lineage: Mapping[str, Any]) -> None:
    from mlflow.entities import Dataset, DatasetInput

    inputs: list[DatasetInput] = [
        DatasetInput(Dataset(name, digest, source_type="dvc", source=json.dumps({"md5": digest}))) for name, digest in _digests(lineage)
    ]
    if inputs:
        client.log_inputs(run_id, inputs)


def _digests(lineage: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The data versions in a lineage, (name, digest): its `data_version` and the md5s among its own strings. Not the md5 of every
    document, which a lineage may list as well."""
    digests = {name: MD5.findall(value) for name, value in lineage.items() if isinstance(value, str)}
    found = [(name if len(md5s) == 1 else f"{name}.{at}", md5) for name, md5s in digests.items() for at, md5 in enumerate(md5s)]
    version = lineage.get("data_version")
    return found if not isinstance(version, str) or digests["data_version"] else [("data_version", version[:MAX_DIGEST_CHARS]), *found]


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _columns(card: Scorecard) -> dict[str, list[Any]]:
    rows = [asdict(row) for row in card.rows]
    return {"variant": [card.variant] * len(rows), **{name: [row[name] for row in rows] for name in ROW_COLUMNS}}


def _digest(folder: Path) -> str:
    """A sha256 over the names and bytes of a folder's files; of nothing where there is no folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
