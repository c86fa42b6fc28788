"""What the offline reader is examined on while it trains: wordings, names and organisations that no training exercise has."""

import re
from collections.abc import Mapping, Sequence
from random import Random

import torch

from tandem.synthetic import Exercise, Mix, draw_exam
from tandem.synthetic.written import Shelf, make_written
from tasks.generate import has_fast_bf16
from tasks.reader_learner import Learner
from tasks.written_library import organisations, read_library

N_EVALUATED = 96
EXAM_WEIGHTS = {"one_passage": 0.1, "three_passages": 0.15, "eight_passages": 0.15, "abstention": 0.1, "written": 0.5}


def normalise(text: str) -> str:
    """Lower-case letters and digits only: case, spacing and punctuation are restored after generation."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


@torch.no_grad()
def answer_all(learner: Learner, prompts: Sequence[str], n_at_once: int = 32) -> list[str]:
    """Greedy answers, in the order of the prompts."""
    learner.model.eval()
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers = [""] * len(prompts)
    for start in range(0, len(order), n_at_once):
        chosen = order[start : start + n_at_once]
        encoded = learner.tokenizer([prompts[i] for i in chosen], return_tensors="pt", padding=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=has_fast_bf16()):
            ids = learner.model.generate(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"])
        for i, text in zip(chosen, learner.tokenizer.batch_decode(ids, skip_special_tokens=True), strict=True):
            answers[i] = text
    learner.model.train()
    return answers


def exam(n_passages: int, seed: int, n: int = N_EVALUATED, absent: float = 0.0) -> list[Exercise]:
    """`n` fixed exercises that their passages answer, or, at `absent` 1, do not."""
    return draw_exam(Random(seed), n, n_passages, Mix(absent=absent, no_context=0.0, target_chars=(80, 450)))


def written_exam(library: Sequence[Mapping[int, Shelf]], n_passages: int, seed: int, n: int) -> list[Exercise]:
    """`n` fixed exercises over written organisations that no training exercise is of, answerable or not."""
    rng = Random(seed)
    found: list[Exercise] = []
    while library and len(found) < n:
        made = make_written(rng, library, n_passages)
        found += [made] if made and len(made.answer) < 300 and max(map(len, made.passages)) < 1000 else []
    return found


def evaluate(learner: Learner) -> dict[str, float]:
    """Exact match (letters and digits only) on held-out wordings and names, and the share of answers that are held by what is said on
    held-out organisations."""
    exams = {
        "one_passage": exam(n_passages=1, seed=1),
        "three_passages": exam(n_passages=3, seed=2),
        "eight_passages": exam(n_passages=8, seed=5),
        "abstention": exam(n_passages=3, seed=3, absent=1.0),
        "written": written_exam(read_library(organisations("held_out")), 5, 4, 2 * N_EVALUATED),
    }
    scores, wrong = {}, []
    for name, exercises in exams.items():
        answers = answer_all(learner, [exercise.prompt for exercise in exercises])
        hits = [
            is_held(normalise(exercise.answer), normalise(answer), name == "written")
            for answer, exercise in zip(answers, exercises, strict=True)
        ]
        scores[name] = sum(hits) / max(1, len(hits))
        wrong += [
            (exercise.question, exercise.answer, answer) for exercise, answer, hit in zip(exercises, answers, hits, strict=True) if not hit
        ][: 30 if name == "written" else 4]
    print("   wrong:", *wrong, sep="\n      ", flush=True)
    return scores


def is_held(expected: str, said: str, loosely: bool) -> bool:
    """Whether it is the answer, or, loosely, holds it and little more."""
    return expected == said or (loosely and f" {expected} " in f" {said} " and len(said.split()) <= 2 * len(expected.split()) + 6)


def overall(scores: dict[str, float]) -> float:
    """One number to choose a checkpoint by."""
    return sum(EXAM_WEIGHTS[name] * score for name, score in scores.items())
