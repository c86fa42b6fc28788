"""The champion, kept warm: one thread answers whatever waits, in batches, while the alias is followed beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any

from tandem.errors import Refused
from tasks.answer import Answerer, Asked, champion_answerer, checked_question, open_behaviour_index, with_live_data, with_trace
from tasks.registry import champion_version
from tasks.traffic import record_question
from tasks.workspace import Workspace

MAX_WAITING = 128
MAX_BATCH = 16
FOLLOW_S = 2.0  # how often the alias is read,
SLOWEST_S = 60.0  # and how seldom at most after failures
DATA_AGE_S = 5.0  # how long the version of the data is taken as known, unless the index changes,
DATA_SHARE = 50  # or, where reading it takes long, so many times as long
WARM_UP = "Is this question answered?"


class Unavailable(Refused):
    """No answer now; the same question may be answered later."""


@dataclass(frozen=True, slots=True)
class _Data:
    """The data version that an answerer names: of which champion, at which version of the index, read when, and in what time."""

    at: float = float("-inf")
    took_s: float = 0.0
    model_version: str | None = None
    index_version: int | None = None
    version: str | None = None

    def is_of(self, answerer: Answerer) -> bool:
        return (self.model_version, self.index_version) == (answerer.model_version, _index_version(answerer))

    def is_old(self) -> bool:
        return time.monotonic() - self.at > max(DATA_AGE_S, DATA_SHARE * self.took_s)


class Served:
    """`problem` says why nothing is answered yet, or what keeps a later champion from answering; None while all is well."""

    def __init__(self, workspace: Workspace, say: Callable[[str], None]):
        self.workspace, self.say = workspace, say
        self.problem: str | None = "the champion is being loaded"
        self._answerer: Answerer | None = None
        self._data = _Data()
        self._pause_s = FOLLOW_S
        self._waiting: Queue[tuple[Asked, Future[dict[str, Any]]] | None] = Queue(MAX_WAITING)
        self._using = Lock()  # two champions share one embedder, whose tokenizer takes one caller at a time
        self._is_closing = False
        self._thread = Thread(target=self._work, name="tandem-answers", daemon=True)
        self._thread.start()

    def submit(self, asked: Asked) -> Future[dict[str, Any]]:
        """The answer's record, in due time. Raises Refused for an unfit question, Unavailable where it cannot be answered now."""
        asked = replace(asked, question=checked_question(asked.question))
        if self._answerer is None:
            raise Unavailable(self.problem or "no champion is loaded")
        future: Future[dict[str, Any]] = Future()
        try:
            self._waiting.put_nowait((asked, future))
        except Full:
            raise Unavailable(f"{MAX_WAITING} questions are waiting, which is the limit", hint="Ask again in a second.") from None
        return future

    def health(self) -> dict[str, Any]:
        """Which version answers, from which table version; `data_version` is None between a refresh and the next answer, which reads it,
        and that of its last answer where the champion has no index. Raises Unavailable where none answers."""
        answerer, data = self._answerer, self._data
        if answerer is None:
            raise Unavailable(self.problem or "no champion is loaded")
        return {
            "model_version": answerer.model_version,
            "variant": answerer.behaviour["variant"],
            "index_version": _index_version(answerer),
            "data_version": data.version if data.is_of(answerer) else None,
            "problem": self.problem,
        }

    def look(self) -> float:
        """Load another champion where the alias has moved, then switch to it; the seconds until the next look."""
        held = self._answerer.model_version if self._answerer else None
        try:
            version = champion_version(self.workspace)
            if version is not None and version != held:
                self._switch()
            problem = None if version or held else f"{self.workspace.name} has no champion yet: run `tandem run`"
            self._pause_s = FOLLOW_S
        except Exception as error:  # the outer edge: a champion that cannot be loaded must not end the answers of the one before
            problem = error.paragraph() if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
            self._pause_s = min(2 * self._pause_s, SLOWEST_S)
        if problem and problem != self.problem:
            self.say(f"tandem: {problem}" + (f" Version {held} goes on answering." if held else ""))
        self.problem = problem
        return self._pause_s

    def close(self) -> None:
        """Answer what still waits, and end."""
        self._is_closing = True
        self._waiting.put(None)
        self._thread.join()

    def _switch(self) -> None:
        answerer = champion_answerer(self.workspace)
        with self._using:
            self._with_live_data(answerer).answer(WARM_UP)
        is_first, self._answerer = self._answerer is None, answerer
        self.say(f"version {answerer.model_version} answers: {answerer.behaviour['variant']}")
        if is_first:
            self.say("ready")

    def _work(self) -> None:
        while not (self._is_closing and self._waiting.empty()):
            batch = [one for one in self._next() if one is not None and one[1].set_running_or_notify_cancel()]
            if not batch:
                continue
            with self._using:
                try:
                    self._settle(batch)
                except Exception:  # one bad question, or a table that was replaced, must not fail all of them
                    self._settle_singly(batch)

    def _next(self) -> Iterator[tuple[Asked, Future[dict[str, Any]]] | None]:
        yield self._waiting.get()
        with suppress(Empty):
            for _ in range(MAX_BATCH - 1):
                yield self._waiting.get_nowait()

    def _settle_singly(self, batch: Sequence[tuple[Asked, Future[dict[str, Any]]]]) -> None:
        assert self._answerer is not None
        with suppress(Exception):  # what is wrong with the table, the questions below say
            self._answerer.index = open_behaviour_index(self._answerer.behaviour, self.workspace.settings)
        for one in batch:
            try:
                self._settle([one])
            except Exception as error:  # the outer edge: whoever waits for this answer is told
                one[1].set_exception(error)

    def _settle(self, batch: Sequence[tuple[Asked, Future[dict[str, Any]]]]) -> None:
        assert self._answerer is not None
        answers = self._with_live_data(self._answerer).answer_all([asked for asked, _ in batch])
        for (asked, future), answer in zip(batch, answers, strict=True):
            trace_id = record_question(self.workspace, asked.question, answer, asked.roles)
            future.set_result(asdict(with_trace(answer, trace_id)))

    def _with_live_data(self, answerer: Answerer) -> Answerer:
        if self._data.is_old() or not self._data.is_of(answerer):
            started, index_version = time.monotonic(), _index_version(answerer)
            answerer = with_live_data(self.workspace, answerer)
            now = time.monotonic()
            self._data = _Data(now, now - started, answerer.model_version, index_version, answerer.behaviour["data_version"])
        return answerer


def _index_version(answerer: Answerer) -> int | None:
    return answerer.index.version if answerer.index else None
