import csv
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.params import Params, Prices, Prompt, Variant
from tasks.plot_data import COLUMNS, write_plot_data
from tasks.repository import create_repository
from tasks.workspace import PROJECT

PRICES = Prices(preset="hosted_api")
PARAMS = Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)}, prices=PRICES)


@pytest.fixture(scope="module")
def cards(priced_card):
    found = {"hit@1": 0.5, "hit@5": 0.8125, "mrr": 0.6, "n": 48}
    timed = {"p50": 9.0, "p95": 11.0, "retrieve_p50": 2.0, "retrieve_p95": 3.0, "retrieve_p99": 4.0, "generate_p50": 7.0}
    rag = replace(priced_card("rag", PRICES), retrieval=found, latency_ms=timed, extra={"freshness": {"answer_s": 0.4}})
    lora = replace(priced_card("lora", PRICES, (0.0,)), staleness=0.25, forgetting=0.125)
    return {"rag": rag, "lora": lora, "prompt": priced_card("prompt", PRICES, (0.0,))}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def files(tmp_path_factory, cards) -> dict[str, list[dict[str, str]]]:
    return {path.stem: read(path) for path in write_plot_data(tmp_path_factory.mktemp("data") / "plots", cards, PARAMS)}


def test_plot_data_holds_what_the_report_draws(files):
    kept = [(row["variant"], row["quality"], row["hit_at_5"], row["latency_retrieve_p50_ms"]) for row in files["variants"]]
    assert kept == [("prompt", "0.0", "", ""), ("rag", "0.75", "0.8125", "2.0"), ("lora", "0.0", "", "")]
    assert [row["on_pareto_front"] for row in files["variants"]] == ["1", "1", "0"]
    assert [(row["tokens_in"], row["tokens_out"]) for row in files["variants"]] == [("40.0", "20.0"), ("240.0", "20.0"), ("40.0", "20.0")]
    assert [(row["staleness"], row["forgetting"], row["freshness_lag_s"]) for row in files["variants"]] == [
        ("", "", ""), ("", "", "0.4"), ("0.25", "0.125", ""),
    ]  # fmt: skip
    assert [tuple(row.values()) for row in files["latency"]] == [
        ("rag", "retrieve", "2.0", "3.0", "4.0"),
        ("rag", "generate", "7.0", "", ""),
    ]
    assert len(files["questions"]) == 72
    month = {(row["variant"], row["part"]): float(row["cost"]) for row in files["costs"] if row["of"] == "month"}
    assert (month["rag", "store"], month["prompt", "store"]) == (25.0, 0.0)
    assert [float(row["queries_per_day"]) for row in files["volumes"]] == [100, 1_000, 10_000] * 3
    assert [row["variant"] for row in files["contexts"]] == ["rag"] * 4


def test_plot_data_holds_the_differences_the_break_evens_and_the_slices(files, priced_card, cards, tmp_path):
    found = {(row["difference"], row["measure"]): row for row in files["contrasts"]}
    assert list(found)[:3] == [("rag - prompt", "quality"), ("lora - prompt", "quality"), ("lora - rag", "quality")]
    one = found["rag - prompt", "quality"]
    assert (float(one["mean"]), one["n"]) == (0.75, "24")
    assert 0.5 < float(one["low"]) < 0.75 < float(one["high"]) < 1
    (pair,) = [row for row in files["break_evens"] if (row["a"], row["b"]) == ("rag", "lora")]
    assert pair["cheaper_above"] == "lora"
    halves = [replace(row, collection="support" if at % 2 else "") for at, row in enumerate(cards["rag"].rows)]
    tables = {path.stem: read(path) for path in write_plot_data(tmp_path, {"rag": replace(cards["rag"], rows=tuple(halves))}, PARAMS)}
    assert [(row["by"], row["value"], row["quality"], row["n"], row["gap"]) for row in tables["slices"]] == [
        ("collection", "(none)", "0.5", "12", "-0.5"), ("collection", "support", "1.0", "12", "0.5"),
    ]  # fmt: skip


def test_plot_data_is_the_same_for_the_same_scorecards(tmp_path, cards):
    first = [path.read_bytes() for path in write_plot_data(tmp_path / "a", cards, PARAMS)]
    assert [path.read_bytes() for path in write_plot_data(tmp_path / "b", dict(reversed(cards.items())), PARAMS)] == first


def test_nothing_measured_leaves_tables_with_their_heads(tmp_path):
    heads = {path.stem: path.read_text().splitlines() for path in write_plot_data(tmp_path, {}, PARAMS)}
    assert heads == {name: [",".join(columns)] for name, columns in COLUMNS.items()}


def test_dvc_draws_a_series_of_every_variant(tmp_path, cards):
    create_repository(tmp_path)
    (tmp_path / "dvc.yaml").write_text((PROJECT / "dvc.yaml").read_text())
    write_plot_data(tmp_path / "artifacts" / "evaluation" / "plots", cards, PARAMS)
    command = [str(Path(sys.executable).parent / "dvc"), "plots", "show", "--json", "--split"]
    shown = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout)
    assert "errors" not in shown
    drawn = {}
    for name, (plot,) in shown["data"].items():
        colour = plot["content"]["encoding"]["color"]["field"]
        drawn[name] = {(row["variant"], row[colour]) for row in plot["anchor_definitions"]["<DVC_METRIC_DATA>"]}
    everybody = {(name, name) for name in cards}
    assert drawn == {
        "quality_against_cost": everybody,
        "latency_by_stage": {("rag", "retrieve"), ("rag", "generate")},
        "cost_of_a_month": everybody,
        "cost_by_context": {("rag", "rag")},
    }
