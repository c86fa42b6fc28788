"""Put the first passages of a search in order anew (`retrieval.rerank`): by maximal marginal relevance, or by a cross-encoder's scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tandem.errors import Refused
from tandem.params import Retrieval
from tandem.records import Passage
from tandem.retrieval import mmr
from tasks.generate import device_of
from tasks.workspace import Settings

if TYPE_CHECKING:
    from tasks.index import Index

MAX_TOKENS = 512
PAIRS_AT_ONCE = 16
SAME_TO = 4  # decimals to which scores are equal, so that a batch's padding cannot turn the order


class Reranker(Protocol):
    """Orders the passages that were found for a question."""

    def orders(self, questions: Sequence[str], found: Sequence[Sequence[Passage]]) -> list[list[int]]:
        """Per question the positions of its passages, best first."""
        ...


class MarginalRelevance:
    """Relevance is the score of the search, likeness the cosine of the passages' vectors in the table."""

    def __init__(self, index: Index, balance: float):
        self._index, self._balance = index, balance

    def orders(self, questions: Sequence[str], found: Sequence[Sequence[Passage]]) -> list[list[int]]:
        vectors = self._index.stored_vectors({passage.chunk_id for passages in found for passage in passages})
        gone = np.zeros(len(next(iter(vectors.values()), ())), dtype=np.float32)  # a refresh came between: it is like no other
        return [
            mmr([one.score for one in passages], np.array([vectors.get(one.chunk_id, gone) for one in passages]), self._balance)
            for passages in found
        ]


class CrossEncoder:
    """A sequence classifier with one output, which reads question and passage together. In float32: its scores decide an order."""

    def __init__(self, model: str, device: str = "cpu"):
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        try:
            self._tokenizer = AutoTokenizer.from_pretrained(model)
            loaded, report = AutoModelForSequenceClassification.from_pretrained(
                model, num_labels=1, use_safetensors=True, output_loading_info=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise _unfit(model, f"cannot be loaded: {' '.join(str(error).split())[:300]}") from error
        if report["missing_keys"]:
            raise _unfit(model, f"has no trained scorer: {', '.join(sorted(report['missing_keys']))} are missing from its weights")
        self._model: Any = loaded.float().eval().to(device)
        self._device = device
        positions = getattr(self._model.config, "max_position_embeddings", MAX_TOKENS)
        self._max_tokens = min(MAX_TOKENS, self._tokenizer.model_max_length, positions)

    def orders(self, questions: Sequence[str], found: Sequence[Sequence[Passage]]) -> list[list[int]]:
        pairs = [(question, one.shown_text) for question, passages in zip(questions, found, strict=True) for one in passages]
        scores = iter(self.scores(pairs))
        return [np.argsort([-round(next(scores), SAME_TO) for _ in passages], kind="stable").tolist() for passages in found]

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """One score a (question, passage), in order. Batches of like lengths, so that little is padded."""
        import torch

        order = sorted(range(len(pairs)), key=lambda at: sum(map(len, pairs[at])))
        scores = np.zeros(len(pairs))
        for start in range(0, len(order), PAIRS_AT_ONCE):
            batch = order[start : start + PAIRS_AT_ONCE]
            asked, read = zip(*(pairs[at] for at in batch), strict=True)
            inputs = self._tokenizer(
                list(asked), list(read), return_tensors="pt", padding=True, truncation="longest_first", max_length=self._max_tokens
            )
            with torch.inference_mode():
                scores[batch] = self._model(**inputs.to(self._device)).logits[:, 0].float().cpu().numpy()
        return [float(score) for score in scores]


def load_reranker(retrieval: Retrieval, index: Index | None, settings: Settings) -> Reranker | None:
    """None where nothing is reranked. Raises Refused where the cross-encoder cannot be loaded; it is loaded once a process."""
    if index is None or retrieval.rerank == "none":
        return None
    if retrieval.rerank == "mmr":
        return MarginalRelevance(index, retrieval.mmr_lambda)
    return _load(retrieval.rerank, device_of(settings))


@cache
def _load(model: str, device: str) -> CrossEncoder:
    return CrossEncoder(model, device)


def rerank(
    reranker: Reranker | None, questions: Sequence[str], found: Sequence[Sequence[Passage]], retrieval: Retrieval
) -> list[list[Passage]]:
    """The `retrieval.k` best of each question: its first `rerank_candidates` in the new order, the others after them as they were."""
    n = retrieval.rerank_candidates
    if reranker is not None:
        orders = reranker.orders(questions, [passages[:n] for passages in found])
        found = [[*(passages[at] for at in order), *passages[n:]] for order, passages in zip(orders, found, strict=True)]
    return [list(passages[: retrieval.k]) for passages in found]


def retrieve(index: Index, questions: Sequence[str], retrieval: Retrieval, settings: Settings) -> list[list[Passage]]:
    """What an answer to each question would be written from, as a caller without roles finds it."""
    found = index.search(questions, retrieval.searched)
    return rerank(load_reranker(retrieval, index, settings), questions, found, retrieval)


def _unfit(model: str, why: str) -> Refused:
    hint = "Set retrieval.rerank in params.yaml to none, mmr, a folder in Hugging Face layout, or a hub id that this machine can reach."
    return Refused(f"the cross-encoder {model!r} {why}", hint=hint)
