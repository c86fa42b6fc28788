"""What an event from outside is taken to name."""

from __future__ import annotations

import io

import pytest

from flows.progress import REPORTER, StderrProgress
from flows.remote import ids_of


@pytest.mark.parametrize("payload", [{}, {"changed": None}, {"changed": "a.md"}])
def test_without_a_list_any_document_may_have_changed(payload: dict[str, object]):
    assert ids_of(payload) is None


def test_what_no_file_can_be_called_is_passed_over_with_a_note():
    told = io.StringIO()
    token = REPORTER.set(StderrProgress(told))
    assert ids_of({"changed": ["a/b.md", "nul\0.md", 5, "half\ud800.md", "größe.md"]}) == ["a/b.md", "größe.md"]
    assert ids_of({"changed": ["c.md"]}) == ["c.md"]
    REPORTER.reset(token)
    assert told.getvalue() == "tandem: an event names 2 documents as no file can be called, the first 'nul\\x00.md': passed over\n"
