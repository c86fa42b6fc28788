"""Rank fusion and the best passage of each document."""

from __future__ import annotations

import numpy as np
import pytest

from tandem.records import Chunk, Passage
from tandem.retrieval import best_per_document, fuse, mmr, whole_documents


def test_fusion_adds_weight_over_k_plus_rank():
    fused = fuse([["a", "b"], ["b", "c"]], [1.0, 0.5], 10)
    assert fused == [("b", pytest.approx(1 / 12 + 0.5 / 11)), ("a", pytest.approx(1 / 11)), ("c", pytest.approx(0.5 / 12))]


def test_equal_scores_are_ordered_by_id():
    assert [item for item, _ in fuse([["b", "x"], ["a", "y"]], [1.0, 1.0], 60)] == ["a", "b", "x", "y"]


def test_a_ranking_of_no_weight_adds_no_candidates():
    assert fuse([["a"], ["b"]], [1.0, 0.0], 60) == [("a", pytest.approx(1 / 61))]


def test_an_id_twice_in_a_ranking_counts_once_at_its_first_place():
    assert fuse([["a", "a", "b"]], [1.0], 10) == [("a", pytest.approx(1 / 11)), ("b", pytest.approx(1 / 12))]


def test_rankings_and_weights_must_be_as_many():
    with pytest.raises(ValueError, match="2 rankings but 1 weights"):
        fuse([["a"], ["b"]], [1.0], 60)


def test_a_document_ranks_where_its_best_passage_does():
    passages = [Passage("1", "a.md", "", "x", 0.9), Passage("2", "a.md", "", "y", 0.8), Passage("3", "b.md", "", "z", 0.7)]
    assert [passage.chunk_id for passage in best_per_document(passages, 5)] == ["1", "3"]
    assert [passage.chunk_id for passage in best_per_document(passages, 1)] == ["1"]


TWINS = np.array([[1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)  # the first two are the same text, the third at cosine .6


def test_marginal_relevance_puts_what_is_new_before_what_was_said():
    assert mmr([1.0, 0.9, 0.5], TWINS, 1.0) == [0, 1, 2]
    assert mmr([1.0, 0.9, 0.5], TWINS, 0.7) == [0, 1, 2]  # .7 x .9 - .3 x 1 = .33 against .7 x .5 - .3 x .6 = .17
    assert mmr([1.0, 0.9, 0.5], TWINS, 0.4) == [0, 2, 1]  # .4 x .9 - .6 x 1 = -.24 against .4 x .5 - .6 x .6 = -.16
    assert mmr([0.5, 0.9, 1.0], TWINS, 0.0) == [0, 2, 1]


def test_relevance_counts_by_its_share_of_the_largest():
    assert mmr([0.25, 0.225, 0.125], TWINS, 0.4) == mmr([1.0, 0.9, 0.5], TWINS, 0.4)
    assert mmr([0.0, 0.0], TWINS[1:], 0.5) == [0, 1]
    assert mmr([], TWINS[:0], 0.5) == []
    with pytest.raises(ValueError, match="2 relevances but 3 vectors"):
        mmr([1.0, 0.5], TWINS, 0.5)


def test_a_document_is_whole_again_with_each_heading_once():
    given = [("b.md", 0, "", "Free."), ("a.md", 1, "Wren", "Red."), ("a.md", 0, "Wren", "7.4 kg."), ("a.md", 2, "Wren > Price", "9 euros.")]
    found = whole_documents([Chunk(f"{doc_id}{at}", doc_id, at, heading, text) for doc_id, at, heading, text in given])
    assert found == [
        Passage("a.md", "a.md", "", "Wren\n\n7.4 kg.\n\nRed.\n\nWren > Price\n\n9 euros.", 0.0),
        Passage("b.md", "b.md", "", "Free.", 0.0),
    ]
