"""Documents in DVC's cache and remote: which data versions, training sets and scorecards hold them, and how they are taken out."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.manifest import manifest_or_empty
from tasks.readers import Unreadable, read_document
from tasks.repository import dvc_repository, git
from tasks.versions import recorded_md5s, remembered
from tasks.workspace import Workspace

FOLDER_MD5 = re.compile(r"\b[0-9a-f]{32}\.dir\b")
QUOTING_OUTPUT = re.compile(r"path: artifacts/(training|evaluation/scorecards\.json)\n(?:\s+hash: md5\n)?\s+md5: (\w+(?:\.dir)?)")
KINDS = {"training": "training sets", "evaluation/scorecards.json": "scorecards"}
SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n+")
MIN_SENTENCE_CHARS = 20
MAX_SHOWN = 500  # versions of dvc.lock that git is asked for at once


@dataclass(frozen=True)
class Kept:
    """What DVC's cache, and each remote that is a folder, keep of some documents.

    `doomed`: md5s of their content that no document has today; `shared`: md5 -> the documents that have the same content today;
    `outputs`: kind -> md5s of the files of earlier ones that name or quote them; `other_names`: documents, gone today, that had doomed
    content and other content too, earlier names as a rule. `n_versions` of the data hold doomed content, the
    listings of `n_unread` are not at hand. `knows_outputs`: git has the history of `dvc.lock`, or there is nothing to know.
    """

    doomed: tuple[str, ...] = ()
    shared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    outputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_names: tuple[str, ...] = ()
    n_versions: int = 0
    n_unread: int = 0
    knows_outputs: bool = True


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


def kept(workspace: Workspace, doc_ids: Collection[str], sentences: Collection[str]) -> Kept:
    """What would have to go for these documents, which are in `data/documents` no more, to be gone.

    Content goes unless a document of today has the same: one of another name that is gone today, an earlier name of the same document
    as a rule, would be needed only to check old data versions out.
    """
    if not (workspace.root / ".dvc").is_dir():
        return Kept()
    versions = recorded_versions(workspace)
    served = {doc_id: entry["md5"] for doc_id, entry in manifest_or_empty(workspace)["documents"].items()}
    today = {*versions.get(recorded_md5s(workspace)["documents"], {}).items(), *served.items()}
    content = {md5 for files in versions.values() for doc_id, md5 in files.items() if doc_id in doc_ids}
    shared = {md5: tuple(sorted(doc_id for doc_id, one in today if one == md5)) for md5 in content & {md5 for _, md5 in today}}
    doomed = content - shared.keys()
    entries = {entry for files in versions.values() for entry in files.items()}
    names = {*doc_ids, *(doc_id for doc_id, md5 in entries if md5 in doomed)}
    others = {doc_id for doc_id, md5 in entries if doc_id in names and md5 not in content} - {doc_id for doc_id, _ in today}
    history, now = _locks(workspace)
    return Kept(
        doomed=tuple(sorted(doomed)),
        shared=shared,
        outputs=_quoting_outputs(workspace, history, now, names, sentences),
        other_names=tuple(sorted(others)),
        n_versions=sum(not doomed.isdisjoint(files.values()) for files in versions.values()),
        n_unread=len(_folder_md5s(workspace)) - len(versions),
        knows_outputs=bool(history) or not QUOTING_OUTPUT.search(now),
    )


def erase(workspace: Workspace, found: Kept) -> Erased:
    """Remove it from DVC's cache and each remote that is a folder; the content last, by which the rest is found after a kill."""
    n_removed, notes = 0, []
    doomed = [*sorted({md5 for md5s in found.outputs.values() for md5 in md5s}), *found.doomed]
    if doomed:
        with dvc_repository(workspace.root) as repo:
            for place, _ in _local_places(repo):
                for path in (Path(place.oid_to_path(md5)) for md5 in doomed):
                    n_removed += path.is_file()
                    path.unlink(missing_ok=True)
            notes += [
                f"{len(doomed)} objects stay in DVC's remote {name}; `dvc gc --workspace --cloud` drops them, and with them every earlier "
                "data version: `tandem rollback --data` to those stops working"
                for name in _far_remotes(repo)
            ]
    if found.n_unread:
        notes.append(f"{found.n_unread} earlier data versions were not looked into: `dvc fetch --all-commits`, then forget once more")
    for md5 in doomed:
        (workspace.state_dir / "fetched" / md5).unlink(missing_ok=True)
    return Erased(n_removed, tuple(notes))


def sentences_of(workspace: Workspace, doc_ids: Collection[str]) -> set[str]:
    """The sentences of these documents in every version that is at hand: on disk and in DVC's cache; white space is one blank."""
    found = _sentences(workspace, workspace.documents_dir, doc_ids)
    contents = {(doc_id, md5) for files in recorded_versions(workspace).values() for doc_id, md5 in files.items() if doc_id in doc_ids}
    if contents:
        with dvc_repository(workspace.root) as repo:
            places = [place for place, _ in _local_places(repo)]
            for doc_id, md5 in sorted(contents):
                if (data := _object(places, md5)) is not None:
                    with TemporaryDirectory() as folder:
                        path = Path(folder, doc_id)
                        path.parent.mkdir(parents=True, exist_ok=True)
                        path.write_bytes(data)
                        found |= _sentences(workspace, Path(folder), [doc_id])
    return found


def _sentences(workspace: Workspace, folder: Path, doc_ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for doc_id in doc_ids:
        try:
            text = read_document(folder, doc_id, workspace.params.documents).text
        except Unreadable:
            continue
        found.update(one for part in SENTENCE_END.split(text) if len(one := " ".join(part.split())) >= MIN_SENTENCE_CHARS)
    return found


def mentions(raw: str, names: Collection[str], sentences: Collection[str]) -> bool:
    """Whether JSON or HTML holds a document's id or a sentence of it."""
    text = " ".join(html.unescape(raw).replace("\\n", " ").replace('\\"', '"').split())
    named = re.search(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w/-])", text)
    return bool(named) or any(sentence in text for sentence in sentences)


def _folder_md5s(workspace: Workspace) -> list[str]:
    """From the workspace's own list and from git's history of the pointer."""
    listed = [str(line["outs"].get("documents", {}).get("md5", "")) for line in remembered(workspace)]
    history = git(workspace.root, "log", "--all", "-p", "--format=", "--", "data/documents.dvc", check=False)
    pointer = workspace.documents_dir.with_name("documents.dvc")
    now = pointer.read_text(encoding="utf-8") if pointer.is_file() else ""
    return sorted({*FOLDER_MD5.findall("\n".join([*listed, history, now]))})


def _locks(workspace: Workspace) -> tuple[str, str]:
    """Every `dvc.lock` in git's history, one after the other, and the one that lies there."""
    of_file = ("--all", "--full-history", "--diff-filter=AM", "--format=%H", "--", "dvc.lock")
    commits = git(workspace.root, "log", *of_file, check=False).split()
    parts = [commits[start : start + MAX_SHOWN] for start in range(0, len(commits), MAX_SHOWN)]
    history = [git(workspace.root, "show", *(f"{commit}:./dvc.lock" for commit in part), check=False) for part in parts]
    lock = workspace.root / "dvc.lock"
    return "\n".join(history), lock.read_text(encoding="utf-8") if lock.is_file() else ""


def _quoting_outputs(
    workspace: Workspace, history: str, now: str, names: Collection[str], sentences: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Kind -> md5s of the files of earlier outputs, none of them in place now, that name or quote the documents."""
    found: dict[str, tuple[str, ...]] = {}
    with dvc_repository(workspace.root) as repo:
        places = [place for place, _ in _local_places(repo)]
        in_place = {one for _, md5 in QUOTING_OUTPUT.findall(now) for one in _files(places, md5)}
        for kind, md5 in sorted(set(QUOTING_OUTPUT.findall(history))):
            for one in _files(places, md5):
                data = None if one in in_place else _object(places, one)
                if data is not None and mentions(data.decode("utf-8", "replace"), names, sentences):
                    found[KINDS[kind]] = tuple(sorted({*found.get(KINDS[kind], ()), one}))
    return found


def _files(places: list[Any], md5: str) -> list[str]:
    return list((_listing(places, md5) or {}).values()) if md5.endswith(".dir") else [md5]


def _listing(places: list[Any], md5: str) -> dict[str, str] | None:
    data = _object(places, md5)
    return {entry["relpath"]: entry["md5"] for entry in json.loads(data)} if data is not None else None


def _object(places: list[Any], md5: str) -> bytes | None:
    paths = (Path(place.oid_to_path(md5)) for place in places)
    return next((path.read_bytes() for path in paths if path.is_file()), None)


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
