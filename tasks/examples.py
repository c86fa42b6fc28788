"""The labelled examples of a workspace, read with its documents: parsed, aged, and split into training and held-out sides.

`data/labels.json` remembers, for each example as it was written, the md5 of its sources when it was first seen. An example whose
source has changed or gone since is expired: set aside and listed, never silently used.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tandem.errors import Refused
from tandem.examples import Sides, expired_sources, near_duplicate_groups, parse_examples, split
from tandem.records import Document, Example
from tandem.split_record import split_record
from tasks.checks import build_data_docs, check_examples
from tasks.index import write_json
from tasks.labels import Labels, add_labels, label_key, read_labels
from tasks.readers import Unreadable, read_document
from tasks.refresh import read_manifest
from tasks.workspace import Workspace


@dataclass(frozen=True)
class Labelled:
    """Examples with the documents that they were labelled on.

    `on_file` holds all of the file, `examples` those that are in use; `set_aside` those whose sources changed, went, or cannot be read,
    `expired` by their ids which; `unfit` those that a check refuses, with the reasons. `groups` maps documents to near-duplicate groups;
    `split` counts what the split did (tandem.split_record).
    """

    documents: Mapping[str, Document]
    on_file: tuple[Example, ...]
    examples: tuple[Example, ...]
    set_aside: tuple[Example, ...]
    unfit: Mapping[str, tuple[str, ...]]
    sides: Sides
    expired: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, str]
    split: Mapping[str, int]


def load_documents(workspace: Workspace) -> dict[str, Document]:
    """The documents that the index serves, by id, read from disk. Raises Refused where there is no index yet."""
    documents: dict[str, Document] = {}
    for doc_id in read_manifest(workspace)["documents"]:
        try:
            documents[doc_id] = read_document(workspace.documents_dir, doc_id, workspace.params.documents, workspace.converted_dir)
        except Unreadable:
            continue  # held: an older version of it is being served while the file is in quarantine
    return documents


def load_examples(workspace: Workspace) -> Labelled:
    """All examples of the workspace with their sides. Raises Refused that lists every bad line of the file."""
    documents = load_documents(workspace)
    md5s = {doc_id: entry["md5"] for doc_id, entry in read_manifest(workspace)["documents"].items()}
    labels = read_labels(workspace)
    examples = [
        example.model_copy(update={"labelled": dict(labels.get(label_key(example), {}))})
        for example in read_examples(workspace, labels_known=labels)
    ]
    old = {example.id: found for example in examples if (found := expired_sources(example, md5s))}
    timely = [example for example in examples if example.id not in old]
    unfit = check_examples(timely, documents, workspace.params)
    current = tuple(example for example in timely if example.id not in unfit)
    groups = near_duplicate_groups({doc_id: document.text for doc_id, document in documents.items()}, workspace.params.split.near_duplicate)
    sides = split(current, groups, workspace.params.split, workspace.params.seed)
    return Labelled(
        documents=documents,
        on_file=tuple(examples),
        examples=current,
        set_aside=tuple(example for example in examples if example.id in old),
        unfit=unfit,
        sides=sides,
        expired=old,
        groups=groups,
        split=split_record(sides, groups),
    )


def record_examples(workspace: Workspace) -> None:
    """After a refresh: label what is new, write unfit examples with their reasons to `.tandem/unfit-examples.json`, and GX's pages to
    `.tandem/data_docs`. Where nothing that these depend on has changed since the last time, they stay as they are."""
    label_examples(workspace)
    path = workspace.state_dir / "unfit-examples.json"
    made_from = _inputs_digest(workspace)
    if path.is_file() and json.loads(path.read_text(encoding="utf-8"))["made_from"] == made_from:
        return
    labelled = load_examples(workspace)
    build_data_docs(workspace, list(labelled.documents.values()), labelled.examples)
    write_json(path, {"made_from": made_from, "unfit": labelled.unfit})


def _inputs_digest(workspace: Workspace) -> str:
    """Of all that a check of the examples depends on; a document's `valid_until` makes the day one of them."""
    parts = [path.read_bytes() for path in (workspace.manifest_path, workspace.examples_path, workspace.labels_path) if path.is_file()]
    said = f"{workspace.params.documents.model_dump_json()} {date.today()}".encode()
    return hashlib.sha256(b"\n".join([*(hashlib.sha256(part).digest() for part in parts), said])).hexdigest()


def read_examples(workspace: Workspace, labels_known: Labels | None = None) -> list[Example]:
    """The lines of `data/examples.jsonl`. A source may be on disk, in quarantine, or gone since the example was labelled."""
    path = workspace.examples_path
    if not path.is_file():
        raise Refused(f"{path} is missing", hint="Write one example a line, or run `tandem init` with --examples.")
    labels = read_labels(workspace) if labels_known is None else labels_known
    known = document_ids(workspace.documents_dir) | document_ids(workspace.quarantine_dir)
    known.update(doc_id for sources in labels.values() for doc_id in sources)
    return parse_examples(path.read_text(encoding="utf-8", errors="replace"), known, str(path))


def label_examples(workspace: Workspace) -> int:
    """Remember the sources' md5 for every example not seen before; returns how many were new."""
    md5s = {doc_id: entry["md5"] for doc_id, entry in read_manifest(workspace)["documents"].items()}
    labels = read_labels(workspace)
    fresh = {
        label_key(example): {source: md5s[source] for source in example.sources}
        for example in read_examples(workspace, labels)
        if label_key(example) not in labels and set(example.sources) <= md5s.keys()
    }
    if fresh:
        add_labels(workspace, fresh)
    return len(fresh)


def document_ids(folder: Path) -> set[str]:
    """Every file below a folder as a document id."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} if folder.is_dir() else set()
