"""Passages in another order: by a real cross-encoder of random weights; what is no cross-encoder is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.errors import Refused
from tandem.params import Retrieval
from tandem.records import Passage
from tasks.base_model import parent_dir
from tasks.rerank import CrossEncoder, MarginalRelevance, load_reranker, rerank
from tasks.workspace import Settings

QUESTIONS = ["How heavy is the Elm kettle?", "What does it cost?"]
TEXTS = ("The Elm kettle weighs 1.4 kg.", "It costs 44 euros. " * 9, "No.", "The warranty runs for 16 months.")
FOUND = [Passage(f"c{at}", "elm.md", "Elm", text, 1 / (11 + at)) for at, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def encoder(tiny_cross_encoder: Path) -> CrossEncoder:
    return CrossEncoder(str(tiny_cross_encoder))


def test_the_first_candidates_are_ordered_by_score_and_the_others_stay_behind_them(encoder):
    retrieval = Retrieval(k=4, rerank="x", rerank_candidates=3)
    found = rerank(encoder, QUESTIONS, [FOUND, FOUND[:2]], retrieval)
    scores = encoder.scores([(QUESTIONS[0], one.shown_text) for one in FOUND[:3]])
    assert len(set(scores)) == 3
    assert found[0] == [*sorted(FOUND[:3], key=lambda one: -scores[FOUND.index(one)]), FOUND[3]]
    assert sorted(one.chunk_id for one in found[1]) == ["c0", "c1"]
    assert rerank(encoder, QUESTIONS[:1], [FOUND], retrieval.model_copy(update={"k": 2})) == [found[0][:2]]


def test_a_score_does_not_depend_on_what_else_is_in_the_batch(encoder):
    pairs = [(question, one.shown_text) for question in QUESTIONS for one in FOUND]
    assert encoder.scores(pairs) == pytest.approx([encoder.scores([pair])[0] for pair in pairs], abs=1e-5)


class Emptied:
    """A table from which a refresh took what was found a moment ago."""

    def stored_vectors(self, chunk_ids):
        return {}


def test_passages_that_a_refresh_took_meanwhile_keep_their_order():
    reranker = MarginalRelevance(Emptied(), 0.5)
    assert rerank(reranker, QUESTIONS[:1], [FOUND], Retrieval(k=4, rerank="mmr")) == [FOUND]


def test_without_a_reranker_the_best_stay_as_they_were_found():
    assert rerank(None, QUESTIONS[:1], [FOUND], Retrieval(k=2)) == [FOUND[:2]]
    assert load_reranker(Retrieval(), None, Settings()) is None


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nowhere/to-be-found", r"the cross-encoder 'nowhere/to-be-found' cannot be loaded.* Set retrieval\.rerank in params\.yaml"),
        (str(parent_dir()), r"has no trained scorer: .*classifier\.weight.* missing from its weights"),
    ],
)
def test_what_is_no_cross_encoder_is_refused_by_name(model, message):
    with pytest.raises(Refused, match=message):
        CrossEncoder(model)
