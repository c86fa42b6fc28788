from dataclasses import replace

from tandem.consistency import with_consistency, wordings
from tandem.records import Example, Row

ROW = Row("", "", "", "", "", (), None, None, None, None, None, None, None, None, False, False, 0, 0, 0.0)


def asked(name: str, answer: str, kind: str = "direct", source: str = "a.md") -> Example:
    return Example(id=name, question=f"{name}?", answer=answer, kind=kind, sources=(source,))


EXAMPLES = [
    asked("a1", "7.4 kg"), asked("a2", "7.4 KG.", "paraphrase"), asked("b1", "90 s"), asked("b2", "90 s", "paraphrase"),
    asked("c1", "red", source="c.md"), asked("c2", "red", "paraphrase", "d.md"), asked("e1", "24 months"), asked("e2", "24 months"),
]  # fmt: skip


def test_a_paraphrase_goes_with_the_questions_of_the_same_sources_and_answer():
    assert wordings(EXAMPLES) == [["a1", "a2"], ["b1", "b2"]]


def test_consistent_is_right_in_all_wordings_or_in_none():
    right = {"a1": 1.0, "a2": 1.0, "b1": 1.0, "b2": 0.0, "c1": 0.0, "c2": 0.0, "e1": 0.0, "e2": 1.0}
    rows = with_consistency([replace(ROW, example_id=name, quality=value) for name, value in right.items()], EXAMPLES)
    shown = {row.example_id: (row.consistency, row.right_in_all_wordings) for row in rows if row.consistency is not None}
    assert shown == {"a1": (1.0, 1.0), "b1": (0.0, 0.0)}
    none = with_consistency([replace(ROW, example_id=name, quality=0.0) for name in ("a1", "a2")], EXAMPLES)
    assert [(row.consistency, row.right_in_all_wordings) for row in none] == [(1.0, 0.0), (None, None)]
