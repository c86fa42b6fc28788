"""What a long-lived process keeps between two refreshes, so that the second does only what one edit needs."""

from __future__ import annotations

import gc
import os
import sqlite3
from datetime import date
from typing import Any

from tandem.records import Document
from tasks.checks import check_documents
from tasks.embed import embed_cached, embedding_cache, load_embedder
from tasks.index import read_pointer
from tasks.manifest import out_of_step
from tasks.state import State
from tasks.table import documents_in
from tasks.workspace import Workspace


class Warm:
    """The state that the last refresh of this process left, for its next one to start from.

    It holds only as long as nobody else wrote: manifest file, table version, params and the day (of which `valid_until` makes a
    difference) must be what they were. Upkeep of the table leaves its rows as they are.
    """

    def __init__(self) -> None:
        self._state: State | None = None
        self._mark: tuple[Any, ...] = ()
        self._version = 0
        self._cache: sqlite3.Connection | None = None

    def take(self, workspace: Workspace) -> State | None:
        """The state, once: a refresh that fails does not put it back. None where it does not hold any more."""
        state, self._state = self._state, None
        if state is None or self._mark != _mark(workspace) or not self._is_untouched(workspace, state):
            return None
        return state

    def keep(self, workspace: Workspace, state: State) -> None:
        """Called with the writer's lock held, right after a refresh left everything in step."""
        state.is_fresh, state.with_rows, state.wrong = False, state.entries.keys(), set()
        self._state, self._mark, self._version = state, _mark(workspace), state.version

    def warm_up(self, workspace: Workspace) -> None:
        """Load and use once what the first edit would otherwise have to wait for: the embedder, its cache, the suite of checks."""
        document = Document(id="warm.md", text="Warm up.\n" * 20, md5="0" * 32, title="Warm")
        check_documents([document], workspace.params)
        embedder, store = load_embedder(workspace.params.embedder, workspace.settings), embedding_cache(workspace)
        for text in (document.title, document.text):
            embedder.embed([text])
        embed_cached(embedder, [document.title], store)
        self._cache = store.hold()
        gc.collect()
        gc.freeze()  # a full collection over all that is loaded by now takes 0.4 s, and an edit would wait for it

    def _is_untouched(self, workspace: Workspace, state: State) -> bool:
        try:
            version = state.version
            if version == self._version:
                return True
            pointer = read_pointer(workspace)
            if (pointer.get("maintained_from"), pointer.get("maintained")) == (self._version, version):
                return True
            return not out_of_step(state.entries, documents_in(state.table))  # in the middle of an upkeep
        except (RuntimeError, ValueError):  # the table is gone, or cannot be read
            return False


def _mark(workspace: Workspace) -> tuple[Any, ...]:
    try:
        stat = os.stat(workspace.manifest_path)
    except FileNotFoundError:
        return ()
    return workspace, date.today(), stat.st_mtime_ns, stat.st_size, stat.st_ino
