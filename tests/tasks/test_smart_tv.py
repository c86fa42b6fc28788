"""Retrieval on a real manual: the figure that the README states is held here. Skips where the shared data is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.scoring import retrieval_scores, retrieval_summary
from tasks.create import create_workspace
from tasks.examples import read_examples
from tasks.index import open_index
from tasks.refresh import refresh
from tasks.workspace import PROJECT

SMART_TV = PROJECT.parent / "shared" / "data" / "smart-tv"


@pytest.mark.skipif(not SMART_TV.is_dir(), reason=f"{SMART_TV} is not there: the shared data is never copied into the project")
def test_four_of_five_questions_on_a_real_manual_find_their_section_among_five(tmp_path: Path):
    workspace = create_workspace(tmp_path / "tv", SMART_TV / "documents", SMART_TV / "examples.jsonl")
    refreshed = refresh(workspace)
    assert (len(refreshed.added), refreshed.quarantined) == (261, {})
    examples = read_examples(workspace)
    found = open_index(workspace).search([example.question for example in examples], k=30)
    scores = [
        retrieval_scores([passage.doc_id for passage in passages], example.sources)
        for example, passages in zip(examples, found, strict=True)
    ]
    summary = retrieval_summary(scores)
    assert summary["n"] == 674
    assert summary["hit@5"] is not None
    assert summary["hit@5"] >= 0.85
    assert summary["hit@1"] is not None
    assert summary["hit@1"] >= 0.50
