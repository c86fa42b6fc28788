"""Files by what is in them: a hash read once a process, folders made from them once, and what a killed process left half made."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

READ_AT_ONCE = 2**20
LEFTOVER_S = 24 * 3600


def content_hash(path: Path) -> str:
    """First 12 hex digits of the file's sha256; read again only where size or time have changed."""
    stat = path.stat()
    return _content_hash(path.resolve(), stat.st_size, stat.st_mtime_ns)


@cache
def _content_hash(path: Path, size_bytes: int, mtime_ns: int) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(READ_AT_ONCE):
            found.update(part)
    return found.hexdigest()[:12]


def sweep(folder: Path, prefix: str) -> None:
    """Remove the scratch folders below `folder` that are older than a day: whoever made them was killed."""
    for path in folder.glob(f"{prefix}*"):
        if path.stat().st_mtime < time.time() - LEFTOVER_S:
            shutil.rmtree(path, ignore_errors=True)


def made_once(folder: Path, scratch: str, make: Callable[[Path], None]) -> Path:
    """The folder, made where it is missing: `make` fills another one beside it, whose name begins with `scratch`, and that is renamed.

    So a killed run or a second process leaves no half folder.
    """
    sweep(folder.parent, scratch)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=scratch) as beside:
        staged = Path(beside) / "model"
        make(staged)
        try:
            os.rename(staged, folder)
        except OSError:
            if not folder.is_dir():  # another process finished first is fine; anything else is not
                raise
    return folder
