"""Which refreshes are recorded together, and the upkeep that follows."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue

import pytest

from flows import recorder
from flows.recorder import keep_up, next_group
from tandem.errors import Refused
from tasks.index import read_pointer
from tasks.refresh import Refreshed, refresh
from tasks.workspace import open_workspace

Told = SimpleQueue[Refreshed | None]


def numbered(number: int) -> Refreshed:
    return Refreshed((), (), (), 0, {}, 0, number, 1, 0.0)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(recorder, "QUIET_S", 0.1)
    monkeypatch.setattr(recorder, "GROUP_S", 0.4)
    return SimpleQueue()


def versions(group: list[Refreshed]) -> list[int]:
    return [one.index_version for one in group]


def test_what_comes_close_together_is_one_group(told: Told):
    for number in range(3):
        told.put(numbered(number))
    threading.Timer(0.25, told.put, [numbered(3)]).start()
    group, may_go_on = next_group(told)
    assert (versions(group), may_go_on) == ([0, 1, 2], True)
    assert versions(next_group(told)[0]) == [3]


def test_a_stream_that_never_rests_is_cut(told: Told):
    stop = threading.Event()

    def stream() -> None:
        number = 0
        while not stop.wait(0.02):
            told.put(numbered(number))
            number += 1

    threading.Thread(target=stream).start()
    started = time.monotonic()
    group, may_go_on = next_group(told)
    took_s = time.monotonic() - started
    stop.set()
    assert may_go_on
    assert versions(group) == list(range(len(group)))
    assert took_s >= 0.4


def test_the_end_closes_a_group_at_once_and_where_nothing_comes_it_is_empty(told: Told):
    assert next_group(told, patience_s=0.01) == ([], True)
    told.put(numbered(1))
    told.put(None)
    group, may_go_on = next_group(told)
    assert (versions(group), may_go_on) == ([1], False)


def test_after_a_recording_comes_a_rest_unless_it_grows_quiet_or_ends(told: Told, monkeypatch: pytest.MonkeyPatch):
    recorded: list[tuple[float, list[int]]] = []

    def slow(workspace: str, group: list[Refreshed]) -> None:
        time.sleep(0.2)
        recorded.append((time.monotonic(), versions(group)))

    monkeypatch.setattr(recorder, "record", slow)
    monkeypatch.setattr(recorder, "keep_up", lambda workspace, every: None)
    monkeypatch.setattr(recorder, "IDLE_S", 0.6)
    told.put(numbered(0))
    for number in (1, 2):  # each a group of its own, within the rest of 2 s
        threading.Timer(0.2 + 0.3 * number, told.put, [numbered(number)]).start()
    for delay_s, one in ((3.0, numbered(3)), (3.3, None)):
        threading.Timer(delay_s, told.put, [one]).start()
    assert recorder.record_all("", told)
    assert [group for _, group in recorded] == [[0], [1, 2], [3]]
    assert recorded[1][0] - recorded[0][0] >= 0.8  # after the quiet, not before


def test_what_could_not_be_recorded_is_so_with_the_next_as_one(told: Told, monkeypatch: pytest.MonkeyPatch, capsys):
    recorded: list[list[int]] = []

    def refuse_once(workspace: str, group: list[Refreshed]) -> None:
        recorded.append(versions(group))
        if len(recorded) == 1:
            raise Refused("the disk is full", hint="Make room.")

    monkeypatch.setattr(recorder, "record", refuse_once)
    monkeypatch.setattr(recorder, "keep_up", lambda workspace, every: None)
    for number in range(3):
        told.put(numbered(number))
    threading.Timer(0.4, told.put, [numbered(3)]).start()
    threading.Timer(0.45, told.put, [None]).start()
    assert recorder.record_all("", told)
    assert recorded == [[0, 1, 2], [2, 3]]
    assert "the disk is full" in capsys.readouterr().err


def test_the_table_is_compacted_once_there_were_so_many_commits(make_workspace):
    workspace = open_workspace(make_workspace())
    version = refresh(workspace).index_version
    keep_up(str(workspace.root), version + 1)
    assert "maintained" not in read_pointer(workspace)
    keep_up(str(workspace.root), version)
    assert read_pointer(workspace)["maintained"] >= version
