"""Which questions the report shows, and which passages stand below them."""

from dataclasses import replace

from tandem.records import Passage, Row
from tandem.scoring import scorecard
from tasks.evaluate import _with_cited_alone
from tasks.questions import counted, highlighted, side_by_side, telling

ROW = Row("", "How long?", "12 weeks", "", "12 weeks", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)


def row(i: int, quality: float | None, **changes) -> Row:
    return replace(ROW, example_id=f"q{i:02d}", quality=quality, **changes)


def test_the_questions_shown_are_those_that_differ_each_winner_in_turn_and_those_that_all_miss():
    unanswerable = row(4, None, should_abstain=True)
    a = [row(0, 1.0), row(1, 1.0), row(2, 0.5), row(3, 0.0), replace(unanswerable, abstained=True), row(5, 0.0), row(6, 0.8)]
    b = [row(0, 1.0), row(1, 0.0), row(2, 0.0), row(3, 1.0), unanswerable, row(5, 0.0), row(6, 1.0)]
    cards = {"a": scorecard("a", a, {}, {}, 0), "b": scorecard("b", b, {}, {}, 1)}
    assert [rows["a"].example_id for rows in telling(cards, ["a", "b"])] == ["q01", "q03", "q02", "q04", "q06", "q05"]
    assert [rows["a"].example_id for rows in telling(cards, ["a", "b"], n=2)] == ["q01", "q03"]
    assert counted(cards, ["a", "b"]) == {"all": 2, "some": 3, "none": 2}


def test_each_variant_stands_with_its_own_passages_their_documents_and_what_it_cites():
    read = {"passages": ("It takes 12 weeks.", "It takes 9 weeks."), "documents": ("leave.md", "old.md"), "sources": ("leave.md",)}
    other = {"passages": ("It takes 9 weeks.",), "documents": ("old.md",), "sources": ("leave.md",)}
    rows = {
        "prompt": row(0, 0.0, abstained=True),
        "rag": row(0, 1.0, cited=(1,), **read),
        "rag+lora": row(0, 0.0, answer="9 weeks", cited=(2,), **read),
        "rag-mmr": row(0, 0.0, answer="9 weeks", cited=(1,), **other),
    }
    shown = side_by_side(rows)
    assert not shown["missed"]
    assert [one["names"] for one in shown["found"]] == [["rag", "rag+lora"], ["rag-mmr"]]
    told = [[(one["document"], one["is_source"], one["cited_by"]) for one in found["passages"]] for found in shown["found"]]
    assert told == [[("leave.md", True, ["rag"]), ("old.md", False, ["rag+lora"])], [("old.md", False, ["rag-mmr"])]]
    assert shown["found"][1]["passages"][0]["pieces"] == [("It takes ", False), ("9 weeks.", True)]
    assert side_by_side({"rag-mmr": rows["rag-mmr"]})["missed"]


def test_of_a_whole_knowledge_base_only_what_is_cited_is_kept():
    passages = [Passage(f"c{at}", f"{at}.md", "", f"text {at}", 0.0) for at in range(4)]
    kept = _with_cited_alone(row(0, 1.0, passages=("x",) * 4, documents=("y",) * 4, cited=(4, 2)), passages, (4, 2))
    assert (kept.passages, kept.documents, kept.cited) == (("text 3", "text 1"), ("3.md", "1.md"), (1, 2))


def test_shared_words_of_a_passage_are_marked_and_nothing_is_lost():
    passage = "Parental leave is 12 weeks, paid\nin full."
    assert highlighted(passage, ["12 weeks"]) == [("Parental leave is ", False), ("12 weeks,", True), (" paid\nin full.", False)]
    assert highlighted(passage, ["leave of Brno"]) == [(passage, False)]
    assert "".join(text for text, _ in highlighted(passage, ["is 12 weeks paid", "parental leave is"])) == passage
