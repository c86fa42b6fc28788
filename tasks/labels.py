"""`data/labels.json`: for each example as it was written, the md5 of its sources when it was first seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from tandem.records import Example
from tasks.workspace import Workspace

Labels = Mapping[str, Mapping[str, str]]


def read_labels(workspace: Workspace) -> Labels:
    """Key of an example -> document id -> md5. Read once as long as the file looks the same: not to be changed."""
    path = workspace.labels_path
    if not path.is_file():
        return {}
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size, stat.st_ino)


def add_labels(workspace: Workspace, fresh: Labels) -> None:
    """Beside those that are there."""
    partial = workspace.labels_path.with_suffix(".tmp")
    partial.write_text(json.dumps({**read_labels(workspace), **fresh}, indent=0, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(workspace.labels_path)


def label_key(example: Example) -> str:
    """An example as it was written: a changed question, answer or source is a new label."""
    content = json.dumps([example.question, example.answer, example.sources, example.facts], ensure_ascii=False)
    return f"{example.id}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"


@lru_cache(maxsize=4)
def _read(path: Path, mtime_ns: int, size_bytes: int, inode: int) -> Labels:
    labels: Labels = json.loads(path.read_text(encoding="utf-8"))
    return labels
