"""Keep freed memory while something is computed on a CPU: giving it back and fetching it anew costs more than the arithmetic.

glibc returns freed blocks from 32 MB on, and whatever is free at the end of its heap, to the system; the next tensor of that size is then
mapped and zeroed page by page. From glibc 2.35 on that limit can be raised; an older one keeps its own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3  # of malloc.h
KEPT = {_MMAP_THRESHOLD: 96 * 2**20, _TRIM_THRESHOLD: 2**31 - 1, _TOP_PAD: 64 * 2**20}  # larger blocks are returned at once
USUAL = {_MMAP_THRESHOLD: 32 * 2**20, _TRIM_THRESHOLD: 64 * 2**20, _TOP_PAD: 128 * 2**10}  # where glibc's own rule ends up with tensors


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """While it lasts; afterwards the process gives back what it does not hold. Does nothing where the C library is not glibc."""
    library = _glibc()
    if library is None:
        yield
        return
    _set(library, KEPT)
    try:
        yield
    finally:
        _set(library, USUAL)
        library.malloc_trim(0)


def _set(library: Any, options: dict[int, int]) -> None:
    for option, value in options.items():
        library.mallopt(option, value)


def _glibc() -> Any:
    try:
        library = ctypes.CDLL(None)
    except (OSError, TypeError):  # as on Windows
        return None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
