"""A reading exercise: a question, passages, and the answer with the places that it is copied from."""

from collections.abc import Sequence
from dataclasses import dataclass

from tandem.prompts import apart_prompt
from tandem.tables import told

ABSTAIN = "I don't know"


@dataclass(frozen=True)
class Copy:
    """`n_chars` of an answer, from `answer_at` on, that stand in `passages[passage]` from `at` on."""

    passage: int
    at: int
    n_chars: int
    answer_at: int = 0


@dataclass(frozen=True)
class Exercise:
    """Without `copies` the reader must abstain."""

    question: str
    passages: tuple[str, ...]
    answer: str
    copies: tuple[Copy, ...]
    families: tuple[str, ...] = ()

    @property
    def prompt(self) -> str:
        """What the reader sees."""
        return apart_prompt(self.question, self.passages)

    @property
    def cited(self) -> tuple[int, ...]:
        """The numbers of the passages that the answer is copied from, from 1, in the order of the answer."""
        return tuple(dict.fromkeys(copy.passage + 1 for copy in self.copies))

    def prompt_at(self, copy: Copy) -> int | None:
        """The character offset in the prompt of what is copied; None where the prompt tells it in pieces: cells of a table."""
        places = told(self.passages[copy.passage]).places[copy.at : copy.at + copy.n_chars]
        if places[0] < 0 or places != list(range(places[0], places[0] + copy.n_chars)):
            return None
        return len(apart_prompt(self.question, [*self.passages[: copy.passage], ""])) + places[0]


def copied(question: str, passages: Sequence[str], answer: str, passage: int, at: int, families: tuple[str, ...] = ()) -> Exercise:
    """The exercise whose whole answer stands in one passage, from `at` on."""
    return Exercise(question, tuple(passages), answer, (Copy(passage, at, len(answer)),), families)


def abstention(question: str, passages: Sequence[str], families: tuple[str, ...] = ()) -> Exercise:
    """The exercise whose passages do not hold the answer."""
    return Exercise(question, tuple(passages), ABSTAIN, (), families)
