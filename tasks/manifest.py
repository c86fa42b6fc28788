"""The manifest of an index: which documents it serves and by which chunks. It is the index's DVC output; the table is not.

The bytes depend on the documents, the layout and the checks' params alone (no times, no table version), so that a clone's `dvc repro`
makes the same.
File times are kept beside it in `.tandem/stamps.json`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from typing import Any

from tandem.errors import Refused
from tandem.records import Document
from tasks.index import layout_of
from tasks.readers import FileStamp
from tasks.table import Held
from tasks.workspace import Workspace

Entries = dict[str, dict[str, Any]]
Lines = dict[str, tuple[dict[str, Any], str]]  # document id -> an entry and how it is written
_ENCODE = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
SETTLING_NS = 1_000_000_000  # a file may change twice within one step of its clock: younger stamps are not trusted


def read_manifest(workspace: Workspace) -> dict[str, Any]:
    """`{"layout", "checks", "documents": {id: entry}, "n_chunks"}`; `checks`: the params that the documents were held to.

    Raises Refused where there is no index yet.
    """
    if not workspace.manifest_path.is_file():
        raise Refused(f"{workspace.root} has no index yet: {workspace.manifest_path.name} is missing", hint="Run `tandem refresh`.")
    return dict(json.loads(workspace.manifest_path.read_text(encoding="utf-8")))


def manifest_or_empty(workspace: Workspace) -> dict[str, Any]:
    """The manifest, or one without documents and layout where there is none."""
    if not workspace.manifest_path.is_file():
        return {"layout": None, "checks": None, "documents": {}, "n_chunks": 0}
    return read_manifest(workspace)


def write_manifest(workspace: Workspace, entries: Entries, lines: Lines | None = None) -> None:
    """Replace the manifest in one step. `lines`, kept from the last time, spare writing out again what has not changed."""
    layout, checks = layout_of(workspace.params), workspace.params.documents.model_dump()
    _write(workspace, {"layout": layout, "checks": checks, "documents": entries}, {} if lines is None else lines)


def replace_documents(workspace: Workspace, entries: Entries) -> None:
    """Replace the documents of the manifest; layout and checks stay."""
    _write(workspace, {**read_manifest(workspace), "documents": entries}, {})


def hold(workspace: Workspace, doc_ids: Collection[str]) -> None:
    """Mark documents as served without their file, before their file is moved: a run that is killed then does not take it for deleted."""
    if not doc_ids:
        return
    manifest = manifest_or_empty(workspace)
    fresh = [doc_id for doc_id in doc_ids if not manifest["documents"][doc_id].get("held")]
    for doc_id in fresh:
        manifest["documents"][doc_id]["held"] = True
    if fresh:
        _write(workspace, manifest, {})


def _write(workspace: Workspace, manifest: Mapping[str, Any], lines: Lines) -> None:
    """One line a document: written fast, and a difference of two manifests shows which documents differ."""
    entries: Entries = manifest["documents"]
    for doc_id in lines.keys() - entries.keys():
        del lines[doc_id]
    for doc_id, entry in entries.items():
        if doc_id not in lines or lines[doc_id][0] is not entry:
            lines[doc_id] = (entry, f"{_ENCODE(doc_id)}: {_ENCODE(entry)}")
    n_chunks = sum(len(entry["chunks"]) for entry in entries.values())
    documents = ",\n  ".join(lines[doc_id][1] for doc_id in sorted(entries))
    checks, layout = _ENCODE(manifest["checks"]), _ENCODE(manifest["layout"])
    text = f'{{\n "checks": {checks},\n "documents": {{\n  {documents}\n }},\n "layout": {layout},\n "n_chunks": {n_chunks}\n}}\n'
    workspace.manifest_path.parent.mkdir(parents=True, exist_ok=True)
    partial = workspace.manifest_path.with_name(workspace.manifest_path.name + ".tmp")
    partial.write_text(text, encoding="utf-8")
    partial.replace(workspace.manifest_path)


def entry_of(document: Document, chunk_ids: list[str]) -> dict[str, Any]:
    """What the manifest says of one document."""
    return {
        "md5": document.md5,
        "title": document.title,
        "collection": document.collection,
        "roles": list(document.roles),
        "trainable": document.trainable,
        "valid_until": document.valid_until.isoformat() if document.valid_until else None,
        "chunks": chunk_ids,
    }


def out_of_step(entries: Entries, held: Held) -> set[str]:
    """Documents of which a table (`tasks.index.documents_in`) does not hold exactly the chunks and the version of the manifest."""
    expected = {doc_id: (entry["md5"], tuple(sorted(entry["chunks"]))) for doc_id, entry in entries.items()}
    return {doc_id for doc_id in expected.keys() | held.keys() if expected.get(doc_id) != held.get(doc_id)}


def read_stamps(workspace: Workspace) -> dict[str, FileStamp]:
    """What each file looked like when it was last hashed; empty where that is not known."""
    path = workspace.state_dir / "stamps.json"
    if not path.is_file():
        return {}
    return {doc_id: FileStamp(*stamp) for doc_id, stamp in json.loads(path.read_text(encoding="utf-8")).items()}


def settled(stamps: Mapping[str, FileStamp]) -> dict[str, FileStamp]:
    """Those that are old enough to be trusted."""
    limit = time.time_ns() - SETTLING_NS
    return {doc_id: one for doc_id, one in stamps.items() if one.mtime_ns < limit}


def write_stamps(workspace: Workspace, stamps: Mapping[str, FileStamp]) -> None:
    """Keep the stamps for the next process."""
    rows = {doc_id: [one.size_bytes, one.mtime_ns, one.md5] for doc_id, one in stamps.items()}
    path = workspace.state_dir / "stamps.json"
    partial = path.with_suffix(".tmp")
    partial.write_text(json.dumps(rows), encoding="utf-8")
    partial.replace(path)
