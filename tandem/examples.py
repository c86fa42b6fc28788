"""Examples: read them, find which documents are near-duplicates, split them into two sides, notice when they expire."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from tandem.errors import Refused
from tandem.params import Split
from tandem.records import Example

MAX_LISTED = 20
SHINGLE_WORDS = 4
_MIXER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a split. `straddling` examples have sources on both and belong to neither."""

    train: tuple[Example, ...]
    held_out: tuple[Example, ...]
    straddling: tuple[Example, ...]


def parse_examples(text: str, document_ids: Collection[str], where: str = "data/examples.jsonl") -> list[Example]:
    """Examples from JSON lines; blank lines are skipped, a missing id is made from a hash of the question.

    `sources`, `facts` and `roles` may be one string instead of a list; a source is a document id, with or without the leading
    `data/documents/`. Raises one Refused that names every bad line (the first 20, then how many more).
    """
    known = set(document_ids)
    examples: list[Example] = []
    reasons: list[str] = []
    line_of_id: dict[str, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip():
            continue
        example, faults = _parse_line(line, known)
        if example is not None and example.id in line_of_id:
            faults = [*faults, f"id {example.id!r} is already used on line {line_of_id[example.id]}"]
        if example is not None:
            line_of_id.setdefault(example.id, number)
        if faults:
            reasons.append(f"{where} line {number}: {'; '.join(faults)}")
        elif example is not None:
            examples.append(example)
    if reasons:
        listed = reasons[:MAX_LISTED] + ([f"and {len(reasons) - MAX_LISTED} more"] if len(reasons) > MAX_LISTED else [])
        raise Refused(*listed, hint=f"Mend {'this line' if len(reasons) == 1 else f'these {len(reasons)} lines'} and run again.")
    return examples


def usable_examples(text: str, document_ids: Collection[str] | None = None) -> list[Example]:
    """The examples that hold, for those who cannot wait until every line does; the others are passed over.

    With `document_ids` the first of each id whose sources are all among them; without, every one, whatever sources it names.
    """
    known = None if document_ids is None else set(document_ids)
    parsed = (_parse_line(line, known) for line in text.removeprefix("\ufeff").split("\n"))
    found = [example for example, faults in parsed if example is not None and not faults]
    if known is None:
        return found
    first: dict[str, Example] = {}
    for example in found:
        first.setdefault(example.id, example)
    return list(first.values())


def _parse_line(line: str, known: set[str] | None) -> tuple[Example | None, list[str]]:
    """The example of one line and what is wrong with it. No example: not even its id can be told. Without `known` any source will do."""
    try:
        loaded = json.loads(line)
    except ValueError as error:
        return None, [f"not JSON ({error})"]
    if not isinstance(loaded, dict):
        return None, [f'holds {_kind(loaded)}, not an object like {{"question": ..., "answer": ...}}']
    entry = {key: value for key, value in loaded.items() if value is not None}
    for key in ("sources", "facts", "roles"):
        if isinstance(entry.get(key), str):
            entry[key] = [entry[key]]
    faults = [f"no {key}" for key in ("question", "answer") if _is_missing(entry, key)]
    if entry.get("answerable") is False:
        faults = [fault for fault in faults if fault != "no answer"]
        entry.setdefault("answer", "")
    if isinstance(entry.get("sources"), list):
        entry["sources"] = [_document_id(source) for source in entry["sources"]]
    if isinstance(entry.get("question"), str):
        entry.setdefault("id", f"ex-{_digest(normalised(entry['question']))[:12]}")
    try:
        example = Example.model_validate({"question": "", "answer": "", "id": "", **entry})
    except ValidationError as error:
        return None, faults + [_fault(dict(detail)) for detail in error.errors(include_url=False)]
    missing = [source for source in example.sources if known is not None and source not in known]
    if missing:
        faults.append(f"names {'a source that is' if len(missing) == 1 else 'sources that are'} no document: {', '.join(missing)}")
    if not example.id.strip() and "no question" not in faults:
        faults.append("its id is empty")
    return (example if example.id.strip() else None), faults


def _is_missing(entry: Mapping[str, Any], key: str) -> bool:
    value = entry.get(key)
    return value is None or (isinstance(value, str) and not value.strip())


def _document_id(source: Any) -> Any:
    if not isinstance(source, str):
        return source
    return source.replace("\\", "/").removeprefix("./").removeprefix("data/documents/")


def _fault(detail: dict[str, Any]) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    seen = json.dumps(detail["input"], ensure_ascii=False, default=str)
    return f"{key} is {_kind(detail['input'])} ({seen[:60]}): {str(detail['msg'])[0].lower()}{str(detail['msg'])[1:]}"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def normalised(question: str) -> str:
    """What two spellings of one question have in common: its words, in lower case."""
    return " ".join(re.findall(r"\w+", question.casefold()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _draw(seed: int, name: str) -> float:
    """A number in [0, 1) that depends on the seed and the name alone."""
    return int(_digest(f"{seed}\n{name}")[:13], 16) / 16**13


def near_duplicate_groups(texts: Mapping[str, str], threshold: float) -> dict[str, str]:
    """Document id -> the smallest id of its group; a document that resembles no other is its own group.

    Two documents are joined when the smaller one shares more than `threshold` of its distinct word 4-grams with the larger
    (containment, Broder 1997: unlike the Jaccard index it sees a short text copied into a long one); groups are the
    transitive closure. Exact: a pair above the threshold must share one of the smaller one's `(1 - threshold)` rarest 4-grams
    (prefix filtering, Chaudhuri et al. 2006), so only such pairs are counted out.
    """
    ids = sorted(texts)
    rows = _shingles([texts[id] for id in ids])
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    ends = np.cumsum(lengths)
    _, numbers, frequency = np.unique(np.concatenate([*rows, np.array([], np.uint64)]), return_inverse=True, return_counts=True)
    documents = np.repeat(np.arange(len(ids)), lengths)[np.argsort(numbers, kind="stable")]  # of one 4-gram after the other
    starts = np.cumsum(frequency) - frequency
    parent = list(range(len(ids)))
    for small, (end, length) in enumerate(zip(ends.tolist(), lengths.tolist(), strict=True)):
        own = numbers[end - length : end]
        rarest = own[np.argsort(frequency[own], kind="stable")[: max(1, math.ceil((1 - threshold) * length))]]
        shared = [documents[starts[gram] : starts[gram] + frequency[gram]] for gram in rarest if frequency[gram] > 1]
        for large in np.unique(np.concatenate(shared)).tolist() if shared else []:
            if lengths[large] < length or _root(parent, small) == _root(parent, large):
                continue
            if len(np.intersect1d(rows[small], rows[large], assume_unique=True)) > threshold * length:
                first, second = sorted((_root(parent, small), _root(parent, large)))
                parent[second] = first
    return {id: ids[_root(parent, position)] for position, id in enumerate(ids)}


def _root(parent: list[int], position: int) -> int:
    while parent[position] != position:
        parent[position] = parent[parent[position]]
        position = parent[position]
    return position


def _shingles(texts: Iterable[str]) -> list[np.ndarray]:
    """The distinct word 4-grams of each text as 64-bit hashes; a text of one to three words is one shorter gram, an empty one none."""
    number_of_word: dict[str, int] = {}
    rows = []
    for text in texts:
        words = re.findall(r"\w+", text.casefold())
        numbers = np.array([number_of_word.setdefault(word, len(number_of_word) + 1) for word in words], dtype=np.uint64)
        width = min(SHINGLE_WORDS, len(numbers))
        mixed = np.zeros(len(numbers) - width + 1 if width else 0, dtype=np.uint64)
        for offset in range(width):
            mixed = (mixed + numbers[offset : offset + len(mixed)]) * _MIXER
            mixed ^= mixed >> np.uint64(29)
        rows.append(np.unique(mixed))
    return rows


def split(examples: Sequence[Example], groups: Mapping[str, str], params: Split, seed: int) -> Sides:
    """Each example on the side of all its sources; with sources on both sides it straddles; without any, by its question.

    A near-duplicate group is held out when hash(seed, its anchor) falls below `params.held_out`. The anchor is one of the
    group's documents *that examples cite*, chosen by hash, and named without its folder: so the side stays when documents are
    edited, moved to another folder, reordered, or added to the group, as long as the cited ones stay the same. (Equal file
    names are told apart by as many folders as it takes.) When two cited groups merge, the whole takes the side of one of
    the two: the other's examples may change sides. No rule without a memory can avoid that, so what an adapter was trained on
    is read from its lineage, never from this split.
    """
    cited = sorted({source for example in examples for source in example.sources})
    name_of = _short_names(cited)
    anchors: dict[str, str] = {}
    for source in cited:
        group = groups.get(source, source)
        anchors[group] = min(anchors.get(group, name_of[source]), name_of[source], key=_digest)
    is_held_out = {source: _draw(seed, anchors[groups.get(source, source)]) < params.held_out for source in cited}

    def side(example: Example) -> set[bool]:
        return {is_held_out[source] for source in example.sources} or {_draw(seed, normalised(example.question)) < params.held_out}

    sides = [(example, side(example)) for example in examples]
    return Sides(*(tuple(example for example, seen in sides if seen == wanted) for wanted in ({False}, {True}, {False, True})))


def untaught(asked: Sequence[Example], examples: Sequence[Example], seen: Collection[str], groups: Mapping[str, str]) -> list[Example]:
    """Those of `asked` that an adapter knows nothing of: neither among the `seen` ids, nor on a document of a near-duplicate group that one
    of these is on, which happens where a question was worded anew or groups have merged since."""

    def about(example: Example) -> set[str]:
        return {groups.get(source, source) for source in example.sources}

    taught = {group for example in examples if example.id in seen for group in about(example)}
    return [example for example in asked if example.id not in seen and not taught & about(example)]


def share_of_groups(examples: Sequence[Example], share: float, seed: int, groups: Mapping[str, str]) -> set[str]:
    """Ids of about this share of the examples, such that no near-duplicate group has a source of one inside and of one outside.

    Examples on one group of documents, directly or through others, go together; a group stays outside where it would overshoot the
    share by more than half of its own size.
    """
    keys = [tuple(groups.get(source, source) for source in example.sources) or (example.id,) for example in examples]
    place = {key: position for position, key in enumerate(dict.fromkeys(key for several in keys for key in several))}
    parent = list(range(len(place)))
    for first, *others in keys:
        for other in others:
            parent[_root(parent, place[other])] = _root(parent, place[first])
    together: dict[int, list[str]] = {}
    for example, (first, *_) in zip(examples, keys, strict=True):
        together.setdefault(_root(parent, place[first]), []).append(example.id)
    chosen: set[str] = set()
    for group in sorted(together.values(), key=lambda group: _draw(seed, min(group))):
        if len(chosen) + len(group) / 2 <= share * len(examples):
            chosen.update(group)
    return chosen


def _short_names(ids: Sequence[str]) -> dict[str, str]:
    """Document id -> its file name without suffix, with as many folders before it as tell it from the others; at last the id."""
    names = {}
    parts = {id: id.rsplit(".", 1)[0].split("/") if "." in id.rsplit("/", 1)[-1] else id.split("/") for id in ids}
    open_ids, depth = list(ids), 1
    while open_ids:
        shortened = {id: "/".join(parts[id][-depth:]) for id in open_ids}
        taken = Counter(shortened.values())
        for id in open_ids:
            if taken[shortened[id]] == 1:
                names[id] = shortened[id]
            elif depth >= len(parts[id]):
                names[id] = id
        open_ids = [id for id in open_ids if id not in names]
        depth += 1
    return names


def expired_sources(example: Example, md5_by_document: Mapping[str, str]) -> dict[str, str]:
    """Its sources that are `gone`, or `changed` since it was labelled; an example with any is expired. An unlabelled source that is
    there never expires."""
    found = {}
    for source in example.sources:
        md5 = md5_by_document.get(source)
        if md5 is None or example.labelled.get(source, md5) != md5:
            found[source] = "gone" if md5 is None else "changed"
    return found
