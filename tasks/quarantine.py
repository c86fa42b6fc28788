"""Where documents go that cannot be served: moved aside with their reasons, while the last good version stays in the index."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.readers import FileStamp
from tasks.workspace import Workspace

_SUFFIX = ".reason.json"
MAX_NAME_BYTES = 255 - len(_SUFFIX)


def put(workspace: Workspace, doc_id: str, reasons: Sequence[str], stamp: FileStamp) -> bool:
    """Move `data/documents/<id>`, which looked like `stamp`, to `data/quarantine/<id>` and write the reasons beside it.

    False, and nothing done, where another version has taken its place meanwhile.

    The reasons are written first: a run that is killed between the two finds the bad file again, never a file gone without a trace.
    """
    source = workspace.documents_dir / doc_id
    if not _looks_like(source, stamp):
        return False
    target = place_of(workspace, doc_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "document": shown(doc_id),
        "reasons": [shown(reason) for reason in reasons],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "md5": stamp.md5,
        "size_bytes": stamp.size_bytes,
    }
    partial = target.with_name(target.name + ".tmp")
    partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(_reason_of(target))
    os.replace(source, target)
    return True


def _looks_like(path: Path, stamp: FileStamp) -> bool:
    if not stamp.md5:
        return os.path.lexists(path)
    try:
        stat = path.stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (stamp.size_bytes, stamp.mtime_ns)


def clear(workspace: Workspace, doc_id: str) -> None:
    """Forget the bad version: a later good one has taken its place."""
    for target in _places(workspace, doc_id):
        if _is_free(workspace.quarantine_dir, target):
            target.unlink(missing_ok=True)
            _reason_of(target).unlink(missing_ok=True)


def holds(workspace: Workspace, doc_id: str) -> bool:
    """Whether a bad version of this document was moved aside and nothing good has come since."""
    return any(_is_free(workspace.quarantine_dir, target) and _reason_of(target).is_file() for target in _places(workspace, doc_id))


def read_reasons(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Every quarantined document by id: its reasons, when, md5 and size."""
    return {content["document"]: content for content in _contents(workspace.quarantine_dir)}


def _contents(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob(f"*{_SUFFIX}")):
        with suppress(ValueError):  # a document that was moved here may be named like a reason
            content = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(content, dict) and content.keys() >= {"document", "reasons"}:
                yield content


def place_of(workspace: Workspace, doc_id: str) -> Path:
    """Where a bad version of the document lies, or would be put."""
    free = [target for target in _places(workspace, doc_id) if _is_free(workspace.quarantine_dir, target)]
    return next((target for target in free if _reason_of(target).is_file()), free[0])


def _places(workspace: Workspace, doc_id: str) -> tuple[Path, Path]:
    """Where a document goes: by its path, or by the start of its hash where the name is too long or something else is in the way."""
    hashed = hashlib.sha256(shown(doc_id).encode()).hexdigest()[:16]
    return workspace.quarantine_dir / shown(doc_id), workspace.quarantine_dir / f"{hashed}{Path(doc_id).suffix[:16]}"


def _is_free(folder: Path, target: Path) -> bool:
    """Whether a file and its reason can stand there: no name too long, no folder of that name, no file where a folder has to be."""
    above = [path for path in target.parents if path != folder and path.is_relative_to(folder)]
    return (
        len(target.name.encode()) <= MAX_NAME_BYTES
        and not target.is_dir()
        and not any(path.exists() and not path.is_dir() for path in above)
    )


def _reason_of(target: Path) -> Path:
    return target.with_name(target.name + _SUFFIX)


def shown(doc_id: str) -> str:
    """The id as text that can be printed and stored, also where the file's name is not UTF-8."""
    return doc_id.encode("utf-8", "backslashreplace").decode()
