"""watch: an edited document is searchable as soon as it is saved, until a signal ends it.

Run: tandem watch. Embedder, checks and table are kept warm, the refresh itself is `tasks.refresh.refresh`, and what follows it is
recorded by another process (flows/recorder.py). An event only names what to look at: a sweep of all files, once it is quiet, finds
whatever no event told of. Where a Prefect server is, the event `tandem.documents.changed` names documents too.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flows.progress import REPORTER
from flows.recorder import Recorder
from tandem.errors import Refused
from tasks.examples import label_examples
from tasks.readers import files_below, is_name
from tasks.refresh import Refreshed, refresh
from tasks.settling import is_settled
from tasks.warm import Warm
from tasks.workspace import Busy, open_workspace

STEP_MS = 4  # changes that come closer together than this are one; every edit waits for it, once or twice
DEBOUNCE_MS = 1_000  # and so is all that comes in so long a time
SETTLING_S = 0.02  # how often a file is looked at that is being written,
PATIENCE_S = 30.0  # and for how long: then it is taken as it is
GONE_S = 0.015  # how long the other half of a move, or of a save by renames, may take to be told,
GOING_S = 1.0  # and how long others wait for it
SWEEP_AFTER_S = 10.0  # an edit that comes during it has to wait for it
SWEEP_EVERY_S = 600.0
LOCK_S = 5.0
RETRY_S = (5.0, 300.0)  # the first wait after a failure, and the longest

Show = Callable[[Refreshed], None]


def watch(root: Path, show: Show) -> None:
    """Refresh at every change below `data/documents` until SIGINT or SIGTERM; `show` is told of each refresh that did something."""
    asyncio.run(_Watcher(root, show).run())


class _Watcher:
    def __init__(self, root: Path, show: Show):
        self.workspace = open_workspace(root)
        self.params_stamp = _stamp(root)
        self.show = show
        self.warm = Warm()
        self.named: dict[str, float] = {}  # what to look at -> when it was first named
        self.everything = True
        self.to_record = True  # also where nothing is new: a run before may have been killed
        self.unrecorded = False  # what was to be recorded by a look that was refused
        self.told: set[str] = set()  # notes of the last look
        self.sweep_at = time.monotonic()
        self.was_refused = False
        self.not_before = 0.0
        self.retry_s = RETRY_S[0]
        self.wake = asyncio.Event()
        self.stop = asyncio.Event()
        self.failure: BaseException | None = None

    async def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._end)
        recorder = Recorder(self.workspace.root)
        listeners = [asyncio.create_task(self._listen()), asyncio.create_task(self._subscribe())]
        listeners[0].add_done_callback(self._deaf)
        await asyncio.sleep(0)  # the files are watched from here on, so nothing falls between the first look and the first event
        try:
            await self._look(recorder)
            await asyncio.to_thread(self._label)
            await asyncio.to_thread(self.warm.warm_up, self.workspace)
            REPORTER.get().say("ready")
            while not self.stop.is_set():
                await self._wait()
                await self._look(recorder)
            self.everything = self.everything or not self.named
            await self._look(recorder)
        finally:
            for listener in listeners:
                listener.cancel()
            if not await asyncio.to_thread(recorder.close):
                REPORTER.get().say("tandem: not everything was recorded; run `tandem refresh`")
        if self.failure is not None:
            raise Refused(
                f"the files below {self.workspace.documents_dir} cannot be watched: {self.failure}",
                hint="Raise fs.inotify.max_user_watches, or set WATCHFILES_FORCE_POLLING=1, and run `tandem watch` again.",
            )

    def _end(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        REPORTER.get().say("stopping: recording what is left")
        self.stop.set()
        self.wake.set()

    def _deaf(self, listener: asyncio.Task[None]) -> None:
        if not listener.cancelled() and listener.exception() is not None:
            self.failure = listener.exception()
            self.stop.set()
            self.wake.set()

    async def _listen(self) -> None:
        from watchfiles import awatch

        documents, examples = self.workspace.documents_dir, self.workspace.examples_path
        places = [examples.parent, *([documents.resolve()] if documents.is_symlink() else [])]
        limits: dict[str, Any] = {"step": STEP_MS, "debounce": DEBOUNCE_MS, "ignore_permission_denied": True}
        async for changes in awatch(*places, watch_filter=None, stop_event=self.stop, **limits):
            paths = {path for _, path in changes}
            self.hear(_names({documents, documents.resolve()}, paths), str(documents) in paths, str(examples) in paths)

    async def _subscribe(self) -> None:
        """Events that were sent before are told again on connecting; to look at what has not changed costs milliseconds."""
        profiles = Path(os.environ.get("PREFECT_HOME", Path.home() / ".prefect"), "profiles.toml")
        if not (os.environ.get("PREFECT_API_URL") or profiles.is_file()):
            return  # Prefect takes seconds to import
        from flows.remote import changed_documents

        async for names in changed_documents(self.workspace.name):
            self.hear(names or (), everything=names is None)

    def hear(self, names: Iterable[str], everything: bool = False, examples: bool = False) -> None:
        """Take note of what to look at."""
        now = time.monotonic()
        for name in names:
            self.named.setdefault(name, now)
        self.everything = self.everything or everything
        self.to_record = self.to_record or examples
        if self.named or self.everything or self.to_record:
            self.wake.set()

    async def _wait(self) -> None:
        """Until there is something to look at, or the next sweep is due."""
        if not self.wake.is_set():
            is_due = self.named or self.everything or self.to_record
            until = max(self.not_before, time.monotonic() + SETTLING_S) if is_due else self.sweep_at
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), max(0.0, until - time.monotonic()))
        self.wake.clear()

    async def _look(self, recorder: Recorder) -> None:
        """One refresh of what is named and whole, or of everything."""
        now = time.monotonic()
        if (now < self.not_before or self._is_half_told(now)) and not self.stop.is_set():
            return
        whole = [name for name, since in self.named.items() if now - since > PATIENCE_S or self._is_whole(name)]
        for name in whole:
            del self.named[name]
        everything, to_record = self.everything or now >= self.sweep_at, self.to_record
        if self.named:  # files that are being written: a look at everything has to wait for them
            everything = False
        if not (whole or everything or to_record):
            return
        everything = everything or (self.was_refused and not self.named)
        self.everything, self.was_refused = self.everything and not everything, self.was_refused and not everything
        self.to_record, to_record, self.unrecorded = False, to_record or self.unrecorded, False
        self.sweep_at = now + SWEEP_EVERY_S
        try:
            refreshed = await asyncio.to_thread(self._refresh, None if everything else whole)
        except Busy as busy:
            self._again(str(busy), whole, everything, to_record)
            return
        except Refused as refusal:
            REPORTER.get().say(f"tandem: {refusal.paragraph()}")
            self.was_refused = True  # the next time, everything is looked at
            self.unrecorded = to_record
            return
        except Exception as error:  # the outer edge: one refresh that fails must not end the watch
            self._again(f"{type(error).__name__}: {error}", whole, everything, to_record)
            return
        self.retry_s = RETRY_S[0]
        if not everything:
            self.sweep_at = time.monotonic() + SWEEP_AFTER_S
        if refreshed.is_news or not self.told.issuperset(refreshed.notes):
            self.show(refreshed)
        self.told = set(refreshed.notes)
        if refreshed.is_news or to_record:
            recorder.tell(refreshed)

    def _refresh(self, names: list[str] | None) -> Refreshed:
        if self.params_stamp != _stamp(self.workspace.root):
            self.workspace, self.params_stamp = open_workspace(self.workspace.root), _stamp(self.workspace.root)
        with self.workspace.writing(timeout_s=LOCK_S):
            return refresh(self.workspace, names, REPORTER.get(), warm=self.warm)

    def _label(self) -> None:
        """Before anything can be deleted: an example is known by the version of its source that it was first seen with."""
        if self.workspace.manifest_path.is_file() and self.workspace.examples_path.is_file():
            with suppress(Refused):  # the recorder says it
                label_examples(self.workspace)

    def _again(self, why: str, names: list[str], everything: bool, to_record: bool) -> None:
        REPORTER.get().say(f"tandem: {why} Trying again in {self.retry_s:.0f} s.")
        self.not_before = time.monotonic() + self.retry_s
        self.retry_s = min(2 * self.retry_s, RETRY_S[1])
        self.to_record = self.to_record or to_record
        self.hear(names, everything)

    def _is_half_told(self, now: float) -> bool:
        """Whether something went just now: refreshed without what takes its place, a document would be missing for a moment."""
        documents = self.workspace.documents_dir
        is_gone = any(now - since < GONE_S and not os.path.lexists(documents / name) for name, since in self.named.items())
        return is_gone and now - min(self.named.values()) < GOING_S

    def _is_whole(self, name: str) -> bool:
        documents = self.workspace.documents_dir
        return all(is_settled(documents / one) for one in (name, *files_below(documents, name)))


def _names(folders: Iterable[Path], paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths below the folders that a document, or a folder of documents, may have."""
    for prefix in (f"{folder}{os.sep}" for folder in folders):
        names = (path.removeprefix(prefix).replace(os.sep, "/") for path in paths if path.startswith(prefix))
        yield from (name for name in names if is_name(name))


def _stamp(root: Path) -> tuple[Any, ...]:
    stat = os.stat(root / "params.yaml")
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
