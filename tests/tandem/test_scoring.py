import json
from math import log2
from random import Random

import pytest

from tandem.errors import Refused
from tandem.params import Form
from tandem.records import Example, Passage
from tandem.scoring import (
    MEASURES,
    citation_scores,
    exact_match,
    facts_share,
    quality,
    retrieval_scores,
    retrieval_summary,
    rouge_l,
    score_row,
    scorecard,
    scorecard_to_json,
    summary,
    token_f1,
)

PATTERN = Form(pattern=r"^Answer: \S.* Source: (\[\d+\]( \[\d+\])*|none)$")
EXAMPLE = Example(id="q1", question="How long is the leave?", answer="It is 12 weeks.", facts=("12 weeks",), sources=("hr/leave.md",))
UNANSWERABLE = Example(id="q2", question="Who won?", answer="I don't know", answerable=False)
PASSAGE = Passage("c1", "hr/leave.md", "Leave > Parental", "Parental leave is 12 weeks. It is paid in full.", 1.0)


def row_of(
    example=EXAMPLE, answer="It is 12 weeks.", passages=(PASSAGE,), cited=("hr/leave.md",), abstained=False, restricted=False, nums=()
):
    return score_row(
        example,
        output=f"Answer: {answer} Source: [1]",
        answer=answer,
        passages=passages,
        cited_docs=cited,
        abstained=abstained,
        n_tokens_in=100,
        n_tokens_out=8,
        cost_usd=0.002,
        form=PATTERN,
        metric="facts",
        restricted=restricted,
        cited=nums,
    )


def test_a_fact_counts_only_as_whole_words_in_order():
    assert facts_share("The fee is 15 euros.", ["5 euros"]) == 0
    assert facts_share("The fee is 15 Euros!", ["15 euros"]) == 1
    assert facts_share("Weeks: 12", ["12 weeks"]) == 0


def test_the_share_of_facts_is_the_share_that_is_present_and_none_without_facts():
    assert facts_share("Halden, on 3 May", ["Halden", "3 May", "Brno"]) == 2 / 3
    assert facts_share("anything", []) is None
    assert facts_share("anything", ["..."]) is None


def test_exact_match_ignores_case_articles_and_punctuation():
    assert exact_match("The Red Bike.", "red bike") == 1
    assert exact_match("red bikes", "red bike") == 0


def test_token_f1_is_squads():
    # shared: red, bike; precision 2/3, recall 2/4
    assert token_f1("a red mountain bike", "red city bike parked") == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    assert token_f1("", "red") == 0
    assert token_f1("the", "") == 1


def test_rouge_l_is_the_longest_common_subsequence_in_any_script():
    assert rouge_l("police killed the gunman", "police kill the gunman") == 0.75
    assert rouge_l("保証期間", "保証") == pytest.approx(2 * 0.5 * 1 / 1.5)


def test_quality_is_facts_then_token_f1_and_none_where_no_answer_exists():
    assert quality("12 weeks", EXAMPLE, "facts") == 1
    assert quality("12 weeks", EXAMPLE.model_copy(update={"facts": ()}), "facts") == token_f1("12 weeks", "It is 12 weeks.") == 2 / 3
    assert quality("12 weeks", EXAMPLE, "exact_match") == 0
    assert quality("I don't know", UNANSWERABLE, "facts") is None


def test_an_unknown_metric_is_refused_by_name():
    with pytest.raises(Refused, match=r"evaluation\.quality is 'bleu', known are facts, exact_match, token_f1, rouge_l"):
        quality("x", EXAMPLE, "bleu")


def test_citations_are_scored_by_distinct_document():
    assert citation_scores(["a.md", "a.md", "b.md"], ["a.md", "c.md"]) == (0.5, 0.5)
    assert citation_scores([], ["a.md"]) == (None, 0.0)
    assert citation_scores(["a.md"], []) == (None, None)


def test_a_documents_rank_is_that_of_its_best_chunk_among_distinct_documents():
    assert retrieval_scores(["x", "x", "x", "x", "x", "a"], ["a"]) == {"hit@1": 0, "hit@5": 1, "rr": 0.5, "ndcg@10": 1 / log2(3)}
    assert retrieval_scores(["a"], ["b", "a"]) == {"hit@1": 1, "hit@5": 1, "rr": 1, "ndcg@10": 1 / (1 + 1 / log2(3))}
    assert retrieval_scores(list("uvwxyza"), ["a"]) == {"hit@1": 0, "hit@5": 0, "rr": 1 / 7, "ndcg@10": 1 / 3}
    assert retrieval_scores([], ["a"]) == {"hit@1": 0, "hit@5": 0, "rr": 0, "ndcg@10": 0}
    assert retrieval_scores(["a"], []) is None


def test_ndcg_is_that_of_scikit_learn():
    from sklearn.metrics import ndcg_score

    rng = Random(0)
    for _ in range(20):
        ranked, wanted = rng.sample("abcdefghijklmno", 15), rng.sample("abcdefghijklmno", 3)
        truth = [[float(doc in wanted) for doc in ranked]]
        expected = ndcg_score(truth, [list(range(15, 0, -1))], k=10)
        assert retrieval_scores(ranked, wanted)["ndcg@10"] == pytest.approx(expected)


def test_the_retrieval_summary_counts_only_questions_with_sources():
    scores = [retrieval_scores(["a"], ["a"]), retrieval_scores(["b", "a"], ["a"]), retrieval_scores(["b"], [])]
    assert retrieval_summary(scores) == {"hit@1": 0.5, "hit@5": 1.0, "mrr": 0.75, "ndcg@10": (1 + 1 / log2(3)) / 2, "n": 2}
    assert retrieval_summary([]) == {"hit@1": None, "hit@5": None, "mrr": None, "ndcg@10": None, "n": 0}


def test_a_row_holds_every_measure_of_an_answer():
    row = row_of()
    assert (row.quality, row.exact_match, row.token_f1, row.rouge_l, row.form, row.grounding) == (1, 1, 1, 1, 1, 1)
    assert (row.citation_precision, row.citation_recall, row.should_abstain) == (1, 1, False)
    assert row.passages == ("Leave > Parental: Parental leave is 12 weeks. It is paid in full.",)
    assert (row.documents, row_of(nums=(1,)).cited, row.sources) == (("hr/leave.md",), (1,), ("hr/leave.md",))


def test_abstaining_on_an_answerable_question_is_wrong_and_cites_nothing():
    row = row_of(answer="I don't know", abstained=True, cited=())
    assert (row.quality, row.token_f1, row.grounding, row.citation_precision, row.citation_recall) == (0, 0, None, None, None)
    assert MEASURES["false_abstentions"].of(row) == 1
    assert MEASURES["false_answers"].of(row) is None


def test_answering_an_unanswerable_question_is_a_false_answer_and_has_no_quality():
    row = row_of(example=UNANSWERABLE, answer="Brno", cited=("x.md",))
    assert (row.quality, row.exact_match, row.citation_precision) == (None, None, None)
    assert MEASURES["false_answers"].of(row) == 1
    assert MEASURES["false_answers"].of(row_of(example=UNANSWERABLE, abstained=True)) == 0


def test_a_variant_without_passages_has_no_grounding_and_no_citations():
    row = row_of(passages=(), cited=())
    assert (row.grounding, row.citation_precision, row.citation_recall, row.outcome, row.quotation) == (None, None, None, None, None)


def test_facts_stated_without_passages_are_counted_apart():
    assert row_of(passages=(), cited=()).closed_book_facts == 1.0
    assert row_of(answer="14 weeks", passages=(), cited=()).closed_book_facts == 0.0
    assert row_of(passages=(), cited=(), abstained=True).closed_book_facts == 0.0
    assert row_of().closed_book_facts is None


def test_a_measure_counts_rows_by_what_became_of_them():
    rows = [row_of(nums=(1,)), row_of(answer="14 weeks", nums=(1,)), row_of(answer="14 weeks", cited=())]
    card = card_of(rows)
    assert [row.outcome for row in rows] == ["right", "wrong though used", "retrieved, not used"]
    assert [row.quotation for row in rows] == ["stitched", "fabricated", None]
    assert (card.measures["not_retrieved"], card.measures["wrong_though_used"]) == (0, 1 / 3)
    assert (card.measures["fabricated_quotes"], card.counts["fabricated_quotes"], card.counts["not_retrieved"]) == (0.5, 2, 3)


LATENCY = [f"{stage}p{share}" for stage in ("", "retrieve_", "rerank_", "generate_") for share in (50, 95, 99)]


def card_of(rows):
    latencies = {"total": [10.0, 20.0, 30.0], "retrieve": [1.0, 2.0, 3.0], "generate": []}
    return scorecard("rag", rows, {"hit@1": 0.5, "hit@5": 1.0, "mrr": 0.75, "n": 2}, latencies, 1, staleness=0.1)


def test_a_scorecard_averages_each_measure_where_it_applies():
    card = card_of([row_of(), row_of(answer="14 weeks", cited=()), row_of(example=UNANSWERABLE, abstained=True, cited=())])
    assert card.measures["quality"] == 0.5
    assert (card.counts["quality"], card.counts["latency"]) == (2, 3)
    assert card.measures["citation_precision"] == 1.0
    assert card.counts["citation_precision"] == 1
    assert card.measures["citation_recall"] == 0.5
    assert (card.measures["false_answers"], card.measures["false_abstentions"]) == (0, 0)
    assert (card.latency_ms["p50"], card.latency_ms["p95"], card.latency_ms["retrieve_p50"]) == (20, 29, 2)
    assert (card.latency_ms["p99"], card.latency_ms["retrieve_p99"]) == (pytest.approx(29.8), pytest.approx(2.98))
    assert (card.latency_ms["generate_p50"], card.latency_ms["generate_p95"]) == (None, None)
    assert [card.latency_ms[f"rerank_p{share}"] for share in (50, 95, 99)] == [None, None, None]
    assert card.cost_usd_per_1k == pytest.approx(2.0)


def test_a_scorecard_of_no_rows_has_nulls_and_no_crash():
    card = scorecard("prompt", [], {}, {}, 0)
    assert set(card.measures.values()) == {None}
    assert summary(card) == {
        "quality": None,
        "form": None,
        "grounding": None,
        "citation_precision": None,
        "retrieval": {"hit@1": None, "hit@5": None, "mrr": None, "ndcg@10": None, "n": 0},
        "latency_ms": dict.fromkeys(LATENCY),
        "tokens": {"in": None, "out": None},
        "cost_usd_per_1k": None,
    }


def test_the_summary_has_exactly_the_keys_that_others_rely_on():
    assert summary(card_of([row_of()])) == {
        "quality": 1.0,
        "form": 1.0,
        "grounding": 1.0,
        "citation_precision": 1.0,
        "retrieval": {"hit@1": 0.5, "hit@5": 1.0, "mrr": 0.75, "ndcg@10": None, "n": 2},
        "latency_ms": {
            **dict.fromkeys(LATENCY),
            "p50": 20.0,
            "p95": 29.0,
            "p99": pytest.approx(29.8),
            "retrieve_p50": 2.0,
            "retrieve_p95": 2.9,
            "retrieve_p99": pytest.approx(2.98),
        },
        "tokens": {"in": 100.0, "out": 8.0},
        "cost_usd_per_1k": 2.0,
    }


def test_a_scorecard_goes_into_json():
    card = card_of([row_of(), row_of(example=UNANSWERABLE, abstained=True)])
    written = json.loads(json.dumps(scorecard_to_json(card)))
    assert (written["variant"], written["measures"]) == (card.variant, card.measures)
    assert [row["quality"] for row in written["rows"]] == [1.0, None]


@pytest.mark.parametrize("changes", [{"example": EXAMPLE.model_copy(update={"roles": ("board",)})}, {"restricted": True}])
def test_a_restricted_row_keeps_its_figures_and_no_text(changes):
    row, open_row = row_of(**changes), row_of()
    assert (row.restricted, open_row.restricted) == (True, False)
    assert (row.question, row.expected, row.output, row.answer, row.passages) == ("", "", "", "", ())
    assert (row.documents, row.cited, row.sources) == ((), (), ())
    assert (row.example_id, row.quality, row.form, row.grounding, row.citation_recall) == ("q1", 1.0, 1.0, 1.0, 1.0)
