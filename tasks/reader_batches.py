"""What the offline reader trains on: exercises of a stage of its curriculum, as padded batches."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import torch

from tandem.synthetic import Exercise, Mix, Section, make_exercises, read_section
from tasks.base_model import CLS_ID, MAX_TOKENS

MAX_ANSWER_TOKENS = 72
CONTEXT_CHARS = 2000  # about 480 tokens


@dataclass(frozen=True)
class Stage:
    """One step of the curriculum; left when the share of wholly right answers (teacher-forced) reaches `leave_at`."""

    n_passages: tuple[int, ...]
    mix: Mix
    leave_at: float
    tokens_a_batch: int

    def mix_for(self, n_passages: int) -> Mix:
        """The mix with passages short enough for `n_passages` of them to fit the model's input."""
        low, high = self.mix.target_chars
        high = min(high, CONTEXT_CHARS // n_passages)
        return replace(self.mix, target_chars=(min(low, high // 2), high))


STAGES = (
    Stage((1,), Mix(absent=0.06, cloze=0.08, target_chars=(60, 250)), 0.60, 2048),
    Stage((1, 2, 2), Mix(absent=0.07, cloze=0.10, target_chars=(80, 400)), 0.72, 2560),
    Stage((1, 2, 3, 3, 3, 3, 4, 6), Mix(absent=0.07, cloze=0.08, first=0.3, target_chars=(80, 450)), 2.0, 3072),
)


@dataclass(frozen=True)
class Batch:
    """`copied` (n, n_answer) is the source position of each answer token, -1 where none is copied; `span` (n, 2) is 0, 0 to abstain."""

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    decoder_ids: torch.Tensor
    labels: torch.Tensor
    copied: torch.Tensor
    span: torch.Tensor


Row = tuple[list[int], list[int], int, list[int]]


def encode(tokenizer: Any, exercises: Sequence[Exercise]) -> list[Row]:
    """One row an exercise that fits: source ids, answer ids with the end token, source position of the answer (0 abstain, -1 not
    aligned), and what stands behind the end: the number of the passage copied from. Generation never reaches it; an adapter that
    teaches to cite finds it there."""
    sources = tokenizer([exercise.prompt for exercise in exercises], truncation=True, max_length=MAX_TOKENS)
    answers = tokenizer([exercise.answer for exercise in exercises])["input_ids"]
    behind = tokenizer([f"[{exercise.cited}]" if exercise.cited else "" for exercise in exercises])["input_ids"]
    rows = []
    for i, exercise in enumerate(exercises):
        source, answer = sources["input_ids"][i], answers[i][1:]
        position = 0
        if exercise.answer_at is not None:
            position = sources.char_to_token(i, exercise.answer_at) or -1
            if position < 0 or position + len(answer) > len(source) or len(answer) > MAX_ANSWER_TOKENS:
                continue
            if source[position : position + len(answer) - 1] != answer[:-1]:
                position = -1
        rows.append((source, answer, position, behind[i][1:] if exercise.cited else []))
    return rows


def collate(rows: Sequence[Row]) -> Batch:
    """Pad to the longest row."""
    n, n_source, n_answer = len(rows), max(len(row[0]) for row in rows), max(len(row[1]) + len(row[3]) for row in rows)
    input_ids, mask = torch.zeros(n, n_source, dtype=torch.long), torch.zeros(n, n_source, dtype=torch.long)
    decoder_ids, labels = torch.zeros(n, n_answer, dtype=torch.long), torch.full((n, n_answer), -100)
    copied, span = torch.full((n, n_answer), -1), torch.full((n, 2), -100)
    for i, (source, answer, position, behind) in enumerate(rows):
        input_ids[i, : len(source)], mask[i, : len(source)] = torch.tensor(source), 1
        written = [*answer, *behind]
        decoder_ids[i, : len(written)], labels[i, : len(written)] = torch.tensor([CLS_ID, *written[:-1]]), torch.tensor(written)
        if position > 0:
            copied[i, : len(answer) - 1] = torch.arange(position, position + len(answer) - 1)
            span[i] = torch.tensor([position, position + len(answer) - 2])
        elif position == 0:
            span[i] = 0
    return Batch(input_ids, mask, decoder_ids, labels, copied, span)


def make_batches(
    tokenizer: Any,
    rng: Random,
    stage: Stage,
    paragraphs: Sequence[str],
    vocabulary: Sequence[str] = (),
    sections: Sequence[Section] = (),
    n_exercises: int = 480,
) -> list[Batch]:
    """A pool of exercises, sorted by length so that padding wastes little, cut by tokens and shuffled."""
    exercises: list[Exercise] = []
    while len(exercises) < n_exercises:
        n_passages = rng.choice(stage.n_passages)
        exercises += make_exercises(rng, "train", n_passages, 2, stage.mix_for(n_passages), paragraphs, vocabulary, sections)
    rows = sorted(encode(tokenizer, exercises), key=lambda row: len(row[0]))
    batches: list[Batch] = []
    pending: list[Row] = []
    for row in rows:
        if pending and len(row[0]) * (len(pending) + 1) > stage.tokens_a_batch:
            batches.append(collate(pending))
            pending = []
        pending.append(row)
    batches.append(collate(pending))
    rng.shuffle(batches)
    return batches


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
