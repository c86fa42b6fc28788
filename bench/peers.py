"""CocoIndex in its live mode, as ../shared/peers runs it: another watcher of the same documents, beside ours in one run."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.material import PEERS
from tasks.table import connect

TABLE = "chunks"
READY_S = 1800.0
STEADY_S = 3.0  # so long without a new row: the first build is over


@dataclass(frozen=True)
class LivePeer:
    """A running `cocoindex update -L` over its own copy of the documents."""

    documents: Path
    uri: str


@contextmanager
def live_peer(python: str, documents: Path, folder: Path) -> Iterator[LivePeer]:
    """Start it with the Python that has its packages, and wait until every document is in its table."""
    copy, state = folder / "documents", folder / "state"
    shutil.copytree(documents, copy)
    state.mkdir()
    # As the peers' scripts set it: one thread; what they find beside the interpreter is not ours.
    environment = {**os.environ, "PYTHONPATH": "", "DOCS": str(copy), "STATE": str(state), "OMP_NUM_THREADS": "1"}
    command = [str(Path(python).with_name("cocoindex")), "update", "-q", "-L", "cocoindex_lancedb.py"]
    with (folder / "err.txt").open("w") as err:
        process = subprocess.Popen(command, cwd=PEERS, env=environment, stdout=subprocess.DEVNULL, stderr=err)
    try:
        _until_steady(str(state / "lance"), process)
        yield LivePeer(copy, str(state / "lance"))
    finally:
        process.kill()
        process.wait()


def _until_steady(uri: str, process: subprocess.Popen[bytes]) -> None:
    rows, since, deadline = -1, time.monotonic(), time.monotonic() + READY_S
    while rows <= 0 or time.monotonic() - since < STEADY_S:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the peer ended, or did not get on")
        time.sleep(0.2)
        now = int(connect(uri).open_table(TABLE).count_rows()) if Path(uri, f"{TABLE}.lance", "_versions").is_dir() else -1
        if now != rows:
            rows, since = now, time.monotonic()
