"""A rollback in a real registry: what it says it changed, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Params, Prompt, Variant
from tandem.records import Decision
from tasks import registry
from tasks.tracking import connected
from tasks.way_back import roll_back
from tasks.workspace import Settings, Workspace

PARAMS = Params(name="kb", prompt=Prompt(instruction="Answer."), variants={"prompt": Variant()})


def promoted(workspace: Workspace, k: int) -> str:
    behaviour = {
        "variant": "rag", "retrieve": True, "adapter": False, "base": {"model": "reader"}, "retrieval": {"k": k}, "data_version": "aa-bb",
        "index_version": k,
    }  # fmt: skip
    version = registry.register(workspace, behaviour, None, {}, Decision(True, "rag", (), 0, None, {}))
    registry.promote(workspace, version)
    return version


def test_a_rollback_tells_what_changed_and_stops_before_a_version_whose_files_are_gone(tmp_path: Path):
    workspace = Workspace(tmp_path / "kb", PARAMS, Settings())
    first, second = promoted(workspace, 3), promoted(workspace, 5)
    assert roll_back(workspace) == {"from": second, "to": first, "variant": "rag", "changed": {"retrieval.k": (5, 3)}}
    assert registry.champion_version(workspace) == first

    shutil.rmtree(files_of(workspace, second))
    with pytest.raises(Refused):
        roll_back(workspace)
    assert registry.champion_version(workspace) == first


def files_of(workspace: Workspace, version: str) -> Path:
    with connected(workspace) as client:
        return Path(client.get_model_version_download_uri(workspace.name, version).removeprefix("file://"))
