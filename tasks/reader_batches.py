"""What the offline reader trains on: exercises of a stage of its curriculum, as padded batches."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import torch

from tandem.synthetic import Exercise, Mix, Section, make_exercises, read_section
from tandem.synthetic.written import Shelf, make_written, read_manual_questions, shelves
from tasks.base_model import CLS_ID, MAX_TOKENS, WRITTEN

MAX_ANSWER_TOKENS = 120
MAX_SOURCE_TOKENS = 1400
WRITTEN_SHARE, MANUAL_SHARE = 0.55, 0.1  # of the exercises, where there are any
PLAIN_KEPT = 0.5  # of the written questions that nothing of the answer's kind stands beside: some three in five then have a rival


@dataclass(frozen=True)
class Stage:
    """One step of the curriculum; left when the share of wholly right answers (teacher-forced) reaches `leave_at`."""

    n_passages: tuple[int, ...]
    mix: Mix
    leave_at: float
    tokens_a_batch: int


STAGES = (
    Stage((1,), Mix(absent=0.06, cloze=0.08, target_chars=(60, 250)), 0.60, 2048),
    Stage((1, 2, 2), Mix(absent=0.08, cloze=0.10, target_chars=(80, 400)), 0.72, 3072),
    Stage((1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 5, 5, 8, 8, 8), Mix(absent=0.18, cloze=0.05, first=0.3, target_chars=(80, 450)), 2.0, 4096),
)


@dataclass(frozen=True)
class Material:
    """What exercises are made of besides grammar: real prose, nouns, manuals' sections, and the written library by source."""

    paragraphs: Sequence[str] = ()
    vocabulary: Sequence[str] = ()
    sections: Sequence[Section] = ()
    written: Sequence[Mapping[int, Shelf]] = ()
    manuals: Sequence[Mapping[int, Shelf]] = ()


@dataclass(frozen=True)
class Batch:
    """`copied` (n, n_answer) is the source position of each answer token, -1 where none is copied; `span` (n, 2) is 0, 0 to abstain."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    decoder_ids: torch.Tensor
    labels: torch.Tensor
    copied: torch.Tensor
    span: torch.Tensor


@dataclass(frozen=True, slots=True)
class EncodedExercise:
    """Token ids: `source`, `answer` with the end token, `copied_from` (of each the source position it is copied from, -1: none),
    and the `citation` behind the end: the numbers of the passages copied from. Generation never reaches it; an adapter that teaches to
    cite finds it there."""

    source: list[int]
    answer: list[int]
    copied_from: list[int]
    citation: list[int]


def encode(tokenizer: Any, exercises: Sequence[Exercise]) -> list[EncodedExercise]:
    """The exercises that fit, each encoded."""
    sources = tokenizer([exercise.prompt for exercise in exercises], verbose=False)
    answers = tokenizer([exercise.answer for exercise in exercises])
    behind = tokenizer(["".join(f"[{number}]" for number in exercise.cited) for exercise in exercises])["input_ids"]
    rows = []
    for i, exercise in enumerate(exercises):
        source, answer = sources["input_ids"][i], answers["input_ids"][i]
        starts = [at for at in map(exercise.prompt_at, exercise.copies) if at is not None]
        if (
            len(starts) < len(exercise.copies)
            or len(source) > MAX_SOURCE_TOKENS
            or len(answer) > MAX_ANSWER_TOKENS
            or _longest_part(source) > MAX_TOKENS
        ):
            continue
        positions = [-1] * len(answer)
        for copy, source_at in zip(exercise.copies, starts, strict=True):
            for char in range(copy.n_chars):
                token, place = answers.char_to_token(i, copy.answer_at + char), sources.char_to_token(i, source_at + char)
                if token is not None and place is not None and answer[token] == source[place]:
                    positions[token] = place
        if max(positions) >= 0 or not exercise.copies:
            rows.append(EncodedExercise(source, answer[1:], positions[1:], behind[i][1:] if exercise.cited else []))
    return rows


def _longest_part(source: Sequence[int]) -> int:
    starts = [at for at, token in enumerate(source) if token == CLS_ID]
    return max(end - start for start, end in zip(starts, [*starts[1:], len(source)], strict=True))


def collate(rows: Sequence[EncodedExercise]) -> Batch:
    """Pad to the longest row."""
    n, n_source, n_answer = len(rows), max(len(row.source) for row in rows), max(len(row.answer) + len(row.citation) for row in rows)
    input_ids, mask = torch.zeros(n, n_source, dtype=torch.long), torch.zeros(n, n_source, dtype=torch.long)
    decoder_ids, labels = torch.zeros(n, n_answer, dtype=torch.long), torch.full((n, n_answer), -100)
    copied, span = torch.full((n, n_answer), -1), torch.full((n, 2), -100)
    for i, row in enumerate(rows):
        input_ids[i, : len(row.source)], mask[i, : len(row.source)] = torch.tensor(row.source), 1
        written = [*row.answer, *row.citation]
        decoder_ids[i, : len(written)], labels[i, : len(written)] = torch.tensor([CLS_ID, *written[:-1]]), torch.tensor(written)
        copied[i, : len(row.copied_from)] = torch.tensor(row.copied_from)
        places = [place for place in row.copied_from if place >= 0]
        if places:
            end = next((at for at, (one, after) in enumerate(pairwise(places)) if after != one + 1), len(places) - 1)
            span[i] = torch.tensor([places[0], places[end]])
        elif not row.citation:
            span[i] = 0
    return Batch(input_ids, mask, decoder_ids, labels, copied, span)


def make_batches(tokenizer: Any, rng: Random, stage: Stage, material: Material, n_exercises: int = 480) -> list[Batch]:
    """A pool of exercises, sorted by length so that padding wastes little, cut by tokens and shuffled."""
    rows = sorted(encode(tokenizer, draw(rng, stage, material, n_exercises)), key=lambda row: len(row.source))
    batches: list[Batch] = []
    pending: list[EncodedExercise] = []
    for row in rows:
        if pending and len(row.source) * (len(pending) + 1) > stage.tokens_a_batch:
            batches.append(collate(pending))
            pending = []
        pending.append(row)
    batches.append(collate(pending))
    rng.shuffle(batches)
    return batches


def draw(rng: Random, stage: Stage, material: Material, n_exercises: int) -> list[Exercise]:
    """At least so many exercises of a stage, written and made up."""
    exercises: list[Exercise] = []
    while len(exercises) < n_exercises:
        n_passages, roll = rng.choice(stage.n_passages), rng.random()
        library = material.manuals if roll < MANUAL_SHARE else material.written if roll < MANUAL_SHARE + WRITTEN_SHARE else ()
        if library:
            made = make_written(rng, library, n_passages, PLAIN_KEPT)
            exercises += [made] if made else []
        else:
            exercises += make_exercises(rng, "train", n_passages, 1, stage.mix, material.paragraphs, material.vocabulary, material.sections)
    return exercises


def read_paragraphs(max_chars: int = 900) -> list[str]:
    """Real prose that every Python installation carries (the language reference): for fillers, distractors and cloze."""
    from pydoc_data.topics import topics

    paragraphs = []
    for topic in topics.values():
        for block in re.split(r"\n\s*\n", topic):
            text = re.sub(r"\s+", " ", block).strip()
            if 120 <= len(text) <= max_chars and sum(c.isalpha() or c == " " for c in text) > 0.88 * len(text):
                paragraphs.append(text)
    return paragraphs


def read_sections(folder: Path | None) -> list[Section]:
    """Sections of real manuals, for long answers: of each `.jsonl` file below `folder`, one {"title", "text"} a line, repeats once."""
    files = sorted(folder.glob("*.jsonl")) if folder else []
    lines = dict.fromkeys(line["title"] + "\n" + line["text"] for file in files for line in map(json.loads, file.open(encoding="utf-8")))
    found = (read_section(*line.split("\n", 1)) for line in lines)
    return [section for section in found if section is not None]


def read_manuals(folder: Path | None, questions: Path = WRITTEN / "manual-questions.tsv") -> list[Mapping[int, Shelf]]:
    """Sections of real manuals with the questions written on them; nothing where the manuals are not at hand."""
    if folder is None or not questions.is_file():
        return []
    sections = {}
    for file in sorted(folder.glob("*.jsonl")):
        for line in map(json.loads, file.open(encoding="utf-8")):
            if "id" in line:
                sections[f"{file.stem}#{line['id']}"] = (line["title"], sentences_of(line["title"], line["text"]))
    texts = read_manual_questions(questions.read_text(encoding="utf-8").splitlines(), sections)
    return [shelves(texts, repeats=True)] if texts else []


def sentences_of(title: str, text: str) -> list[str]:
    """A section's sentences, as the written questions count them."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    kept = [line for line in lines if line and line not in (title, "Was this content helpful?")]
    return [sentence for line in kept for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z0-9])", line)]
