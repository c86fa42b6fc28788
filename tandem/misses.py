"""Why an answerable question was missed by a variant that retrieves: the search, the choice of passage, or the reading of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tandem.records import Example, Passage
from tandem.words import holds, normalise

ANSWERED, NOT_RETRIEVED, NOT_USED, WRONG_THOUGH_USED = "right", "not retrieved", "retrieved, not used", "wrong though used"
MORE_THAN = 0.5  # of quality: what counts as right, half of the facts is not enough


def is_right(quality: float | None) -> bool:
    """Whether an answer counts as right where only yes or no will do."""
    return quality is not None and quality > MORE_THAN


def outcome(example: Example, answer: str, quality: float | None, passages: Sequence[Passage], cited_docs: Collection[str]) -> str | None:
    """What became of an answerable question that was answered from passages; None for any other. An abstention has no `answer`.

    Retrieved: the passages of its sources hold all its facts, or there is one of every source where it names no facts. Used: a
    source is cited, or the answer cites nothing and stands verbatim in a passage of a source.
    """
    if not example.answerable or not example.sources or not passages:
        return None
    if is_right(quality):
        return ANSWERED
    if not _is_retrieved(example, passages):
        return NOT_RETRIEVED
    return WRONG_THOUGH_USED if _is_used(example, answer, passages, cited_docs) else NOT_USED


def _is_used(example: Example, answer: str, passages: Sequence[Passage], cited_docs: Collection[str]) -> bool:
    if cited_docs:
        return bool(set(cited_docs) & set(example.sources))
    words = normalise(answer)
    return bool(words) and any(holds(normalise(passage.shown_text), words) for passage in passages if passage.doc_id in example.sources)


def _is_retrieved(example: Example, passages: Sequence[Passage]) -> bool:
    texts = [normalise(passage.shown_text) for passage in passages if passage.doc_id in example.sources]
    facts = [words for fact in example.facts if (words := normalise(fact))]
    if facts:
        return all(any(holds(text, words) for text in texts) for words in facts)
    return {passage.doc_id for passage in passages} >= set(example.sources)
