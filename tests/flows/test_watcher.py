"""What the watcher looks at together, without files being watched."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from flows.watch import GOING_S, GONE_S, _Watcher
from tasks.refresh import Refreshed
from tasks.workspace import PROJECT


class Telling(_Watcher):
    """Notes what it would refresh."""

    def __init__(self, root: Path):
        super().__init__(root, lambda done: None)
        self.everything, self.to_record, self.sweep_at = False, False, float("inf")
        self.refreshed: list[list[str] | None] = []

    def _refresh(self, names: list[str] | None) -> Refreshed:
        self.refreshed.append(names and sorted(names))
        return Refreshed((), (), (), 0, {}, 0, 1, 1, 0.0)

    async def look(self) -> None:
        recorder: Any = None
        await self._look(recorder)


@pytest.fixture
def watcher(tmp_path: Path) -> Telling:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    page = tmp_path / "data" / "documents" / "products" / "elm.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Elm kettle\n\nThe Elm kettle weighs 1.4 kg.\n")
    return Telling(tmp_path)


def test_what_has_just_gone_is_looked_at_with_what_takes_its_place(watcher: Telling):
    async def move() -> None:
        watcher.hear(["products/gone.md"])
        await watcher.look()
        assert watcher.refreshed == []
        watcher.hear(["products/elm.md"])
        await asyncio.sleep(GONE_S)
        await watcher.look()

    asyncio.run(move())
    assert watcher.refreshed == [["products/elm.md", "products/gone.md"]]


def test_an_edit_waits_for_nothing(watcher: Telling):
    async def edit() -> None:
        await asyncio.sleep(0.06)
        watcher.hear(["products/elm.md"])
        await watcher.look()

    asyncio.run(edit())
    assert watcher.refreshed == [["products/elm.md"]]


class Listening:
    """A recorder that only notes that it was closed."""

    is_closed = False

    def __init__(self, root: Path):
        self.root = root

    def close(self) -> bool:
        Listening.is_closed = True
        return True

    def tell(self, refreshed: Refreshed) -> None:
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_a_last_look_at_everything(watcher: Telling, monkeypatch: pytest.MonkeyPatch, number: signal.Signals):
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.setattr("flows.watch.Recorder", Listening)
    monkeypatch.setattr(Listening, "is_closed", False)
    monkeypatch.setattr(watcher.warm, "warm_up", lambda workspace: os.kill(os.getpid(), number))
    try:
        asyncio.run(asyncio.wait_for(watcher.run(), 60))
        assert [signal.getsignal(one) for one in before] == [signal.SIG_DFL] * 2  # a second one ends it at once
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    assert (watcher.refreshed, Listening.is_closed) == ([None], True)


def test_a_stream_of_deletions_keeps_an_edit_waiting_no_longer_than_a_second(watcher: Telling):
    async def delete() -> None:
        watcher.hear(["products/elm.md"])
        await asyncio.sleep(GOING_S)
        watcher.hear(["products/gone.md"])
        await watcher.look()

    asyncio.run(delete())
    assert watcher.refreshed == [["products/elm.md", "products/gone.md"]]
