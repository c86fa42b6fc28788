"""What an answer and a month cost, from the price book. All figures are US dollars."""

from __future__ import annotations

from tandem.params import Prices

DAYS_PER_MONTH = 365 / 12


def cost_by_part(prices: Prices, n_tokens_in: int, n_tokens_out: int, n_embedding_tokens: int, seconds: float) -> dict[str, float]:
    """US dollars of one answer by part: input, output, embedding, machine (its time at the hourly price)."""
    return {
        "input": n_tokens_in * prices.input_per_1m_tokens / 1e6,
        "output": n_tokens_out * prices.output_per_1m_tokens / 1e6,
        "embedding": n_embedding_tokens * prices.embedding_per_1m_tokens / 1e6,
        "machine": seconds * prices.machine_per_hour / 3600,
    }


def cost_of_answer(prices: Prices, n_tokens_in: int, n_tokens_out: int, n_embedding_tokens: int, seconds: float) -> float:
    """US dollars of one answer: the sum of `cost_by_part`. Embedding tokens are those of the question; 0 without retrieval."""
    return sum(cost_by_part(prices, n_tokens_in, n_tokens_out, n_embedding_tokens, seconds).values())


def fixed_per_month(prices: Prices, retrieve: bool, adapter: bool) -> float:
    """US dollars a month whatever the volume: the store where it retrieves, training and curation hours where it has an adapter."""
    training = prices.training_hours_per_month * prices.machine_per_hour + prices.curation_hours_per_month * prices.curation_per_hour
    return (prices.store_per_month if retrieve else 0.0) + (training if adapter else 0.0)


def cost_per_month(fixed_usd: float, cost_usd_per_query: float, queries_per_day: float) -> float:
    """US dollars a month (365 / 12 days) at a daily volume: fixed + marginal x queries."""
    return fixed_usd + cost_usd_per_query * queries_per_day * DAYS_PER_MONTH


def break_even_queries_per_month(fixed_a: float, marginal_a: float, fixed_b: float, marginal_b: float) -> float | None:
    """Queries a month at which a and b cost the same (`fixed` a month, `marginal` a query); None where one is cheaper throughout."""
    if marginal_a == marginal_b:
        return None
    queries = (fixed_b - fixed_a) / (marginal_a - marginal_b)
    return queries if queries >= 0 else None
