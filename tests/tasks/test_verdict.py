"""A verdict agrees with the validation that it spares, on frames that come after the one it was made for."""

from __future__ import annotations

from datetime import date

from tandem.params import Documents
from tandem.records import Document
from tasks.checks import _document_row, _frame, _Suite
from tasks.verdict import Verdict


def frame_of(*texts: str) -> object:
    return _frame([_document_row(Document(id=f"{at}.md", text=text, md5="0" * 32, title="A")) for at, text in enumerate(texts)])


def test_a_verdict_is_that_of_the_validation():
    suite = _Suite("document", Documents(), date.today())
    good, long = "The Wren holds two litres of water.", "Much text. " * 400
    verdict = Verdict(suite.suite.expectations, frame_of(good))
    for texts in (
        [good],
        [long],
        [good, long],
        ["short"],
        [good, "The Wren\0 holds two litres."],
        [good, "AKIA" + "A" * 16 + " is the key"],
    ):
        frame = frame_of(*texts)
        assert verdict.passes(frame) == suite.batches.get_batch({"dataframe": frame}).validate(suite.suite).success, texts
    assert verdict.passes(frame_of(good))
    assert not verdict.passes(frame_of("short"))


def test_a_metric_that_cannot_be_computed_is_no_pass():
    suite = _Suite("document", Documents(), date.today())
    frame = frame_of("The Wren holds two litres of water.")
    verdict = Verdict(suite.suite.expectations, frame)
    assert not verdict.passes(frame.drop(columns=["title"]))
