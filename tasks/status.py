"""The state of a workspace in one record: what answers, on which data, and what waits for attention.

It opens neither the table nor the model: the pointer, the manifest and the tags of the registry say it all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tandem.errors import Refused
from tasks.workspace import Workspace


def status_of(workspace: Workspace) -> dict[str, Any]:
    """What `tandem status --json` prints; nulls for what is not there yet. Paths are absolute.

    Where MLflow cannot be reached, `tracking_error` says so, and what only it knows is null.
    """
    from tasks.data_version import data_version
    from tasks.quarantine import read_reasons

    champion, last_decision, waiting, tracking_error = _registry_status(workspace)
    reports = sorted(workspace.reports_dir.glob("*.html"))
    return {
        "workspace": str(workspace.root),
        "registered_model": workspace.name,
        "champion": champion,
        "tracking_uri": workspace.tracking_uri,
        "tracking_error": tracking_error,
        "index": _index_status(workspace),
        "data_version": data_version(workspace) if workspace.documents_dir.is_dir() and workspace.examples_path.is_file() else None,
        "quarantined": len(read_reasons(workspace)),
        "last_report": str(reports[-1]) if reports else None,
        "last_decision": last_decision,
        "waiting": waiting,
    }


def _registry_status(workspace: Workspace) -> tuple[dict[str, Any] | None, dict[str, Any] | None, dict[str, Any] | None, str | None]:
    """The champion, the last promotion or rollback, what waits for approval, and why none of these is known."""
    from tasks import approval, registry

    try:
        events = registry.history(workspace)
        return registry.standing(workspace), events[-1] if events else None, approval.waiting(workspace), None
    except Refused as error:
        return None, None, None, error.paragraph()


def _index_status(workspace: Workspace) -> dict[str, Any] | None:
    from tasks.index import read_pointer
    from tasks.manifest import read_manifest

    try:
        pointer, rows = read_pointer(workspace), read_manifest(workspace)["n_chunks"]
    except Refused:
        return None
    uri, table = workspace.index_uri, pointer["table"]
    if "://" not in uri and not Path(uri, f"{table}.lance").is_dir():
        return None
    return {"uri": uri, "table": table, "version": pointer["version"], "rows": rows}
