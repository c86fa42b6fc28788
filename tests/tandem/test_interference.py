"""What adapter and context do to each other, on rows whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.interference import context_holds, effects
from tandem.records import Example, Passage, Row
from tandem.scoring import scorecard

ROW = Row("", "", "", "", "", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)
SIMPLICITY = {"prompt": 0, "rag": 1, "lora": 2, "rag+lora": 3}
ALIKE = {name: {"base": "reader", "retrieval": {"k": 3}} for name in SIMPLICITY}


def card(name, qualities, forms=None, held=None):
    n = len(qualities)
    rows = [
        replace(ROW, example_id=f"e{at:03d}", quality=quality, form=form, context_holds=holds)
        for at, (quality, form, holds) in enumerate(zip(qualities, forms or [1.0] * n, held or [True] * n, strict=True))
    ]
    return scorecard(name, rows, {}, {}, SIMPLICITY[name])


def found(*cards, settings=ALIKE):
    return {(one.added, one.measure): one for one in effects({one.variant: one for one in cards}, settings, 500, 0)}


def test_an_adapter_that_spoils_reading_is_seen_only_where_the_answer_was_there_to_read():
    # of 60 questions the passages hold the answer of 40; there the adapter loses 20 answers, elsewhere it knows 20 by heart
    held = [True] * 40 + [False] * 20
    rag, both = card("rag", [1.0] * 40 + [0.0] * 20, held=held), card("rag+lora", [1.0] * 20 + [0.0] * 20 + [1.0] * 20, held=held)
    one = found(rag, both)["adapter", "quality"]
    assert (one.both, one.alone, one.interval.n, one.interval.mean) == ("rag+lora", "rag", 40, -0.5)
    assert one.verdict == "hurts"
    assert one.sentence.startswith(
        "Where the retrieved passages hold the answer, the adapter hurts in quality: rag+lora - rag is -0.500 [-0."
    )
    assert one.sentence.endswith("] on 40 questions.")


def test_context_that_costs_the_adapter_its_form_is_seen_in_form():
    lora, both = card("lora", [0.0] * 40), card("rag+lora", [1.0] * 40, forms=[1.0] * 10 + [0.0] * 30)
    by = found(lora, both)
    assert (by["context", "form"].interval.mean, by["context", "form"].verdict) == (-0.75, "hurts")
    assert (by["context", "quality"].interval.mean, by["context", "quality"].verdict) == (1.0, "helps")


def test_no_difference_says_what_would_have_shown():
    rag, both = card("rag", [1.0, 0.0] * 20), card("rag+lora", [0.0, 1.0] * 20)
    one = found(rag, both)["adapter", "quality"]
    assert one.verdict == "neither helps nor hurts measurably"
    assert one.detectable == pytest.approx((1.959964 + 0.841621) * 1.0127394 / 40**0.5, rel=1e-5)
    assert one.sentence.endswith(f"(a true difference from {one.detectable:.3f} on would show).")


def test_only_variants_that_differ_in_that_part_alone_are_compared():
    cards = [card("rag", [1.0] * 9), card("lora", [0.0] * 9), card("rag+lora", [1.0] * 9)]
    wider = {**ALIKE, "rag+lora": {"base": "reader", "retrieval": {"k": 5}}}
    assert set(found(*cards, settings=wider)) == {("context", "form"), ("context", "quality")}
    other = {**ALIKE, "rag+lora": {"base": "another", "retrieval": {"k": 3}}}
    assert found(*cards, settings=other) == {}


def test_without_a_variant_that_has_both_or_without_two_questions_there_is_no_effect():
    assert found(card("rag", [1.0] * 9), card("lora", [0.0] * 9)) == {}
    assert ("adapter", "quality") not in found(card("rag", [1.0] * 3), card("rag+lora", [1.0] * 3, held=[True, False, False]))


def test_passages_hold_an_answer_when_they_hold_every_fact_or_most_of_its_words():
    passages = [Passage("c1", "d", "Alder", "It weighs 1.4 kg.", 1.0), Passage("c2", "d", "", "The warranty runs for 24 months.", 1.0)]
    facts = Example(id="e", question="?", answer="", facts=("1.4 kg", "24 months"))
    assert context_holds(facts, passages) is True
    assert context_holds(facts, passages[:1]) is False
    plain = Example(id="e", question="?", answer="Its warranty runs for 24 months.")
    assert context_holds(plain, passages) is True
    assert context_holds(plain, passages[:1]) is False
    assert context_holds(plain, []) is None
    assert context_holds(plain.model_copy(update={"answerable": False}), passages) is None


def test_one_sentence_with_a_few_of_the_words_does_not_hold_an_answer_without_facts():
    example = Example(id="e", question="Where is it?", answer="The spare key is kept in the safe behind the reception desk.")
    assert context_holds(example, ["Reception: The reception desk opens at nine."]) is False
    assert context_holds(example, ["Keys: The spare key is in the safe.", "It stands behind the reception desk, well kept."]) is True
