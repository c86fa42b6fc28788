"""Retrieval and the split on a real manual: the figures that are stated of them are held here. Skips where the shared data is missing."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from tandem.examples import near_duplicate_groups, parse_examples, split
from tandem.params import Documents, Split
from tandem.scoring import retrieval_scores, retrieval_summary
from tandem.split_record import split_record
from tasks.create import create_workspace
from tasks.examples import document_ids, read_examples
from tasks.index import open_index
from tasks.readers import read_document
from tasks.refresh import refresh
from tasks.workspace import PROJECT

SMART_TV = PROJECT.parent / "shared" / "data" / "smart-tv"


needs_the_data = pytest.mark.skipif(
    not SMART_TV.is_dir(), reason=f"{SMART_TV} is not there: the shared data is never copied into the project"
)


@needs_the_data
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


@needs_the_data
def test_more_than_a_quarter_of_the_questions_sit_on_near_duplicates_and_no_group_of_them_is_on_both_sides():
    """188 of 674 with words cut at blanks and a containment of at least .5, counted pair by pair; 190 as the split counts, with words of
    letters and digits alone and above .5."""
    folder = SMART_TV / "documents"
    texts = {doc_id: read_document(folder, doc_id, Documents()).text for doc_id in document_ids(folder)}
    examples = parse_examples((SMART_TV / "examples.jsonl").read_text(encoding="utf-8"), texts.keys())
    grams = {}
    for doc_id, text in texts.items():
        words = text.lower().split()
        grams[doc_id] = {tuple(words[at : at + 4]) for at in range(len(words) - 3)}
    pairs = [(a, b) for a, b in combinations(grams, 2) if len(grams[a] & grams[b]) >= 0.5 * max(1, min(len(grams[a]), len(grams[b])))]
    alike = {doc_id for pair in pairs for doc_id in pair}
    assert (len(examples), sum(not alike.isdisjoint(one.sources) for one in examples)) == (674, 188)

    groups = near_duplicate_groups(texts, Split().near_duplicate)
    record = split_record(split(examples, groups, Split(), seed=0), groups)
    assert (record["on_near_duplicates"], record["documents"], record["near_duplicate_groups"]) == (190, 261, 28)
    assert record["groups_on_both_sides"] == 0
    assert record["train"] + record["held_out"] == 674
