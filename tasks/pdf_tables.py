"""The ruled tables of a PDF: markitdown finds tables by columns from three upwards, and reads a narrower one as loose words.

It runs in the converter's child process (`tasks.convert`), after markitdown has made the text.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

PAGE_END = "\f"  # markitdown ends pages by it where it found no table at all
MIN_DRAWN = 3  # one box may be a frame, and two a rule above and below
MAX_DRAWN = 1000  # a page with more is a drawing, and its cells would be looked for at length


def with_tables(markdown: str, data: bytes, drawn: Sequence[int]) -> str:
    """`markdown`, which markitdown made of the PDF `data`, where each page with ruled tables is made anew: lines and tables, top down.

    `drawn`: how many lines and boxes each page has.
    """
    import pdfplumber

    pages = markdown.split(PAGE_END)
    ruled = [number for number, n_drawn in enumerate(drawn, start=1) if MIN_DRAWN <= n_drawn <= MAX_DRAWN]
    if not ruled or len(pages) != len(drawn) + 1:
        return markdown
    with pdfplumber.open(io.BytesIO(data), pages=ruled) as pdf:
        for page in pdf.pages:
            if tables := [table for table in page.find_tables() if _is_table(table.extract())]:
                pages[page.page_number - 1] = "\n".join(text for _, text in sorted([*_outside(page, tables), *_inside(tables)])) + "\n\n"
            page.close()
    return PAGE_END.join(pages)


def _is_table(rows: Sequence[Sequence[str | None]]) -> bool:
    """Not a frame, nor a chart's grid."""
    cells = [cell for row in rows for cell in row]
    return len(rows) > 1 and len(rows[0]) > 1 and sum(bool(cell and cell.strip()) for cell in cells) > len(cells) / 2


def _outside(page: Any, tables: Sequence[Any]) -> Iterator[tuple[float, str]]:
    cells = [cell for table in tables for cell in table.cells]

    def is_outside(item: dict[str, Any]) -> bool:
        x, y = (item["x0"] + item["x1"]) / 2, (item["top"] + item["bottom"]) / 2
        return not any(x0 <= x <= x1 and top <= y <= bottom for x0, top, x1, bottom in cells)

    for line in page.filter(is_outside).extract_text_lines():
        yield line["top"], line["text"]


def _inside(tables: Sequence[Any]) -> Iterator[tuple[float, str]]:
    for table in tables:
        header, *rows = (_row(row) for row in table.extract())
        rule = _row(["---"] * len(table.extract()[0]))
        yield table.bbox[1], "\n".join(["", header, rule, *rows, ""])


def _row(cells: Sequence[str | None]) -> str:
    return "| " + " | ".join(" ".join((cell or "").replace("|", "\\|").split()) for cell in cells) + " |"
