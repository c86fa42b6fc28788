"""When a file counts as written to its end."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tasks import settling
from tasks.settling import EMPTY_S, QUIET_S, is_settled


def aged(path: Path, age_s: float, text: str = "text") -> Path:
    path.write_text(text)
    at = time.time() - age_s
    os.utime(path, (at, at))
    return path


def test_a_file_that_is_gone_is_settled(tmp_path):
    assert is_settled(tmp_path / "gone.md")


@pytest.mark.parametrize(("age_s", "settled"), [(EMPTY_S + 60, True), (EMPTY_S / 4, False)])
def test_an_empty_file_gets_time_to_be_filled(tmp_path, age_s, settled):
    assert is_settled(aged(tmp_path / "a.md", age_s, "")) is settled


@pytest.mark.parametrize(("age_s", "settled"), [(QUIET_S + 60, True), (-60, True), (0, False)])
def test_where_nobody_can_tell_who_writes_a_file_has_to_rest(tmp_path, monkeypatch, age_s, settled):
    monkeypatch.setattr(settling, "_is_open_for_writing", lambda path: None)
    monkeypatch.setattr(settling, "QUIET_S", 5.0)
    assert is_settled(aged(tmp_path / "a.md", age_s)) is settled


@pytest.mark.skipif(not hasattr(os, "fork") or not Path("/proc/locks").exists(), reason="leases are Linux's")
def test_a_file_that_is_open_for_writing_is_not_settled_whatever_its_age(tmp_path):
    path = aged(tmp_path / "a.md", 3600)
    if settling._is_open_for_writing(path) is None:
        pytest.skip("this file system grants no leases")
    with path.open("a"):
        assert not is_settled(path)
    assert is_settled(path)
