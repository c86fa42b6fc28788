"""What is wrong with a workspace, what was seen, and the command that mends it. Run: tandem doctor [--repair]

A check only looks. A repair makes anew what follows from the documents, finishes what was begun, and deletes nothing that cannot be
made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from tandem.errors import Refused
from tandem.records import Finding
from tasks import index_health, records_health
from tasks.progress import Progress
from tasks.workspace import Workspace


@dataclass(frozen=True)
class Check:
    """One part of a workspace. `look` gives what is wrong with it; `mend` does what can be done about it, and says what that was."""

    name: str
    look: Callable[[Workspace], Iterable[Finding]]
    mend: Callable[[Workspace], str] | None = None


CHECKS = (
    Check("locks", records_health.locks),
    Check("state", records_health.state, records_health.drop_damaged),
    Check("folders", index_health.folders),
    Check("documents", index_health.documents, index_health.refreshed),
    Check("table", index_health.table, index_health.rebuilt),
    Check("earlier tables", index_health.earlier, index_health.followed),
    Check("table versions", index_health.old_versions, index_health.maintained),
    Check("stray tables", index_health.stray, index_health.drop_stray),
    Check("damaged tables", index_health.aside, index_health.drop_aside),
    Check("record", records_health.recorded, records_health.record_again),
    Check("cache", records_health.cached, records_health.renew),
    Check("registry", records_health.aliases),
    Check("outbox", records_health.outbox, records_health.flush),
    Check("quarantine", records_health.quarantined),
    Check("leftovers", records_health.leftovers, records_health.drop_leftovers),
    Check("unfinished", records_health.unfinished),
)


def diagnose(workspace: Workspace, repair: bool = False, progress: Progress | None = None) -> list[Finding]:
    """Everything that is wrong, in the order of CHECKS. With `repair`, what can be mended is, and then looked at again."""
    findings: list[Finding] = []
    for number, check in enumerate(CHECKS, start=1):
        found = _look(check, workspace)
        if found and repair and check.mend:
            found = _mend(check, check.mend, workspace, found)
        findings += found
        if progress:
            progress("check", number, len(CHECKS))
    return findings


def _look(check: Check, workspace: Workspace) -> list[Finding]:
    try:
        return list(check.look(workspace))
    except Refused as refusal:
        return [Finding(check.name, "it cannot be looked at", "; ".join(refusal.reasons), refusal.hint or "tandem status")]
    except Exception as error:  # the outer edge of a check: whatever is broken, the other checks are made
        seen = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        return [Finding(check.name, "it is damaged in a way that this check does not know", seen, "tandem doctor --repair")]


def _mend(check: Check, mend: Callable[[Workspace], str], workspace: Workspace, found: list[Finding]) -> list[Finding]:
    """The findings as they are afterwards: a problem that is no longer found is mended."""
    try:
        done = mend(workspace)
    except Refused as refusal:
        return [replace(one, done=f"not mended: {refusal.paragraph()}") for one in found]
    except Exception as error:  # as above
        return [replace(one, done=f"not mended: {type(error).__name__}: {' '.join(str(error).split())[:300]}") for one in found]
    left = _look(check, workspace)
    problems = {one.problem for one in left}
    return [*(replace(one, mended=True, done=done) for one in found if one.problem not in problems), *left]
