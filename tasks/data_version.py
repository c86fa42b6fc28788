"""The version of the data as it lies there now: DVC's own hashes, computed without it. A file seen before costs one stat."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from tasks.workspace import Workspace

SETTLING_NS = 1_000_000_000  # a file may change twice within one step of its clock: younger ones are read each time
NO_DATA = "none"


def data_version(workspace: Workspace) -> str:
    """Eight digits of the documents' md5, a dash, eight of the examples': it shows which of the two changed."""
    return combined(documents_md5(workspace), examples_md5(workspace))


def documents_md5(workspace: Workspace) -> str:
    """DVC's md5 of `data/documents` (`<32 digits>.dir`), or `none` without the folder. A file seen before costs one stat."""
    if not workspace.documents_dir.is_dir():
        return NO_DATA
    listed = sorted(hashes_below(workspace.root, workspace.documents_dir).items())
    tree = json.dumps([{"md5": md5, "relpath": name} for name, md5 in listed], sort_keys=True)
    return hashlib.md5(tree.encode(), usedforsecurity=False).hexdigest() + ".dir"


def examples_md5(workspace: Workspace) -> str:
    """DVC's md5 of `data/examples.jsonl`, or `none` without the file."""
    return file_md5(workspace.examples_path) if workspace.examples_path.is_file() else NO_DATA


def combined(documents: str, examples: str) -> str:
    """The data version of these two md5s."""
    return f"{documents[:8]}-{examples[:8]}"


def hashes_below(root: Path, folder: Path) -> dict[str, str]:
    """Path below the folder -> md5, for what DVC would add: all but what the root's `.dvcignore` names."""
    ignored = _ignored(root)
    hashes = {}
    for parent, _, names in os.walk(folder, followlinks=True):
        for path in (Path(parent, name) for name in names):
            if not ignored(path.relative_to(root).as_posix()):
                with suppress(FileNotFoundError):  # gone since it was listed, or a link to nowhere
                    hashes[path.relative_to(folder).as_posix()] = file_md5(path)
    return hashes


def _ignored(root: Path) -> Any:
    from pathspec import GitIgnoreSpec

    lines = (root / ".dvcignore").read_text(encoding="utf-8").splitlines() if (root / ".dvcignore").is_file() else []
    return GitIgnoreSpec.from_lines([*lines, ".git", ".hg/", ".dvc/"]).match_file


def file_md5(path: Path) -> str:
    """The md5 of a file's bytes; one that was hashed before costs one stat."""
    stat = path.stat()
    remembered = time.time_ns() - stat.st_mtime_ns > SETTLING_NS
    return (_md5_of if remembered else _md5_of.__wrapped__)(str(path), stat.st_mtime_ns, stat.st_size, stat.st_ino)


@lru_cache(maxsize=200_000)
def _md5_of(path: str, mtime_ns: int, size_bytes: int, inode: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
