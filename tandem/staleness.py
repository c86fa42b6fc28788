"""Staleness: the share of what an adapter learned from that the knowledge base no longer says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Staleness:
    """`share` of `n` trained pieces that `changed` or are `gone` (both sorted ids); None when nothing was trained on."""

    share: float | None
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    n: int


def staleness(trained: Mapping[str, str], now: Mapping[str, str]) -> Staleness:
    """Compare what an adapter was trained on with what is there now; both map an id (chunk or document) to a hash of its text.

    A text that still stands somewhere is not stale, even under another id: a paragraph put in at the top of a document renumbers
    every chunk below it, and a moved document gets a new id, yet the adapter's knowledge holds.
    """
    standing = set(now.values())
    stale = sorted(piece for piece, text_hash in trained.items() if text_hash not in standing)
    changed = tuple(piece for piece in stale if piece in now)
    gone = tuple(piece for piece in stale if piece not in now)
    return Staleness(len(stale) / len(trained) if trained else None, changed, gone, len(trained))
