"""The report's real questions: those that a variant misses, its answers side by side, and the passages that each was given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import chain, zip_longest
from typing import Any

from tandem.misses import is_right
from tandem.records import Row, Scorecard
from tandem.words import normalise

N_QUESTIONS = 10


def counted(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> dict[str, int]:
    """How many questions `all` variants get right, how many `some`, how many `none`."""
    counts = {"all": 0, "some": 0, "none": 0}
    for rows in _by_question(scorecards, names).values():
        right = [is_right(_rightness(row)) for row in rows.values()]
        counts["all" if all(right) else "some" if any(right) else "none"] += 1
    return counts


def telling(scorecards: Mapping[str, Scorecard], names: Sequence[str], n: int = N_QUESTIONS) -> list[dict[str, Row]]:
    """Up to `n` questions that the variants answer differently well, or that all of them miss, as variant -> row; no restricted ones.

    The widest gaps first, taken in turn from each set of variants that did best, then from what nobody got right, so that no
    variant's wins fill the page.
    """
    by_best: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    by_question = _by_question(scorecards, names)
    for question, rows in by_question.items():
        if any(row.restricted for row in rows.values()):
            continue
        values = {name: _rightness(row) for name, row in rows.items()}
        most, gap = max(values.values()), max(values.values()) - min(values.values())
        if gap > 0 or not is_right(most):
            best = tuple(name for name, value in values.items() if value == most) if is_right(most) else ()
            by_best.setdefault(best, []).append((-gap, question))
    turns = [sorted(found) for best, found in sorted(by_best.items(), key=lambda one: (not one[0], one[0]))]
    in_turn = chain.from_iterable(zip_longest(*turns))
    return [by_question[entry[1]] for entry in in_turn if entry is not None][:n]


def side_by_side(rows: Mapping[str, Row]) -> dict[str, Any]:
    """What the report shows of one question: `answers` of the variants, and `found`: the passages, once for all that read the same."""
    same: dict[tuple[Any, ...], list[str]] = {}
    for name, row in rows.items():
        if row.passages:
            same.setdefault((row.passages, row.documents), []).append(name)
    answers = [{"name": name, "row": row, "right": _rightness(row)} for name, row in rows.items()]
    return {
        "row": next(iter(rows.values())),
        "missed": not any(is_right(_rightness(row)) for row in rows.values()),
        "answers": answers,
        "found": [{"names": names, "passages": _passages({name: rows[name] for name in names})} for names in same.values()],
    }


def _passages(rows: Mapping[str, Row]) -> list[dict[str, Any]]:
    """The passages of variants that read the same ones: the document, the text with marks, who cites it."""
    row = next(iter(rows.values()))
    quotes = [row.expected, *(one.answer for one in rows.values() if not one.abstained)]
    return [
        {
            "document": document,
            "is_source": document in row.sources,
            "cited_by": [name for name, one in rows.items() if number in one.cited],
            "pieces": highlighted(re.sub(r"\n\s*\n", "\n", passage), quotes),
        }
        for number, (passage, document) in enumerate(zip_longest(row.passages, row.documents, fillvalue=""), start=1)
    ]


def highlighted(passage: str, quotes: Iterable[str]) -> list[tuple[str, bool]]:
    """The passage cut into (text, marked): marked are runs of three words or more shared with a quote, a number, or the whole quote."""
    words = [(word, found.start(), found.end()) for found in re.finditer(r"\S+", passage) for word in normalise(found.group()).split()]
    spans = []
    for quote in quotes:
        wanted = normalise(quote).split()
        for block in SequenceMatcher(None, [word for word, _, _ in words], wanted, autojunk=False).get_matching_blocks():
            run = words[block.a : block.a + block.size]
            if run and (block.size >= 3 or block.size == len(wanted) or any(any(map(str.isdigit, word)) for word, _, _ in run)):
                spans.append((run[0][1], run[-1][2]))
    pieces, position = [], 0
    for start, end in _merged(spans):
        pieces += [(passage[position:start], False), (passage[start:end], True)]
        position = end
    return [(text, marked) for text, marked in [*pieces, (passage[position:], False)] if text]


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if current and start <= current[1] + 1:
            current = (current[0], max(current[1], end))
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current


def _by_question(scorecards: Mapping[str, Scorecard], names: Sequence[str]) -> dict[str, dict[str, Row]]:
    by_question: dict[str, dict[str, Row]] = {}
    for name in names:
        for row in scorecards[name].rows:
            by_question.setdefault(row.example_id, {})[name] = row
    return by_question


def _rightness(row: Row) -> float:
    if row.should_abstain:
        return float(row.abstained)
    return row.quality or 0.0
