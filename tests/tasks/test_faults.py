from dataclasses import replace

from tandem.records import Row
from tandem.scoring import scorecard
from tasks.faults import MISSES, closed_book, counted, further_measures

ROW = Row("q", "", "", "", "", (), 1.0, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)


def card(name, *rows):
    return scorecard(name, rows, {}, {}, 0)


def test_misses_are_counted_a_line_a_variant_that_retrieves():
    outcomes = ("right", "right", "not retrieved", "wrong though used")
    cards = {"prompt": card("prompt", ROW), "rag": card("rag", *(replace(ROW, outcome=word) for word in outcomes))}
    (line,) = counted(cards, ["prompt", "rag"], MISSES, lambda row: row.outcome)
    counts = {"right": 2, "not retrieved": 1, "retrieved, not used": 0, "wrong though used": 1}
    assert line == {"name": "rag", "counts": counts, "n": 4}


def test_the_warning_about_facts_stands_only_where_the_run_bears_it_out():
    lora = card("lora", replace(ROW, quality=0.0, closed_book_facts=0.0), replace(ROW, quality=1.0, closed_book_facts=1.0))
    sentence = closed_book({"lora": lora, "rag": card("rag", ROW)}, ["rag", "lora"])
    assert sentence.startswith("Without any passage lora states 0.50 of the facts (n 2); rag, which reads passages, has a quality of 1.00.")
    assert "not to be expected of fine-tuning" in sentence
    better = closed_book({"lora": lora, "rag": card("rag", replace(ROW, quality=0.0))}, ["rag", "lora"])
    assert better.endswith("rag, which reads passages, has a quality of 0.00.")
    assert closed_book({"rag": card("rag", ROW)}, ["rag"]) is None


def test_measures_that_apply_to_no_variant_are_not_listed():
    assert further_measures({"rag": card("rag", replace(ROW, similarity=0.5))}) == ["similarity", "false_abstentions"]
