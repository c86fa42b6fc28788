"""Whether the retrieved text supports an answer, sentence by sentence.

The rule was chosen, and is measured, on the labelled pairs of bench/grounding.jsonl: run python -m bench.grounding
Negations and number words are English; in another language a claim is held to its digits and its words with capitals alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from tandem.records import Passage
from tandem.words import FUNCTION_WORDS, content_words, has_digit, holds, normalise, sentences

THRESHOLD = 0.25  # share of a claim's content words that the closest evidence must hold
STEM_CHARS = 5  # words count as the same from here on alike: `rents`, `rented`
MIN_CLAUSE_WORDS = 2
VALIDATED = {"n_pairs": 248, "n_measured": 112, "precision": 0.71, "recall": 0.72}  # on bench/grounding.jsonl

Likeness = Callable[[str, Sequence[str]], Sequence[float]]  # a claim and all evidence -> how like each is, 0-1

_SMALL_NUMBERS = "two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_SMALL_NUMBERS.split(), start=2)}
_NUMBER_WORDS |= {"twenty": "20", "thirty": "30", "forty": "40", "fifty": "50"}
_NEGATION = re.compile(r"\b(?:not|no|never|none|nor|without|cannot|neither|nobody|nothing)\b|n['\u2019]t\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;]\s+(?:(?:and|but|while|which|whose|to which|provided)\s+)?|\s+(?:and|while|but)\s+")
_WORD = re.compile(r"\w[\w'\u2019.-]*\w|\w")
_TABLE_RULE = re.compile(r"^[\s|:-]+$")


def grounding(answer: str, passages: Sequence[Passage | str]) -> float | None:
    """Share of the answer's sentences that the passages support, 0-1; None without passages or without words."""
    claims, texts = sentences(answer), [passage if isinstance(passage, str) else passage.shown_text for passage in passages]
    return sum(support(claim, texts) >= THRESHOLD for claim in claims) / len(claims) if claims and texts else None


def support(claim: str, passages: Sequence[str], likeness: Likeness | None = None) -> float:
    """How far the passages support a sentence, 0-1: 1 where it stands verbatim in one, else its likeness to the evidence that agrees
    with it, or the least likeness of its clauses to theirs, whichever is more."""
    if is_verbatim(claim, passages):
        return 1.0
    evidence, text = evidence_of(passages), "\n".join(passages)
    return max(
        min(_agreement(part, evidence, text, likeness or likeness_by_words) for part in several) for several in ([claim], clauses(claim))
    )


def _agreement(claim: str, evidence: Sequence[str], text: str, likeness: Likeness) -> float:
    """Likeness to the closest evidence; 0 where that lacks a number or a name of the claim, or just one of the two says no.

    Likeness alone would not do: a changed number, a swapped name and a "not" leave a sentence as like as before.
    """
    if not evidence:
        return 0.0
    likenesses = likeness(claim, evidence)
    best = max(range(len(evidence)), key=lambda at: likenesses[at])
    said, held = numbered_words(claim), _word_set(evidence[best])
    agrees = (
        {word for word in said if has_digit(word)} <= held
        and names(claim, text) <= held
        and bool(_NEGATION.search(claim)) == bool(_NEGATION.search(evidence[best]))
    )
    return float(likenesses[best]) if agrees else 0.0


def likeness_by_words(claim: str, evidence: Sequence[str]) -> list[float]:
    """Share of the claim's content words whose stem the evidence holds."""
    wanted = [_stem(word) for word in content_words(numbered_words(claim))]
    bags = [_stem_set(text) for text in evidence]
    return [sum(word in bag for word in wanted) / len(wanted) if wanted else 0.0 for bag in bags]


def clauses(claim: str) -> list[str]:
    """The parts of a sentence between commas, semicolons and conjunctions, where each holds words enough to be a claim."""
    parts = [part for part in _CLAUSE_END.split(claim.rstrip(".")) if part.strip()]
    is_cut = len(parts) > 1 and all(len(normalise(part).split()) >= MIN_CLAUSE_WORDS for part in parts)
    return parts if is_cut else [claim]


def evidence_of(passages: Iterable[str]) -> list[str]:
    """The sentences and table rows of the passages, each behind its passage's heading."""
    found = []
    for passage in passages:
        heading, separator, body = passage.partition(": ")
        if not separator or "\n" in heading:
            heading, body = "", passage
        found += [f"{heading}: {text}" if heading else text for text in _pieces(body)]
    return found


def names(claim: str, text: str) -> set[str]:
    """The words with capitals in a claim; its first word only where the text never has it in small letters."""
    found: set[str] = set()
    for at, match in enumerate(_WORD.finditer(claim)):
        word = match.group()
        words = set(normalise(word).split()) - FUNCTION_WORDS
        if word == word.lower() or not words:
            continue
        is_common = re.search(rf"\b{re.escape(word.lower())}", text) or not re.search(rf"\b{re.escape(word)}", text)
        if not (at == 0 and word[1:].islower() and is_common):
            found |= words
    return found


def numbered_words(text: str) -> list[str]:
    """Normalised words, with small numbers as digits."""
    return [_NUMBER_WORDS.get(word, word) for word in normalise(text).split()]


def is_verbatim(claim: str, passages: Iterable[str]) -> bool:
    """Whether the words of a sentence stand in one passage as one run."""
    words = normalise(claim)
    return any(holds(normalise(passage), words) for passage in passages)


@lru_cache(maxsize=8192)  # passages recur, from question to question and from variant to variant
def _word_set(text: str) -> frozenset[str]:
    return frozenset(numbered_words(text))


@lru_cache(maxsize=8192)
def _stem_set(text: str) -> frozenset[str]:
    return frozenset(map(_stem, _word_set(text)))


def _stem(word: str) -> str:
    return word if has_digit(word) else word[:STEM_CHARS]


def _pieces(body: str) -> Iterator[str]:
    table: list[str] = []
    for line in [*body.split("\n"), ""]:
        before, bar, row = line.partition("|")
        if bar and "|" in row:
            yield from sentences(before)
            table.append(row)
            continue
        yield from _rows(table)
        table = []
        yield from sentences(line)


def _rows(table: Sequence[str]) -> Iterator[str]:
    """Each row behind the names of its columns; cell by cell where the first column names the rows and so has no name itself."""
    cells = [[cell.strip() for cell in row.rstrip(" |").split("|")] for row in table]
    has_head = len(table) > 1 and bool(_TABLE_RULE.match(table[1]))
    head, rows = (cells[0], cells[2:]) if has_head else ([], cells)
    for row in rows:
        if len(head) > 2 and not head[0]:
            yield from (f"{row[0]} {column} {cell}" for column, cell in zip(head[1:], row[1:], strict=False))
        else:
            yield " ".join(f"{column} {cell}".strip() for column, cell in zip([*head, *[""] * len(row)], row, strict=False))
