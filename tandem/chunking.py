"""Cut a Markdown document into passages that fit a generator: by headings first, then by blocks, at last by sentences."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tandem.params import Chunking
from tandem.records import Chunk, Document

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(\S.*)$")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_ITEM = re.compile(r"^ {0,3}([-*+]|\d{1,9}[.)])[ \t]+")
_RULE = re.compile(r"^ {0,3}([-*_])[ \t]*(\1[ \t]*){2,}$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])|\n+")


@dataclass(frozen=True, slots=True)
class _Section:
    """The lines under one heading; `path` holds the headings above them, outermost first. `has_title`: that is the document's title,
    which is none of its headings."""

    path: tuple[str, ...]
    lines: tuple[str, ...]
    has_title: bool = False


@dataclass(frozen=True, slots=True)
class _Block:
    """What is not cut unless it must be: a paragraph, a list item, a table, a fence. `glue` joins it to the block before it."""

    text: str
    glue: str = "\n\n"
    header: str = ""


def chunk(document: Document, params: Chunking) -> list[Chunk]:
    """Its passages in reading order, none longer than `params.max_chars`; at least one where the document has any text.

    A passage never spans two headings. A piece below `params.min_chars` takes over blocks of its neighbour in the same section;
    where the section is that short, it stays as it is. A heading without text under it becomes text of the section that follows.
    """
    pieces = [(section, text) for section in _sections(document.text, document.title) for text in _pack(_blocks(section.lines), params)]
    if not pieces and document.text.strip():
        pieces = [(_Section((), ()), document.text.strip()[: params.max_chars])]
    return [
        Chunk(
            id=chunk_id(document.id, ordinal, text),
            doc_id=document.id,
            ordinal=ordinal,
            heading=" > ".join(section.path),
            text=text,
            collection=document.collection,
            roles=document.roles,
            file_title=document.title if section.has_title and not document.is_titled else "",
        )
        for ordinal, (section, text) in enumerate(pieces)
    ]


def chunk_id(doc_id: str, ordinal: int, text: str) -> str:
    """16 hex digits: the same document, place and text give the same id on every machine."""
    return hashlib.sha256(f"{doc_id}\0{ordinal}\0{text}".encode()).hexdigest()[:16]


def text_hash(chunk: Chunk) -> str:
    """The key of the embedding cache: equal for chunks whose `embedded_text` is equal, wherever they stand."""
    return hash_text(chunk.embedded_text)


def hash_text(text: str) -> str:
    """32 hex digits of SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _sections(text: str, title: str) -> Iterator[_Section]:
    """The document cut at its headings; fenced code is left alone. The title is the root of each path, once."""
    stack: list[tuple[int, str]] = []
    lines: list[str] = []
    orphans: list[str] = []
    fence = ""

    def section(body: tuple[str, ...]) -> _Section:
        names = [name for _, name in stack]
        has_title = bool(title) and not (names and names[0].casefold() == title.casefold())
        return _Section((title, *names) if has_title else tuple(names), body, has_title)

    source = text.splitlines()
    for number, line in enumerate([*source, "# "]):
        last = number == len(source)
        fence = "" if last else _fence_after(fence, line)
        level, name = (0, "") if fence or last else _heading(line)
        if not level and not fence and not last and (under := _underlined(lines, line)):
            level, name = under, lines.pop().strip()
        if not level and not last:
            lines.append(line)
            continue
        if any(kept.strip() for kept in lines):
            yield section((*_paragraphs(orphans), *lines))
            orphans = []
        elif stack and (last or level <= stack[-1][0]):
            orphans.append(stack.pop()[1])
        lines = []
        while stack and level and stack[-1][0] >= level:
            stack.pop()
        if level:
            stack.append((level, name.strip()))
    if orphans:
        yield section(_paragraphs(orphans))


def first_heading(text: str) -> str:
    """The first heading of the first level, as `chunk` finds headings; empty where there is none."""
    fence, above = "", [""]
    for line in text.splitlines():
        was_open, fence = fence, _fence_after(fence, line)
        if was_open or fence:
            above = [""]
            continue
        level, name = _heading(line)
        if level == 1:
            return name
        if _underlined(above, line) == 1:
            return above[-1].strip()
        above = [above[-1], line]
    return ""


def _heading(line: str) -> tuple[int, str]:
    """(level, name) of a line that begins with `#`s, else (0, ""). `#`s at its end belong to the name only where no space parts them."""
    match = _HEADING.match(line)
    if not match:
        return 0, ""
    name = match[2].rstrip()
    opened = name.rstrip("#")
    return len(match[1]), opened.rstrip() if not opened or opened[-1] in " \t" else name


def _paragraphs(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for name in names for line in (name, ""))


def _fence_after(fence: str, line: str) -> str:
    """The fence that is open after this line: its characters, or an empty string."""
    match = _FENCE.match(line)
    if not match:
        return fence
    if not fence:
        return match[1]
    closes = match[1][0] == fence[0] and len(match[1]) >= len(fence) and not line.strip().strip(fence[0])
    return "" if closes else fence


def _underlined(lines: Sequence[str], line: str) -> int:
    """1 or 2 where `line` underlines a one-line paragraph as a heading, else 0."""
    match = _UNDERLINE.match(line)
    if not match or not lines or not lines[-1].strip() or (len(lines) > 1 and lines[-2].strip()):
        return 0
    if _ITEM.match(lines[-1]) or "|" in lines[-1]:
        return 0
    return 1 if match[1][0] == "=" else 2


def _blocks(lines: Sequence[str]) -> list[_Block]:
    """Paragraphs, list items, tables and fences of one section, in order."""
    blocks: list[_Block] = []
    current: list[str] = []
    fence = ""
    glue = "\n\n"

    def close() -> None:
        nonlocal current, glue
        if any(line.strip() for line in current):
            blocks.append(_block(current, glue))
        current, glue = [], "\n\n"

    for line in lines:
        was_open, fence = fence, _fence_after(fence, line)
        if was_open or fence:
            current.append(line)
        elif not line.strip() or _RULE.match(line):
            close()
        elif _ITEM.match(line) and not (current and _is_table(current)):
            tight = bool(current)
            close()
            glue = "\n" if tight else "\n\n"
            current = [line]
        else:
            current.append(line)
    close()
    return blocks


def _is_table(lines: Sequence[str]) -> bool:
    return len(lines) > 1 and "|" in lines[0] and "|" in lines[1] and bool(_TABLE_RULE.match(lines[1]))


def _block(lines: Sequence[str], glue: str) -> _Block:
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    start = next((i for i in range(len(lines)) if _is_table(lines[i : i + 2])), None)
    header = "\n".join(line.rstrip() for line in lines[start : start + 2]) if start is not None else ""
    return _Block(text, glue, header)


def _pack(blocks: Sequence[_Block], params: Chunking) -> list[str]:
    """Blocks joined into texts of at most `max_chars`; a short last text takes blocks over from the one before it."""
    groups: list[list[_Block]] = []
    for block in (part for whole in blocks for part in _fitting(whole, params.max_chars)):
        if groups and _length([*groups[-1], block]) <= params.max_chars:
            groups[-1].append(block)
        else:
            groups.append([block])
    for left, right in pairwise(groups):
        while _length(right) < params.min_chars and len(left) > 1 and _length([left[-1], *right]) <= params.max_chars:
            if _length(left[:-1]) < params.min_chars:
                break
            right.insert(0, left.pop())
    return [_joined(group) for group in groups]


def _joined(group: Sequence[_Block]) -> str:
    text = group[0].text
    for before, block in pairwise(group):
        repeated = block.header and before.header == block.header and block.text.startswith(block.header + "\n")
        text += "\n" + block.text[len(block.header) + 1 :] if repeated else block.glue + block.text
    return text


def _length(group: Sequence[_Block]) -> int:
    return len(_joined(group))


def _fitting(block: _Block, max_chars: int) -> Iterator[_Block]:
    """The block, or its parts where it is too long: a table by rows under its header, where that leaves room for them, a fence by lines,
    anything else by sentences, then words."""
    if len(block.text) <= max_chars:
        yield block
    elif block.header and len(block.header) < max_chars // 2:
        before, rows = block.text.split(block.header, 1)
        if before.strip():
            yield from _fitting(_Block(before.strip("\n"), block.glue), max_chars)
        for row in rows.strip("\n").splitlines():
            room = max_chars - len(block.header) - 1
            for part in [row] if len(row) <= room else _cut(row, room):
                yield _Block(f"{block.header}\n{part}", block.glue, block.header)
    elif block.header or _FENCE.match(block.text):
        for number, line in enumerate(filter(str.strip, block.text.splitlines())):
            for part in [line] if len(line) <= max_chars else _cut(line, max_chars):
                yield _Block(part, "\n" if number else block.glue)
    else:
        for number, part in enumerate(_cut(block.text, max_chars)):
            yield _Block(part, " " if number else block.glue)


def _cut(text: str, max_chars: int) -> Iterator[str]:
    """Sentences, and pieces of those that are longer than `max_chars`, cut at a space where there is one."""
    for sentence in (part for part in _SENTENCE_END.split(text) if part.strip()):
        rest = sentence.strip()
        while len(rest) > max_chars:
            space = rest.rfind(" ", max_chars // 2, max_chars + 1)
            end = space if space > 0 else max_chars
            yield rest[:end].rstrip()
            rest = rest[end:].lstrip()
        if rest:
            yield rest
