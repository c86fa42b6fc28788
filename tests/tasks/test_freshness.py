"""The lag of an edit, timed on a copy: the knowledge base itself stays as it was."""

from __future__ import annotations

from pathlib import Path

from tasks.candidates import candidates_of
from tasks.freshness import PROBE, freshness_of, measure_freshness
from tasks.index import read_pointer
from tasks.refresh import refresh
from tasks.workspace import open_workspace


def test_edits_reach_the_passages_and_leave_the_knowledge_base_alone(make_workspace, tiny_llama):
    changes = {"base.model": str(tiny_llama), "base.max_new_tokens": 4, "variants": {"prompt": {}, "rag": {"retrieve": True}}}
    workspace = open_workspace(make_workspace(changes=changes))
    refresh(workspace)
    before, files = read_pointer(workspace), sorted(Path(workspace.root, "data").rglob("*"))
    prompt, rag = candidates_of(workspace)[0]
    assert freshness_of(workspace, rag) == {"kind": "index"}

    measured = measure_freshness(workspace, n_edits=2)["variants"]
    assert set(measured) == {"rag"}
    assert 0 < measured["rag"]["passage_s"] < 60
    assert (measured["rag"]["answer_s"], measured["rag"]["n_answered"], measured["rag"]["n"]) == (None, 0, 2)  # random weights say nothing
    assert (read_pointer(workspace), sorted(Path(workspace.root, "data").rglob("*"))) == (before, files)
    assert not (workspace.documents_dir / PROBE).exists()

    kept = freshness_of(workspace, rag)
    assert (kept["kind"], kept["passage_s"], kept["n"]) == ("index", measured["rag"]["passage_s"], 2)
    assert freshness_of(workspace, prompt) == {"kind": "never"}
    rag.behaviour["retrieval"] = {**rag.behaviour["retrieval"], "k": 5}
    assert freshness_of(workspace, rag) == {"kind": "index"}  # timed on another retrieval
