import pytest

from tandem.economics import Costs
from tandem.params import Prices
from tasks import costs

HOSTED = Prices(preset="hosted_api")


def test_sums_are_told_with_as_many_digits_as_they_need():
    assert [costs.money(value) for value in (None, 0, 0.000123, 0.5, 1, 99.994, 1234.5)] == [
        "-", "0", "0.00012", "0.50", "1.00", "99.99", "1,234",
    ]  # fmt: skip
    assert [costs.about(volume) for volume in (0.1234, 25_085.3, 999.6)] == ["0.123", "25,100", "1,000"]


def test_only_parts_that_cost_something_have_a_column(priced_card):
    cards = {name: priced_card(name, HOSTED) for name in ("prompt", "rag", "rag+lora")}
    tables = costs.cost_tables(costs.priced(cards, list(cards), HOSTED), HOSTED)
    assert tables["answers"]["parts"] == ["input", "output", "embedding"]
    assert tables["month"]["parts"] == ["input", "output", "embedding", "store", "refreshes", "training", "curation"]
    assert tables["start"]["parts"] == ["first embedding", "training", "curation"]
    # rag: 240 x $2.50/M + 20 x $10/M + 12 x $0.02/M, a thousand times
    assert tables["answers"]["rows"][1]["total"] == pytest.approx(0.6 + 0.2 + 0.00024)
    # rag+lora: 60,000 x $0.02/M; 500,000 x $3/M; 40 h x $50
    assert tables["start"]["rows"][2]["total"] == pytest.approx(0.0012 + 1.5 + 2_000)


def test_every_pair_has_its_break_even_or_has_none(priced_card):
    cards = {name: priced_card(name, HOSTED) for name in ("prompt", "rag", "lora")}
    priced = costs.priced(cards, list(cards), HOSTED)
    (pair,) = costs.break_evens(priced)
    # rag's $25.0009 of store and refreshes against lora's $203; $0.00080024 against $0.00045 an answer
    assert (pair["a"], pair["b"], pair["cheaper_above"], pair["same_below"]) == ("rag", "lora", "lora", False)
    assert pair["per_day"] == pytest.approx(177.99 / (0.80024e-3 - 0.45e-3) / (365 / 12), rel=1e-4)
    assert [(one["cheaper"], one["dearer"]) for one in costs.never_even(priced, 1_000)] == [("prompt", "rag"), ("prompt", "lora")]


def test_on_a_machine_that_is_paid_for_anyway_both_cost_the_same_until_it_is_full():
    quick, slow = (Costs({"machine": seconds * 2 / 3600}, {}, {}, reserved=1_460) for seconds in (0.5, 1.0))
    (pair,) = costs.break_evens({"quick": quick, "slow": slow})
    # 730 h x 3,600 s / 1 s / (365/12) = 86,400 a day
    assert (pair["per_day"], pair["cheaper_above"], pair["same_below"]) == (pytest.approx(86_400), "quick", True)
    same = costs.never_even({"a": slow, "b": slow}, 1_000)
    assert [(one["cheaper"], one["dearer"]) for one in same] == [(None, None)]


def test_costs_at_other_volumes_and_with_other_contexts(priced_card):
    cards = {name: priced_card(name, HOSTED) for name in ("prompt", "rag")}
    priced = costs.priced(cards, list(cards), HOSTED)
    by_volume = costs.by_volume(priced, HOSTED)
    assert by_volume["volumes"] == [100, 1_000, 10_000]
    assert by_volume["rows"][0]["months"] == pytest.approx([0.0003 * 365 / 12 * volume for volume in (100, 1_000, 10_000)])
    (rag,) = costs.by_context(cards, priced, HOSTED)
    # (40 + 500) x $2.50/M + 20 x $10/M + 12 x $0.02/M, a thousand times
    assert (rag["name"], rag["measured"]) == ("rag", 200)
    assert rag["answers"][0] == pytest.approx(1.35 + 0.2 + 0.00024)


def test_the_price_sheet_tells_what_was_given_from_what_is_assumed():
    sheet = {line["key"]: line for line in costs.price_sheet(Prices(preset="hosted_api", currency="EUR", store_per_month=70))}
    assert {key for key, line in sheet.items() if line["given"]} == {"store_per_month"}
    assert (sheet["store_per_month"]["value"], sheet["store_per_month"]["unit"]) == (70, "€ a month")
    assert sheet["machine_hours_per_month"]["unit"] == "hours a month"
    assert sheet["refreshed_share"]["unit"] == "share"
