"""Merge and reorder rankings: reciprocal rank fusion, maximal marginal relevance, the best passage of each document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tandem.records import Chunk, Passage


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


def mmr(relevance: Sequence[float], vectors: NDArray[np.float32], balance: float) -> list[int]:
    """All positions, best first, by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998, section 2).

    The next one has the largest balance x relevance - (1 - balance) x its greatest cosine to those before it; at 1 the order is that of
    relevance, and equals keep the order given. `relevance` is divided by its largest, to be of the cosine's size; `vectors` (n, d) have
    length 1.
    """
    if len(relevance) != len(vectors):
        raise ValueError(f"{len(relevance)} relevances but {len(vectors)} vectors")
    if not len(relevance):
        return []
    scaled = np.asarray(relevance, dtype=float) / (max(relevance) or 1.0)
    cosines = np.asarray(vectors, dtype=float) @ np.asarray(vectors, dtype=float).T
    order: list[int] = []
    nearest, left = np.zeros(len(scaled)), list(range(len(scaled)))
    while left:
        worth = np.round(balance * scaled[left] - (1 - balance) * nearest[left], 6)
        chosen = left.pop(int(np.argmax(worth)))
        nearest = cosines[chosen] if not order else np.maximum(nearest, cosines[chosen])
        order.append(chosen)
    return order


def best_per_document(passages: Iterable[Passage], n: int) -> list[Passage]:
    """The first passage of each document, at most `n` of them, in the order given: a document ranks where its best chunk does."""
    best: dict[str, Passage] = {}
    for passage in passages:
        best.setdefault(passage.doc_id, passage)
    return list(best.values())[:n]


def whole_documents(chunks: Iterable[Chunk]) -> list[Passage]:
    """The documents that these chunks are of, by id and whole: a heading stands once above the text under it. Chunk and document id are
    the same, and none scores above another."""
    texts: dict[str, list[str]] = {}
    heading = ("", "")
    for chunk in sorted(chunks, key=lambda chunk: (chunk.doc_id, chunk.ordinal)):
        is_new = chunk.heading and (chunk.doc_id, chunk.heading) != heading
        texts.setdefault(chunk.doc_id, []).extend([chunk.heading, chunk.text] if is_new else [chunk.text])
        heading = (chunk.doc_id, chunk.heading)
    return [Passage(doc_id, doc_id, "", "\n\n".join(parts), 0.0) for doc_id, parts in texts.items()]
