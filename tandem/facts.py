"""The facts that advice goes by: what was measured of a knowledge base, and what was said of its use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What was measured and what was said. None: not known, and the rules about it keep silent.

    `n_tokens` of all documents, `n_context_tokens` that the base reads at once; shares are 0-1, `changed_share_a_week` of the documents.
    `n_for_training`: those of the examples that would train an adapter, as far as can be told; `n_passed_over`: lines that do not hold.
    """

    n_documents: int
    n_tokens: int
    n_context_tokens: int
    n_examples: int
    n_passed_over: int
    n_for_training: int
    min_examples: int
    restricted_share: float
    duplicate_share: float
    changed_share_a_week: float | None
    queries_per_day: float
    must_cite: bool | None
    fixed_form: bool | None
    may_train: bool | None
    max_latency_ms: float | None
