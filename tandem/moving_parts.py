"""What a variant needs to have made, running and kept up: the price of complexity that no token count shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Behaviour = Mapping[str, Any]


def _reads_documents(behaviour: Behaviour) -> bool:
    return bool(behaviour["retrieve"] or behaviour.get("whole_context"))


MOVING_PARTS: dict[str, Callable[[Behaviour], bool]] = {
    "base model": lambda behaviour: True,
    "index": _reads_documents,
    "refresh on every change": _reads_documents,
    "embedder": lambda behaviour: behaviour["retrieve"] and behaviour["retrieval"]["vector_weight"] > 0,
    "reranking model": lambda behaviour: behaviour["retrieve"] and behaviour["retrieval"].get("rerank", "none") not in ("none", "mmr"),
    "adapter": lambda behaviour: behaviour["adapter"],
    "labelled examples": lambda behaviour: bool(behaviour["adapter"] or behaviour.get("shots")),
    "training schedule": lambda behaviour: behaviour["adapter"],
}


def moving_parts(behaviour: Behaviour) -> tuple[str, ...]:
    """The parts of a behaviour, the same whatever the variant is called."""
    return tuple(part for part, has in MOVING_PARTS.items() if has(behaviour))
