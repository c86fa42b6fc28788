import pytest

from tandem.quotations import quotation
from tandem.records import Passage

PASSAGES = [
    Passage("c1", "leave.md", "Leave", "Parental leave is 12 weeks. It is paid in full.", 1.0),
    Passage("c2", "leave.md", "Leave", "Ask the people partner two months ahead.", 0.9),
    Passage("c3", "travel.md", "Travel", "Receipts are handed in within 30 days.", 0.8),
]


@pytest.mark.parametrize(
    ("answer", "cited", "verdict"),
    [
        ("Parental leave is 12 weeks", (1,), "verbatim"),
        ("12 Weeks!", (3, 1), "verbatim"),
        ("two months ahead", (1,), "wrong passage"),
        ("within 30 days", (1, 2), "wrong document"),
        ("parental leave within 30 days", (1,), "stitched"),
        ("14 weeks", (1,), "fabricated"),
        ("12 weeks", (), None),
        ("Yes.", (1,), None),
    ],
)
def test_a_quotation_is_told_from_what_only_looks_like_one(answer, cited, verdict):
    assert quotation(answer, PASSAGES, cited) == verdict
