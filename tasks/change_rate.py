"""How fast documents change: the share of them that was changed, added or removed a week, from DVC's versions or from git's history."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from tasks.readers import READERS
from tasks.repository import git
from tasks.workspace import Workspace

WEEK_S = 7 * 24 * 3600.0
MIN_HISTORY_S = WEEK_S / 7  # a shorter history says nothing of a week

Change = tuple[float, int]  # when, in seconds since 1970, and how many documents


def changed_share_a_week(n_documents: int, first_s: float, changes: Iterable[Change], now_s: float) -> float | None:
    """Changed documents a week over documents, since `first_s`; None where that is less than a day ago or there is no document."""
    if not n_documents or now_s - first_s < MIN_HISTORY_S:
        return None
    weeks = max(1.0, (now_s - first_s) / WEEK_S)
    return sum(n for at, n in changes if at > first_s) / n_documents / weeks


def rate_of_workspace(workspace: Workspace, n_documents: int) -> float | None:
    """From the data versions that the workspace remembers, and DVC's lists of their files."""
    from tasks.versions import remembered_files

    versions = remembered_files(workspace)
    if not versions:
        return None
    changes = [(_seconds(at), len({path for path, _ in before.items() ^ after.items()})) for (_, before), (at, after) in pairwise(versions)]
    return changed_share_a_week(n_documents, _seconds(versions[0][0]), changes, time.time())


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def rate_of_folder(folder: Path, n_documents: int) -> float | None:
    """From the commits of the git repository that tracks the folder; None where none does."""
    log = ("-c", "core.quotepath=off", "log", "--relative", "--no-renames", "--format=%x00%ct", "--name-only", "--", ".")
    shown = git(folder, *log, check=False)
    commits = [(float(at), sum(map(_is_document, names))) for at, *names in (part.split("\n") for part in shown.split("\0")) if at]
    return changed_share_a_week(n_documents, commits[-1][0], commits, time.time()) if commits else None


def _is_document(name: str) -> bool:
    return Path(name).suffix.lower() in READERS and not any(part.startswith(".") for part in Path(name).parts)
