"""The way back: the previous champion's behaviour in production again, and what that changes. Documents stay as they are."""

from __future__ import annotations

from typing import Any

from tandem.behaviour import changes
from tandem.errors import Refused
from tasks import registry
from tasks.candidates import training_digest
from tasks.records_health import faults_of
from tasks.restricted import named, restricted_in
from tasks.workspace import Workspace


def require_fit(workspace: Workspace, version: str) -> None:
    """Raises Refused where a version that is to become the champion could not answer, or learned what is restricted now."""
    faults = list(faults_of(workspace, version))
    if faults:
        seen = f"version {version} of {workspace.name} cannot answer: {'; '.join(faults)}"
        raise Refused(seen, hint="`tandem doctor` says how to mend it; until then the champion stays.")
    if found := restricted_in(workspace, registry.registered(workspace, version)):
        seen = f"the adapter of version {version} of {workspace.name} was trained on what is restricted now: {named(found)}"
        raise Refused(seen, hint="`tandem run` trains one without it; until then the champion stays.")


def roll_back(workspace: Workspace) -> dict[str, Any]:
    """Swap champion and previous: `from`, `to`, `variant`, and `changed` (key -> value before and now; None where the old one's files
    cannot be read). Raises Refused, and leaves the champion, where there is no previous version or its files cannot be had."""
    old, new = registry.check_way_back(workspace)
    require_fit(workspace, new)
    target = registry.registered(workspace, new)
    try:
        left = registry.registered(workspace, old)
    except Refused:
        changed = None
    else:
        changed = changes(left.behaviour, target.behaviour)
        before, now = training_digest(left.adapter_path), training_digest(target.adapter_path)
        if before and now and before != now:
            changed["adapter weights"] = (before[:12], now[:12])
    old, new = registry.rollback(workspace)
    return {"from": old, "to": new, "variant": target.variant, "changed": changed}
