"""The state of a workspace in one record: what answers, on which data, and what waits for attention."""

from __future__ import annotations

from typing import Any

from tasks.workspace import Workspace


def status_of(workspace: Workspace) -> dict[str, Any]:
    """What `tandem status --json` prints; nulls for what is not there yet. Paths are absolute."""
    from tasks import registry
    from tasks.quarantine import read_reasons
    from tasks.versions import data_version

    live, events = registry.champion(workspace), registry.history(workspace)
    reports = sorted(workspace.reports_dir.glob("*.html"))
    return {
        "workspace": str(workspace.root),
        "registered_model": workspace.name,
        "champion": {"model_version": live.version, "variant": live.variant} if live else None,
        "tracking_uri": workspace.tracking_uri,
        "index": _index_status(workspace),
        "data_version": data_version(workspace) if workspace.documents_dir.is_dir() and workspace.examples_path.is_file() else None,
        "quarantined": len(read_reasons(workspace)),
        "last_report": str(reports[-1]) if reports else None,
        "last_decision": events[-1] if events else None,
    }


def _index_status(workspace: Workspace) -> dict[str, Any] | None:
    from tandem.errors import Refused
    from tasks.index import open_index

    try:
        index = open_index(workspace)
    except Refused:
        return None
    return {"uri": index.uri, "table": index.table_name, "version": index.version, "rows": index.rows}
