"""Random changes of a folder of documents that know what they leave behind: for bench.readers."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PARTS = ("first", "second", "third")
KINDS = (
    *("edit",) * 5, "add", "add", "delete", "rename", "move", "move folder", "drop folder", "replace", "swap"
)  # fmt: skip
N_AT_LEAST = 12


@dataclass
class Document:
    """What one file says."""

    word: str
    revision: int = 0


def word(number: int) -> str:
    """A word of its own for each number: letters alone, so that no tokenizer takes it apart."""
    return "q" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:05d}") + "x"


def page(document: Document) -> str:
    """Three sections, each a passage of its own."""
    parts = [
        f"## The {part} part\n\nThe {part} part of the entry {document.word} stands at revision {document.revision}. "
        f"It is kept by the register, and whoever reads the {part} part has to read the other two as well.\n"
        for part in PARTS
    ]
    return "# An entry\n\n" + "\n".join(parts)


class Writer:
    """Changes files below a folder at random, and knows what they then hold."""

    def __init__(self, folder: Path, seed: int, n_documents: int):
        self.folder, self._choose, self.n_words = folder, random.Random(seed), 0
        self.documents: dict[str, Document] = {}
        for _ in range(n_documents):
            self._add()

    def state(self) -> dict[str, tuple[str, int]]:
        return {doc_id: (document.word, document.revision) for doc_id, document in self.documents.items()}

    def change(self, kinds: Sequence[str]) -> list[str]:
        """One random operation; the names that a watcher would be told."""
        kind = self._choose.choice(kinds)
        doc_id = self._choose.choice(sorted(self.documents))
        folder = doc_id.rpartition("/")[0]
        if kind == "add" or (kind in ("delete", "drop folder") and len(self.documents) <= N_AT_LEAST):
            return [self._add()]
        if kind == "delete":
            del self.documents[doc_id]
            (self.folder / doc_id).unlink()
        elif kind in ("rename", "move"):
            return [doc_id, self._move(doc_id, f"{folder}/{self._name()}" if kind == "rename" else f"{self._folder()}/{self._name()}")]
        elif kind == "move folder":
            return [folder, self._move_folder(folder, f"moved/{self._name().removesuffix('.md')}")]
        elif kind == "drop folder" and len(self._below(folder)) < len(self.documents) / 2:
            for gone in self._below(folder):
                del self.documents[gone]
            shutil.rmtree(self.folder / folder)
            return [folder]
        elif kind == "swap":
            return self._swap(doc_id, self._choose.choice(sorted(self.documents)))
        else:
            self._edit(doc_id, anew=kind == "replace")
        return [doc_id]

    def _name(self) -> str:
        return f"{self._choose.randrange(10**9):09d}.md"

    def _folder(self) -> str:
        return self._choose.choice(("blue", "green", "green/deep", "red"))

    def _below(self, folder: str) -> list[str]:
        return [doc_id for doc_id in self.documents if doc_id.startswith(f"{folder}/")]

    def _add(self) -> str:
        doc_id = f"{self._folder()}/{self._name()}"
        self.documents[doc_id] = Document(word(self.n_words))
        self.n_words += 1
        self._write(doc_id)
        return doc_id

    def _edit(self, doc_id: str, anew: bool) -> None:
        """Another revision, or another document under the same name."""
        document = self.documents[doc_id]
        if anew:
            self.documents[doc_id] = Document(word(self.n_words))
            self.n_words += 1
        else:
            document.revision += 1
        self._write(doc_id)

    def _write(self, doc_id: str) -> None:
        """In place, or by a rename: editors do both."""
        path = self.folder / doc_id
        path.parent.mkdir(parents=True, exist_ok=True)
        target = path if self._choose.random() < 0.5 else path.with_name(f".{path.name}.new")
        target.write_text(page(self.documents[doc_id]), encoding="utf-8")
        target.replace(path)

    def _move(self, doc_id: str, target: str) -> str:
        (self.folder / target).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / doc_id).rename(self.folder / target)
        self.documents[target] = self.documents.pop(doc_id)
        return target

    def _move_folder(self, folder: str, target: str) -> str:
        (self.folder / target).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / folder).rename(self.folder / target)
        for doc_id in self._below(folder):
            self.documents[target + doc_id.removeprefix(folder)] = self.documents.pop(doc_id)
        return target

    def _swap(self, one: str, other: str) -> list[str]:
        if one != other:
            aside = self.folder / ".aside"
            (self.folder / one).rename(aside)
            (self.folder / other).rename(self.folder / one)
            aside.rename(self.folder / other)
            self.documents[one], self.documents[other] = self.documents[other], self.documents[one]
        return [one, other]


def number_of(name: str) -> int:
    """The inverse of `word`."""
    return int("".join(str(ord(letter) - ord("a")) for letter in name[1:-1]))
