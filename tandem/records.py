"""The nouns of Tandem: frozen records that the layers hand to each other. Words are those of docs/GLOSSARY.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MAX_QUESTION_CHARS = 2_000  # of a question that is asked, or that is an example's


@dataclass(frozen=True, slots=True)
class Document:
    """One source file. `id` is its path below `data/documents/`, with forward slashes; `text` is Markdown without front matter.

    `is_titled`: whether its title is its own, and not only the name of its file.
    """

    id: str
    text: str
    md5: str
    title: str = ""
    roles: tuple[str, ...] = ()
    trainable: bool = True
    valid_until: date | None = None
    dated: date | None = None
    is_titled: bool = True

    @property
    def collection(self) -> str:
        """The first folder of the path; empty for a document at the top."""
        return self.id.split("/", 1)[0] if "/" in self.id else ""

    @property
    def may_train(self) -> bool:
        """Whether its text may enter a training set: never with roles, never with `trainable: false`."""
        return self.trainable and not self.roles


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of a document. `id` = hash(document id, ordinal, text); `heading` is the path of headings above it, joined by ' > '.

    `file_title`: what the heading begins with where that is only the name of the file.
    """

    id: str
    doc_id: str
    ordinal: int
    heading: str
    text: str
    collection: str = ""
    roles: tuple[str, ...] = ()
    file_title: str = ""

    @property
    def search_text(self) -> str:
        """What the full-text index sees: the heading path, then the text."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text

    @property
    def embedded_text(self) -> str:
        """What the embedder sees: the same without the name of the file, so that a rename embeds nothing."""
        heading = self.heading[len(self.file_title) :].removeprefix(" > ") if self.file_title else self.heading
        return f"{heading}\n{self.text}" if heading else self.text


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as found by a search; `score` is the fused rank score, larger is better."""

    chunk_id: str
    doc_id: str
    heading: str
    text: str
    score: float

    @property
    def shown_text(self) -> str:
        """What the generator reads: `heading path: text`."""
        return f"{self.heading}: {self.text}" if self.heading else self.text


class Example(BaseModel):
    """One line of `data/examples.jsonl`. Unknown keys are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    question: str
    answer: str
    sources: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    answerable: bool = True
    kind: str = "normal"
    collection: str = ""
    roles: tuple[str, ...] = ()
    labelled: dict[str, str] = Field(default_factory=dict, description="document id -> md5 of the document when the example was labelled")


@dataclass(frozen=True, slots=True)
class Source:
    """One citation of an answer: the document, the chunk, the words quoted from it and how well it matched the question."""

    document: str
    chunk: str
    quote: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What `tandem ask --json` prints: `answer` bare, `text` in the house form. `fallback` names why an output was replaced, else None."""

    answer: str
    text: str
    sources: tuple[Source, ...]
    abstained: bool
    variant: str
    model_version: str | None = None
    data_version: str | None = None
    index_version: int | None = None
    latency_ms: float | None = None
    cost_usd: float | None = None
    trace_id: str | None = None
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What `tandem doctor` found wrong: the `value` seen, and the `next` command. `done`: what a repair did about it, once `mended`."""

    check: str
    problem: str
    value: str
    next: str
    mended: bool = False
    done: str = ""


@dataclass(frozen=True, slots=True)
class Generation:
    """One raw output of a generator with its token counts. `n_read`: how many of the passages, from the first, it was shown; None: all."""

    text: str
    n_tokens_in: int
    n_tokens_out: int
    n_cached_tokens: int = 0
    n_read: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What one answer took; cached and context tokens are among those in. As a mean over answers it has fractions."""

    n_tokens_in: float = 0
    n_tokens_out: float = 0
    n_cached_tokens: float = 0
    n_context_tokens: float = 0
    n_embedding_tokens: float = 0
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class SetUp:
    """What a variant needs before its first answer: the documents embedded where it retrieves, a training where it has an adapter."""

    retrieve: bool
    adapter: bool
    n_document_tokens: float = 0
    n_training_tokens: float = 0
    training_hours: float = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One question answered by one variant, with what was measured on it. None: the measure does not apply here.

    A `restricted` row was answered from documents with roles: it holds its figures and no text, since reports and records are read
    by people without these roles. `context_holds`: whether its passages hold what a right answer says (tandem.interference). `documents`
    has the id of each passage's document, `cited` the numbers of the passages that are cited, from 1, `sources` the example's own.
    """

    example_id: str
    question: str
    expected: str
    output: str
    answer: str
    passages: tuple[str, ...]
    quality: float | None
    exact_match: float | None
    token_f1: float | None
    rouge_l: float | None
    form: float | None
    grounding: float | None
    citation_precision: float | None
    citation_recall: float | None
    abstained: bool
    should_abstain: bool
    n_tokens_in: int
    n_tokens_out: int
    cost_usd: float
    kind: str = "normal"
    collection: str = ""
    restricted: bool = False
    usage: Usage | None = None
    similarity: float | None = None
    judge: float | None = None
    quotation: str | None = None  # a verdict of tandem.quotations
    outcome: str | None = None  # a word of tandem.misses
    closed_book_facts: float | None = None
    consistency: float | None = None
    right_in_all_wordings: float | None = None
    dated: str = ""  # the day (ISO) of its newest dated source
    context_holds: bool | None = None
    documents: tuple[str, ...] = ()
    cited: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One variant's measures on one held-out set.

    `measures` maps a name of `tandem.scoring.MEASURES` to its mean over the rows where it applies (None: applies nowhere);
    `counts` maps the same name to that number of rows, and `latency` to that of the questions timed. `retrieval` holds hit@1, hit@5,
    mrr, ndcg@10, n; `latency_ms` p50, p95, p99 and those of its stages. `simplicity` is 0 for the simplest: 1 retrieves, 2 has an adapter.
    `cost_by_part` is a mean answer's, by the price book of the run.
    """

    variant: str
    measures: dict[str, float | None]
    counts: dict[str, int]
    rows: tuple[Row, ...]
    retrieval: dict[str, float | None]
    latency_ms: dict[str, float | None]
    cost_usd_per_1k: float | None
    simplicity: int
    staleness: float | None = None
    forgetting: float | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    setup: SetUp | None = None
    cost_by_part: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference with its 95 % interval over `n` paired questions."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What to promote and why. `variant` is the winner (None: nobody qualifies); `promoted` says whether it replaces the champion."""

    promoted: bool
    variant: str | None
    reasons: tuple[str, ...]
    n: int
    interval: Interval | None
    violations: dict[str, tuple[str, ...]]
    champion: str | None = None
