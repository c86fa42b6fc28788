"""The patterns that are published on RAG and fine-tuning, on made answers whose truth is known: what is measured must show them.

Made answers are texts in the house form, read and scored as a comparison reads and scores them. Facts: closed-book tuning recalls few
of them, while passages that were found hold them (Ovadia et al. 2024). Form: tuning teaches it, instructions alone do not. Naive
tuning, which never saw passages, reads them worse than RAFT-style tuning among distractors (Zhang et al. 2024).
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tandem import prompts
from tandem.contrasts import contrasts
from tandem.interference import context_holds, effects
from tandem.params import Form, Limits, Promotion, Prompt
from tandem.promotion import decide
from tandem.records import Example, Passage, Scorecard
from tandem.scoring import score_row, scorecard

N = 120
FORM = Form(pattern=r"^Answer: \S.* Source: (\[\d+\]( \[\d+\])*|none)$", answer="Answer: {answer} Source: {source}")
PROMPT = Prompt(instruction="Answer.")
SIMPLICITY = {"prompt": 0, "rag": 1, "lora": 2, "naive+rag": 3, "rag+lora": 3}
EXAMPLES = [
    Example(id=f"q{at:03d}", question=f"How heavy is kettle {at}?", answer=f"{at}.5 kg", facts=(f"{at}.5 kg",), sources=(f"{at}.md",))
    for at in range(N)
]


def made(name: str, found: float, right: float, in_form: float, seed: int = 0) -> Scorecard:
    """A variant whose passages hold the answer with the chance `found`, who then says it with the chance `right`.

    Without passages (`found` 0) it says it with that chance all the same. `in_form`: the chance of the house form.
    """
    luck, rows = Random(f"{name} {seed}"), []
    searched = Random(seed)  # the same for all variants
    for at, example in enumerate(EXAMPLES):
        draw = searched.random()
        other = (at + 7) % N
        seen = at if draw < found else other
        passages = [Passage(f"c{seen}", f"{seen}.md", "", f"Kettle {seen} weighs {seen}.5 kg.", 1.0)] if found else []
        says = example.answer if (not found or seen == at) and luck.random() < right else f"{other}.5 kg"
        tidy = luck.random() < in_form
        output = f"Answer: {says} Source: {'[1]' if passages else 'none'}" if tidy else f"it is {says} I think"
        parsed = prompts.parse(output, FORM, PROMPT, len(passages))
        row = score_row(
            example, output=output, answer=parsed.answer, passages=passages, cited_docs=[passages[n - 1].doc_id for n in parsed.cited],
            abstained=parsed.abstained, n_tokens_in=9, n_tokens_out=9, cost_usd=0.001, form=FORM, metric="facts",
        )  # fmt: skip
        rows.append(replace(row, context_holds=context_holds(example, passages)))
    return scorecard(name, rows, {}, {"total": [100.0]}, SIMPLICITY[name])


RAG, LORA = made("rag", 0.9, 0.9, 0.1), made("lora", 0, 0.08, 0.98)
NAIVE, RAFT = made("naive+rag", 0.9, 0.55, 0.98), made("rag+lora", 0.9, 0.9, 0.98)
PLAIN = made("prompt", 0, 0.02, 0.1)


def difference(a: Scorecard, b: Scorecard, measure: str):
    (found,) = contrasts({a.variant: a, b.variant: b}, [b.variant, a.variant], measure, 1_000, 0)
    return found


def decided(*cards: Scorecard, champion: str | None = None, **policy):
    return decide({card.variant: card for card in cards}, champion, Promotion(**policy), 500, 0)


def test_retrieval_is_far_ahead_of_closed_book_tuning_on_facts():
    found = difference(RAG, LORA, "quality")
    assert found.interval.low > 0.5
    assert found.p_holm < 0.01
    assert decided(PLAIN, RAG, LORA).variant == "rag"


def test_tuning_is_far_ahead_on_form():
    found = difference(LORA, RAG, "form")
    assert found.interval.low > 0.6
    assert decided(RAG, LORA, weights={"form": 1.0}).variant == "lora"


def test_naive_tuning_reads_worse_than_raft_style_and_the_adapter_is_named_as_the_cause():
    assert difference(RAFT, NAIVE, "quality").interval.low > 0.1
    assert decided(NAIVE, RAFT, champion="naive+rag").reasons[0] == "rag+lora replaces naive+rag: it is measurably better"
    alike = {name: {"base": "reader"} for name in SIMPLICITY}
    by = {one.both: one for one in effects({card.variant: card for card in (RAG, LORA, NAIVE, RAFT)}, alike, 500, 0) if one.alone == "rag"}
    assert (by["naive+rag"].verdict, by["rag+lora"].verdict) == ("hurts", "neither helps nor hurts measurably")
    assert by["naive+rag"].interval.n == sum(bool(row.context_holds) for row in RAG.rows)


def test_the_hybrid_wins_where_facts_and_form_both_count_and_retrieval_alone_where_only_facts_do():
    cards = (PLAIN, RAG, LORA, RAFT)
    assert decided(*cards, weights={"quality": 1.0, "form": 0.25}).variant == "rag+lora"
    assert decided(*cards).variant == "rag"  # as right, and simpler


@pytest.mark.parametrize("champion", [None, "rag"])
def test_nothing_is_promoted_when_nothing_qualifies(champion):
    decision = decided(RAG, LORA, RAFT, champion=champion, limits=Limits(max_latency_p95_ms=50, min_form=0.995))
    assert (decision.promoted, decision.variant) == (False, None)
    assert {name: len(broken) for name, broken in decision.violations.items()} == {"rag": 2, "lora": 2, "rag+lora": 2}


def lucky(name: str, luck: Random) -> Scorecard:
    """As good as any other: right with a chance of 0.7."""
    rows = [replace(row, quality=float(luck.random() < 0.7)) for row in RAG.rows]
    return replace(RAG, variant=name, rows=tuple(rows))


def test_noise_never_replaces_the_champion():
    luck = Random(0)
    replaced = []
    for trial in range(60):
        cards = {name: lucky(name, luck) for name in ("champion", "one", "other")}
        replaced.append(decide(cards, "champion", Promotion(), 1_000, trial).promoted)
    assert sum(replaced) <= 3  # at most 2.5 % are expected, and 5 % allowed


def test_a_true_gain_of_ten_points_is_promoted():
    live = replace(RAG, rows=tuple(replace(row, quality=float(at % 10 < 6)) for at, row in enumerate(RAG.rows * 3)))
    rows = tuple(replace(row, example_id=f"{at:04d}") for at, row in enumerate(live.rows))
    better = tuple(replace(row, quality=1.0 if at % 10 == 6 else row.quality) for at, row in enumerate(rows))
    cards = {"champion": replace(live, rows=rows), "better": replace(live, rows=better)}
    decision = decide(cards, "champion", Promotion(), 1_000, 0)
    assert (decision.promoted, decision.n) == (True, 3 * N)
    assert decision.interval.mean == pytest.approx(0.1)
