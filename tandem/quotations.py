"""Whether an answer in the words of the documents is a true quotation, and if not, what it is."""

from __future__ import annotations

from collections.abc import Sequence

from tandem.records import Passage
from tandem.words import FUNCTION_WORDS, holds, normalise

VERBATIM, WRONG_PASSAGE, WRONG_DOCUMENT, STITCHED, FABRICATED = "verbatim", "wrong passage", "wrong document", "stitched", "fabricated"
_CLAIMS_NOTHING = FUNCTION_WORDS | {"yes"}


def quotation(answer: str, passages: Sequence[Passage], cited: Sequence[int]) -> str | None:
    """What an answer that cites passages (by number, from 1) is as a quotation of them; None where it cites none, or is a mere yes or no.

    `verbatim`: one run of words of a cited passage; `wrong passage`: of another one of a cited document; `wrong document`: of
    another document; `stitched`: every content word stands in a passage, in no single run; `fabricated`: one stands in none.
    A true rewording is stitched or fabricated as well: this measures quoting, `tandem.grounding` measures support.
    """
    words = normalise(answer)
    content = [word for word in words.split() if word not in _CLAIMS_NOTHING]
    if not cited or not content:
        return None
    texts = [normalise(passage.shown_text) for passage in passages]
    holding = [number for number, text in enumerate(texts, start=1) if holds(text, words)]
    if set(holding) & set(cited):
        return VERBATIM
    if holding:
        documents = {passages[number - 1].doc_id for number in cited}
        return WRONG_PASSAGE if any(passages[number - 1].doc_id in documents for number in holding) else WRONG_DOCUMENT
    anywhere = {word for text in texts for word in text.split()}
    return STITCHED if anywhere.issuperset(content) else FABRICATED
