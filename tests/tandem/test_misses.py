import pytest

from tandem.misses import outcome
from tandem.records import Example, Passage

EXAMPLE = Example(id="q", question="?", answer="12 weeks, paid", sources=("leave.md",), facts=("12 weeks", "paid"))
RIGHT = Passage("c1", "leave.md", "Leave", "Parental leave is 12 weeks. It is paid in full.", 1.0)
HALF = Passage("c2", "leave.md", "Leave", "It is paid in full.", 1.0)
OTHER = Passage("c3", "travel.md", "Travel", "A paid trip of 12 weeks.", 1.0)


@pytest.mark.parametrize(
    ("answer", "quality", "passages", "cited", "word"),
    [
        ("14 weeks", 1.0, [RIGHT], ["leave.md"], "right"),
        ("14 weeks", 0.5, [RIGHT], ["leave.md"], "wrong though used"),
        ("14 weeks", 0.0, [OTHER, RIGHT], ["travel.md"], "retrieved, not used"),
        ("14 weeks", 0.0, [RIGHT], [], "retrieved, not used"),
        ("parental leave", 0.0, [OTHER, RIGHT], [], "wrong though used"),
        ("parental leave", 0.0, [OTHER, RIGHT], ["travel.md"], "retrieved, not used"),
        ("", 0.0, [RIGHT], [], "retrieved, not used"),
        ("14 weeks", 0.0, [OTHER, HALF], ["leave.md"], "not retrieved"),
        ("14 weeks", 0.0, [OTHER], ["travel.md"], "not retrieved"),
        ("14 weeks", 1.0, [], [], None),
    ],
)
def test_a_miss_is_of_the_search_of_the_choice_or_of_the_reading(answer, quality, passages, cited, word):
    assert outcome(EXAMPLE, answer, quality, passages, cited) == word


def test_without_facts_a_passage_of_every_source_must_be_there():
    example = EXAMPLE.model_copy(update={"facts": (), "sources": ("leave.md", "travel.md")})
    assert outcome(example, "14 weeks", 0.0, [HALF], ["leave.md"]) == "not retrieved"
    assert outcome(example, "14 weeks", 0.0, [HALF, OTHER], ["leave.md"]) == "wrong though used"


def test_an_unanswerable_question_is_no_miss():
    assert outcome(EXAMPLE.model_copy(update={"answerable": False}), "Brno", None, [RIGHT], []) is None
