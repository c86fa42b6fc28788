from dataclasses import replace

import pytest

from tandem.economics import (
    DAYS_PER_MONTH,
    Costs,
    cost_by_part,
    cost_of_answer,
    cost_with_context,
    costs_of,
    crossings,
    mean_usage,
    pareto_front,
    standing_by_part,
    start_by_part,
)
from tandem.params import Prices
from tandem.records import Scorecard, SetUp, Usage

RAG, LORA = SetUp(retrieve=True, adapter=False), SetUp(retrieve=False, adapter=True)


def priced(**changes) -> Prices:
    return Prices.model_validate({"machine_per_hour": 0, **changes})


def costs(standing: float, per_answer: float, machine: float = 0.0, reserved: float = 0.0) -> Costs:
    return Costs({"input": per_answer, "machine": machine}, {"store": standing}, {}, reserved)


def test_ten_thousand_queries_a_day_of_fifty_tokens_cost_a_cent_to_embed():
    # 10,000 x 50 = 500,000 tokens = half a million x $0.02 = $0.01
    prices = priced(embedding_per_1m_tokens=0.02)
    assert 10_000 * cost_of_answer(prices, Usage(n_embedding_tokens=50)) == pytest.approx(0.01)
    # and a month of it 365 / 12 x $0.01 = $0.304
    month = Costs(cost_by_part(prices, Usage(n_embedding_tokens=50)), {}, {}).month(10_000)
    assert month["embedding"] == pytest.approx(0.01 * 365 / 12)


def test_five_hundred_training_examples_of_a_thousand_tokens_cost_a_dollar_fifty():
    # 500 x 1,000 = 500,000 tokens = half a million x $3 = $1.50
    prices = priced(training_per_1m_tokens=3)
    assert start_by_part(prices, replace(LORA, n_training_tokens=500 * 1_000))["training"] == pytest.approx(1.50)
    assert start_by_part(priced(training_per_1m_tokens=3, training_tokens=500_000), LORA)["training"] == pytest.approx(1.50)


@pytest.mark.parametrize(("n_context", "dollars"), [(500, 0.00125), (3_000, 0.0075)])
def test_retrieved_context_costs_an_eighth_to_three_quarters_of_a_cent_a_query(n_context, dollars):
    # 500 x $2.50 / 1,000,000 = $0.00125; 3,000 x $2.50 / 1,000,000 = $0.0075
    prices = priced(input_per_1m_tokens=2.5)
    assert cost_of_answer(prices, Usage(n_tokens_in=n_context, n_context_tokens=n_context)) == pytest.approx(dollars)
    assert cost_with_context(prices, Usage(n_tokens_in=80, n_context_tokens=80), False, n_context) == pytest.approx(dollars)


def test_an_answer_is_the_sum_of_its_parts():
    prices = Prices(input_per_1m_tokens=1, output_per_1m_tokens=4, embedding_per_1m_tokens=0.5, machine_per_hour=3.6)
    usage = Usage(n_tokens_in=1_000, n_tokens_out=100, n_embedding_tokens=20, seconds=2)
    # 1,000 x $1/M; 100 x $4/M; 20 x $0.50/M; 2 s x $3.60/3,600 s
    assert cost_by_part(prices, usage) == pytest.approx({"input": 0.001, "output": 0.0004, "embedding": 0.00001, "machine": 0.002})
    assert cost_of_answer(prices, usage) == pytest.approx(0.00341)


def test_cached_tokens_have_a_price_of_their_own():
    usage = Usage(n_tokens_in=1_000, n_cached_tokens=600)
    # 400 x $2/M + 600 x $0.50/M = $0.0008 + $0.0003
    assert cost_of_answer(priced(input_per_1m_tokens=2, cached_input_per_1m_tokens=0.5), usage) == pytest.approx(0.0011)
    assert cost_of_answer(priced(input_per_1m_tokens=2), usage) == pytest.approx(0.002)


def test_a_fine_tuned_model_bears_the_surcharge_on_what_it_reads_and_writes():
    prices = priced(input_per_1m_tokens=2, output_per_1m_tokens=8, embedding_per_1m_tokens=1, fine_tuned_surcharge=0.5)
    usage = Usage(n_tokens_in=1_000, n_tokens_out=100, n_embedding_tokens=100)
    # (1,000 x $2/M + 100 x $8/M) x 1.5 + 100 x $1/M = $0.0028 x 1.5 + $0.0001
    assert cost_of_answer(prices, usage, adapter=True) == pytest.approx(0.0043)
    assert cost_of_answer(prices, usage, adapter=False) == pytest.approx(0.0029)


def test_parts_of_the_mean_answer_are_the_mean_of_the_parts():
    prices = Prices(input_per_1m_tokens=1, output_per_1m_tokens=4, cached_input_per_1m_tokens=0.5)
    usages = [Usage(100, 10, 50, 0, 5, 1.0), Usage(300, 30, 0, 0, 15, 3.0)]
    mean = mean_usage([*usages, None])
    assert mean == Usage(200, 20, 25, 0, 10, 2.0)
    assert cost_of_answer(prices, mean) == pytest.approx(sum(cost_of_answer(prices, usage) for usage in usages) / 2)
    assert mean_usage([None]) is None


def test_the_store_and_the_refreshes_belong_to_retrieval_training_and_curation_to_the_adapter():
    prices = Prices(
        store_per_month=25, embedding_per_1m_tokens=2, refreshes_per_day=24, refreshed_share=0.01, machine_per_hour=2,
        training_hours_per_month=4, training_per_1m_tokens=3, training_tokens_per_month=500_000, curation_hours_per_month=3,
        curation_per_hour=50,
    )  # fmt: skip
    both = SetUp(retrieve=True, adapter=True, n_document_tokens=100_000)
    # refreshes: 1,000 tokens x 24 x 365/12 = 730,000 tokens x $2/M; training 4 h x $2 + half a million x $3/M; curation 3 h x $50
    assert standing_by_part(prices, both) == pytest.approx({"store": 25, "refreshes": 1.46, "training": 9.5, "curation": 150})
    assert sum(standing_by_part(prices, replace(both, adapter=False)).values()) == pytest.approx(26.46)
    assert sum(standing_by_part(prices, replace(both, retrieve=False)).values()) == pytest.approx(159.5)
    assert sum(standing_by_part(prices, SetUp(retrieve=False, adapter=False, n_document_tokens=100_000)).values()) == 0


def test_a_start_is_the_first_embedding_the_first_training_and_the_first_examples():
    prices = Prices(embedding_per_1m_tokens=0.02, machine_per_hour=2, training_per_1m_tokens=3, curation_hours=40, curation_per_hour=50)
    setup = SetUp(True, True, n_document_tokens=5_000_000, n_training_tokens=1_000_000, training_hours=0.5)
    # 5 M x $0.02/M; 1 M x $3/M + 0.5 h x $2; 40 h x $50
    assert start_by_part(prices, setup) == pytest.approx({"first embedding": 0.1, "training": 4.0, "curation": 2_000})
    given = prices.model_copy(update={"training_hours": 8, "training_tokens": 0})
    assert start_by_part(given, setup)["training"] == pytest.approx(16)
    assert set(start_by_part(prices, replace(setup, retrieve=False, adapter=False)).values()) == {0.0}


def test_a_month_is_a_twelfth_of_a_year():
    # $25 + 1,000 x 365/12 x $0.0012 = $25 + $36.50
    assert costs(25, 0.0012).per_month(1_000) == pytest.approx(61.5)


def test_reserved_hours_are_paid_whether_used_or_not():
    # $1,460 reserved; $0.002 an answer: 365/12 x 24,000 = 730,000 answers use all of it, twice as many pay twice as much
    reserved = costs(0, 0, machine=0.002, reserved=1_460)
    assert reserved.month(100) == pytest.approx({"input": 0, "machine": 6.0833, "idle machine": 1_453.9167, "store": 0}, rel=1e-4)
    assert [reserved.per_month(volume) for volume in (0, 12_000, 24_000, 48_000)] == pytest.approx([1_460, 1_460, 1_460, 2_920])
    assert reserved.full_at == pytest.approx(24_000)


def test_training_on_the_reserved_machine_is_not_paid_twice():
    prices = Prices(preset="self_hosted_gpu", training_hours_per_month=30, curation_per_hour=0)  # 730 h at $2, 30 of them for training
    card = Scorecard("lora", {}, {}, (), {}, {}, 0.0, 2, setup=LORA)
    month = costs_of(card, prices).month(1_000)
    assert (month["training"], month["idle machine"]) == (60, 1_400)


def test_break_even_is_where_the_lines_cross():
    # $100 + $0.001 q = $0 + $0.006 q at q = 100 / 0.005 = 20,000 a month
    ((volume, is_a),) = crossings(costs(100, 0.001), costs(0, 0.006))
    assert (volume * DAYS_PER_MONTH, is_a) == (pytest.approx(20_000), True)
    ((volume, is_a),) = crossings(costs(0, 0.006), costs(100, 0.001))
    assert (volume * DAYS_PER_MONTH, is_a) == (pytest.approx(20_000), False)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (costs(100, 0.006), costs(0, 0.001)),
        (costs(100, 0.001), costs(0, 0.001)),
        (costs(0, 0.001), costs(0, 0.006)),
        (costs(0, 0), costs(0, 0)),
        (costs(0.1 + 0.2, 0.001), costs(0.3, 0.001)),  # apart by rounding alone
    ],
)
def test_there_is_no_break_even_where_one_is_cheaper_throughout_or_both_cost_the_same(a, b):
    assert crossings(a, b) == []


def test_on_a_reserved_machine_the_quicker_is_cheaper_only_once_it_is_full():
    quick, slow = costs(0, 0, machine=0.001, reserved=1_460), costs(0, 0, machine=0.002, reserved=1_460)
    assert crossings(quick, slow) == [(pytest.approx(24_000), True)]
    # $73 a month of store, and the slow one is full at 24,000 a day: 73 / (365/12 x $0.002) = 1,200 a day further on
    assert crossings(costs(73, 0, machine=0.001, reserved=1_460), slow) == [(pytest.approx(25_200), True)]


def test_costs_with_bends_may_cross_twice():
    # the quick one pays $0.0005 a token more: dearer at once, cheaper when the slow one is full, never dearer again before both are
    quick, slow = costs(0, 0.0015, machine=0.001, reserved=1_460), costs(10, 0.001, machine=0.0018, reserved=1_460)
    found = crossings(quick, slow)
    # $10 / (365/12 x $0.0005) = 657.5 a day; then the slow one's $0.0018 sets in at 26,667 a day
    assert [round(volume) for volume, _ in found][:1] == [658]
    for volume, is_quick in found:
        assert quick.per_month(volume) == pytest.approx(slow.per_month(volume))
        assert (quick.per_month(volume * 1.01) < slow.per_month(volume * 1.01)) is is_quick
    assert [is_quick for _, is_quick in found] == [False, True]


def test_longer_contexts_cost_more_tokens_and_more_time():
    prices = Prices(input_per_1m_tokens=1, machine_per_hour=3.6)
    usage = Usage(n_tokens_in=150, n_tokens_out=50, n_context_tokens=100, seconds=1)
    # 150 -> 550 tokens in: $0.00055; all tokens 200 -> 600: 1 s -> 3 s x $0.001 = $0.003
    assert cost_with_context(prices, usage, False, 500) == pytest.approx(0.00355)
    assert cost_with_context(prices, usage, False, 100) == pytest.approx(cost_of_answer(prices, usage))
    assert cost_with_context(prices, Usage(), False, 0) == 0


def test_costs_of_a_card_come_from_its_parts_or_from_its_total():
    prices = priced(store_per_month=30)
    card = Scorecard("rag", {}, {}, (), {}, {}, 3.0, 1, setup=RAG, cost_by_part={"input": 0.001, "machine": 0.002})
    whole = replace(card, cost_by_part={}, setup=None)
    # $30 + 1,200 x 365/12 x $0.003 = $30 + $109.50
    assert [costs_of(one, prices).per_month(1_200) for one in (card, whole)] == pytest.approx([139.5, 139.5])
    assert costs_of(replace(card, cost_usd_per_1k=None), prices) is None


def test_the_front_holds_what_nothing_else_beats():
    points = {"cheap": (1.0, 0.2), "good": (2.0, 0.8), "dear": (3.0, 0.8), "poor": (2.5, 0.1), "twin": (2.0, 0.8)}
    assert pareto_front(points) == ["cheap", "good", "twin"]
    assert pareto_front({"only": (0.0, 0.0)}) == ["only"]
    assert pareto_front({}) == []


def test_a_shorter_context_costs_no_less_than_nothing_where_most_of_it_was_cached():
    prices = priced(input_per_1m_tokens=2, cached_input_per_1m_tokens=0.5)
    usage = Usage(n_tokens_in=20_300, n_cached_tokens=19_968, n_context_tokens=20_000)
    # 300 + 500 tokens, all of them cached at best: 800 x $0.50/M
    assert cost_with_context(prices, usage, False, 500) == pytest.approx(0.0004)
