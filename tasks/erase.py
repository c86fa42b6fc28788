"""A document's content in DVC's cache and remote: which data versions hold it, and how it is taken out of them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.repository import dvc_repository, git
from tasks.versions import remembered
from tasks.workspace import Workspace

FOLDER_MD5 = re.compile(r"\b[0-9a-f]{32}\.dir\b")


@dataclass(frozen=True, slots=True)
class Erased:
    """How many objects were removed, from cache and remote together; `notes` name the places that could not be reached."""

    n_removed: int = 0
    notes: tuple[str, ...] = ()


def recorded_versions(workspace: Workspace) -> dict[str, dict[str, str]]:
    """Every recorded state of `data/documents` whose listing is at hand: its md5 -> document id -> md5 of the file."""
    if not (workspace.root / ".dvc").is_dir():
        return {}
    with dvc_repository(workspace.root) as repo:
        places = [place for place, _ in _local_places(repo)]
        return {md5: files for md5 in _folder_md5s(workspace) if (files := _listing(places, md5)) is not None}


def erase(workspace: Workspace, doc_ids: Collection[str]) -> Erased:
    """Remove the content of these documents, in all their versions, from DVC's cache and a remote that is a folder.

    Content that another document has, in any version, stays.
    """
    versions = recorded_versions(workspace)
    doomed = {md5 for files in versions.values() for doc_id, md5 in files.items() if doc_id in doc_ids}
    doomed -= {md5 for files in versions.values() for doc_id, md5 in files.items() if doc_id not in doc_ids}
    n_removed, notes = 0, []
    if not doomed:
        return Erased()
    with dvc_repository(workspace.root) as repo:
        for place, _ in _local_places(repo):
            for path in (Path(place.oid_to_path(md5)) for md5 in sorted(doomed)):
                n_removed += path.is_file()
                path.unlink(missing_ok=True)
        notes += [f"{len(doomed)} objects stay in DVC's remote {name}: run `dvc gc --workspace --cloud`" for name in _far_remotes(repo)]
    for md5 in doomed:
        (workspace.state_dir / "fetched" / md5).unlink(missing_ok=True)
    return Erased(n_removed, tuple(notes))


def _folder_md5s(workspace: Workspace) -> list[str]:
    """From the workspace's own list and from git's history of the pointer."""
    listed = [str(line["outs"].get("documents", {}).get("md5", "")) for line in remembered(workspace)]
    history = git(workspace.root, "log", "--all", "-p", "--format=", "--", "data/documents.dvc", check=False)
    pointer = workspace.documents_dir.with_name("documents.dvc")
    now = pointer.read_text(encoding="utf-8") if pointer.is_file() else ""
    return sorted({*FOLDER_MD5.findall("\n".join([*listed, history, now]))})


def _listing(places: list[Any], md5: str) -> dict[str, str] | None:
    for path in (Path(place.oid_to_path(md5)) for place in places):
        if path.is_file():
            return {entry["relpath"]: entry["md5"] for entry in json.loads(path.read_text(encoding="utf-8"))}
    return None


def _local_places(repo: Any) -> Iterator[tuple[Any, str]]:
    """The local cache, and each remote that is a folder."""
    yield repo.cache.local, "cache"
    for name in repo.config["remote"]:
        remote = repo.cloud.get_remote_odb(name)
        if remote.fs.protocol == "local":
            yield remote, name


def _far_remotes(repo: Any) -> Iterator[str]:
    for name in repo.config["remote"]:
        if repo.cloud.get_remote_odb(name).fs.protocol != "local":
            yield name
