"""Tables as rows that each say of every value which column it stands in."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

_RULE = re.compile(r"\s*\|(?:\s*:?-+:?\s*\|)+\s*")


@dataclass(frozen=True)
class Told:
    """`text` with its tables told; `places[i]` is where character i of the original first stands in it, -1 where it is left out."""

    text: str
    places: list[int]


def told(text: str) -> Told:
    """A text whose Markdown tables are written row by row, `column: value; column: value.`; everything else as it is.

    A cell of a table is understood by the head of its column, which may stand far away; so each row repeats the heads. A column
    without a head, usually the first, gives its value alone.
    """
    pieces: list[str] = []
    places = [-1] * len(text)
    length = 0
    for piece, at in _pieces(text.splitlines(keepends=True)):
        if at is not None:
            places[at : at + len(piece)] = range(length, length + len(piece))
        pieces.append(piece)
        length += len(piece)
    return Told("".join(pieces), places)


def _pieces(lines: Sequence[str]) -> Iterator[tuple[str, int | None]]:
    """What is said, piece by piece, each with where it stands in the original; None where it does not."""
    starts, row = [0, *accumulate(map(len, lines))], 0
    while row < len(lines):
        head_at = lines[row].find("|")
        if head_at < 0 or row + 1 == len(lines) or not _RULE.fullmatch(lines[row + 1]):
            yield lines[row], starts[row]
            row += 1
            continue
        yield lines[row][:head_at], starts[row]  # a heading path before the first row
        heads, said = _cells(lines[row], starts[row]), set[str]()
        row += 2
        while row < len(lines) and lines[row].lstrip().startswith("|"):
            before = ""
            for column, (cell, at) in enumerate(_cells(lines[row], starts[row])):
                head, head_at = heads[column] if column < len(heads) else ("", 0)
                if cell:
                    yield before, None
                    yield head, head_at if head not in said else None
                    yield ": " if head else "", None
                    yield cell, at
                    before = "; "
                    said.add(head)
            yield ".\n" if before else "", None
            row += 1


def _cells(line: str, start: int) -> list[tuple[str, int]]:
    """(text, offset) of each cell of a row."""
    inner_at = line.index("|") + 1
    inner = line.rstrip()
    inner = inner[inner_at : -1 if inner.endswith("|") and len(inner) > inner_at else None]
    cells, at = [], start + inner_at
    for cell in re.split(r"(?<!\\)\|", inner):
        cells.append((cell.strip(), at + len(cell) - len(cell.lstrip())))
        at += len(cell) + 1
    return cells
