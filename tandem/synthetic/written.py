"""Exercises over documents that people might have written: knowledge bases with questions, shown as a search would show them.

A file holds one organisation: documents behind `=== folder/name.md`, each with its questions behind `--- questions`; a block is one or more
`Q:` lines and an `A:` line that stands in the document word for word (` | ` between two of them; `-`: the documents do not tell;
`yes` or `no` with the evidence on an `E:` line).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from random import Random

import numpy as np

from tandem.chunking import chunk
from tandem.params import Chunking
from tandem.records import Document
from tandem.synthetic.exercise import Copy, Exercise, abstention
from tandem.synthetic.split import Side, side_of

CHUNK_CHARS = (250, 400, 400, 400, 400, 700, 700, 1500)  # a search shows passages of many sizes; 400 is the default of params.chunking
MIN_SHOWN = 0.5  # of a long answer that a passage cuts off
N_RANKED = 24
ABSENT, TWO, IN_ORDER, NEAREST = 0.14, 0.03, 0.5, 0.7
RENUMBERED = 0.4  # of the exercises: with other digits, so that numbers are read, not known by heart
VERDICTS_KEPT = 0.6  # of the yes-or-no questions that are drawn: there are more of them than people ask

_WORD = re.compile(r"\w{4,}|\w*\d\w*")
_NUMBER = re.compile(r"[€$£]?\d+(?:[.,]\d+)*(?:\s*[^\s,.;:)|*]+)?")


@dataclass(frozen=True)
class Asked:
    """One thing that is asked, in several wordings. `spans` stand in the document; none where the documents do not tell."""

    wordings: tuple[str, ...]
    spans: tuple[str, ...]
    verdict: str = ""  # "Yes" or "No", before the evidence


@dataclass(frozen=True)
class Text:
    """A document and what is asked about it."""

    path: str
    text: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class Piece:
    """A question with where its spans stand: (passage, at, n_chars) each; and the passages by likeness to the question."""

    asked: Asked
    places: tuple[tuple[int, int, int], ...]
    ranked: tuple[tuple[int, ...], ...]  # one ranking a wording
    own: tuple[int, ...]  # the passages of its document
    is_rivalled: bool = False  # beside what answers stands something of its kind


@dataclass(frozen=True)
class Shelf:
    """One organisation's passages of one size, and the questions on them. `repeats`: its documents say the same in other words, so that
    what answers a question may stand where it is not marked."""

    passages: tuple[str, ...]
    pieces: tuple[Piece, ...]
    repeats: bool = False


def read_organisation(text: str) -> list[Text]:
    """The documents of one file. Raises ValueError where a block is malformed, or an answer does not stand in its document."""
    parts = re.split(r"^=== +(\S+)[ \t]*$", text, flags=re.MULTILINE)
    if len(parts) < 3:
        raise ValueError("no line `=== folder/name.md` begins a document")
    found = []
    for path, body in zip(parts[1::2], parts[2::2], strict=True):
        document, _, questions = body.partition("\n--- questions")
        blocks = [block for block in re.split(r"\n[ \t]*\n", questions.strip()) if block.strip()]
        asked = tuple(_read_block(path, block) for block in blocks)
        for one in asked:
            for span in one.spans:
                if not _find_all(span, document):
                    raise ValueError(f"{path}: {span!r} does not stand in the document")
        found.append(Text(path, document.strip() + "\n", asked))
    return found


def _read_block(path: str, block: str) -> Asked:
    lines: dict[str, list[str]] = {"Q": [], "A": [], "E": []}
    for line in filter(str.strip, block.splitlines()):
        kind, _, said = line.strip().partition(":")
        if kind not in lines or not said.strip():
            raise ValueError(f"{path}: a line is none of `Q: ...`, `A: ...`, `E: ...`: {line!r}")
        lines[kind].append(said.strip())
    if not lines["Q"] or len(lines["A"]) != 1:
        raise ValueError(f"{path}: a block needs questions and one answer: {block!r}")
    wordings, answer = tuple(lines["Q"]), lines["A"][0]
    if bool(lines["E"]) != (answer.lower() in ("yes", "no")):
        raise ValueError(f"{path}: an `E:` line, the evidence, belongs to `yes` and `no` and to these alone: {block!r}")
    if answer == "-":
        return Asked(wordings, ())
    if answer.lower() in ("yes", "no"):
        return Asked(wordings, tuple(lines["E"]), answer.capitalize())
    return Asked(wordings, tuple(answer.split(" | ")))


def read_manual_questions(lines: Sequence[str], sections: Mapping[str, tuple[str, Sequence[str]]]) -> list[Text]:
    """Sections of manuals with the questions on them. A line is `<section>\t<first>-<last>\t<question>`, its answer those sentences,
    counted from 1 (`0-0`: the section does not tell); `sections` holds (title, sentences). Lines on other sections are left out."""
    asked: dict[str, list[Asked]] = {}
    for line in filter(str.strip, lines):
        section, numbers, question = line.rstrip("\n").split("\t")
        first, last = map(int, numbers.split("-"))
        if section in sections:
            sentences = sections[section][1]
            if last > len(sentences) or first > last:
                raise ValueError(f"{section}: sentences {numbers} of {len(sentences)}")
            span = " ".join(sentences[first - 1 : last]) if first else ""
            asked.setdefault(section, []).append(Asked((question,), (span,) if span else ()))
    return [Text(one, "\n\n".join([f"# {sections[one][0]}", *sections[one][1]]), tuple(asks)) for one, asks in asked.items()]


def shelves(texts: Sequence[Text], repeats: bool = False, sizes: Sequence[int] = CHUNK_CHARS) -> dict[int, Shelf]:
    """The organisation's passages and questions, cut to each size of passage."""
    return {size: _shelf(texts, size, repeats) for size in dict.fromkeys(sizes)}


def _shelf(texts: Sequence[Text], size: int, repeats: bool) -> Shelf:
    passages: list[str] = []
    asked: list[tuple[Asked, tuple[tuple[int, int, int], ...], tuple[int, ...]]] = []
    for text in texts:
        first = len(passages)
        cut = chunk(Document(text.path, text.text, "", _title(text)), Chunking(max_chars=size, min_chars=min(80, size // 3)))
        heads = [f"{one.heading}: " if one.heading else "" for one in cut]
        shown = list(zip(heads, (one.text for one in cut), strict=True))
        passages += [head + body for head, body in shown]
        for one in text.asked:
            places = [_place(span, shown, " ".join(one.wordings)) for span in one.spans]
            if all(place is not None for place in places):
                found = tuple((place[0] + first, *place[1:]) for place in places if place is not None)
                asked.append((one, found, tuple(range(first, len(passages)))))
    rank = _ranker(passages)
    pieces = []
    for one, found, own in asked:
        rivalled = any(is_rivalled(passages[i], at, n_chars) for i, at, n_chars in found)
        pieces.append(Piece(one, found, tuple(rank(wording) for wording in one.wordings), own, rivalled))
    return Shelf(tuple(passages), tuple(pieces), repeats)


def _title(text: Text) -> str:
    found = re.match(r"# +(.+)", text.text)
    return found[1].strip() if found else ""


def _place(span: str, shown: Sequence[tuple[str, str]], question: str) -> tuple[int, int, int] | None:
    """(passage, at, n_chars) of a span in passages of (head, body). Of several places, one in a body before one in a head, then the one
    whose surroundings have most words of the question, then the one whose head has. Where no passage holds all of it, of its first whole
    sentences that one holds; None where these are no more than eight words or `MIN_SHOWN` of it."""
    found = [(i, at, n_chars) for i, (head, body) in enumerate(shown) for at, n_chars in _find_all(span, head + body)]
    if found:
        asked = _words(question)

        def fits(place: tuple[int, int, int]) -> tuple[bool, int, int]:
            head, body = shown[place[0]]
            at = place[1] - len(head)
            return at >= 0, len(asked & _words(_surroundings(body, at))) if at >= 0 else 0, len(asked & _words(head))

        return max(found, key=fits)
    words = span.split()
    for n_words in range(len(words) - 1, max(8, int(MIN_SHOWN * len(words))), -1):
        start = " ".join(words[:n_words])
        if start[-1] not in ".!?":
            continue
        for i, (head, body) in enumerate(shown):
            for place in _find_all(start, head + body):
                return i, *place
    return None


def _surroundings(body: str, at: int) -> str:
    """What says of whom something is said that stands at `at`: its sentence, or the head of its row and that of its column."""
    row_at = body.rfind("\n", 0, at) + 1
    line = body[row_at:].split("\n", 1)[0]
    if line.lstrip().startswith("|"):
        above = list(takewhile(lambda row: row.lstrip().startswith("|"), reversed(body[:row_at].splitlines())))
        columns, column = (above[-1] if above else line).split("|"), body.count("|", row_at, at)
        return f"{line.strip().strip('|').split('|')[0]} {columns[column] if column < len(columns) else ''}"
    before, after = re.split(r"(?<=[.!?]) ", line[: at - row_at])[-1], re.split(r"(?<=[.!?]) ", line[at - row_at :])[0]
    return before + after


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _find_all(span: str, text: str) -> list[tuple[int, int]]:
    """(at, n_chars) of a span, each time that it stands there, whatever its case and line breaks; not inside a longer word or number."""
    pattern = r"\s+".join(re.escape(word).replace("'", "['’]") for word in span.split())
    edges = (r"(?<!\w)(?<!\d[.,])" if span[:1].isalnum() else "", r"(?!\w)(?![.,]\d)" if span[-1:].isalnum() else "")
    return [(found.start(), len(found[0])) for found in re.finditer(edges[0] + pattern + edges[1], text, re.IGNORECASE)]


def is_rivalled(passage: str, at: int, n_chars: int) -> bool:
    """Whether a passage holds, beside what stands at `at`, something of its kind: another number of its unit, another cell of its row."""
    answer, row_at = passage[at : at + n_chars], passage.rfind("\n", 0, at) + 1
    if passage[row_at:].split("\n", 1)[0].count("|") >= 4:
        return True
    number = _NUMBER.search(answer)
    alike = {found[0].lower() for found in _NUMBER.finditer(passage) if number and _unit(found[0]) == _unit(number[0])}
    return len(alike) > 1


def _unit(number: str) -> str:
    return re.sub(r"\d+(?:[.,]\d+)*", "0", number.lower())


def _ranker(passages: Sequence[str]) -> Callable[[str], tuple[int, ...]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english", token_pattern=r"\w+")
    matrix = vectorizer.fit_transform(passages)

    def rank(question: str) -> tuple[int, ...]:
        scores = np.asarray((matrix @ vectorizer.transform([question]).T).todense())[:, 0]
        return tuple(int(i) for i in np.argsort(-scores, kind="stable")[:N_RANKED])

    return rank


def is_on(side: Side, name: str) -> bool:
    """Whether an organisation is on a side."""
    return side_of(f"organisation:{name}") == side


def make_written(
    rng: Random,
    library: Sequence[Mapping[int, Shelf]],
    n_passages: int,
    plain_kept: float = 1.0,
    sizes: Sequence[int] = CHUNK_CHARS,
) -> Exercise | None:
    """A question on one organisation of `library` over `n_passages` of its passages; None where it does not fit so few, or, but for a share
    `plain_kept`, where nothing of the answer's kind stands beside it."""
    shelf = rng.choice(library)[rng.choice(sizes)]
    if not shelf.pieces:
        return None
    piece = rng.choice(shelf.pieces)
    if piece.asked.verdict and rng.random() > VERDICTS_KEPT:
        return None
    if plain_kept < 1 and piece.places and not piece.is_rivalled and rng.random() > plain_kept:
        return None
    w = rng.randrange(len(piece.asked.wordings))
    question, places, spans = piece.asked.wordings[w], list(piece.places), piece.asked.spans
    if spans and not piece.asked.verdict and rng.random() < TWO:
        other = rng.choice(shelf.pieces)
        if other.places and not other.asked.verdict and other is not piece:
            second = rng.choice(other.asked.wordings)
            question = f"{question.rstrip('?. ')}, and {second[:1].lower()}{second[1:]}"
            places, spans = [*places, *other.places], (*spans, *other.asked.spans)
    gold = list(dict.fromkeys(place[0] for place in places))
    if len(gold) > n_passages:
        return None
    absent = bool(gold) and not shelf.repeats and rng.random() < ABSENT
    held = [_folded(span) for span in spans] if absent else []
    found = piece.own if shelf.repeats and not gold else piece.ranked[w]
    others = [i for i in found if i not in gold and not any(span in _folded(shelf.passages[i]) for span in held)]
    if rng.random() > NEAREST:
        rng.shuffle(others)
    wanted = others[: n_passages - (0 if absent else len(gold))]
    shown = wanted if absent else [*gold, *wanted]
    if rng.random() < IN_ORDER:
        shown.sort(key=lambda i: piece.ranked[w].index(i) if i in piece.ranked[w] else N_RANKED)
    else:
        rng.shuffle(shown)
    if not shown:
        return None
    texts = [shelf.passages[i] for i in shown]
    if not piece.asked.verdict and rng.random() < RENUMBERED:
        question, *texts = _renumbered(rng, [question, *texts])
    if absent or not gold:
        return abstention(_varied(rng, question), texts, ("written",))
    return _answered(_varied(rng, question), texts, piece.asked.verdict, [(shown.index(i), at, n) for i, at, n in places])


def _answered(question: str, texts: Sequence[str], verdict: str, places: Sequence[tuple[int, int, int]]) -> Exercise:
    answer, copies = f"{verdict}, " if verdict else "", []
    for n, (i, at, n_chars) in enumerate(places):
        answer += " and " if n else ""
        copies.append(Copy(i, at, n_chars, len(answer)))
        answer += texts[i][at : at + n_chars]
    return Exercise(question, tuple(texts), answer, tuple(copies), ("written",))


def _renumbered(rng: Random, texts: Sequence[str]) -> list[str]:
    """The texts with each digit but 0 become another one, the same in all of them."""
    digits = "123456789"
    others = str.maketrans(digits, "".join(rng.sample(digits, 9)))
    return [text.translate(others) for text in texts]


def _varied(rng: Random, question: str) -> str:
    return question.rstrip("?") if rng.random() < 0.1 else question


def _folded(text: str) -> str:
    return " ".join(text.lower().replace("’", "'").split())
