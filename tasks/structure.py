"""What markitdown loses of a file's headings and tables, put back into its Markdown, in the converter's child process (`tasks.convert`)."""

from __future__ import annotations

import re
from contextlib import suppress

from tasks.pdf_headings import read_layout, with_headings
from tasks.pdf_tables import with_tables

OPTIONS = {"DocxConverter": {"style_map": "p.Title => h1:fresh\np[style-name='Title'] => h1:fresh"}}  # mammoth knows Heading 1-6 alone
_NO_HEADER = re.compile(r"^\|(?:[ \t]*\|)+\n(\|(?:[ \t]*-+[ \t]*\|)+)\n(\|.*\|)$", re.MULTILINE)
_SLIDE = re.compile(r"^<!-- Slide number: (\d+) -->\n?", re.MULTILINE)
_SLIDE_TITLE = re.compile(r"^# (.*)\n?", re.MULTILINE)


def restored(markdown: str, suffix: str, data: bytes) -> str:
    """`markdown`, which markitdown made of `data`, with the headings and tables of that format."""
    if suffix == ".pdf":
        layout = read_layout(data)
        with suppress(Exception):  # a third party's fault: text without its tables is better than none
            markdown = with_tables(markdown, data, layout.drawn)
        return with_headings(markdown, layout)
    if suffix == ".pptx":
        return _with_slides(markdown)
    return _NO_HEADER.sub(r"\2\n\1", markdown)  # Word and HTML seldom say that a table's first row is its header


def _with_slides(markdown: str) -> str:
    """A heading a slide, above all its text: the first slide's title is the document's."""
    before, *parts = _SLIDE.split(markdown)
    made = [before.strip()]
    for number, text in zip(parts[::2], parts[1::2], strict=True):
        title = _SLIDE_TITLE.search(text)
        level = "#" if title and number == "1" else "##"
        rest = text[: title.start()] + text[title.end() :] if title else text
        made.append(f"{level} {title[1].strip() if title else f'Slide {number}'}\n\n{rest.strip()}")
    return "\n\n".join(made).strip()
