"""A folder is swapped whole: whenever it is killed, the old content or the new one is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tandem.errors import Refused
from tasks.stage import run_stage
from tasks.workspace import PROJECT, Workspace, open_workspace, replacing


class Killed(BaseException):
    pass


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    return open_workspace(tmp_path)


def put(workspace: Workspace, content: str) -> None:
    with replacing(workspace.adapter_dir) as fresh:
        (fresh / "training.json").write_text(content)


def held(workspace: Workspace) -> dict[str, str]:
    """What the next process finds, and nothing beside it."""
    open_workspace(workspace.root)
    assert [path.name for path in workspace.artifacts_dir.iterdir() if path.suffix == ".old"] == []
    return {path.name: path.read_text() for path in workspace.adapter_dir.iterdir()}


def test_a_folder_is_replaced_whole(workspace):
    put(workspace, "first")
    (workspace.adapter_dir / "extra").write_text("x")
    put(workspace, "second")
    assert held(workspace) == {"training.json": "second"}


def test_a_fill_that_fails_leaves_the_old_folder(workspace):
    put(workspace, "first")
    with pytest.raises(Killed), replacing(workspace.adapter_dir):
        raise Killed
    assert held(workspace) == {"training.json": "first"}
    put(workspace, "second")
    assert held(workspace) == {"training.json": "second"}


@pytest.mark.parametrize(("kill_at", "expected"), [(1, "first"), (2, "second"), (3, "second")])
def test_a_kill_between_any_two_moves_loses_nothing(workspace, monkeypatch, kill_at, expected):
    put(workspace, "first")
    n_moves = 0

    def until_killed(move):
        def moved(*args, **kwargs):
            nonlocal n_moves
            n_moves += 1
            if n_moves == kill_at:
                raise Killed
            return move(*args, **kwargs)

        return moved

    def fill_and_be_killed(patched):
        patched.setattr(Path, "rename", until_killed(Path.rename))
        with replacing(workspace.adapter_dir) as fresh:
            (fresh / "training.json").write_text("second")
            patched.setattr(shutil, "rmtree", until_killed(shutil.rmtree))

    with monkeypatch.context() as patched, pytest.raises(Killed):
        fill_and_be_killed(patched)
    assert held(workspace) == {"training.json": expected}


def test_a_refused_stage_exits_with_its_reasons_and_no_traceback(workspace, monkeypatch):
    monkeypatch.chdir(workspace.root)

    def refuse(_: Workspace) -> str:
        raise Refused("there is nothing to measure", hint="Run `tandem retrain`.")

    with pytest.raises(SystemExit, match=r"^there is nothing to measure\. Run `tandem retrain`\.$"):
        run_stage(refuse)


@pytest.mark.parametrize("stage", ["refresh", "dataset", "train", "evaluate"])
def test_every_stage_is_refused_outside_a_workspace(stage, tmp_path, monkeypatch):
    import importlib

    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    with pytest.raises(SystemExit, match=r"is no workspace: params\.yaml and dvc\.yaml missing"):
        importlib.import_module(f"tasks.{stage}").main()
