"""refresh: bring the index up to date with the documents, then record what happened.

Run: tandem refresh. Everything up to "searchable" is the plain function `tasks.refresh.refresh`; versions, MLflow and Prefect follow.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from prefect import flow

from flows.engine import announce, note, step, tell
from flows.progress import REPORTER
from tandem.errors import Refused
from tasks import registry, runs
from tasks.converted import keep_only
from tasks.examples import record_examples
from tasks.manifest import read_manifest
from tasks.refresh import Refreshed
from tasks.refresh import refresh as refresh_index
from tasks.upkeep import MAINTAIN_EVERY, maintain
from tasks.versions import Recorded, record
from tasks.workspace import Workspace, open_workspace


@dataclass(frozen=True)
class Searchable:
    """What a watcher has made searchable already. Of several in a row only the last is recorded, for all of them."""

    refreshed: Refreshed
    is_last: bool = True


SEARCHABLE: ContextVar[Searchable | None] = ContextVar("searchable", default=None)  # no parameter: it may name ten thousand documents


@flow(name="refresh", flow_run_name="refresh {workspace}")
async def refresh(workspace: str = ".", changed: list[str] | None = None) -> dict[str, Any]:
    """Scan, check, embed what is new, commit once, test with canaries; then DVC, git and MLflow. `changed` hints at document ids."""
    opened = open_workspace(workspace)
    searchable = SEARCHABLE.get()
    if searchable is not None and not searchable.is_last:
        return refreshed_record(searchable.refreshed, None)
    if searchable is None:
        REPORTER.get().say("Refreshing the index")
        refreshed = await step(refresh_index, opened, changed, progress=REPORTER.get())
    else:
        refreshed = searchable.refreshed
    recorded, refusal = await step(record_refresh, opened, refreshed, retries=2)
    outcome = refreshed_record(refreshed, recorded)
    tell(outcome["notes"])
    await note("refresh", _markdown(opened, outcome))
    if refreshed.added or refreshed.changed or refreshed.deleted or refreshed.repaired:
        announce("tandem.index.updated", opened.name, outcome)
    if refusal is not None:
        raise refusal
    return outcome


def record_refresh(workspace: Workspace, refreshed: Refreshed) -> tuple[Recorded, Refused | None]:
    """Label and check the examples, record documents and manifest in DVC and git, log to MLflow.

    Beside what was recorded, the refusal where a line of the examples does not hold: that is no reason to leave the documents
    unrecorded, nor to record them again.
    """
    refusal = None
    try:
        record_examples(workspace)
    except Refused as refused:
        refusal = refused
    n_changes = len(refreshed.added) + len(refreshed.changed) + len(refreshed.deleted)
    recorded = record(workspace, ["index"], f"Refresh {n_changes} documents")
    if SEARCHABLE.get() is None:  # a watcher's recorder waits with it until nobody edits
        upkeep(workspace)
    if runs.log_refresh(workspace, refreshed):
        registry.flush_outbox(workspace)
    return recorded, refusal


def upkeep(workspace: Workspace, every: int = MAINTAIN_EVERY) -> None:
    """Once in `every` commits: compact the table, and forget the conversions of files that are gone."""
    if maintain(workspace, every=every):
        keep_only(workspace.converted_dir, {entry["md5"] for entry in read_manifest(workspace)["documents"].values()})


def refreshed_record(refreshed: Refreshed, recorded: Recorded | None) -> dict[str, Any]:
    """What `tandem refresh --json` prints; without a data version before it is recorded."""
    return {
        "added": list(refreshed.added),
        "changed": list(refreshed.changed),
        "deleted": list(refreshed.deleted),
        "unchanged": refreshed.unchanged,
        "quarantined": dict(refreshed.quarantined),
        "chunks_embedded": refreshed.chunks_embedded,
        "index_version": refreshed.index_version,
        "rows": refreshed.rows,
        "searchable_s": refreshed.searchable_s,
        "repaired": refreshed.repaired,
        "data_version": recorded.data_version if recorded else None,
        "notes": [*refreshed.notes, *(recorded.notes if recorded else ())],
    }


def _markdown(workspace: Workspace, outcome: dict[str, Any]) -> str:
    lines = [
        f"# {workspace.name}: {len(outcome['added'])} added, {len(outcome['changed'])} changed, {len(outcome['deleted'])} deleted",
        f"searchable after {outcome['searchable_s']:.2f} s, {outcome['rows']} chunks, table version {outcome['index_version']}",
        *(f"- quarantined `{doc_id}`: {reason}" for doc_id, reason in outcome["quarantined"].items()),
        *(f"- {line}" for line in outcome["notes"]),
    ]
    return "\n\n".join(lines)
