"""The lag of an edit, timed on a copy: the knowledge base itself stays as it was."""

from __future__ import annotations

from pathlib import Path

from tandem.params import parse_params
from tasks.candidates import Candidate, settings_of
from tasks.freshness import PROBE, freshness_of, measure_freshness
from tasks.index import read_pointer
from tasks.refresh import refresh
from tasks.workspace import PROJECT, Settings, Workspace, open_workspace, write_json


def test_edits_reach_the_passages_and_leave_the_knowledge_base_alone(make_workspace, tiny_llama):
    changes = {"base.model": str(tiny_llama), "base.max_new_tokens": 4, "variants": {"prompt": {}, "rag": {"retrieve": True}}}
    workspace = open_workspace(make_workspace(changes=changes))
    refresh(workspace)
    before, files = read_pointer(workspace), sorted(Path(workspace.root, "data").rglob("*"))

    measured = measure_freshness(workspace, n_edits=2)["variants"]
    assert set(measured) == {"rag"}
    assert 0 < measured["rag"]["passage_s"] < measured["rag"]["answer_s"]
    assert (measured["rag"]["n_answered"], measured["rag"]["n"]) == (2, 2)  # out of form, so what is given is the best passage
    assert (read_pointer(workspace), sorted(Path(workspace.root, "data").rglob("*"))) == (before, files)
    assert not (workspace.documents_dir / PROBE).exists()


def test_a_lag_is_shown_only_of_the_variant_that_was_timed(tmp_path):
    workspace = Workspace(tmp_path / "kb", parse_params((PROJECT / "params.yaml").read_text()), Settings())
    retrieval, base = workspace.params.retrieval.model_dump(), workspace.params.base.model_dump()
    rag = Candidate("rag", {"retrieve": True, "adapter": False, "retrieval": retrieval, "base": base}, None, 1)
    assert freshness_of(workspace, rag) == {"kind": "index"}
    timed = {"passage_s": 0.2, "answer_s": 0.6, "n": 5, "n_answered": 5}
    record = {"at": "2026-11-21T20:00:00+00:00", "variants": {"rag": {**timed, "settings": settings_of(rag)}}}
    write_json(workspace.state_dir / "freshness.json", record)
    assert freshness_of(workspace, rag) == {"kind": "index", "at": record["at"], **timed}
    wider = Candidate("rag", {**rag.behaviour, "retrieval": {**retrieval, "k": 5}}, None, 1)
    assert freshness_of(workspace, wider) == {"kind": "index"}
    assert freshness_of(workspace, Candidate("prompt", {**rag.behaviour, "retrieve": False}, None, 0)) == {"kind": "never"}
