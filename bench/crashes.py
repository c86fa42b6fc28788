"""Kill a refresh with -9 at random moments, run it again, and compare the index with a clean build.

Run: python -m bench.crashes DOCUMENTS EXAMPLES [--kills 20]

A tenth of the documents is changed (edited, deleted, renamed, added); a warm process refreshes and is killed at a moment drawn evenly
from the time that an undisturbed refresh takes; then the refresh is run again to its end. Rows must be the same, vectors too (to
1e-5: batches of other lengths are added up in another order), and after the upkeep every question must find the same passages in the
same order. Before it, rows that the full-text index does not hold yet are weighed by other statistics, killed or not.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tasks.checks import check_documents
from tasks.embed import CachedEmbedder, embedding_cache, load_embedder
from tasks.index import Index, open_index, table_name
from tasks.manifest import read_manifest
from tasks.readers import read_document
from tasks.refresh import refresh
from tasks.table import find_table
from tasks.upkeep import maintain
from tasks.workspace import PROJECT, Workspace, open_workspace

EDITED = 0.1
N_QUESTIONS = 100
WARM = ["torch", "transformers.models.bert.modeling_bert", "great_expectations", "lancedb"]  # imported once, in the server of the forks


@dataclass(frozen=True)
class State:
    """What an index holds and answers: rows by chunk id without their vectors, vectors in the order of the ids, passages a question."""

    rows: dict[str, tuple[Any, ...]]
    vectors: np.ndarray
    answers: list[list[str]]
    manifest: dict[str, Any]


def main() -> None:
    """Print a line a kill and the sums."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path)
    parser.add_argument("examples", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    lines = options.examples.read_text(encoding="utf-8").splitlines()[:N_QUESTIONS]
    questions = [json.loads(line)["question"] for line in lines if line.strip()]
    with tempfile.TemporaryDirectory() as folder:
        base = _workspace(Path(folder, "base"), options.documents, options.examples)
        refresh(base)
        clean = _workspace(Path(folder, "clean"), options.documents, options.examples)
        n_changed = change(clean.documents_dir, options.seed)
        refresh(clean)
        maintain(clean, every=0)
        expected = state_of(clean, questions)
        whole_s, _ = _killed_refresh(_copy(base, "whole", options.seed), None)
        print(f"{len(expected.rows)} rows, {n_changed} documents changed; an undisturbed warm refresh takes {whole_s:.2f} s", flush=True)
        rng = random.Random(options.seed)
        moments = [rng.uniform(0, whole_s) for _ in range(options.kills)]
        state_of(base, questions)  # their vectors are kept
        _kill_at(moments, base, expected, questions, options.seed)


def _kill_at(moments: list[float], base: Workspace, expected: State, questions: list[str], seed: int) -> None:
    n_equal, steps = 0, Counter[str]()
    for number, moment_s in enumerate(moments, start=1):
        workspace, at_s, step = _killed_copy(base, f"kill{number}", seed, moment_s)
        refresh(workspace)
        maintain(workspace, every=0)
        same = compare(state_of(workspace, questions), expected)
        n_equal += all(value for value, _ in same.values())
        steps[step.split(" ")[0]] += 1
        shown = "  ".join(f"{name} {'same' if value else 'DIFFER'}{note}" for name, (value, note) in same.items())
        print(f"{number:>3}  killed after {at_s:5.2f} s, at: {step:12}  {shown}", flush=True)
        shutil.rmtree(workspace.root)
    killed_in = ", ".join(f"{name} {n}" for name, n in steps.most_common())
    print(f"{n_equal} of {len(moments)} equal to a clean build; last step before the kill: {killed_in}")
    if n_equal < len(moments):
        sys.exit(1)


def _killed_copy(base: Workspace, name: str, seed: int, after_s: float) -> tuple[Workspace, float, str]:
    """A changed copy whose refresh was killed: where it was done sooner, another, sooner."""
    workspace = _copy(base, name, seed)
    at_s, step = _killed_refresh(workspace, after_s)
    if step != "done":
        return workspace, at_s, step
    shutil.rmtree(workspace.root)
    return _killed_copy(base, name, seed, after_s * 0.6)


def _workspace(root: Path, documents: Path, examples: Path) -> Workspace:
    """A workspace without DVC: what is measured is the index."""
    (root / "data").mkdir(parents=True)
    shutil.copytree(documents, root / "data" / "documents")
    shutil.copyfile(examples, root / "data" / "examples.jsonl")
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(PROJECT / name, root / name)
    return open_workspace(root)


def _copy(base: Workspace, name: str, change_seed: int) -> Workspace:
    root = shutil.copytree(base.root, base.root.with_name(name))
    change(root / "data" / "documents", change_seed)
    return open_workspace(root)


def change(folder: Path, seed: int) -> int:
    """Change a tenth of the documents, the same ones for a seed: mostly edits, also deletions, renames and new ones; how many."""
    rng = random.Random(seed)
    paths = sorted(path for path in folder.rglob("*.md"))
    chosen = rng.sample(paths, round(EDITED * len(paths)))
    for number, path in enumerate(chosen):
        kind = ("edit", "edit", "edit", "edit", "edit", "edit", "edit", "delete", "rename", "new")[number % 10]
        if kind == "delete":
            path.unlink()
        elif kind == "rename":
            path.rename(path.with_name(f"renamed-{path.name}"))
        elif kind == "new":
            path.with_name(f"new-{path.name}").write_text(f"# New page {number}\n\nThis page, number {number}, is new since today.\n")
        else:
            text = path.read_text(encoding="utf-8")
            path.write_text(f"{text}\n\nSince revision {rng.randrange(1000)} this part also says: see page {number}.\n", encoding="utf-8")
    return len(chosen)


def _killed_refresh(workspace: Workspace, after_s: float | None) -> tuple[float, str]:
    """Refresh in a warm process that is killed `after_s` it began; the seconds it had, and the last step that it reported."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(WARM)
    ours, theirs = processes.Pipe()
    child = processes.Process(target=_refresh_and_tell, args=(workspace.root, theirs))
    child.start()
    theirs.close()
    step = ours.recv()
    started = time.perf_counter()
    ours.send("go")
    if after_s is not None:
        time.sleep(after_s)
        child.kill()
    with contextlib.suppress(EOFError, ConnectionResetError):
        while True:
            step = ours.recv()
    seconds = time.perf_counter() - started
    child.join()
    return seconds, step


def _refresh_and_tell(root: Path, parent: Any) -> None:
    opened = open_workspace(root)
    load_embedder(opened.params.embedder, opened.settings).embed(["warm"])
    folder, params = opened.documents_dir, opened.params
    first = next(folder.rglob("*.md")).relative_to(folder).as_posix()
    check_documents([read_document(folder, first, params.documents)], params)
    parent.send("scan")
    parent.recv()
    refresh(opened, progress=lambda what, done, total: parent.send(f"{what} {done}/{total}"))
    parent.send("done")


def state_of(workspace: Workspace, questions: list[str]) -> State:
    """Read all of it."""
    found = find_table(workspace.index_uri, table_name(workspace))
    assert found is not None
    rows = sorted(found.to_arrow().to_pylist(), key=lambda row: row["chunk_id"])
    vectors = np.array([row.pop("vector") for row in rows], dtype=np.float32)
    embedder = CachedEmbedder(load_embedder(workspace.params.embedder, workspace.settings), embedding_cache(workspace))
    index: Index = open_index(workspace, embedder)
    answers = [[passage.chunk_id for passage in passages] for passages in index.search(questions, k=5)]
    shown = {str(row["chunk_id"]): tuple(str(value) for value in row.values()) for row in rows}
    return State(shown, vectors, answers, read_manifest(workspace))


def compare(found: State, expected: State) -> dict[str, tuple[bool, str]]:
    """What is the same: rows, vectors to 1e-5, the passages of every question, the manifest."""
    same_rows = found.rows == expected.rows
    difference = float(np.abs(found.vectors - expected.vectors).max()) if found.vectors.shape == expected.vectors.shape else float("inf")
    n_same = sum(one == other for one, other in zip(found.answers, expected.answers, strict=True))
    return {
        "rows": (same_rows, ""),
        "vectors": (difference < 1e-5, f" ({difference:.0e})"),
        "answers": (n_same == len(expected.answers), f" ({n_same}/{len(expected.answers)})"),
        "manifest": (found.manifest == expected.manifest, ""),
    }


if __name__ == "__main__":
    main()
