"""Where the time of an edit goes, from the watcher's marks."""

from __future__ import annotations

import json

from bench.watched import MARKS, report, stages_of


def test_an_edit_is_split_by_its_first_marks():
    marks = [{"name": name, "at": 10.0 + at} for at, name in enumerate(MARKS, start=2)]
    marks += [{"name": "collected", "at": 11.0, "seconds": 0.25}, {"name": "heard", "at": 30.0}]
    stages = stages_of([json.dumps(mark) for mark in marks], [(10.0, 11.0, 18.5), (29.0, 29.5, 31.0)])
    assert stages == [
        {
            "write": 1, "event": 1, "wait": 1, "lock": 1, "read, check": 1, "embed": 1, "commit": 1, "fresh reader": 1.5,
            "full collections": 0.25,
        }
    ]  # fmt: skip
    assert report(stages).splitlines()[-1].split() == ["slowest", "1", *["1000"] * 7, "1500", "250"]


def test_without_marks_nothing_is_told():
    assert stages_of([], [(0.0, 1.0, 2.0)]) == []
    assert "no edit" in report([])
