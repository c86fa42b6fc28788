"""Advice: which rule says what, what wins, and how a measured comparison answers a rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.advice import advise
from tandem.claims import Measured
from tandem.facts import Facts
from tandem.params import Advice
from tandem.rules import RULES

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


def measured(**quality):
    """Variant (both: rag+lora) -> its quality and form, the same on 40 questions."""
    names = {name.replace("both", "rag+lora"): dict.fromkeys(map(str, range(40)), value) for name, value in quality.items()}
    return Measured({name: {"quality": values, "form": values} for name, values in names.items()}, {})


def test_a_comparison_answers_every_rule_or_says_why_it_cannot():
    facts = replace(FACTS, fixed_form=True, n_for_training=300, restricted_share=0.02)
    advice = advise(facts, LIMITS, measured(prompt=0.0, rag=1.0, both=0.0))
    said = {verdict.rule: verdict.measured for verdict in advice.verdicts}
    assert said["size"] == "confirmed: rag - prompt in quality +1.00 [+1.00, +1.00], n = 40"
    assert said["form"] == "not measured: no scorecard of lora"
    assert said["enough for form"] == "overruled: rag+lora - rag in form -1.00 [-1.00, -1.00], n = 40"
    assert said["citations"] == "not measured: citation recall applies to 0 questions of rag"
    assert said["restricted"] == "not measured: a filter by role is a guarantee, whatever the scores"
    assert said["hybrid by default"] == "not measured: no scorecard of lora"
    small = advise(replace(FACTS, n_tokens=10), LIMITS, measured(prompt=0.0, rag=1.0))
    assert {one.rule: one.measured for one in small.verdicts}["size"] == "not measured: a variant with `whole_context` would tell"
    assert advice.stage == "product"


def test_no_rule_speaks_of_measures_before_a_comparison():
    assert {one.measured for one in advise(replace(FACTS, fixed_form=True, n_for_training=300), LIMITS).verdicts} == {""}


BOTH = replace(FACTS, fixed_form=True, n_for_training=3_000)


@pytest.mark.parametrize(("hybrid", "expected"), [("default", "rag+lora"), ("proven", "rag")])
def test_whether_both_are_taken_before_they_are_compared_is_told_by_params(hybrid, expected):
    advice = advise(BOTH, LIMITS.model_copy(update={"hybrid": hybrid}))
    assert (advice.variant, advice.before_measuring) == (expected, expected)
    assert advice.conflicts == (
        f"both: hybrid by default say yes, hybrid when proven say no; advice.hybrid: {hybrid} decides for {expected}",
    )


@pytest.mark.parametrize(
    ("scores", "expected", "default", "proven"),
    [
        ({"rag": 0.5, "lora": 0.2, "both": 0.9}, "rag+lora", "confirmed", "overruled"),
        ({"rag": 0.9, "lora": 0.2, "both": 0.9}, "rag", "open", "open"),
        ({"rag": 0.5, "lora": 0.9, "both": 0.9}, "rag", "open", "open"),
        ({"rag": 0.9, "lora": 0.2, "both": 0.5}, "rag", "overruled", "confirmed"),
    ],
)
@pytest.mark.parametrize("hybrid", ["default", "proven"])
def test_a_comparison_decides_whether_both_are_better_than_either(hybrid, scores, expected, default, proven):
    advice = advise(BOTH, LIMITS.model_copy(update={"hybrid": hybrid}), measured(**scores))
    said = {verdict.rule: verdict.measured.split(":")[0] for verdict in advice.verdicts}
    assert (advice.variant, said["hybrid by default"], said["hybrid when proven"]) == (expected, default, proven)
    assert advice.before_measuring == ("rag+lora" if hybrid == "default" else "rag")
    assert advice.conflicts[-1].endswith(f"the comparison decides for {expected}")


def test_both_are_advised_where_measured_so_though_the_rules_were_for_an_index_alone_and_never_where_barred():
    scores = measured(rag=0.5, lora=0.2, both=0.9)
    lifted = advise(replace(FACTS, n_for_training=300), LIMITS, scores)
    assert (lifted.variant, lifted.before_measuring) == ("rag+lora", "rag")
    assert advise(replace(FACTS, n_for_training=300, may_train=False), LIMITS, scores).variant == "rag"
    assert advise(replace(FACTS, n_for_training=300, n_tokens=10, must_cite=False), LIMITS, scores).variant == "prompt"


def test_near_duplicates_speak_against_an_adapter_and_restricted_documents_for_an_index_from_their_thresholds_on():
    assert not {"duplicates", "restricted"} & votes(duplicate_share=0.199, restricted_share=0.009).keys()
    both = advise(replace(FACTS, duplicate_share=0.2, restricted_share=0.01), LIMITS).verdicts
    said = {one.rule: (one.part, one.vote, one.reason) for one in both}
    assert said["duplicates"][:2] == ("adapter", "against")
    assert said["duplicates"][2].startswith("20.0% of the documents are near-duplicates (from 20.0%)")
    assert said["restricted"][:2] == ("retrieve", "for")
    assert said["restricted"][2].startswith("1.0% of the documents are restricted (from 1.0%)")
    assert "restricted" not in {one.rule for one in advise(FACTS, LIMITS.model_copy(update={"restricted_share": 0.0})).verdicts}


def test_before_a_comparison_the_stage_says_how_many_questions_to_write():
    advice = advise(replace(FACTS, n_examples=100), LIMITS)
    assert advice.stage == "proof of concept"
    assert advice.next_step.startswith("write 50 more questions")
    assert advise(replace(FACTS, queries_per_day=1e4), LIMITS, measured(rag=1.0)).stage == "scale"


def test_every_rule_can_speak_has_a_name_of_its_own_and_answers_for_each_of_its_votes():
    loud = replace(FACTS, changed_share_a_week=1.0, restricted_share=0.1, duplicate_share=0.9, max_latency_ms=1, fixed_form=True)
    cases = [replace(loud, n_for_training=n, may_train=may, queries_per_day=1e9) for n in (0, 1_000) for may in (True, False)]
    spoken = {one.rule for case in cases for one in advise(case, LIMITS).verdicts}
    spoken |= {one.rule for one in advise(BOTH, LIMITS).verdicts}
    assert spoken == {rule.name for rule in RULES}
    assert len(spoken) == len(RULES)
    small = [replace(case, n_tokens=1, fixed_form=False) for case in cases]
    given = {(rule.name, said[0]) for rule in RULES for case in (*cases, *small) if (said := rule.judge(case, LIMITS))}
    assert given == {(rule.name, vote) for rule in RULES for vote in rule.claims}
