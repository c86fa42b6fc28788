"""Approval by hand (`promotion.approve: manual`): the version that a comparison would promote waits in the registry for a yes.

It was registered with what was measured, so the yes moves exactly that version. The mark names the champion that it was measured
against; where another has taken over since, the yes is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tandem.errors import Refused
from tasks import registry
from tasks.tracking import begun, connected
from tasks.way_back import require_fit
from tasks.workspace import Workspace

WAITING = "tandem.waiting"
NOBODY = "nobody"


def hold(workspace: Workspace, version: str, against: str | None) -> None:
    """Let a version wait instead of the one that waited before. `against`: the champion that it was measured against."""
    with connected(workspace) as client:
        client.set_registered_model_tag(workspace.name, WAITING, json.dumps({"model_version": version, "against": against}))


def withdraw(workspace: Workspace) -> str | None:
    """Let nothing wait any more; the version that did."""
    mark = _mark(workspace)
    if mark is None:
        return None
    with connected(workspace) as client:
        client.delete_registered_model_tag(workspace.name, WAITING)
    return str(mark["model_version"])


def waiting(workspace: Workspace) -> dict[str, Any] | None:
    """The version that waits, with why; `refused` says why a yes would come too late. None where nothing waits."""
    mark, champion = _mark(workspace), registry.champion_version(workspace)
    if mark is None or mark["model_version"] == champion:  # killed between the move and the end of the waiting
        return None
    from mlflow.exceptions import MlflowException

    with connected(workspace) as client:
        try:
            tags = client.get_model_version(workspace.name, mark["model_version"]).tags
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":  # deleted since: nothing waits any more
                return None
            raise
    return {
        "model_version": mark["model_version"],
        "variant": tags.get("variant"),
        "at": tags.get("at"),
        "n": json.loads(tags.get("n", "null")),
        "interval": json.loads(tags.get("interval", "null")),
        "reasons": json.loads(tags.get("reasons", "[]")),
        "refused": _refusal(mark, champion),
    }


def promote(workspace: Workspace, version: str, remark: str = "approved by hand") -> None:
    """Make a version the champion by hand. Raises Refused for one that waits and was measured against another champion."""
    with workspace.writing():
        require_fit(workspace, version)
        mark, champion = _mark(workspace), registry.champion_version(workspace)
        if mark is None or mark["model_version"] != version:
            registry.promote(workspace, version)
            return
        refusal = _refusal(mark, champion) if champion != version else None
        if refusal:
            raise Refused(refusal, hint="Run `tandem compare` again.")
        registry.promote(workspace, version, (remark,))
        withdraw(workspace)


def _refusal(mark: Mapping[str, Any], champion: str | None) -> str | None:
    if mark["against"] == champion:
        return None
    measured = f"version {mark['model_version']} was measured against champion {mark['against'] or NOBODY}"
    return f"{measured}, and champion is {champion or NOBODY} now"


def _mark(workspace: Workspace) -> dict[str, Any] | None:
    if not begun(workspace):
        return None
    from mlflow.exceptions import MlflowException

    with connected(workspace) as client:
        try:
            tags = client.get_registered_model(workspace.name).tags
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise
    return json.loads(tags[WAITING]) if WAITING in tags else None
