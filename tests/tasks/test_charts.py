from dataclasses import replace

import pytest

from tandem.params import Prices
from tandem.stats import mean_interval
from tasks.charts import LABEL_HEIGHT, PLOT, context_lines, cost_lines, latency_bars, scatter, stacked
from tasks.costs import about, break_evens, priced


@pytest.mark.parametrize(
    ("queries_per_day", "ticks"),
    [
        (12_345, ["0", "5,000", "10,000", "15,000", "20,000", "25,000"]),
        (400, ["0", "200", "400", "600", "800"]),
        (0.6, ["0.00", "0.25", "0.50", "0.75", "1.00", "1.25"]),
    ],
)
def test_axes_are_marked_at_round_figures_in_plain_numbers(priced_card, queries_per_day, ticks):
    prices = Prices(queries_per_day=queries_per_day)
    chart = cost_lines(priced({"rag": priced_card("rag", prices)}, ["rag"], prices), prices)
    assert [tick["text"] for tick in chart["ticks_x"]] == ticks


def test_the_front_rises_in_stairs_past_what_it_beats(priced_card):
    prices = Prices(preset="hosted_api")
    cards = {
        "prompt": priced_card("prompt", prices, (0.0,)),
        "rag": priced_card("rag", prices, (1.0,)),
        "rag+lora": priced_card("rag+lora", prices, (0.5,)),
    }
    intervals = {name: mean_interval([row.quality for row in card.rows], 200, 0) for name, card in cards.items()}
    chart = scatter(cards, intervals)
    at = {point["name"]: point for point in chart["points"]}
    assert chart["front"] == ["prompt", "rag"]
    assert not at["rag+lora"]["on_front"]
    low, high = at["prompt"], at["rag"]
    assert chart["stairs"] == f"{low['x']},{low['y']} {high['x']},{low['y']} {high['x']},{high['y']} {PLOT['right']},{high['y']}"


def test_a_scatter_without_a_cost_or_a_quality_is_empty(priced_card):
    card = priced_card("rag", Prices())
    for cards, intervals in (({"rag": card}, {"rag": None}), ({"rag": replace(card, cost_usd_per_1k=None)}, {"rag": None}), ({}, {})):
        chart = scatter(cards, intervals)
        assert (chart["points"], chart["front"], chart["stairs"]) == ([], [], "")


def test_labels_that_would_touch_move_apart_and_lines_that_coincide_share_one(priced_card):
    prices = Prices(machine_per_hour=0)
    free = {name: priced_card(name, prices) for name in ("prompt", "rag")}
    points = cost_lines(priced(free, list(free), prices), prices)["points"]
    assert [point["label"] for point in points] == ["prompt, rag", ""]
    prices = Prices(input_per_1m_tokens=100, output_per_1m_tokens=100, fine_tuned_surcharge=0.05)
    close = {name: priced_card(name, prices) for name in ("prompt", "lora", "rag")}
    points = cost_lines(priced(close, list(close), prices), prices)["points"]
    apart = abs(points[0]["label_y"] - points[1]["label_y"])
    assert apart >= LABEL_HEIGHT > abs(points[0]["y"] - points[1]["y"])
    assert all(point["label_y"] <= PLOT["bottom"] for point in points)


def test_break_evens_are_marked_where_the_lines_cross_with_their_volume(priced_card):
    prices = Prices(preset="hosted_api", queries_per_day=20_000)
    costs = priced({name: priced_card(name, prices) for name in ("prompt", "rag", "lora")}, ["prompt", "rag", "lora"], prices)
    (even,) = break_evens(costs)
    chart = cost_lines(costs, prices)
    (mark,) = chart["marks"]
    assert mark["label"] == about(even["per_day"])
    assert mark["texts"] == [f"rag and lora: about {about(even['per_day'])} queries a day"]
    far = float(chart["ticks_x"][-1]["text"].replace(",", ""))
    assert (mark["x"] - PLOT["left"]) / (PLOT["right"] - PLOT["left"]) == pytest.approx(even["per_day"] / far, abs=0.001)
    on_lines = [float(chart["ticks_y"][-1]["text"].replace(",", "")) * (PLOT["bottom"] - mark["y"]) / (PLOT["bottom"] - PLOT["top"])]
    assert on_lines == [pytest.approx(costs["rag"].per_month(even["per_day"]), rel=0.01)]
    assert cost_lines({"rag": costs["rag"]}, prices)["marks"] == []


def test_contexts_are_drawn_for_what_reads_passages_with_what_was_measured_on_the_line(priced_card):
    prices = Prices(preset="hosted_api")
    cards = {name: priced_card(name, prices) for name in ("prompt", "rag")}
    (line,) = context_lines(cards, priced(cards, list(cards), prices), prices)["points"]
    assert line["name"] == "rag"
    x, _ = line["middle"]
    assert (x - PLOT["left"]) / (PLOT["right"] - PLOT["left"]) == pytest.approx(200 / 3_000, abs=0.001)


def test_bars_are_as_long_as_their_parts():
    chart = stacked({"a": {"x": 3.0, "y": 1.0}, "b": {"x": 2.0, "z": 0.0}}, ["y", "x", "z"])
    assert chart["parts"] == ["y", "x"]
    first, second = chart["bars"]
    assert [piece["part"] for piece in first["pieces"]] == ["y", "x"]
    assert first["pieces"][1]["width"] == pytest.approx(3 * first["pieces"][0]["width"])
    assert second["end"] - second["pieces"][0]["x"] == pytest.approx(2 * first["pieces"][0]["width"])
    assert (first["total"], second["total"]) == (4, 2)
    assert stacked({"a": {"x": 0.0}}, ["x"])["parts"] == []


def test_stages_keep_their_order_and_those_not_timed_are_left_out(priced_card):
    card = priced_card("rag", Prices())
    timed = replace(
        card, latency_ms={"p50": 9.0, "p99": 20.0, "generate_p50": 5.0, "think_p50": 1.0, "retrieve_p50": 2.0, "rerank_p50": None}
    )
    chart = latency_bars({"rag": timed, "prompt": replace(card, latency_ms={})}, ["prompt", "rag"])
    assert chart["parts"] == ["retrieve", "generate", "think"]
    assert [(bar["name"], bar["total"]) for bar in chart["bars"]] == [("rag", 8.0)]
