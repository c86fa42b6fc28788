"""What a split did with the examples, for the record: the sides, the near-duplicate groups, and that no group is on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from tandem.examples import Sides
from tandem.records import Example


def split_record(sides: Sides, groups: Mapping[str, str]) -> dict[str, int]:
    """Counts of examples by side and of those `on_near_duplicates` (a source resembles another document); of documents and their groups.

    `groups_on_both_sides` is what a split must keep at 0: near-duplicates of a trained document among those asked about.
    """
    sizes = Counter(groups.values())
    alike = {document for document, group in groups.items() if sizes[group] > 1}
    everything = [*sides.train, *sides.held_out, *sides.straddling]
    return {
        "train": len(sides.train),
        "held_out": len(sides.held_out),
        "straddling": len(sides.straddling),
        "on_near_duplicates": sum(not alike.isdisjoint(example.sources) for example in everything),
        "documents": len(groups),
        "near_duplicate_documents": len(alike),
        "near_duplicate_groups": sum(size > 1 for size in sizes.values()),
        "groups_on_both_sides": len(_groups_of(sides.train, groups) & _groups_of(sides.held_out, groups)),
    }


def _groups_of(examples: Sequence[Example], groups: Mapping[str, str]) -> set[str]:
    return {groups.get(source, source) for example in examples for source in example.sources}
