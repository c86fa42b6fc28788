"""Rank fusion and the best passage of each document."""

from __future__ import annotations

import pytest

from tandem.records import Passage
from tandem.retrieval import best_per_document, fuse


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
