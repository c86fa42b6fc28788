"""What DVC's cache holds: the objects of a recorded version, and whether each is what its name says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tasks.data_version import file_md5


def entry_in(path: Path) -> dict[str, Any]:
    """The one entry of a `.dvc` file: md5, size, path and, for a folder, nfiles. Empty without the file."""
    import yaml

    if not path.is_file():
        return {}
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))["outs"][0])


def cached(repo: Any, md5: str) -> Path:
    """Where the object with this md5 lies, or would."""
    return Path(repo.cache.local.oid_to_path(md5))


def objects_of(repo: Any, md5: str) -> list[str]:
    """The md5s of the files of a version; of one file its own."""
    if not md5.endswith(".dir"):
        return [md5] if md5 else []
    path = cached(repo, md5)
    return [entry["md5"] for entry in json.loads(path.read_text(encoding="utf-8"))] if path.is_file() else []


def is_sound(path: Path, md5: str) -> bool:
    """Whether the file is there and holds what its md5 says."""
    return path.is_file() and file_md5(path) == md5


def is_whole(repo: Any, md5: str) -> bool:
    """Whether the cache holds this version and every file of it."""
    return cached(repo, md5).is_file() and all(cached(repo, object).is_file() for object in objects_of(repo, md5))
