"""What a refresh finds before it touches anything: the files and the documents served, which are new, bad, or to be kept."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tandem.errors import Refused
from tandem.records import Document
from tasks import quarantine
from tasks.index import layout_of
from tasks.manifest import Entries
from tasks.progress import Progress
from tasks.readers import FileStamp, Scan, Unreadable, files_below, look, read_document, scan
from tasks.state import State
from tasks.workspace import Workspace

MAX_LISTED = 20


@dataclass
class Survey:
    """What there is before anything is touched, of all documents or of those that this refresh looks at; `n_beside` are the others.

    `served`: the manifest's documents as they were. `kept`: those of them whose rows stay as they are. `rescued`: those whose last
    good version goes on serving, for their file is bad, or is in quarantine already. `with_rows`: those in the table. `wrong`: the
    table is not what the manifest says of it. `unreadable`: folders that could not be looked into; what was served from there stays.
    """

    served: Entries
    table: Any | None
    version: int
    with_rows: set[str]
    seen: dict[str, FileStamp]
    documents: dict[str, Document]
    bad: dict[str, tuple[str, ...]]
    kept: Entries
    rescued: set[str]
    wrong: bool
    n_beside: int
    unreadable: Mapping[str, str]


def _look(workspace: Workspace, state: State, changed: Sequence[str] | None) -> tuple[Scan, Entries]:
    """The files to be looked at and the served documents that they are to be compared with: all, or those that `changed` names.

    A name may also stand for a folder: for what it holds, and for what was served from it.
    """
    if changed is None or state.is_fresh:
        return scan(workspace.documents_dir, state.stamps, changed or ()), state.entries
    named = set(changed)
    folders = {name for name in named - state.entries.keys() if not (workspace.documents_dir / name).is_file()}
    if folders:
        named.update(doc_id for doc_id in state.entries if not folders.isdisjoint(_folders_of(doc_id)))
        named.update(doc_id for name in folders for doc_id in files_below(workspace.documents_dir, name))
    try:
        return look(workspace.documents_dir, named), {doc_id: state.entries[doc_id] for doc_id in named & state.entries.keys()}
    except PermissionError:
        return scan(workspace.documents_dir, state.stamps, changed), state.entries


def _folders_of(doc_id: str) -> Iterator[str]:
    return (doc_id[:at] for at, letter in enumerate(doc_id) if letter == "/")


def take_survey(workspace: Workspace, state: State, changed: Sequence[str] | None, progress: Progress, rebuild: bool) -> Survey:
    """Raises Refused where nothing would be left to serve."""
    scanned, served = _look(workspace, state, changed)
    seen = scanned.files
    known = served if state.layout == layout_of(workspace.params) else {}
    sound = {} if rebuild else {doc_id: entry for doc_id, entry in known.items() if doc_id not in state.wrong}
    same = {doc_id for doc_id, stamp in seen.items() if doc_id in sound and sound[doc_id]["md5"] == stamp.md5}
    checked = state.checks == workspace.params.documents.model_dump()
    passed = {doc_id for doc_id in same if checked and not _is_past(sound[doc_id])}
    read, bad = _read(workspace, [doc_id for doc_id in seen if doc_id not in passed], progress)
    for doc_id in [doc_id for doc_id, reasons in bad.items() if not reasons]:
        del bad[doc_id], seen[doc_id]
    documents = {doc_id: document for doc_id, document in read.items() if doc_id not in same or sound[doc_id]["md5"] != document.md5}
    rescued = {doc_id for doc_id, entry in served.items() if not _is_past(entry) and _is_replaced(workspace, doc_id, entry, seen, bad)}
    stays = seen.keys() - bad.keys() - documents.keys() | rescued | {doc_id for doc_id in served if scanned.hides(doc_id)}
    kept = {doc_id: entry for doc_id, entry in sound.items() if doc_id in stays}
    n_beside = len(state.entries) - len(served)
    if not documents and not kept and not rescued and not n_beside:
        raise nothing_to_serve(workspace, bad)
    return Survey(
        served=served,
        table=state.table,
        version=state.version,
        with_rows=set(state.with_rows) if state.is_fresh else set(served),
        seen=seen,
        documents=documents,
        bad=bad,
        kept=kept,
        rescued=rescued,
        wrong=rebuild or bool(state.wrong and known),
        n_beside=n_beside,
        unreadable=scanned.unreadable,
    )


def _is_past(entry: Mapping[str, Any]) -> bool:
    """Whether a document's `valid_until` is over."""
    return entry["valid_until"] is not None and entry["valid_until"] < date.today().isoformat()


def _is_replaced(workspace: Workspace, doc_id: str, entry: Mapping[str, Any], seen: Mapping[str, FileStamp], bad: Collection[str]) -> bool:
    """Whether a served document's file gave way to a bad one: now, or earlier without its good version coming back."""
    if doc_id in seen:
        return doc_id in bad and seen[doc_id].md5 != entry["md5"]
    return bool(entry.get("held")) and quarantine.holds(workspace, doc_id)


def _read(workspace: Workspace, doc_ids: Sequence[str], progress: Progress) -> tuple[dict[str, Document], dict[str, tuple[str, ...]]]:
    """The documents that can be served, and for each other one the reasons why it cannot: none where its file has gone meanwhile."""
    documents: dict[str, Document] = {}
    bad: dict[str, tuple[str, ...]] = {}
    for number, doc_id in enumerate(doc_ids, start=1):
        try:
            documents[doc_id] = read_document(workspace.documents_dir, doc_id, workspace.params.documents, workspace.converted_dir)
        except Unreadable as error:
            bad[doc_id] = (str(error),) if os.path.lexists(workspace.documents_dir / doc_id) else ()
        progress("read", number, len(doc_ids))
    if documents:
        from tasks.checks import check_documents

        refused = check_documents(list(documents.values()), workspace.params)
        bad.update({doc_id: tuple(reasons) for doc_id, reasons in refused.items() if reasons})
    return {doc_id: document for doc_id, document in documents.items() if doc_id not in bad}, bad


def nothing_to_serve(workspace: Workspace, bad: Mapping[str, Sequence[str]]) -> Refused:
    """The refusal of a refresh that would leave the index empty; it names the first `MAX_LISTED` bad documents with their reasons."""
    if not bad:
        return Refused(f"{workspace.documents_dir} holds no document", hint="Put documents there and run `tandem refresh`.")
    listed = [f"{quarantine.shown(doc_id)}: {'; '.join(reasons)}" for doc_id, reasons in list(bad.items())[:MAX_LISTED]]
    more = [f"and {len(bad) - MAX_LISTED} more"] if len(bad) > MAX_LISTED else []
    return Refused(
        f"none of the {len(bad)} documents in {workspace.documents_dir} can be served",
        *listed,
        *more,
        hint="Mend one and run `tandem refresh`.",
    )
