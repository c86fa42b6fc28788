from dataclasses import replace

import pytest

from tandem.params import Prices
from tasks.plots import write_figures

PRICES = Prices(preset="hosted_api")


@pytest.fixture(scope="module")
def cards(priced_card):
    found = {"hit@1": 0.5, "hit@5": 0.8125, "mrr": 0.6, "n": 48}
    rag = replace(priced_card("rag", PRICES), retrieval=found, latency_ms={"p50": 9.0, "p95": 11.0, "retrieve_p50": 2.0})
    return {"rag": rag, "prompt": priced_card("prompt", PRICES, (0.0,))}


def test_every_chart_of_the_report_is_a_png(tmp_path, cards):
    figures = write_figures(tmp_path / "plots" / "one", cards, PRICES)
    assert [path.name for path in figures] == [f"one-{name}.png" for name in ("quality", "latency", "month", "costs", "contexts")]
    assert {path.read_bytes()[:8] for path in figures} == {b"\x89PNG\r\n\x1a\n"}
