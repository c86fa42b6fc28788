"""The headings of a PDF, which has none of its own: lines set clearly larger than the body text become `#`, `##` ... in its Markdown.

It runs in the converter's child process (`tasks.convert`), after markitdown has made the text.
"""

from __future__ import annotations

import io
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pdfminer.layout import LTPage

LARGER = 1.15  # times the body's size
MAX_CHARS = 120
MAX_LINES = 3  # what goes on for longer in one size is a paragraph
MAX_LEVEL = 4
SAME_PLACE = 3.0  # points: a running header stands where it stood on the page before


@dataclass(frozen=True, slots=True)
class _Line:
    """One line as it is printed. `box`: the number of its block of text on the page; `size`, `y` in points; a foot is its lowest tenth."""

    page: int
    box: int
    y: float
    is_foot: bool
    size: float
    text: str


@dataclass(frozen=True, slots=True)
class _Mark:
    """What a line of the Markdown becomes: a heading of that level, more of the heading above it, or (0) what it was."""

    level: int
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a PDF's text stands. `drawn`: how many lines and boxes each page has."""

    lines: tuple[_Line, ...]
    drawn: tuple[int, ...]


def with_headings(markdown: str, layout: Layout) -> str:
    """`markdown`, which markitdown made of that PDF, with its headings marked; as it was where no line is larger than the rest."""
    lines = layout.lines
    marks = _marks(lines)
    if not any(mark.level for mark in marks):
        return markdown
    waiting: defaultdict[str, deque[_Mark]] = defaultdict(deque)
    for line, mark in zip(lines, marks, strict=True):
        waiting[_key(line.text)].append(mark)
    made: list[str] = []
    for text in markdown.replace("\f", "\n").split("\n"):
        if text.startswith("|"):
            for cell in text.strip("| ").split("|"):
                _next(waiting, cell)
            made.append(text)
            continue
        mark = _next(waiting, text)
        if mark.goes_on and made and made[-1].startswith("#"):
            made[-1] += f" {text.strip()}"
        else:
            made.append(f"{'#' * mark.level} {text.strip()}" if mark.level else text)
    return "\n".join(made)


def _next(waiting: dict[str, deque[_Mark]], text: str) -> _Mark:
    """The mark of the line's first place in the PDF that is not taken yet: a table of contents names a heading before it comes."""
    marks = waiting.get(_key(text))
    return marks.popleft() if marks else _Mark(0)


def _key(text: str) -> str:
    """Spaces are where two ways of reading a PDF differ."""
    return "".join(text.split())


def read_layout(data: bytes) -> Layout:
    """The layout of a PDF, read as markitdown reads its text. Raises what pdfminer raises where it is broken."""
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LTCurve

    lines: list[_Line] = []
    drawn = []
    for number, page in enumerate(extract_pages(io.BytesIO(data))):
        lines.extend(_lines(page, number))
        drawn.append(sum(isinstance(item, LTCurve) for item in page))
    return Layout(tuple(lines), tuple(drawn))


def _lines(page: LTPage, number: int) -> Iterator[_Line]:
    from pdfminer.layout import LTChar, LTTextContainer, LTTextLine

    for box_number, box in enumerate(page):
        for line in box if isinstance(box, LTTextContainer) else ():
            chars = line if isinstance(line, LTTextLine) else ()
            sizes = Counter(round(char.size * 2) / 2 for char in chars if isinstance(char, LTChar) and char.get_text().strip())
            if sizes:
                is_foot = line.y0 < page.y0 + page.height / 10
                yield _Line(number, box_number, line.y0, is_foot, sizes.most_common(1)[0][0], line.get_text().strip())


def _marks(lines: Sequence[_Line]) -> list[_Mark]:
    """One a line, in order."""
    n_chars: Counter[float] = Counter()
    for line in lines:
        n_chars[line.size] += len(line.text)
    if not n_chars:
        return []
    least = LARGER * n_chars.most_common(1)[0][0]
    running = _running(lines)
    runs = [run for run in _runs(lines) if lines[run[0]].size >= least and _is_title([lines[n] for n in run]) and not running & set(run)]
    n_of_size = Counter(lines[run[0]].size for run in runs)
    sizes = sorted(n_of_size, reverse=True)
    top = 1 if sizes and n_of_size[sizes[0]] == 1 else 2  # the largest is the title where there is but one such line
    marks = [_Mark(0)] * len(lines)
    for first, *others in runs:
        level = min(top + sizes.index(lines[first].size), MAX_LEVEL)
        marks[first] = _Mark(level)
        for other in others:
            marks[other] = _Mark(level, goes_on=True)
    return marks


def _runs(lines: Sequence[_Line]) -> Iterator[list[int]]:
    """The numbers of lines that follow each other in one block and one size."""
    run: list[int] = []
    for number, line in enumerate(lines):
        if run and (line.page, line.box, line.size) != (lines[run[-1]].page, lines[run[-1]].box, lines[run[-1]].size):
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _is_title(run: Sequence[_Line]) -> bool:
    text = " ".join(line.text for line in run)
    return len(run) <= MAX_LINES and 1 < len(text) <= MAX_CHARS and any(char.isalpha() for char in text) and text[-1] not in ".,;"


def _running(lines: Sequence[_Line]) -> set[int]:
    """The lines that stand at the same place of at least half of the pages: headers, and footers whatever their numbers."""
    places: defaultdict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    for number, line in enumerate(lines):
        places[re.sub(r"\d+", "", _key(line.text)) if line.is_foot else _key(line.text), round(line.y / SAME_PLACE)][number] = line.page
    n_pages = len({line.page for line in lines})
    found = [of for of in places.values() if len(set(of.values())) >= max(2, n_pages / 2)]
    return {number for of in found for number in of}
