import pytest

from tandem.economics import break_even_queries_per_month, cost_by_part, cost_of_answer, cost_per_month, fixed_per_month
from tandem.params import Prices


def test_ten_thousand_queries_a_day_of_fifty_tokens_cost_a_cent_to_embed():
    prices = Prices(embedding_per_1m_tokens=0.02, machine_per_hour=0)
    # 10,000 x 50 = 500,000 tokens = half a million x $0.02 = $0.01
    assert 10_000 * cost_of_answer(prices, 0, 0, n_embedding_tokens=50, seconds=0) == pytest.approx(0.01)


def test_five_hundred_training_examples_of_a_thousand_tokens_cost_a_dollar_fifty():
    prices = Prices(input_per_1m_tokens=3, machine_per_hour=0)
    # 500 x 1,000 = 500,000 tokens = half a million x $3 = $1.50
    assert 500 * cost_of_answer(prices, 1_000, 0, 0, 0) == pytest.approx(1.50)


def test_retrieved_context_costs_an_eighth_to_three_quarters_of_a_cent_a_query():
    prices = Prices(input_per_1m_tokens=2.5, machine_per_hour=0)
    # 500 x $2.50 / 1,000,000 = $0.00125; 3,000 x $2.50 / 1,000,000 = $0.0075
    assert cost_of_answer(prices, 500, 0, 0, 0) == pytest.approx(0.00125)
    assert cost_of_answer(prices, 3_000, 0, 0, 0) == pytest.approx(0.0075)


def test_an_answer_is_the_sum_of_its_parts():
    prices = Prices(input_per_1m_tokens=1, output_per_1m_tokens=4, embedding_per_1m_tokens=0.5, machine_per_hour=3.6)
    parts = cost_by_part(prices, 1_000, 100, 20, 2)
    # 1,000 x $1/M; 100 x $4/M; 20 x $0.50/M; 2 s x $3.60/3,600 s
    assert parts == pytest.approx({"input": 0.001, "output": 0.0004, "embedding": 0.00001, "machine": 0.002})
    assert cost_of_answer(prices, 1_000, 100, 20, 2) == pytest.approx(0.00341)


def test_the_store_belongs_to_retrieval_and_training_to_the_adapter():
    prices = Prices(
        store_per_month=25, machine_per_hour=2, training_hours_per_month=4, curation_hours_per_month=3, curation_per_hour=50
    )  # fmt: skip
    # store $25; training 4 h x $2 + curation 3 h x $50 = $158
    assert fixed_per_month(prices, retrieve=False, adapter=False) == 0
    assert fixed_per_month(prices, retrieve=True, adapter=False) == 25
    assert fixed_per_month(prices, retrieve=False, adapter=True) == 158
    assert fixed_per_month(prices, retrieve=True, adapter=True) == 183


def test_a_month_is_a_twelfth_of_a_year():
    # $25 + 1,000 x 365/12 x $0.0012 = $25 + $36.50
    assert cost_per_month(25, 0.0012, 1_000) == pytest.approx(61.5)


def test_break_even_is_where_the_lines_cross():
    # $100 + $0.001 q = $0 + $0.006 q at q = 100 / 0.005 = 20,000
    assert break_even_queries_per_month(100, 0.001, 0, 0.006) == pytest.approx(20_000)
    assert break_even_queries_per_month(0, 0.006, 100, 0.001) == pytest.approx(20_000)


def test_there_is_no_break_even_where_one_is_cheaper_throughout():
    assert break_even_queries_per_month(100, 0.006, 0, 0.001) is None
    assert break_even_queries_per_month(100, 0.001, 0, 0.001) is None
    assert break_even_queries_per_month(0, 0.001, 0, 0.006) == 0
