"""A judge model's grade of answers, as a second opinion beside the deterministic measures: `evaluation.judge` in params.yaml."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tandem.params import Form, Prompt
from tandem.records import Example, Row
from tasks.generate import Generator, load_generator
from tasks.inputs import Request
from tasks.workspace import Workspace

INSTRUCTION = (
    "You grade answers. Compare the given answer with the expected one; other words for the same are right. "
    "Reply with one number and nothing else: 1 if it is right, 0.5 if part of it is right, 0 if it is wrong."
)
_GRADE = re.compile(r"(?<![\d.])(?:1(?:\.0+)?|0(?:\.\d+)?)(?![\d.]*\d)")


class Judge:
    """The model of `evaluation.judge`, local or behind an endpoint, loaded when the first answer is graded. Greedy, so temperature 0."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._generator: Generator | None = None

    def added_to(self, rows: Sequence[Row], examples: Sequence[Example], answers: Sequence[str]) -> list[Row]:
        """The rows with `judge`: 0 for an abstention; None where no answer exists, where the reply holds no grade, and for restricted
        rows, whose text is for no one else."""
        params = self._workspace.params.evaluation.judge
        if params is None:
            return list(rows)
        graded = [not (row.should_abstain or row.abstained or row.restricted) for row in rows]
        asked = [request(example, said) for example, said, wanted in zip(examples, answers, graded, strict=True) if wanted]
        if self._generator is None:
            self._generator = load_generator(params, Form(), self._workspace.settings)
        replies = iter(self._generator.generate(asked, Prompt(instruction=INSTRUCTION), adapter=False))
        return [
            replace(row, judge=grade(next(replies).text)) if wanted else replace(row, judge=0.0) if _is_wrong_unasked(row) else row
            for row, wanted in zip(rows, graded, strict=True)
        ]


def request(example: Example, answer: str) -> Request:
    """What the judge is asked, without any passage: it grades what is said, not where it is from."""
    return Request(f"{example.question}\nExpected answer: {example.answer}\nGiven answer: {answer}\nGrade:")


def grade(reply: str) -> float | None:
    """The first number from 0 to 1 in a reply; None where there is none."""
    found = _GRADE.search(reply)
    return float(found.group()) if found else None


def _is_wrong_unasked(row: Row) -> bool:
    return row.abstained and not row.should_abstain and not row.restricted
