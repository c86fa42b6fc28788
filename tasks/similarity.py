"""How close in meaning answers are to those expected, by the workspace's embedder: all of a variant's in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tandem.records import Example, Row
from tasks.embed import load_embedder
from tasks.workspace import Workspace


class Similarity:
    """Cosines of pairs of texts; each distinct text is embedded once for all variants. Nothing is stored: answers are no documents."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._vectors: dict[str, np.ndarray] = {}

    def of(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The cosine of each pair, 0-1: what points apart counts as 0."""
        missing = sorted({text for pair in pairs for text in pair} - self._vectors.keys())
        if missing:
            embedder = load_embedder(self._workspace.params.embedder, self._workspace.settings)
            self._vectors |= dict(zip(missing, embedder.embed(missing), strict=True))
        return [float(np.clip(self._vectors[a] @ self._vectors[b], 0.0, 1.0)) for a, b in pairs]

    def added_to(self, rows: Sequence[Row], examples: Sequence[Example], answers: Sequence[str]) -> list[Row]:
        """The rows with `similarity` to the expected answer: an abstention scores 0, as in every text measure; an unanswerable
        question has none."""
        wanted = [at for at, row in enumerate(rows) if not row.should_abstain and not row.abstained and answers[at]]
        found = dict(zip(wanted, self.of([(answers[at], examples[at].answer) for at in wanted]), strict=True))
        return [row if row.should_abstain else replace(row, similarity=found.get(at, 0.0)) for at, row in enumerate(rows)]
