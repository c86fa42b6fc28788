"""Progress on stderr: a live line on a terminal, a line every few seconds elsewhere, nothing for work under two seconds."""

from __future__ import annotations

import sys
import time
from contextvars import ContextVar
from typing import TextIO

QUIET_S = 2.0
LINE_EVERY_S = 5.0


class StderrProgress:
    """Reports `what done/total` with the seconds spent on it; a new `what` starts a new line."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stderr
        self.live = self.stream.isatty()
        self._what, self._started, self._shown = "", 0.0, 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show a step; `what` up to its first comma names the work, the rest is detail."""
        now = time.monotonic()
        if what.split(",")[0] != self._what.split(",")[0]:
            self.close()
            self._started = self._shown = now
        self._what = what
        due = now - self._shown >= (0.1 if self.live else LINE_EVERY_S)
        if now - self._started < QUIET_S or not (due or done >= total):
            return
        self._shown = now
        left = f", {(now - self._started) / done * (total - done):.0f} s left" if 0 < done < total else ""
        line = f"{what} {done}/{total}, {now - self._started:.0f} s{left}"
        self.stream.write(f"\r\x1b[K{line}" if self.live else f"{line}\n")
        self.stream.flush()

    def say(self, line: str) -> None:
        """A whole line, at once: what begins now."""
        self.close()
        self.stream.write(f"{line}\n")
        self.stream.flush()

    def close(self) -> None:
        """End a live line."""
        if self.live and self._what and self._shown > self._started:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
        self._what = ""


class Silent:
    """No progress: for flows that a server runs, and for tests."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


SILENT = Silent()
REPORTER: ContextVar[StderrProgress | Silent] = ContextVar("reporter", default=SILENT)
