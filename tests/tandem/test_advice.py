"""Advice: which rule says what, what wins, and how a measured comparison answers a rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.advice import RULES, Facts, advise
from tandem.params import Advice

LIMITS = Advice()
FACTS = Facts(
    n_documents=90,
    n_tokens=35_000,
    n_context_tokens=512,
    n_examples=0,
    n_passed_over=0,
    n_for_training=0,
    min_examples=40,
    restricted_share=0.0,
    duplicate_share=0.0,
    changed_share_a_week=None,
    queries_per_day=1_000,
    must_cite=True,
    fixed_form=False,
    may_train=True,
    max_latency_ms=None,
)


def votes(**changes):
    return {verdict.rule: verdict.vote for verdict in advise(replace(FACTS, **changes), LIMITS).verdicts}


def variant(**changes):
    return advise(replace(FACTS, **changes), LIMITS).variant


def test_a_knowledge_base_that_fits_the_prompt_is_put_there():
    small = {"n_tokens": 256, "must_cite": False}
    assert variant(**small) == "prompt"
    assert votes(**small)["size"] == "against"
    assert votes(n_tokens=257)["size"] == "for"


def test_a_large_one_without_examples_is_retrieved_from():
    assert variant() == "rag"
    assert votes()["too few examples"] == "bars"


@pytest.mark.parametrize(("n_examples", "expected"), [(39, "rag"), (40, "rag"), (200, "rag+lora"), (2_000, "rag+lora")])
def test_a_form_of_its_own_and_enough_examples_ask_for_both(n_examples, expected):
    assert variant(fixed_form=True, n_for_training=n_examples) == expected


def test_what_may_not_be_trained_on_bars_an_adapter_whatever_else_is_for_it():
    advice = advise(replace(FACTS, fixed_form=True, n_for_training=5_000, queries_per_day=1e6, may_train=False), LIMITS)
    assert advice.variant == "rag"
    assert advice.conflicts == ("adapter: form and enough for form and volume say yes, consent say no; consent decides",)


def test_rules_that_contradict_each_other_are_shown_and_doubt_takes_the_simpler():
    advice = advise(replace(FACTS, n_for_training=300), LIMITS)
    assert advice.variant == "rag"
    assert advice.conflicts == ("adapter: enough for form say yes, form and thousands for skill say no; in doubt the simpler one",)


def test_documents_that_change_each_week_are_for_an_index_and_against_an_adapter():
    changing = votes(changed_share_a_week=0.02)
    assert (changing["change"], changing["staleness"]) == ("for", "against")
    assert not {"change", "staleness"} & votes(changed_share_a_week=0.019).keys()


def test_a_reason_names_the_value_and_the_limit():
    facts = replace(FACTS, n_examples=70, n_for_training=39, max_latency_ms=299)
    reasons = {one.rule: one.reason for one in advise(facts, LIMITS).verdicts}
    assert reasons["size"] == "90 documents hold 35,000 tokens, the base reads 512 at once: what is not retrieved is not read"
    assert reasons["too few examples"] == (
        "about 39 of 70 labelled examples would train an adapter (answerable, unrestricted, not held out), at least 40 are needed"
        " (adapter.min_examples)"
    )
    assert reasons["latency"] == "299 ms an answer (tight below 300): passages are more to read"


def test_a_comparison_confirms_overrules_or_leaves_open_what_a_rule_claims():
    def rows(quality, form):
        return {"quality": quality, "form": form}

    measured = {
        "prompt": rows([0.0] * 40, [0.0, 1.0] * 20),
        "rag": rows([1.0] * 40, [0.0] * 40),
        "lora": rows([None] * 40, [1.0, 0.0] * 20),
        "rag+lora": rows([1.0] * 40, [-1.0] * 40),
    }
    advice = advise(replace(FACTS, fixed_form=True, n_for_training=300), LIMITS, measured)
    said = {verdict.rule: verdict.measured for verdict in advice.verdicts}
    assert said["size"] == "confirmed: rag - prompt in quality +1.00 [+1.00, +1.00], n = 40"
    assert said["form"].startswith("open: lora - prompt in form +0.00 [-")
    assert said["enough for form"] == "overruled: rag+lora - rag in form -1.00 [-1.00, -1.00], n = 40"
    assert said["citations"] == ""
    assert said["thousands for skill"] == "open: rag - rag+lora in quality +0.00 [+0.00, +0.00], n = 40"
    small = advise(replace(FACTS, n_tokens=10), LIMITS, measured)
    assert {one.rule: (one.vote, one.measured) for one in small.verdicts}["size"] == ("against", "")
    assert advice.stage == "product"


def test_before_a_comparison_the_stage_says_how_many_questions_to_write():
    advice = advise(replace(FACTS, n_examples=100), LIMITS)
    assert advice.stage == "proof of concept"
    assert advice.next_step.startswith("write 50 more questions")
    assert advise(replace(FACTS, queries_per_day=1e4), LIMITS, {"rag": {"quality": [], "form": []}}).stage == "scale"


def test_every_rule_can_speak_and_has_a_name_of_its_own():
    loud = replace(FACTS, changed_share_a_week=1.0, restricted_share=0.1, max_latency_ms=1, fixed_form=True, queries_per_day=1e9)
    spoken = {one.rule for n in (0, 1_000) for one in advise(replace(loud, n_for_training=n, may_train=False), LIMITS).verdicts}
    assert spoken == {rule.name for rule in RULES}
    assert len(spoken) == len(RULES)
