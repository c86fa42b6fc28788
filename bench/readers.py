"""Change documents at random while readers query, and hold every answer against what was searchable at that moment.

Run: python -m bench.readers [--operations 1000] [--readers 4] [--watch] [--vector-index]

Each document's three passages carry a word that no other has, and a version. A read asks for one such word by hybrid search, as an
answer does. What it finds must be one state of the whole knowledge base: the last that was searchable before the read began, or a later
one that was being made before it ended; and it must be all that this state holds of the word. `--watch` leaves the refreshing to
`tandem watch`; otherwise this process refreshes, up to four changes at once. The upkeep of the table runs as often as with a watcher.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench.changes import KINDS, PARTS, Writer, number_of, word
from tandem.errors import Refused
from tasks.create import create_workspace
from tasks.index import open_index
from tasks.manifest import read_manifest
from tasks.readers import scan
from tasks.refresh import refresh
from tasks.upkeep import maintain
from tasks.warm import Warm
from tasks.workspace import PROJECT, Workspace, open_workspace

ROW = re.compile(r"The (\w+) part of the entry (\w+) stands at revision (\d+)\.")
DEPTH = 30  # passages asked for, so that ranking leaves out none of the word
PATIENCE_S = 600.0
N_SHOWN = 20

Rows = frozenset[tuple[str, str, int, str]]  # document, word, revision, part


@dataclass
class History:
    """The states of the knowledge base: state `k` was being made from `begun[k]` on and was searchable at `done[k]`."""

    states: list[dict[str, tuple[str, int]]] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    done: list[float] = field(default_factory=list)

    def note(self, writer: Writer, begun: float) -> None:
        """What the writer left is searchable from now on."""
        self.states.append(writer.state())
        self.begun.append(begun)
        self.done.append(time.monotonic())

    def verdict(self, read: dict[str, Any]) -> str:
        """`right`, or what is wrong: `failed`, `stale` (a passage of no state that may be seen), `mixed` (of several), `missing`."""
        if read["error"]:
            return "failed"
        first = bisect_right(self.done, read["began"]) - 1
        allowed = self.states[first : bisect_right(self.begun, read["ended"])]
        found = frozenset(tuple(row) for row in read["rows"])
        all_rows = [rows_of(state) for state in allowed]
        fitting = [rows for rows in all_rows if found <= rows]
        if any({row for row in rows if row[1] == read["word"]} <= found for rows in fitting):
            return "right"
        if fitting:
            return "missing"
        return "mixed" if found <= frozenset().union(*all_rows) else "stale"


def rows_of(state: dict[str, tuple[str, int]]) -> Rows:
    """Every passage of a state."""
    return frozenset((doc_id, word, revision, part) for doc_id, (word, revision) in state.items() for part in PARTS)


@dataclass(frozen=True)
class Trial:
    """What is tried: in the workspace at `root`; `logs` is where the readers write. Readers are processes, or threads of this one."""

    root: Path
    logs: Path
    n_operations: int = 1000
    n_readers: int = 4
    n_documents: int = 60
    seed: int = 0
    watch: bool = False
    in_threads: bool = False
    pause_s: float = 0.0  # of each reader between two reads


def disturb(trial: Trial) -> tuple[History, list[dict[str, Any]]]:
    """Change documents while readers query; the history, and every read."""
    workspace = open_workspace(trial.root)
    writer, history, warm, begun = Writer(workspace.documents_dir, trial.seed, trial.n_documents), History(), Warm(), time.monotonic()
    with watching(trial) if trial.watch else nullcontext():
        _settle(workspace, None, warm, trial.watch)
        history.note(writer, begun)
        with reading(trial, writer.n_words) as (latest, n_words):
            for begun, names in _operations(trial, writer):
                _settle(workspace, names, warm, trial.watch)
                history.note(writer, begun)
                n_words.value = writer.n_words
                touched = [writer.documents[name].word for name in names if name in writer.documents]
                latest.value = number_of(touched[-1]) if touched else latest.value
    logs = sorted(trial.logs.glob("reader*.jsonl"))
    return history, [json.loads(line) for log in logs for line in log.read_text(encoding="utf-8").splitlines()]


def _operations(trial: Trial, writer: Writer) -> Iterator[tuple[float, list[str]]]:
    """Up to four at once where this process refreshes; when they began, and the names that they touched."""
    choose, n_left = random.Random(trial.seed), trial.n_operations
    kinds = [kind for kind in KINDS if not (trial.watch and kind == "swap")]  # it is three renames: a watcher may see the first alone
    while n_left:
        n_at_once = 1 if trial.watch else min(choose.choice((1, 1, 2, 4)), n_left)
        n_left -= n_at_once
        yield time.monotonic(), [name for _ in range(n_at_once) for name in writer.change(kinds)]


def _settle(workspace: Workspace, names: list[str] | None, warm: Warm, watch: bool) -> None:
    """Return once the change is searchable."""
    if not watch:
        refresh(workspace, names, warm=warm)
        maintain(workspace)
        return
    wanted = {doc_id: stamp.md5 for doc_id, stamp in scan(workspace.documents_dir, {}).files.items()}
    _until(lambda: {doc_id: entry["md5"] for doc_id, entry in read_manifest(workspace)["documents"].items()} == wanted)


@contextmanager
def reading(trial: Trial, n_known: int) -> Iterator[tuple[Any, Any]]:
    """Readers at work, each with a handle of its own; yields the number of the word changed last, and how many words there are."""
    processes = multiprocessing.get_context("spawn")
    latest, n_words, stop = processes.Value("i", 0), processes.Value("i", n_known), processes.Event()
    logs = [trial.logs / f"reader{number}.jsonl" for number in range(trial.n_readers)]
    start: Any = threading.Thread if trial.in_threads else processes.Process
    readers = [start(target=read_until, args=(trial, log, at, latest, n_words, stop)) for at, log in enumerate(logs)]
    for reader in readers:
        reader.start()
    try:
        _until(lambda: all(log.is_file() and log.stat().st_size for log in logs))
        yield latest, n_words
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def read_until(trial: Trial, log: Path, seed: int, latest: Any, n_words: Any, stop: Any) -> None:
    """Ask for one word after the other, half the time for the one that was changed last; a line a read."""
    parent = multiprocessing.parent_process()
    choose, index = random.Random(seed), open_index(open_workspace(trial.root))
    with log.open("w", buffering=1, encoding="utf-8") as file:
        while not stop.is_set() and (parent is None or parent.is_alive()):
            asked = word(latest.value if choose.random() < 0.5 else choose.randrange(n_words.value))
            read: dict[str, Any] = {"word": asked, "began": time.monotonic(), "rows": [], "error": ""}
            try:
                passages = index.search([f"At which revision stands the entry {asked}?"], k=DEPTH)[0]
                read["rows"] = [(one.doc_id, name, int(number), part) for one in passages for part, name, number in ROW.findall(one.text)]
            except (Refused, RuntimeError, ValueError, OSError) as error:  # a read that fails is counted, not raised
                read["error"] = f"{type(error).__name__}: {error}"
            read["ended"] = time.monotonic()
            file.write(json.dumps(read) + "\n")
            time.sleep(trial.pause_s)


@contextmanager
def watching(trial: Trial) -> Iterator[None]:
    """`tandem watch` at work."""
    create_workspace(trial.root)
    log = trial.logs / "watch.txt"
    with log.open("w") as file:
        command = [sys.executable, "-m", "flows.cli", "watch", "--json", "--workspace", str(trial.root)]
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        _until(lambda: "ready\n" in log.read_text(encoding="utf-8"))
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing came of it within {PATIENCE_S:.0f} s")
        time.sleep(0.01)


def make_workspace(root: Path, vector_index_rows: int | None = None) -> None:
    """A workspace without documents; with a vector index from so many rows on."""
    (root / "data" / "documents").mkdir(parents=True)
    shutil.copyfile(PROJECT / "dvc.yaml", root / "dvc.yaml")
    params = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))
    params["index"]["vector_index_rows"] = vector_index_rows or params["index"]["vector_index_rows"]
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def main() -> None:
    """Print what was read and what of it was wrong; exit 1 where anything was."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=1000)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--vector-index", action="store_true", help="also for this few rows, so that it changes under the readers")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_workspace(folder / "kb", 100 if options.vector_index else None)
        started = time.monotonic()
        history, reads = disturb(Trial(folder / "kb", folder, options.operations, options.readers, seed=options.seed, watch=options.watch))
        seconds = time.monotonic() - started
    verdicts = [history.verdict(read) for read in reads]
    for read in [f"{verdict}: {read}" for read, verdict in zip(reads, verdicts, strict=True) if verdict != "right"][:N_SHOWN]:
        print(read)
    counts = Counter(verdicts)
    print("operations  commits  readers    reads  stale  mixed  missing  failed  seconds")
    wrong = "  ".join(f"{counts[kind]:{width}}" for kind, width in (("stale", 5), ("mixed", 5), ("missing", 7), ("failed", 6)))
    print(f"{options.operations:10}  {len(history.states):7}  {options.readers:7}  {len(reads):7}  {wrong}  {seconds:7.0f}")
    if counts["right"] < len(reads):
        sys.exit(1)


if __name__ == "__main__":
    main()
