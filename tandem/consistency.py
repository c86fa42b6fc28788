"""Whether a variant is as right on a question as on the same question in other words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tandem.misses import is_right
from tandem.records import Example, Row
from tandem.words import normalise

PARAPHRASES = ("paraphrase", "paraphrased")


def wordings(examples: Iterable[Example]) -> list[list[str]]:
    """Groups of the ids of examples that ask the same: those with the same sources and answer, one of them of kind `paraphrase` (or
    `paraphrased`).

    Two questions may share sources and a short answer by chance; the kind says that here it is none.
    """
    groups: dict[tuple[tuple[str, ...], str], list[Example]] = {}
    for example in examples:
        if example.answerable and example.sources:
            groups.setdefault((tuple(sorted(example.sources)), normalise(example.answer)), []).append(example)
    found = [group for group in groups.values() if len(group) > 1 and any(one.kind in PARAPHRASES for one in group)]
    return [[example.id for example in group] for group in found]


def with_consistency(rows: Sequence[Row], examples: Iterable[Example]) -> list[Row]:
    """The rows, the first of each group with what the group shows: right on all or on none of its wordings, and right on all."""
    by_id = {row.example_id: row for row in rows}
    shown: dict[str, Row] = {}
    for group in wordings(examples):
        right = [is_right(by_id[one].quality) for one in group if one in by_id]
        if len(right) > 1:
            first = by_id[group[0]]
            shown[first.example_id] = replace(first, consistency=float(len(set(right)) == 1), right_in_all_wordings=float(all(right)))
    return [shown.get(row.example_id, row) for row in rows]
