"""What tells two behaviours apart: what a rollback changes for those who ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ANSWERS_BY = ("variant", "retrieve", "adapter", "base", "prompt", "form", "retrieval", "layout")


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Dotted key -> (value before, value now), of all that answers depend on; the content of the index is no part of a behaviour."""
    before, now = (dict(_flat({**{key: behaviour.get(key) for key in ANSWERS_BY}, **_filled(behaviour)})) for behaviour in (old, new))
    keys = dict.fromkeys([*before, *now])
    return {key: (before.get(key), now.get(key)) for key in keys if before.get(key) != now.get(key)}


def _filled(behaviour: Mapping[str, Any]) -> dict[str, Any]:
    """What versions did not always name: whether all documents are read, and the shots, by the ids of their examples."""
    shots = [shot["example_id"] for shot in behaviour.get("shots", ())]
    return {"whole_context": bool(behaviour.get("whole_context")), "shots": shots}


def _flat(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in nested.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
