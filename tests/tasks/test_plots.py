import csv
from dataclasses import replace

import pytest

from tandem.params import Prices
from tasks.plots import plot_costs, plot_quality, write_plot_data

PRICES = Prices(preset="hosted_api")


@pytest.fixture(scope="module")
def cards(priced_card):
    found = {"hit@1": 0.5, "hit@5": 0.8125, "mrr": 0.6, "n": 48}
    rag = replace(priced_card("rag", PRICES), retrieval=found, latency_ms={"p50": 9.0, "p95": 11.0, "retrieve_p50": 2.0})
    return {"rag": rag, "prompt": priced_card("prompt", PRICES, (0.0,))}


def read(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_plot_data_holds_what_the_report_draws(tmp_path, cards):
    files = {path.stem: read(path) for path in write_plot_data(tmp_path / "plots", cards, PRICES)}
    kept = [(row["variant"], row["quality"], row["hit_at_5"], row["latency_retrieve_p50_ms"]) for row in files["variants"]]
    assert kept == [("prompt", "0.0", "", ""), ("rag", "0.75", "0.8125", "2.0")]
    assert [(row["tokens_in"], row["tokens_out"]) for row in files["variants"]] == [("40.0", "20.0"), ("240.0", "20.0")]
    assert [row["on_pareto_front"] for row in files["variants"]] == ["1", "1"]
    assert len(files["questions"]) == 48
    month = {(row["variant"], row["part"]): float(row["cost"]) for row in files["costs"] if row["of"] == "month"}
    assert (month["rag", "store"], month["prompt", "store"]) == (25.0, 0.0)
    assert [float(row["queries_per_day"]) for row in files["volumes"]] == [100, 1_000, 10_000] * 2
    assert [row["variant"] for row in files["contexts"]] == ["rag"] * 4


def test_plot_data_is_the_same_for_the_same_scorecards(tmp_path, cards):
    first = [path.read_bytes() for path in write_plot_data(tmp_path / "a", cards, PRICES)]
    assert [path.read_bytes() for path in write_plot_data(tmp_path / "b", dict(reversed(cards.items())), PRICES)] == first


def test_nothing_measured_leaves_tables_with_their_heads(tmp_path):
    heads = {path.stem: path.read_text().splitlines() for path in write_plot_data(tmp_path, {}, PRICES)}
    assert heads["costs"] == ["variant,of,part,cost"]
    assert [len(lines) for lines in heads.values()] == [1] * 5


@pytest.mark.parametrize("plot", [plot_quality, plot_costs])
def test_plots_are_pngs_with_all_variants_one_or_none(tmp_path, cards, plot):
    unpriced = {"odd": replace(cards["rag"], cost_usd_per_1k=None)}
    for at, shown in enumerate((cards, {"rag": cards["rag"]}, unpriced, {})):
        assert plot(tmp_path / "plots" / f"{at}.png", shown, PRICES).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
