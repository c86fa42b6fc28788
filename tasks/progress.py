"""How far long work is: the callback that it is told to, and the one that a stage's own process prints with."""

from __future__ import annotations

import sys
from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # (what is done, how many are done, of how many), called again and again until both are equal


def progress_line(what: str, done: int, total: int) -> None:
    """One line on stderr, written over by the next."""
    print(f"\r{what} {done}/{total}   ", end="", file=sys.stderr)
