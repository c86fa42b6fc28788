"""recorder: what follows once a text is searchable - versions, MLflow, Prefect - in a process of its own, so that a watcher never waits.

Run: python -m flows.recorder WORKSPACE   (by `tandem watch`: a JSON line on standard input for each refresh; it ends when that closes)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from functools import reduce
from pathlib import Path
from queue import Empty, SimpleQueue

from flows.progress import REPORTER, StderrProgress
from tandem.errors import Refused
from tasks.refresh import Refreshed
from tasks.upkeep import MAINTAIN_EVERY
from tasks.workspace import PROJECT, open_workspace

QUIET_S = 3.0  # a group ends when nothing came for so long: recording takes a core for seconds, which the next edit may want,
GROUP_S = 30.0  # or when it has been open for so long
REST = 10  # rest of so many times as long as the last recording took, while edits go on: among thousands of documents DVC needs seconds
IDLE_S = 10.0  # then the table is compacted after a few commits already, for an edit would have to wait for that
IDLE_COMMITS = 5
NICENESS = 10  # an edit that comes meanwhile goes first


class Recorder:
    """The recorder's process, as its watcher sees it."""

    def __init__(self, root: Path):
        self._root = root
        self._process = self._started()

    def tell(self, refreshed: Refreshed) -> None:
        """Have a refresh recorded, soon. A recorder that has died is replaced; the record of the next refresh makes up for its own."""
        line = json.dumps(asdict(refreshed)) + "\n"
        try:
            self._write(line)
        except BrokenPipeError:
            self._process = self._started()
            self._write(line)

    def close(self) -> bool:
        """Wait until all is recorded; whether it could be."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        return self._process.wait() == 0

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _started(self) -> subprocess.Popen[str]:
        paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
        return subprocess.Popen(
            [sys.executable, "-m", "flows.recorder", str(self._root)],
            stdin=subprocess.PIPE,
            text=True,
            env={"LANCEDB_LOG": "error", **os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            process_group=0,  # Ctrl-C is for the watcher, which then lets the recorder finish
        )


def main() -> None:
    """Record groups of refreshes until standard input closes; exit 1 where the last of them could not be."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.nice(NICENESS)
    told: SimpleQueue[Refreshed | None] = SimpleQueue()
    threading.Thread(target=_read, args=(told,), daemon=True).start()
    REPORTER.set(StderrProgress())
    sys.exit(0 if record_all(sys.argv[1], told) else 1)


def record_all(workspace: str, told: SimpleQueue[Refreshed | None]) -> bool:
    """Record what is told, and keep the tables up, until the end is told; whether all could be recorded."""
    waiting: list[Refreshed] = []
    is_open, is_kept, complaint, rests_until = True, True, "", 0.0
    while is_open:
        group, is_open = next_group(told, None if is_kept and not waiting else IDLE_S)
        waiting += group
        try:
            started = time.monotonic()
            if waiting and (started >= rests_until or not group or not is_open):
                record(workspace, waiting)
                waiting, rests_until = [], time.monotonic() + REST * (time.monotonic() - started)
            keep_up(workspace, MAINTAIN_EVERY if group else IDLE_COMMITS)
            is_kept, complaint = not group, ""
        except Refused as refusal:
            waiting = [reduce(Refreshed.then, waiting)] if waiting else []
            if refusal.paragraph() != complaint:
                complaint = refusal.paragraph()
                print(f"tandem: searchable, but not recorded: {complaint}", file=sys.stderr, flush=True)
    return not waiting


def _read(told: SimpleQueue[Refreshed | None]) -> None:
    for line in sys.stdin:
        told.put(Refreshed(**json.loads(line)))
    told.put(None)


def next_group(told: SimpleQueue[Refreshed | None], patience_s: float | None = None) -> tuple[list[Refreshed], bool]:
    """The refreshes that are recorded together, none where none came for `patience_s`; and whether more may come."""
    group: list[Refreshed] = []
    closes_at = float("inf")
    with suppress(Empty):
        while True:
            left_s = min(QUIET_S, closes_at - time.monotonic())
            one = told.get(timeout=max(0.0, left_s) if group else patience_s)
            if one is None:
                return group, False
            closes_at = closes_at if group else time.monotonic() + GROUP_S
            group.append(one)
    return group, True


def record(workspace: str, group: list[Refreshed]) -> None:
    """A flow run for each where a Prefect server is; the last of them records versions, MLflow, artifact and event for all."""
    from flows.engine import run_flow
    from flows.refresh import SEARCHABLE, Searchable, refresh

    alone = [Searchable(one, is_last=False) for one in group[:-1]]
    for searchable in [*alone, Searchable(reduce(Refreshed.then, group))]:
        token = SEARCHABLE.set(searchable)
        try:
            run_flow(refresh, start_server=False, workspace=workspace)
        finally:
            SEARCHABLE.reset(token)


def keep_up(workspace: str, every: int) -> None:
    """The upkeep that a refresh by itself would have done."""
    from flows.refresh import upkeep

    upkeep(open_workspace(workspace), every)


if __name__ == "__main__":
    main()
