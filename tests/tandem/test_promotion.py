import random
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tandem.params import Limits, Promotion
from tandem.promotion import decide, utility_of
from tandem.records import Row, Scorecard
from tandem.scoring import scorecard

N = 40


def row(i: int, quality: float | None = None, **measures) -> Row:
    empty = dict.fromkeys(("exact_match", "token_f1", "rouge_l", "form", "grounding", "citation_precision", "citation_recall"))
    given = {**empty, "abstained": False, "should_abstain": False, "n_tokens_in": 0, "n_tokens_out": 0, "cost_usd": 0.001, **measures}
    return Row(f"q{i:03d}", "", "", "", "", (), quality=quality, **given)


def card(name: str, qualities, simplicity: int, p95: float = 100.0, cost_usd: float = 0.001, **measures) -> Scorecard:
    rows = [row(i, quality, cost_usd=cost_usd, **measures) for i, quality in enumerate(qualities)]
    return scorecard(name, rows, {}, {"total": [p95]}, simplicity)


def right(n_right: int, n: int = N) -> list[float]:
    return [1.0] * n_right + [0.0] * (n - n_right)


def decided(*cards: Scorecard, champion: str | None = None, seed: int = 0, **policy):
    return decide({found.variant: found for found in cards}, champion, Promotion(**policy), 500, seed)


def between(start: int, stop: int) -> list[float]:
    return [float(start <= i < stop) for i in range(N)]


PROMPT, RAG, LORA, BOTH = 0, 1, 2, 3


def test_the_first_champion_is_the_best_and_is_compared_with_the_simplest():
    decision = decided(card("prompt", right(4), PROMPT), card("rag", right(20), RAG), card("rag+lora", right(34), BOTH))
    assert (decision.promoted, decision.variant, decision.n, decision.champion) == (True, "rag+lora", 40, None)
    assert decision.interval.mean == 0.75
    assert decision.reasons[0] == "rag+lora is promoted as the first champion: it scores best"
    assert decision.reasons[1].startswith("rag+lora has quality 0.85, prompt quality 0.10: +0.75 [+0.")
    assert decision.reasons[1].endswith("] on 40 questions")


def test_the_simplest_variant_that_is_not_measurably_worse_wins():
    # two more of 40 is noise: the interval of the difference reaches 0
    decision = decided(card("rag", right(30), RAG), card("rag+lora", right(32), BOTH))
    assert (decision.promoted, decision.variant) == (True, "rag")
    assert decision.reasons[0].startswith(
        "rag is promoted as the first champion: rag+lora scores best, but rag is simpler and not measurably worse (-0.05 [-0."
    )
    # the runner-up is what the simplest is compared with: rag+lora minus rag
    assert decision.interval.mean == pytest.approx(0.05)


def test_a_measurable_loss_within_the_margin_is_the_price_of_simplicity():
    small = [card("rag", [0.50] * N, RAG), card("rag+lora", [0.51] * N, BOTH)]
    assert decided(*small, margin=0.02).variant == "rag"
    assert decided(*small, margin=0.0).variant == "rag+lora"


def test_equally_simple_variants_go_by_utility_then_by_name():
    assert decided(card("rag-a", right(20), RAG), card("rag-b", right(21), RAG)).variant == "rag-b"
    assert decided(card("rag-b", right(20), RAG), card("rag-a", right(20), RAG)).variant == "rag-a"


def test_a_challenger_that_is_measurably_better_replaces_the_champion():
    decision = decided(card("rag", right(20), RAG), card("rag+lora", right(34), BOTH), champion="rag")
    assert (decision.promoted, decision.variant, decision.champion) == (True, "rag+lora", "rag")
    assert decision.interval.mean == pytest.approx(0.35)
    assert decision.interval.low > 0
    assert decision.reasons[0] == "rag+lora replaces rag: it is measurably better"


def test_a_tie_keeps_the_champion_and_says_what_the_set_can_show():
    decision = decided(card("rag", right(30), RAG), card("rag+lora", right(31), BOTH), champion="rag")
    assert (decision.promoted, decision.variant) == (False, "rag")
    assert decision.reasons[0] == "rag stays champion: nothing is measurably better, or shown equal and simpler or cheaper"
    assert decision.reasons[2] == "a set like this shows differences from 0.07 on (80 % power)"  # 2.80 x sd .158 / sqrt(40)


def test_a_simpler_variant_replaces_the_champion_only_when_shown_equal():
    same = decided(card("rag", right(30), RAG), card("rag+lora", right(30), BOTH), champion="rag+lora")
    assert (same.promoted, same.variant) == (True, "rag")
    assert same.reasons[0] == "rag replaces rag+lora: it is equal within 0.02 and simpler"
    unclear = decided(card("rag", right(29), RAG), card("rag+lora", right(31), BOTH), champion="rag+lora")
    assert (unclear.promoted, unclear.variant) == (False, "rag+lora")


def test_an_equal_variant_replaces_the_champion_when_clearly_cheaper():
    live = card("champion", right(30), RAG, cost_usd=0.001)
    assert decided(live, card("rag", right(30), RAG, cost_usd=0.0009), champion="champion").promoted is False  # 10 %: noise of timing
    decision = decided(live, card("rag", right(30), RAG, cost_usd=0.0005), champion="champion")
    assert (decision.promoted, decision.variant) == (True, "rag")
    assert decision.reasons[0].endswith("equal within 0.02 and cheaper (0.5 against 1 per 1,000 answers)")


def test_the_champion_re_measured_beside_its_own_variant_stays():
    decision = decided(card("champion", right(30), BOTH), card("rag+lora", right(30), BOTH), champion="champion")
    assert (decision.promoted, decision.variant) == (False, "champion")


def test_a_better_but_more_complex_variant_is_found_behind_a_simpler_one_that_proves_nothing():
    # rag+lora is 7 better than lora, which is near it, yet lora is not measurably better than the champion while rag+lora is
    live = card("rag", [1.0] * 20 + [0.0] * 20, RAG)
    middle = card("lora", [1.0] * 16 + [0.0] * 4 + [1.0] * 8 + [0.0] * 12, LORA)
    best = card("rag+lora", [1.0] * 20 + [1.0] * 8 + [0.0] * 12, BOTH)
    decision = decided(live, middle, best, champion="rag", margin=0.1)
    assert (decision.promoted, decision.variant) == (True, "rag+lora")


def test_every_violation_of_every_variant_is_listed_and_nobody_is_promoted():
    limits = Limits(max_latency_p95_ms=50, min_form=0.9, min_grounding=0.5, max_cost_usd_per_1k=0.5, max_forgetting=0.1, max_staleness=0.2)
    slow = replace(card("rag", right(30), RAG, form=0.0, grounding=0.0), staleness=0.3, forgetting=0.4)
    decision = decided(slow, card("prompt", right(2), PROMPT), limits=limits)
    assert (decision.promoted, decision.variant, decision.interval, decision.n) == (False, None, None, 0)
    assert decision.violations["rag"] == (
        "latency p95 in ms 100 is over the limit of 50",
        "cost per 1,000 answers 1 is over the limit of 0.5",
        "forgetting 0.4 is over the limit of 0.1",
        "staleness 0.3 is over the limit of 0.2",
        "form 0 is under the limit of 0.9",
        "grounding 0 is under the limit of 0.5",
    )
    assert decision.violations["prompt"][0] == "latency p95 in ms 100 is over the limit of 50"
    assert decision.reasons[0] == "nothing is promoted: none of prompt, rag is within the limits"
    assert len(decision.reasons) == 3


def test_a_measure_that_does_not_apply_is_no_violation():
    decision = decided(card("prompt", right(30), PROMPT), limits=Limits(min_grounding=0.9, min_form=0.9, max_staleness=0.0))
    assert (decision.promoted, decision.variant, decision.violations) == (True, "prompt", {})


def test_a_measure_that_does_not_apply_is_a_violation_where_the_policy_requires_it():
    cards = [card("prompt", right(30), PROMPT), card("rag", right(30), RAG, grounding=1.0)]
    decision = decided(*cards, limits=Limits(required=("grounding",)))
    assert (decision.promoted, decision.variant) == (True, "rag")
    assert decision.violations == {"prompt": ("grounding does not apply, and promotion.limits.required names it",)}


def test_the_best_variant_beyond_a_limit_leaves_the_next_best():
    cards = [card("rag", right(20), RAG), card("rag+lora", right(38), BOTH, p95=9_000), card("prompt", right(1), PROMPT)]
    decision = decided(*cards, limits=Limits(max_latency_p95_ms=1_000))
    assert (decision.promoted, decision.variant) == (True, "rag")
    assert decision.reasons[-1] == "rag+lora is out: latency p95 in ms 9000 is over the limit of 1000"


def test_a_champion_beyond_a_limit_is_kept_unless_something_passes():
    live = card("rag+lora", right(38), BOTH, p95=9_000)
    worse = decided(live, card("rag", right(20), RAG), champion="rag+lora", limits=Limits(max_latency_p95_ms=1_000))
    assert (worse.promoted, worse.variant) == (False, "rag")
    assert worse.interval.mean == pytest.approx(-0.45)
    equal = decided(live, card("rag", right(38), RAG), champion="rag+lora", limits=Limits(max_latency_p95_ms=1_000))
    assert (equal.promoted, equal.variant) == (True, "rag")


def test_too_few_paired_questions_promote_nothing():
    decision = decided(card("rag", right(0, 19), RAG), card("rag+lora", right(19, 19), BOTH), champion="rag")
    assert (decision.promoted, decision.variant, decision.n) == (False, "rag+lora", 19)
    assert decision.reasons[0] == "19 paired questions are too few to decide on, at least 20 are needed: nothing is promoted"


def test_only_questions_that_every_variant_answered_are_paired():
    shifted = card("rag+lora", right(40), BOTH)
    shifted = replace(shifted, rows=tuple(replace(found, example_id=f"q{i + 15:03d}") for i, found in enumerate(shifted.rows)))
    assert decided(card("rag", right(0), RAG), shifted, champion="rag").n == 25


def test_a_variant_that_failed_on_most_questions_does_not_spoil_the_others():
    decision = decided(card("prompt", right(3, 3), PROMPT), card("rag", right(30), RAG))
    assert (decision.variant, decision.n) == ("rag", 40)
    assert decision.violations == {"prompt": ("it answered 3 questions where others answered 40, at least 20 are needed",)}


def test_questions_without_any_weighted_measure_do_not_count():
    unanswerable = [replace(row(i), should_abstain=True) for i in range(100, 130)]
    cards = [card("rag", right(30), RAG), card("rag+lora", right(30), BOTH)]
    padded = [replace(found, rows=(*found.rows, *unanswerable)) for found in cards]
    assert decided(*padded).n == 40
    assert decided(*padded, weights={"quality": 1.0, "false_answers": 0.5}).n == 70


def test_utility_is_the_weighted_sum_and_lower_is_better_counts_against():
    assert utility_of(row(0, 1.0, form=1.0), {"quality": 1.0, "form": 0.25}) == 1.25
    assert utility_of(row(0, 1.0), {"quality": 1.0, "form": 0.25}) == 1.0
    assert utility_of(row(0, 1.0, abstained=True), {"quality": 1.0, "false_abstentions": 0.5}) == 0.5
    assert utility_of(row(0), {"quality": 1.0}) is None


def test_weights_decide_what_is_better():
    plain, formal = card("rag", right(30), RAG, form=0.0), card("rag+lora", right(30), BOTH, form=1.0)
    assert decided(plain, formal).variant == "rag"
    decision = decided(plain, formal, weights={"quality": 1.0, "form": 0.25})
    assert decision.variant == "rag+lora"
    assert decision.reasons[1] == (
        "rag+lora has quality 0.75, form 1.00, rag quality 0.75, form 0.00: utility +0.25 [+0.25, +0.25] on 40 questions"
    )


def test_a_champion_that_was_not_measured_is_kept():
    decision = decided(card("rag", right(30), RAG), champion="gone")
    assert (decision.promoted, decision.variant) == (False, None)
    assert decision.reasons == ("the champion gone was not measured in this run, so nothing can be shown to be better",)


def test_nothing_measured_and_a_lone_champion_have_their_own_words():
    assert decide({}, None, Promotion(), 500, 0).reasons == ("nothing is promoted: no variant was measured",)
    lone = decided(card("rag", right(30), RAG), champion="rag")
    assert (lone.promoted, lone.variant, lone.interval) == (False, "rag", None)
    assert lone.reasons[1] == "there is nothing to compare it with"


def test_being_better_is_read_more_strictly_with_more_challengers():
    live = card("champion", [0.0] * 30 + [1.0] * 10, BOTH)
    better = card("better", [1.0] * 6 + [0.0] * 24 + [0.0] * 1 + [1.0] * 9, BOTH)
    as_good = [card(f"other {i}", right(14), BOTH) for i in range(9)]
    assert decided(live, better, champion="champion").promoted is True
    assert decided(live, better, *as_good, champion="champion").promoted is False
    # those that are measurably worse than it could not be promoted in its place, and do not count
    far_behind = [card(f"other {i}", right(0), BOTH) for i in range(9)]
    assert decided(live, better, *far_behind, champion="champion").promoted is True


def test_a_new_best_lets_no_simpler_variant_in_that_another_measurably_beats():
    # x is measurably worse than B alone; N, once best, differs from x on so many questions that their interval reaches 0
    cards = [card("champion", between(0, 10), BOTH), card("x", between(0, 30), RAG), card("B", between(0, 34), BOTH)]
    for first_right in (7, 5):
        decision = decided(*cards, card("N", between(first_right, 40), LORA), champion="champion")
        assert (decision.promoted, decision.variant) == (True, "N")


qualities = st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=24, max_size=24)
variants = st.lists(
    st.tuples(qualities, st.integers(0, 3), st.sampled_from([50.0, 5_000.0]), st.sampled_from([0.001, 0.01])), min_size=1, max_size=4
)
POLICY = Promotion(min_n=20, limits=Limits(max_latency_p95_ms=1_000))


def scorecards_of(drawn) -> dict[str, Scorecard]:
    return {f"v{i}": card(f"v{i}", *given) for i, given in enumerate(drawn)}


@settings(max_examples=60, deadline=None)
@given(variants, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_variants_and_questions_changes_nothing(drawn, has_champion, shuffler: random.Random):
    cards = scorecards_of(drawn)
    champion = "v0" if has_champion else None
    names = list(cards)
    shuffler.shuffle(names)
    mixed = {name: replace(cards[name], rows=tuple(shuffler.sample(cards[name].rows, 24))) for name in names}
    assert decide(mixed, champion, POLICY, 200, 0) == decide(cards, champion, POLICY, 200, 0)


@settings(max_examples=60, deadline=None)
@given(variants, st.booleans())
def test_a_variant_beyond_a_limit_is_never_promoted(drawn, has_champion):
    cards = scorecards_of(drawn)
    decision = decide(cards, "v0" if has_champion else None, POLICY, 200, 0)
    assert set(decision.violations) == {name for name, found in cards.items() if found.latency_ms["p95"] == 5_000}
    assert not decision.promoted or decision.variant not in decision.violations
    assert decision.promoted or decision.variant == "v0" or has_champion or set(decision.violations) == set(cards)


# right on one stretch of the questions: overlaps make intervals of very different widths, where a rule is easiest to break
stretches = st.tuples(st.integers(0, N // 2), st.integers(N // 4, N), st.integers(0, 3), st.sampled_from([0.001, 0.01]))
lineups = st.lists(stretches, min_size=2, max_size=4)


@settings(max_examples=100, deadline=None)
@given(lineups, st.integers(1, N // 2), st.booleans(), st.sampled_from([0.0, 0.02, 0.1]))
@example([(0, 10, 3, 0.001), (0, 30, 1, 0.001), (7, 40, 2, 0.001), (0, 34, 3, 0.001)], 2, True, 0.02)
def test_better_answers_never_cost_a_variant_its_promotion_nor_the_champion_its_place(drawn, n_more, has_champion, margin):
    def winner(grown: str | None = None) -> tuple[bool, str]:
        cards = {}
        for name, (start, stop, simplicity, cost) in zip(("live", "a", "b", "c"), drawn, strict=False):
            more = n_more if name == grown else 0
            cards[name] = card(name, between(start - more, stop + more), simplicity, cost_usd=cost)
        decision = decide(cards, "live" if has_champion else None, Promotion(margin=margin), 200, 0)
        return decision.promoted, decision.variant if decision.promoted else "live"

    before = winner()
    assert winner(grown=before[1]) == before


@settings(max_examples=60, deadline=None)
@given(variants, st.booleans())
def test_a_variant_beyond_a_limit_changes_nothing_among_the_others(drawn, has_champion):
    cards = {"v0": card("v0", [0.5] * 24, 0), **{f"w{at}": card(f"w{at}", *given) for at, given in enumerate(drawn)}}
    inside = {name: found for name, found in cards.items() if found.latency_ms["p95"] != 5_000}
    champion = "v0" if has_champion else None
    all_of, some_of = (decide(given, champion, POLICY, 200, 0) for given in (cards, inside))
    assert (all_of.promoted, all_of.variant, all_of.interval) == (some_of.promoted, some_of.variant, some_of.interval)


@settings(max_examples=60, deadline=None)
@given(qualities, st.integers(0, 3), st.integers(1, 4))
def test_a_copy_of_the_champion_never_replaces_it(values, simplicity, n_copies):
    names = ["live", *(f"copy {i}" for i in range(n_copies))]
    decision = decide({name: card(name, values, simplicity) for name in names}, "live", POLICY, 200, 0)
    assert (decision.promoted, decision.variant) == (False, "live")


def test_a_champion_of_another_layout_gives_way_to_its_successor_unless_that_is_worse():
    cards = {found.variant: found for found in (card("champion", right(30), RAG), card("rag", [0.0, *right(29, N - 1)], RAG))}
    assert not decide(cards, "champion", Promotion(), 500, 0).promoted
    decision = decide(cards, "champion", Promotion(), 500, 0, successor="rag")
    assert (decision.promoted, decision.variant) == (True, "rag")
    assert "the same on the table layout of params.yaml, and not measurably worse" in decision.reasons[0]
    worse = {**cards, "rag": card("rag", right(10), RAG)}
    assert not decide(worse, "champion", Promotion(), 500, 0, successor="rag").promoted


def test_a_broken_limit_is_told_in_plain_figures():
    slow = decided(card("rag", right(30), RAG, p95=12_345.6), limits=Limits(max_latency_p95_ms=10_000))
    assert slow.violations == {"rag": ("latency p95 in ms 12346 is over the limit of 10000",)}
