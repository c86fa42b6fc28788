"""A rollback in a real registry: what it says it changed, and what it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Params, Prompt, Variant
from tandem.records import Decision
from tasks import approval, registry
from tasks.registration import register
from tasks.tracking import connected
from tasks.way_back import roll_back
from tasks.workspace import Settings, Workspace

PARAMS = Params(name="kb", prompt=Prompt(instruction="Answer."), variants={"prompt": Variant()})


def promoted(workspace: Workspace, k: int, **more: str) -> str:
    behaviour = {
        "variant": "rag", "retrieve": True, "adapter": False, "base": {"model": "reader"}, "retrieval": {"k": k}, "data_version": "aa-bb",
        "index_version": k, **more,
    }  # fmt: skip
    version = register(workspace, behaviour, None, {}, Decision(True, "rag", (), 0, None, {}))
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


def test_a_version_whose_adapter_or_table_is_gone_becomes_no_champion(tmp_path: Path):
    workspace = Workspace(tmp_path / "kb", PARAMS, Settings())
    first = promoted(workspace, 3, index_uri=str(tmp_path / "lancedb"), table="chunks_gone")
    second = promoted(workspace, 5)
    with pytest.raises(Refused, match=r"version 1 of kb cannot answer: its table chunks_gone is gone from .*`tandem doctor` says"):
        roll_back(workspace)
    with pytest.raises(Refused, match="its table chunks_gone is gone"):
        approval.promote(workspace, first)
    assert registry.champion_version(workspace) == second


def test_files_that_were_away_for_a_while_are_found_again(tmp_path: Path):
    workspace = Workspace(tmp_path / "kb", PARAMS, Settings())
    version = promoted(workspace, 3)
    files = files_of(workspace, version)
    away = files.rename(tmp_path / "away")
    with pytest.raises(Refused, match=r"the files of kb version 1 are not at .*Bring them back there; `tandem doctor`"):
        registry.registered(workspace, version)
    away.rename(files)
    assert registry.registered(workspace, version).variant == "rag"


def test_a_deleted_first_champion_stays_in_the_history(tmp_path: Path):
    workspace = Workspace(tmp_path / "kb", PARAMS, Settings())
    version = promoted(workspace, 3)
    with connected(workspace) as client:
        client.delete_model_version("kb", version)
    assert [event["model_version"] for event in registry.history(workspace)] == [version]
    assert [event["model_version"] for event in registry.history(workspace) if promoted(workspace, 5)] == [version]
    assert len(registry.history(workspace)) == 2
