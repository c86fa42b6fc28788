"""The written library on disk (`data/reader/written`): invented organisations and questions on their documents, to learn reading from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tandem.synthetic import Side
from tandem.synthetic.written import CHUNK_CHARS, Shelf, Text, is_on, read_organisation, shelves
from tasks.base_model import WRITTEN


def organisations(side: Side, folder: Path = WRITTEN) -> list[Path]:
    """The files of one side, one an organisation; none where the library is not at hand."""
    return [file for file in sorted((folder / "organisations").glob("*.md")) if is_on(side, file.stem)]


def read_library(files: Sequence[Path], sizes: Sequence[int] = CHUNK_CHARS) -> list[Mapping[int, Shelf]]:
    """Each organisation as shelves by size of passage. Raises ValueError, with the file's name, where one is malformed."""
    return [shelves(_texts(file), sizes=sizes) for file in files]


def _texts(file: Path) -> list[Text]:
    try:
        return read_organisation(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
