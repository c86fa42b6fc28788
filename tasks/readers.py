"""Files to documents: what has changed in a folder, and the text, title and front matter of each file."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from tandem.chunking import first_heading
from tandem.params import Documents
from tandem.records import Document
from tasks.convert import Unconvertible, convert
from tasks.converted import convert_cached

_TEMPORARY = re.compile(r"^[.#]|^~\$|~$|\.(tmp|temp|swp|swx|bak|part|crdownload)$|^(4913|thumbs\.db|desktop\.ini)$", re.IGNORECASE)
_FRONT_MATTER = re.compile(r"\A(\s*)---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"^[ \t]*['\"]?[A-Za-z_][\w-]*['\"]?[ \t]*:", re.MULTILINE)
_UNCLOSED = re.compile(r"\A\s*---[ \t]*\n(?:[A-Za-z_][\w-]*|(?:.*\n){0,20}?[ \t]*['\"]?(?i:roles?|trainable)['\"]?)[ \t]*:")
# letters of a key that restricts -> how it is written
_RESTRICTING = {"role": "roles", "roles": "roles", "trainable": "trainable", "validuntil": "valid_until"}
_DATED = ("last_reviewed", "updated", "date")


class Unreadable(Exception):
    """A file that cannot enter the knowledge base; the message says why, with the value seen and the limit."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a file looked like when its bytes were last hashed; `md5` is empty where they cannot be read."""

    size_bytes: int
    mtime_ns: int
    md5: str


@dataclass(frozen=True, slots=True)
class Scan:
    """The files below a folder by document id, sorted; `n_hashed` of them were read to learn their md5.

    `unreadable`: the folders, as ids (`.` is the whole), that could not be looked into -> why.
    """

    files: dict[str, FileStamp]
    n_hashed: int
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def hides(self, doc_id: str) -> bool:
        """Whether the document may lie in a folder that could not be looked into."""
        return "." in self.unreadable or any(doc_id.startswith(f"{folder}/") for folder in self.unreadable)


def scan(documents_dir: Path, known: Mapping[str, FileStamp], suspects: Sequence[str] = ()) -> Scan:
    """Every file of the folder with its md5; only those are read whose size or time differ from `known`, or that are `suspects`.

    Hidden files, editors' temporary and backup files, and links that lead out of the folder are left out. A link to nowhere and a
    file that may not be read are listed: reading them says what is wrong.
    """
    files: dict[str, FileStamp] = {}
    unreadable: dict[str, str] = {}
    n_hashed = 0
    doubted = set(suspects)
    for doc_id, entry in _walk(documents_dir, unreadable):
        before = None if doc_id in doubted else known.get(doc_id)
        try:
            stamp = _stamp(entry, before)
        except PermissionError as error:  # its folder lists names, and no more
            unreadable[doc_id.rpartition("/")[0] or "."] = error.strerror or type(error).__name__
            continue
        if stamp is not None:
            files[doc_id] = stamp
            n_hashed += stamp is not before and bool(stamp.md5)
    return Scan(dict(sorted(files.items())), n_hashed, unreadable)


def look(documents_dir: Path, doc_ids: Iterable[str]) -> Scan:
    """Those of the named documents that are there, by the rules of a scan; each is read, whatever its size and time.

    Raises PermissionError where a folder cannot be looked into: only a scan tells what that hides.
    """
    real = documents_dir.resolve()
    found = {}
    for doc_id in sorted(set(doc_ids)):
        path = documents_dir / doc_id
        if not is_name(doc_id) or path.parent.resolve() != real / Path(doc_id).parent or path.is_dir() or not _is_inside(path, real):
            continue
        stamp = _stamp(path)
        if stamp is not None:
            found[doc_id] = stamp
    return Scan(found, len(found))


def is_name(doc_id: str) -> bool:
    """Whether a document can be named so: a relative path without steps up, of which no part is hidden or temporary."""
    parts = doc_id.split("/")
    return all(parts) and not any(_TEMPORARY.search(part) for part in parts)


def files_below(documents_dir: Path, folder: str) -> list[str]:
    """The document ids that a folder holds now."""
    return [f"{folder}/{name}" for name, _ in _walk(documents_dir / folder, {}, documents_dir)] if is_name(folder) else []


def _stamp(place: os.DirEntry[str] | Path, before: FileStamp | None = None) -> FileStamp | None:
    """`before` where size and time are still those; None where the file has gone since it was listed. Raises PermissionError where
    not even these can be seen."""
    try:
        stat = place.stat()
        if before and (before.size_bytes, before.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return before
    except PermissionError:
        raise
    except OSError:
        return FileStamp(0, 0, "") if os.path.lexists(place) else None
    try:
        return FileStamp(stat.st_size, stat.st_mtime_ns, _md5_of(Path(place)))
    except OSError:
        return FileStamp(0, 0, "") if os.path.lexists(place) else None


def _walk(root: Path, unreadable: dict[str, str], documents_dir: Path | None = None) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every document below `root`; folders that cannot be looked into are put into `unreadable`."""
    real = (documents_dir or root).resolve()
    folders = [("", str(root))]
    while folders:
        prefix, folder = folders.pop()
        try:
            for entry in list(os.scandir(folder)):
                if _TEMPORARY.search(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append((f"{prefix}{entry.name}/", entry.path))
                elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and _is_inside(Path(entry.path), real)):
                    yield prefix + entry.name, entry
        except (FileNotFoundError, NotADirectoryError):  # gone since it was listed
            continue
        except OSError as error:
            unreadable[prefix.rstrip("/") or "."] = error.strerror or type(error).__name__


def _is_inside(path: Path, real: Path) -> bool:
    """Whether it is a file of the folder: no link that leads out of it, but a link to nowhere."""
    if path.is_symlink():
        return not path.exists() or (path.is_file() and path.resolve().is_relative_to(real))
    return path.is_file()


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def read_document(documents_dir: Path, doc_id: str, params: Documents, converted: Path | None = None) -> Document:
    """The document; its md5 is that of the very bytes that were read. `converted`: where converted text is kept between readings.

    Raises Unreadable: too large, empty, not text, not UTF-8, an unknown or broken format, or front matter that does not hold.
    """
    path = documents_dir / doc_id
    try:
        doc_id.encode()
    except UnicodeEncodeError as error:
        raise Unreadable("the file's name is not UTF-8; rename it") from error
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise Unreadable(f"unknown format {path.suffix or '(no suffix)'}; supported: {', '.join(READERS)}")
    try:
        size_bytes = path.stat().st_size
        if size_bytes > params.max_bytes:
            raise Unreadable(f"too large: {size_bytes} bytes, the limit is {params.max_bytes} (params.yaml: documents.max_bytes)")
        data = path.read_bytes()
    except OSError as error:
        if path.is_symlink() and not path.exists():
            raise Unreadable(f"a link to {os.readlink(path)}, which is not there") from error
        raise Unreadable(f"cannot be opened: {error.strerror}") from error
    if not data.strip():
        raise Unreadable(f"empty ({len(data)} bytes)")
    text, matter = reader(data, params, converted)
    if not text.strip():
        raise Unreadable("empty: no text was found in it")
    title = _title(matter, text)
    return Document(
        id=doc_id,
        text=text,
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        title=title or path.stem.replace("-", " ").replace("_", " ").strip(),
        is_titled=bool(title),
        roles=_roles(matter.get("roles")),
        trainable=_trainable(matter.get("trainable")),
        valid_until=_valid_until(matter.get("valid_until")),
        dated=_dated(matter),
    )


Read = Callable[[bytes, Documents, Path | None], tuple[str, dict[str, Any]]]


def _text(data: bytes, params: Documents, store: Path | None) -> tuple[str, dict[str, Any]]:
    text = decode(data)
    match = _FRONT_MATTER.match(text)
    if match and (not match[1] or _KEY.search(match[2])):
        return text[match.end() :], _front_matter(match[2])
    if _UNCLOSED.match(text):
        raise Unreadable("front matter is opened by '---' but never closed by another '---'")
    return text, {}


def _converted(suffix: str, converter: str, is_text: bool = False) -> Read:
    """A reader that has that class of `markitdown.converters` make Markdown of the bytes."""

    def read(data: bytes, params: Documents, store: Path | None) -> tuple[str, dict[str, Any]]:
        if is_text:
            decode(data)
        try:
            asked = (data, suffix, converter, params.read_timeout_s)
            converted = convert_cached(store, *asked) if store else convert(*asked)
        except Unconvertible as error:
            raise Unreadable(str(error)) from error
        return converted.text.replace("\0", ""), {"title": converted.title}

    return read


READERS: dict[str, Read] = {
    ".md": _text,
    ".markdown": _text,
    ".txt": _text,
    ".html": _converted(".html", "HtmlConverter", is_text=True),
    ".htm": _converted(".htm", "HtmlConverter", is_text=True),
    ".csv": _converted(".csv", "CsvConverter", is_text=True),
    ".pdf": _converted(".pdf", "PdfConverter"),
    ".docx": _converted(".docx", "DocxConverter"),
    ".pptx": _converted(".pptx", "PptxConverter"),
}


def decode(data: bytes) -> str:
    """UTF-8 text without a byte order mark, lines ended by a newline alone. Raises Unreadable; no other encoding is guessed."""
    if b"\0" in data:
        raise Unreadable(f"not text: a NUL byte at position {data.index(0)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: byte 0x{data[error.start]:02x} at position {error.start}; save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _front_matter(text: str) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(f"front matter is not YAML: {' '.join(str(error).split())}") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise Unreadable(f"front matter holds {type(loaded).__name__}, not a mapping of keys")
    matter = {str(key): _whole(value) for key, value in loaded.items()}
    for key, value in matter.items():
        meant = _RESTRICTING.get(re.sub(r"[\W_]", "", key).lower())
        if meant and key != meant:
            raise Unreadable(f"front matter: {key!r} is not read; write {meant}")
        if meant and value is None:
            raise Unreadable(f"front matter: {key} is empty; give its value, or leave the line out")
    return matter


def _whole(value: Any) -> Any:
    """Text whose characters beyond the first plane were escaped in halves, as JSON does, put together again."""
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if not isinstance(value, str):
        return value
    try:
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise Unreadable(f"front matter: {value!r} holds half of a character") from error


def _title(matter: Mapping[str, Any], text: str) -> str:
    """As the front matter or the first heading has it; empty where there is neither."""
    given = matter.get("title")
    if isinstance(given, str) and given.strip():
        return " ".join(given.split())
    return first_heading(text)


def _roles(value: Any) -> tuple[str, ...]:
    """Sorted, so that the order in which they were written changes nothing."""
    if value is None:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise Unreadable(f"front matter: roles = {value!r} is no list of names, such as roles: [people-team]")
    return tuple(sorted({name.strip() for name in names}))


def _trainable(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, bool):
        raise Unreadable(f"front matter: trainable = {value!r} is neither true nor false")
    return value


def _dated(matter: Mapping[str, Any]) -> date | None:
    """The first of the keys that a date is usually kept under. It only sorts measurements, so one that is no date is passed over."""
    for key in _DATED:
        with suppress(Unreadable):
            if day := _valid_until(matter.get(key)):
                return day
    return None


def _valid_until(value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, datetime):
        return value.date()
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Unreadable(f"front matter: valid_until = {value!r} is no date, such as 2027-03-31") from error
