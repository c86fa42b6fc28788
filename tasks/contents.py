"""Files by what is in them: a hash read once a process, and folders that a killed process left half made."""

from __future__ import annotations

import hashlib
import shutil
import time
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
