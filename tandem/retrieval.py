"""Merge rankings: reciprocal rank fusion, and the best passage of each document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tandem.records import Passage


def fuse(rankings: Sequence[Sequence[str]], weights: Sequence[float], k: int) -> list[tuple[str, float]]:
    """Ids with their scores, best first: sum over rankings of weight / (k + rank), rank from 1 (Cormack et al., SIGIR 2009).

    An id that a ranking does not hold gets nothing from it. Equal scores are ordered by id, so that the result is the same
    whatever order a store returns equals in.
    """
    if len(rankings) != len(weights):
        raise ValueError(f"{len(rankings)} rankings but {len(weights)} weights")
    scores: dict[str, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        if weight == 0:
            continue
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            scores[item] = scores.get(item, 0.0) + weight / (k + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def best_per_document(passages: Iterable[Passage], n: int) -> list[Passage]:
    """The first passage of each document, at most `n` of them, in the order given: a document ranks where its best chunk does."""
    best: dict[str, Passage] = {}
    for passage in passages:
        best.setdefault(passage.doc_id, passage)
    return list(best.values())[:n]
