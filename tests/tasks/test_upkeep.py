"""Upkeep of the tables while edits go on: by a process of its own, as beside a watcher."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tasks.index import open_index, table_name
from tasks.manifest import out_of_step, read_manifest
from tasks.refresh import refresh
from tasks.table import documents_in, find_table
from tasks.warm import Warm
from tasks.workspace import PROJECT, Workspace, open_workspace

UPKEEP = """
import sys
from datetime import timedelta
from tasks import upkeep
from tasks.workspace import open_workspace

compact, stops = upkeep.optimize, ["the first"]

def stopped(table, keep, **how):
    if stops:
        stops.pop()
        print("begun", flush=True)
        sys.stdin.readline()
    compact(table, keep, **how)

upkeep.optimize = stopped
while True:
    print(upkeep.maintain(open_workspace("."), keep=timedelta(seconds=1), every=0), flush=True)
    if not sys.stdin.readline():
        break
"""


def put(workspace: Workspace, number: int, text: str) -> str:
    name = f"shop/{number}.md"
    path = workspace.documents_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"# Kettle {number}\n\nThe kettle {number} {text}.\n")
    return name


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "kb"
    root.mkdir()
    (root / "params.yaml").write_text(yaml.safe_dump({"prompt": {"instruction": "x"}, "variants": {"rag": {"retrieve": True}}}))
    (root / "dvc.yaml").write_text("stages: {}\n")
    made = open_workspace(root)
    for number in range(8):
        put(made, number, "boils water")
    return made


def test_edits_go_through_while_it_works_and_no_row_is_lost(workspace: Workspace):
    warm, pipes = Warm(), {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    refresh(workspace, warm=warm)
    with subprocess.Popen([sys.executable, "-c", UPKEEP], cwd=workspace.root, env=environment(), **pipes) as upkeep:
        assert upkeep.stdin is not None
        assert upkeep.stdout is not None
        assert upkeep.stdout.readline() == "begun\n"
        for number in range(12):
            with workspace.writing(timeout_s=1):
                if number % 6 == 5:
                    (workspace.documents_dir / "shop/7.md").unlink(missing_ok=True)
                    refresh(workspace, ["shop/7.md"], warm=warm)
                else:
                    refresh(workspace, [put(workspace, number % 8, f"was edited {number} times")], warm=warm)
            upkeep.stdin.write("on\n")
            upkeep.stdin.flush()
        upkeep.stdin.close()
        done = upkeep.stdout.read().split()
    assert (upkeep.returncode, set(done)) == (0, {"True"})
    assert len(done) == 12
    held = documents_in(find_table(workspace.index_uri, table_name(workspace)))
    assert out_of_step(read_manifest(workspace)["documents"], held) == set()
    assert not refresh(workspace).is_news
    assert open_index(workspace).search(["Which kettle was edited 10 times?"], k=1)[0][0].doc_id == "shop/2.md"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "LANCEDB_LOG": "error"}
