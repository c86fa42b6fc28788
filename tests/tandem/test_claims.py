"""Claims: what a comparison makes of each kind, and where it cannot tell."""

from __future__ import annotations

from dataclasses import replace

from tandem.claims import Measured, ahead, exceeds, lower, reaches, worth_both
from tandem.facts import Facts
from tandem.params import Advice

LIMITS = Advice()
FACTS = Facts(90, 35_000, 512, 0, 0, 300, 40, 0.0, 0.0, None, 1_000, True, None, True, None)


def answered(claim, values=None, figures=None, facts=FACTS):
    values = {name: {key: dict(enumerate(row)) for key, row in rows.items()} for name, rows in (values or {}).items()}
    found = claim(Measured(values, figures or {}), facts, LIMITS)
    return found.state, found.said


def test_a_difference_is_taken_over_the_questions_that_both_answered():
    values = {"rag": {"quality": [1.0, 1.0, None, 1.0]}, "lora": {"quality": [0.0, 0.0, 0.0]}}
    assert answered(ahead("rag", "lora", "quality"), values) == (
        "confirmed",
        "rag - lora in quality +1.00 [+1.00, +1.00], n = 2",
    )
    assert answered(ahead("lora", "rag", "quality"), values)[0] == "overruled"
    assert answered(ahead("rag", "lora", "form"), values) == ("not measured", "form applies to 0 questions of both rag and lora")


def test_a_mean_is_held_to_its_limit_by_its_interval():
    claim = reaches("rag", "citation_recall", lambda facts, limits: limits.cited_share)
    for share, state in ((0.9, "confirmed"), (0.8, "open"), (0.7, "overruled")):
        n = round(1_000 * share)
        found = answered(claim, {"rag": {"citation_recall": [1.0] * n + [0.0] * (1_000 - n)}})
        assert found[0] == state
        assert found[1].startswith(f"citation recall of rag {share:.2f} [")
        assert found[1].endswith("limit 0.8, n = 1000")


def test_figures_of_whole_variants_are_set_against_each_other():
    claim = lower("lora", "rag", "cost of a month", " (see prices)")
    for mine, theirs, state in ((1.0, 2.0, "confirmed"), (2.0, 1.0, "overruled"), (0.0, 0.0, "open")):
        figures = {"lora": {"cost of a month": mine}, "rag": {"cost of a month": theirs}}
        assert answered(claim, figures=figures)[0] == state
    figures = {"lora": {"cost of a month": 1_234.0}, "rag": {"cost of a month": 0.5}}
    assert answered(claim, figures=figures)[1] == "cost of a month 1,234 of lora, 0.5 of rag"
    assert answered(claim, figures={"lora": {"cost of a month": 1.0}}) == ("not measured", "no cost of a month of rag (see prices)")


def test_a_figure_below_its_limit_overrules_or_says_nothing_as_the_claim_has_it():
    figures = {"rag": {"latency p95 in ms": 400.0}, "lora": {"staleness": 0.0}}
    slow = exceeds("rag", "latency p95 in ms", lambda facts, limits: limits.tight_latency_ms)
    assert answered(slow, figures=figures) == ("confirmed", "latency p95 in ms of rag 400, limit 300")
    assert answered(slow, figures={"rag": {"latency p95 in ms": 300.0}})[0] == "overruled"
    stale = exceeds("lora", "staleness", lambda facts, limits: 0.02, below="open")
    assert answered(stale, figures=figures) == ("open", "staleness of lora 0, limit 0.02")
    assert answered(stale) == ("not measured", "no staleness of lora")


def test_form_counts_for_both_parts_where_one_is_asked_for():
    same, better = [0.5] * 8, [1.0] * 8
    values = {
        "rag": {"quality": same, "form": same},
        "lora": {"quality": [0.0] * 8, "form": better},
        "rag+lora": {"quality": same, "form": better},
    }
    assert answered(worth_both, values, facts=replace(FACTS, fixed_form=True))[0] == "confirmed"
    assert answered(worth_both, values)[0] == "open"
    worse = {**values, "rag+lora": {"quality": [0.4] * 8, "form": better}}
    assert answered(worth_both, worse, facts=replace(FACTS, fixed_form=True))[0] == "overruled"
