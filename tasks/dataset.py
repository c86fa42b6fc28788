"""The training set of the adapter: RAFT-style rows with their lineage. Run: python -m tasks.dataset (the DVC stage `dataset`).

A row is a question, the passages that the model will read, and the answer in the house form. Most rows hold the needed passage
among distractors; some lack it and teach to abstain; some hold no passage at all (Zhang et al. 2024, "RAFT", section 3).
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tandem.chunking import hash_text, text_hash
from tandem.examples import Sides, share_of_groups
from tandem.form import form_ok
from tandem.params import Params
from tandem.prompts import shortened, target
from tandem.records import Chunk, Document, Example, Passage
from tandem.synthetic import Exercise, Mix, make_exercises
from tandem.synthetic.written import Shelf, make_written
from tandem.words import holds, normalise
from tasks.examples import load_examples
from tasks.inputs import Request, passage_tokens, read_whole
from tasks.rerank import retrieve
from tasks.stage import run_stage
from tasks.workspace import Settings, Workspace, replacing
from tasks.written_library import organisations, read_library

EXERCISE = "exercise"
CHARS_A_TOKEN = 3  # at least, so that the passages of an exercise fit the input
EXERCISE_MIX = Mix(absent=0.1, no_context=0.0, cloze=0.0)
ADAPTER_WRITTEN_SHARE, N_ORGANISATIONS, N_DRAWS = 0.5, 24, 20  # of the exercises, those on written documents; of how many organisations
HEADING_CHARS, MIN_WRITTEN_CHARS = 60, 100  # of the written passages: what their headings may add, and below what size there are none


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One row with its lineage: the example, its documents, the chunks shown or asked about.

    `kind`: oracle, no_oracle, closed_book, or exercise (of no example, document or chunk).
    `lesson` is a hash of what the row teaches: it stays where other distractors are shown or the passages stand in another order.
    """

    example_id: str
    kind: str
    question: str
    passages: tuple[str, ...]
    target: str
    documents: tuple[str, ...]
    chunks: tuple[str, ...]
    validation: bool
    lesson: str


@dataclass(frozen=True)
class TrainingSet:
    """The rows and what they were made of; `refused` names every gate that closed (then there are no rows)."""

    rows: tuple[TrainingRow, ...]
    chunk_hashes: dict[str, str]
    refused: tuple[str, ...]
    n_left_out: int


def build_training_set(workspace: Workspace) -> TrainingSet:
    """Rows of the training side. Documents with roles or `trainable: false` never enter, neither as source nor as distractor, nor
    do those that the index holds in another version than the one on disk."""
    from tasks.index import open_index
    from tasks.refresh import all_chunks

    params = workspace.params
    labelled = load_examples(workspace)
    allowed = trainable(workspace, labelled.documents)
    usable = [example for example in labelled.sides.train if is_usable(example, allowed)]
    if reason := _too_few(usable, labelled.sides, params):
        return TrainingSet((), {}, (reason,), len(labelled.sides.train) - len(usable))
    chunks: dict[str, list[Chunk]] = {}
    for one in all_chunks(workspace):
        if one.doc_id in allowed and not one.roles:
            chunks.setdefault(one.doc_id, []).append(one)
    validation = share_of_groups(usable, params.adapter.validation_share, params.seed, labelled.groups)
    retrieval = params.retrieval.model_copy(update={"k": params.retrieval.candidates})
    found = retrieve(open_index(workspace), [example.question for example in usable], retrieval, workspace.settings)
    made = [
        (example, _row(workspace, example, [one for one in passages if one.doc_id in allowed], chunks, example.id in validation))
        for example, passages in zip(usable, found, strict=True)
    ]
    readable = [example for example, row in made if row]
    n_left_out = len(labelled.sides.train) - len(readable)
    if reason := _too_few(readable, labelled.sides, params):
        return TrainingSet((), {}, (reason,), n_left_out)
    rows = [*(row for _, row in made if row), *exercise_rows(params, workspace.settings)]
    if unfit := [row for row in rows if form_ok(row.target, params.form) is False]:
        reason = (
            f"{len(unfit)} of {len(rows)} training answers are not in the house form, as that of {unfit[0].example_id}: "
            f"{unfit[0].target!r}; mend form.answer, or let form.pattern and form.json_schema allow them"
        )
        return TrainingSet((), {}, (reason,), n_left_out)
    used = {chunk_id for row in rows for chunk_id in row.chunks}
    hashes = {one.id: text_hash(one) for several in chunks.values() for one in several if one.id in used}
    return TrainingSet(tuple(rows), hashes, (), n_left_out)


def _too_few(usable: Sequence[Example], sides: Sides, params: Params) -> str:
    answerable = sum(example.answerable for example in usable)
    if answerable >= params.adapter.min_examples:
        return ""
    return (
        f"{answerable} answerable training examples, at least {params.adapter.min_examples} are needed (adapter.min_examples); "
        f"{len(sides.train) - len(usable)} were left out (restricted, without a source, edited since the last refresh, or with passages "
        f"too long for base.max_input_tokens), {len(sides.held_out)} are held out"
    )


def save_training_set(workspace: Workspace, training_set: TrainingSet) -> Path:
    """Write `set.jsonl` and `lineage.json` in place of the old set."""
    from tasks.data_version import data_version
    from tasks.refresh import read_manifest

    known = read_manifest(workspace)["documents"]
    made_from = {
        "refused": training_set.refused,
        "n_left_out": training_set.n_left_out,
        "data_version": data_version(workspace),
        "documents": {doc_id: entry["md5"] for doc_id, entry in sorted(known.items())},
        "chunks": dict(sorted(training_set.chunk_hashes.items())),
    }
    lineage = lineage_of(training_set.rows, made_from)
    folder = workspace.training_set_path.parent
    with replacing(folder) as fresh:
        with (fresh / workspace.training_set_path.name).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in training_set.rows)
        (fresh / "lineage.json").write_text(json.dumps(lineage, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return folder


def lineage_of(rows: Sequence[TrainingRow], made_from: Mapping[str, Any]) -> dict[str, Any]:
    """The lineage of these rows, out of one that knows their documents and chunks. Its `lessons` are of the rows that are fitted."""
    documents = {doc_id for row in rows for doc_id in row.documents}
    chunks = {chunk_id for row in rows for chunk_id in row.chunks}
    return {
        **made_from,
        "n_rows": len(rows),
        "examples": sorted(row.example_id for row in rows if row.kind != EXERCISE),
        "lessons": {row.example_id: row.lesson for row in sorted(rows, key=lambda row: row.example_id) if not row.validation},
        "documents": {doc_id: md5 for doc_id, md5 in made_from["documents"].items() if doc_id in documents},
        "chunks": {chunk_id: shown for chunk_id, shown in made_from["chunks"].items() if chunk_id in chunks},
    }


def load_training_set(workspace: Workspace) -> list[TrainingRow]:
    """The rows of the saved set."""
    with workspace.training_set_path.open(encoding="utf-8") as file:
        return [_row_from(json.loads(line)) for line in file]


def _row_from(loaded: dict[str, Any]) -> TrainingRow:
    lists = {name: tuple(loaded[name]) for name in ("passages", "documents", "chunks")}
    return TrainingRow(**{**loaded, **lists})


def load_lineage(workspace: Workspace) -> dict[str, Any]:
    """What the saved set was made of (the keys of `lineage.json`)."""
    return dict(json.loads((workspace.training_set_path.parent / "lineage.json").read_text(encoding="utf-8")))


def trainable(workspace: Workspace, documents: Mapping[str, Document]) -> set[str]:
    """Documents that may train as they are on disk and as they were indexed: the passages are of the indexed version."""
    from tasks.refresh import read_manifest

    entries = read_manifest(workspace)["documents"]
    indexed = {doc_id: entry["md5"] for doc_id, entry in entries.items() if entry["trainable"] and not entry["roles"]}
    return {doc_id for doc_id, document in documents.items() if document.may_train and indexed.get(doc_id) == document.md5}


def is_usable(example: Example, allowed: set[str]) -> bool:
    """An answer without a source would teach to answer from nowhere; without one only abstaining can be taught."""
    grounded = bool(example.sources) or not example.answerable
    return grounded and not example.roles and allowed.issuperset(example.sources)


def _row(
    workspace: Workspace, example: Example, found: Sequence[Passage], chunks: Mapping[str, list[Chunk]], validation: bool
) -> TrainingRow | None:
    """None where the base would not read all that the answer needs."""
    params = workspace.params
    rng = random.Random(f"{params.seed}:{example.id}")
    chance = rng.random()
    distractors = [p for p in found if p.doc_id not in example.sources and not holds_a_fact(p.text, example)]
    answer = shortened(example.answer, params.adapter.max_answer_chars)
    gold = _gold_passages(example, answer, found, chunks)
    if not params.adapter.context or chance < params.adapter.closed_book_share:
        kind, passages = "closed_book", []
    elif example.answerable and gold and rng.random() < params.adapter.oracle_share:
        kind, passages = "oracle", [*gold, *distractors][: max(params.retrieval.k, len(gold))]
    else:
        kind = "no_oracle"
        passages = (distractors if example.answerable else list(found))[: params.retrieval.k]
    asked = Request(example.question, tuple(passage.shown_text for passage in passages))
    read = read_whole(params.base, workspace.settings, asked, params.prompt).passages
    passages = [passage for passage, text in zip(passages, read, strict=False) if passage.shown_text == text]
    if kind == "oracle" and len(passages) < len(gold):
        return None
    rng.shuffle(passages)
    needed = {passage.chunk_id for passage in gold}
    cited = [number for number, passage in enumerate(passages, start=1) if passage.chunk_id in needed] if kind == "oracle" else []
    known = example.answerable and kind != "no_oracle"
    said = answer if known else params.prompt.abstention
    lesson = [example.question, kind, target(said, [1] if cited else [], params.form), *(passage.shown_text for passage in gold)]
    return TrainingRow(
        example_id=example.id,
        kind=kind,
        question=example.question,
        passages=tuple(passage.shown_text for passage in passages),
        target=target(said, cited, params.form),
        documents=tuple(sorted({*example.sources, *(passage.doc_id for passage in passages)})),
        chunks=tuple(sorted({passage.chunk_id for passage in (*passages, *gold)})),
        validation=validation,
        lesson=hash_text(json.dumps(lesson)),
    )


def exercise_rows(params: Params, settings: Settings) -> list[TrainingRow]:
    """`adapter.exercises` questions over passages of no document of the workspace, made up and of the written library, answered in the
    house form: shown among the examples, they keep an adapter reading where it would learn a small knowledge base by heart. Naive
    training (`adapter.context: false`) has none."""
    n_rows = params.adapter.exercises if params.adapter.context else 0
    rows: list[TrainingRow] = []
    for made in itertools.islice(_exercises(params, settings), n_rows):
        said = " ".join(made.answer.split()) if made.cited else params.prompt.abstention
        shown = target(said, made.cited, params.form)
        lesson = hash_text(json.dumps([made.question, made.passages, shown]))
        rows.append(TrainingRow(f"{EXERCISE}:{len(rows)}", EXERCISE, made.question, made.passages, shown, (), (), False, lesson))
    return rows


def _exercises(params: Params, settings: Settings) -> Iterator[Exercise]:
    rng = random.Random(f"{params.seed}:exercises")
    budget = CHARS_A_TOKEN * passage_tokens(params.base, settings, params.retrieval.k)
    longest, size = min(params.chunking.max_chars, budget), min(params.chunking.max_chars, budget - HEADING_CHARS)
    mix = replace(EXERCISE_MIX, target_chars=(longest // 3, longest))
    files = organisations("train") if size >= MIN_WRITTEN_CHARS else []
    library = read_library(rng.sample(files, min(N_ORGANISATIONS, len(files))), [size])
    while True:
        n_passages = rng.randint(1, params.retrieval.k)
        is_written = bool(library) and rng.random() < ADAPTER_WRITTEN_SHARE
        drawn = _written(rng, library, n_passages, size, params.adapter.max_answer_chars) if is_written else None
        yield from [drawn] if drawn else make_exercises(rng, "train", n_passages, n_questions=1, mix=mix)


def _written(
    rng: random.Random, library: Sequence[Mapping[int, Shelf]], n_passages: int, size: int, max_answer_chars: int | None
) -> Exercise | None:
    for _ in range(N_DRAWS):
        made = make_written(rng, library, n_passages, sizes=[size])
        if made and (not made.cited or len(made.answer) <= (max_answer_chars or len(made.answer))):
            return made
    return None


def _gold_passages(example: Example, answer: str, found: Sequence[Passage], chunks: Mapping[str, list[Chunk]]) -> list[Passage]:
    """One passage a source: the best-ranked that holds a fact, else any chunk that holds one, else what shares most words with the
    answer, the best-ranked of equals."""
    wanted = set(normalise(answer).split())
    gold = []
    for source in example.sources:
        ranked = [passage for passage in found if passage.doc_id == source]
        others = [Passage(one.id, one.doc_id, one.heading, one.text, 0.0) for one in chunks.get(source, [])]
        candidates = [*ranked, *others]
        if candidates:
            likest = max(candidates, key=lambda passage: len(wanted & set(normalise(passage.text).split())))
            gold.append(next((passage for passage in candidates if holds_a_fact(passage.text, example)), likest))
    return gold


def holds_a_fact(text: str, example: Example) -> bool:
    """Whether a text holds a fact of the example (or its answer, where it names no fact) as answers are scored: by whole words."""
    said = normalise(text)
    facts = [words for fact in example.facts or (example.answer,) if (words := normalise(fact))]
    return any(holds(said, words) for words in facts)


def main() -> None:
    """Build and save the training set of the workspace in the current directory."""
    run_stage(_build)


def _build(workspace: Workspace) -> str:
    with workspace.writing("training", timeout_s=1):
        training_set = build_training_set(workspace)
        save_training_set(workspace, training_set)
    return f"{len(training_set.rows)} rows" if training_set.rows else f"no rows: {'; '.join(training_set.refused)}"


if __name__ == "__main__":
    main()
