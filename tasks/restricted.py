"""What a training set or an adapter learned from that may not be trained on now: restricted since, or gone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tandem.chunking import text_hash
from tasks.examples import load_documents, read_examples
from tasks.refresh import all_chunks, read_manifest
from tasks.workspace import Workspace

if TYPE_CHECKING:
    from tasks.registry import RegisteredVersion


@dataclass(frozen=True, slots=True)
class TakenAway:
    """Documents and examples, by id: `restricted` have roles or `trainable: false` now, `gone` are there no more."""

    restricted: tuple[str, ...]
    gone: tuple[str, ...]


def taken_away(workspace: Workspace, lineage: Mapping[str, Any]) -> TakenAway:
    """Of a lineage, what is gone or restricted now, on disk or as indexed; and every restricted document that holds a text of it which no
    open one holds: restricted under another name."""
    entries, examples = read_manifest(workspace)["documents"], {example.id: example for example in read_examples(workspace)}
    closed = {doc_id for doc_id, entry in entries.items() if entry["roles"] or not entry["trainable"]}
    closed |= {doc_id for doc_id, document in load_documents(workspace).items() if not document.may_train}
    documents, learned = set(lineage.get("documents", {})), set(lineage.get("examples", ()))
    restricted = (documents & closed) | _renamed(workspace, set(lineage.get("chunks", {}).values()), closed)
    return TakenAway(
        (*sorted(restricted), *sorted(id for id in learned & examples.keys() if examples[id].roles)),
        (*sorted(documents - entries.keys()), *sorted(learned - examples.keys())),
    )


def restricted_in(workspace: Workspace, version: RegisteredVersion) -> tuple[str, ...]:
    """What the adapter of a registered version learned that is restricted now."""
    path = version.adapter_path / "training.json" if version.behaviour.get("adapter") and version.adapter_path else None
    if path is None or not path.is_file():
        return ()
    return taken_away(workspace, json.loads(path.read_text(encoding="utf-8"))["lineage"]).restricted


def named(ids: Sequence[str]) -> str:
    """The first three, and how many more there are."""
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return f"{', '.join(ids[:3])}{more}"


def _renamed(workspace: Workspace, texts: set[str], closed: set[str]) -> set[str]:
    if not closed or not texts:
        return set()
    chunks = all_chunks(workspace)
    texts = texts - {text_hash(one) for one in chunks if one.doc_id not in closed}
    return {one.doc_id for one in chunks if one.doc_id in closed and text_hash(one) in texts}
