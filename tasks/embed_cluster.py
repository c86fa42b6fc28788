"""An embedder whose large jobs go to the workers of a Ray cluster (`TANDEM_RAY_ADDRESS`); an edit is embedded in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from tandem.params import Embedder as EmbedderParams
from tasks.cluster import spread
from tasks.embed import Embedder, load_embedder
from tasks.workspace import Settings

SPREAD_FROM = 512  # texts: fewer are embedded before the workers would have loaded their model
TEXTS_A_PIECE = 128


class ClusterEmbedder:
    """The embedder of this process, and as many of the same as the cluster has workers. Vectors differ by rounding at most."""

    def __init__(self, embedder: Embedder, params: EmbedderParams, settings: Settings, spread_from: int = SPREAD_FROM):
        self._embedder, self._params, self._settings, self._spread_from = embedder, params, settings, spread_from
        self.name, self.dimensions = embedder.name, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.concatenate(list(self.embed_parts(texts)))

    def embed_parts(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """In order, as the workers give them; few texts in one part."""
        if len(texts) < self._spread_from:
            yield self._embedder.embed(texts)
        else:
            pieces = [list(texts[start : start + TEXTS_A_PIECE]) for start in range(0, len(texts), TEXTS_A_PIECE)]
            yield from spread(self._settings, partial(load_embedder, self._params), _embed, pieces)

    def count_tokens(self, texts: Sequence[str]) -> int:
        return self._embedder.count_tokens(texts)


def _embed(embedder: Embedder, texts: Sequence[str]) -> np.ndarray:
    return embedder.embed(texts)
