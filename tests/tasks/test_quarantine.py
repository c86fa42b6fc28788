"""Where bad files go, whatever they are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tandem.params import Params, Prompt, Variant
from tasks import quarantine
from tasks.readers import scan
from tasks.workspace import Settings, Workspace

PARAMS = Params(prompt=Prompt(instruction="x"), variants={"rag": Variant(retrieve=True)})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "kb", PARAMS, Settings())


def put(workspace: Workspace, doc_id: str, reason: str = "it is bad") -> None:
    path = workspace.documents_dir / doc_id
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        path.rmdir()
    path.write_text(f"what {doc_id} said")
    assert quarantine.put(workspace, doc_id, [reason], scan(workspace.documents_dir, {}).files[doc_id])


@pytest.mark.parametrize(
    "doc_ids",
    [
        ["\u4f1a" * 82 + ".md"],  # 249 bytes: its reason's name would be too long
        ["notes", "notes/x.md"],  # a file where a folder has to be
        ["notes.md/x.md", "notes.md"],  # and a folder where a file has to be
        ["meeting.reason.json", "a.md"],
    ],
)
def test_every_name_finds_its_place_and_is_cleared_again(workspace, doc_ids):
    for doc_id in doc_ids:
        put(workspace, doc_id)
    assert quarantine.read_reasons(workspace).keys() == set(doc_ids)
    assert all(quarantine.holds(workspace, doc_id) for doc_id in doc_ids)
    assert [quarantine.place_of(workspace, doc_id).read_text() for doc_id in doc_ids] == [f"what {doc_id} said" for doc_id in doc_ids]
    said = [path.read_text() for path in workspace.quarantine_dir.rglob("*") if path.is_file() and not path.name.endswith(".reason.json")]
    assert {f"what {doc_id} said" for doc_id in doc_ids if not doc_id.endswith(".reason.json")} == set(said)
    for doc_id in doc_ids:
        quarantine.clear(workspace, doc_id)
    assert not any(quarantine.holds(workspace, doc_id) for doc_id in doc_ids)
    assert [path for path in workspace.quarantine_dir.rglob("*") if path.is_file()] == []


def test_a_reason_that_is_not_utf_8_is_written_as_it_can_be(workspace):
    put(workspace, "a.md", os.fsdecode(b"a link to caf\xe9"))
    assert quarantine.read_reasons(workspace)["a.md"]["reasons"] == ["a link to caf\\udce9"]
