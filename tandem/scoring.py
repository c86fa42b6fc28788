"""What is measured on an answer, and how the rows of one variant become its scorecard."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from tandem.errors import Refused
from tandem.form import form_ok
from tandem.params import Form
from tandem.records import Example, Passage, Row, Scorecard, SetUp, Usage

# English words that carry no claim. In another language they simply count as content.
_FUNCTION_WORDS = """
a an the and or but if so of to in on at by for from with as into per than that this these those it its is are was were be been being do
does did has have had not no there here which who whom whose what when where you your we our they their he she his her i my me us them
can could will would shall should may might must also
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_THOUSANDS = re.compile("(?<=\\d)[,\u00a0\u2009\u202f](?=\\d{3}(?!\\d))")
_APOSTROPHES = re.compile("(?<=\\w)['\u2019](?=\\w)")
_NOISE = re.compile(r"(?!(?<=\d)\.(?=\d))(?!(?<![^\s(\[])-(?=\d))[^\w\s%$€£¥]|_")  # keeps 2.5 and -5
_STANDS_ALONE = re.compile("([%$€£¥]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")  # units, and scripts without spaces
_ARTICLES = frozenset({"a", "an", "the"})
_CITATION = re.compile(r"\[\d+\]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a row: `of` gives its value in [0, 1], or None where it does not apply; a scorecard holds the mean of the rest."""

    of: Callable[[Row], float | None]
    higher_is_better: bool = True


MEASURES: dict[str, Measure] = {
    "quality": Measure(lambda row: row.quality),
    "exact_match": Measure(lambda row: row.exact_match),
    "token_f1": Measure(lambda row: row.token_f1),
    "rouge_l": Measure(lambda row: row.rouge_l),
    "form": Measure(lambda row: row.form),
    "grounding": Measure(lambda row: row.grounding),
    "citation_precision": Measure(lambda row: row.citation_precision),
    "citation_recall": Measure(lambda row: row.citation_recall),
    "false_answers": Measure(lambda row: float(not row.abstained) if row.should_abstain else None, higher_is_better=False),
    "false_abstentions": Measure(lambda row: None if row.should_abstain else float(row.abstained), higher_is_better=False),
}


def normalise(text: str) -> str:
    """Words joined by single spaces: case, punctuation and apostrophes gone; numbers kept whole.

    `1,200` becomes `1200`, `2.5` and `-5` stay, `5%` and `5 %` both become `5 %`; CJK characters stand alone.
    """
    text = _THOUSANDS.sub("", text.replace("\u2212", "-"))
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_STANDS_ALONE.sub(r" \1 ", _NOISE.sub(" ", text)).split())


def facts_share(answer: str, facts: Sequence[str]) -> float | None:
    """Share of `facts` that occur in the answer as whole words in order; None where there are none.

    Recall alone: an answer that says everything scores 1, so token F1 and grounding are kept beside it.
    """
    wanted = [words for fact in facts if (words := normalise(fact))]
    if not wanted:
        return None
    said = f" {normalise(answer)} "
    return sum(f" {words} " in said for words in wanted) / len(wanted)


def exact_match(answer: str, expected: str) -> float:
    """1.0 when both are the same words, articles aside (SQuAD, Rajpurkar et al. 2016)."""
    return float(_squad_words(answer) == _squad_words(expected))


def token_f1(answer: str, expected: str) -> float:
    """F1 of the two bags of words, articles aside (SQuAD, Rajpurkar et al. 2016); when either is empty, 1.0 only if both are."""
    said, wanted = _squad_words(answer), _squad_words(expected)
    if not said or not wanted:
        return float(said == wanted)
    return 2 * sum((Counter(said) & Counter(wanted)).values()) / (len(said) + len(wanted))


def rouge_l(answer: str, expected: str) -> float:
    """F-measure of the longest common subsequence of words (Lin 2004); words are those of `normalise`, so that any script counts."""
    return float(_rouge_scorer().score(expected, answer)["rougeL"].fmeasure)


_TEXT_MEASURES: dict[str, Callable[[str, str], float]] = {"exact_match": exact_match, "token_f1": token_f1, "rouge_l": rouge_l}


def quality(answer: str, example: Example, metric: str) -> float | None:
    """How right the answer is, 0-1; None for an unanswerable example. `facts` is token F1 where the example names no facts."""
    if metric != "facts" and metric not in _TEXT_MEASURES:
        raise Refused(
            f"evaluation.quality is {metric!r}, known are facts, {', '.join(_TEXT_MEASURES)}", hint="Mend params.yaml and run again."
        )
    if not example.answerable:
        return None
    share = facts_share(answer, example.facts) if metric == "facts" else None
    return share if share is not None else _TEXT_MEASURES.get(metric, token_f1)(answer, example.answer)


def grounding(answer: str, passages: Sequence[Passage | str]) -> float | None:
    """Share of the answer's content words that retrieved text supports, 0-1; None without passages or without words.

    Sentence by sentence: a sentence that stands verbatim in one passage is fully supported; one with a number that no passage holds
    not at all (a wrong number is the error that overlap alone would miss); else its share is that of the one passage that holds most
    of its content words. Sentences weigh by their content words. A lexical bound: a true paraphrase scores lower.
    """
    texts = [normalise(passage if isinstance(passage, str) else passage.shown_text) for passage in passages]
    bags = [frozenset(text.split()) for text in texts]
    anywhere: frozenset[str] = frozenset().union(*bags)
    n_words = n_supported = 0
    for sentence in _SENTENCE_END.split(_CITATION.sub(" ", answer)):
        words = normalise(sentence).split()
        content = [word for word in words if word not in FUNCTION_WORDS] or words
        n_words += len(content)
        if any(f" {' '.join(words)} " in f" {text} " for text in texts):
            n_supported += len(content)
        elif not any(any(map(str.isdigit, word)) and word not in anywhere for word in content):
            n_supported += max((sum(word in bag for word in content) for bag in bags), default=0)
    return n_supported / n_words if texts and n_words else None


def citation_scores(cited_docs: Iterable[str], sources: Iterable[str]) -> tuple[float | None, float | None]:
    """Precision and recall of the cited documents. Precision is None when nothing is cited, both are None without known sources."""
    cited, wanted = set(cited_docs), set(sources)
    if not wanted:
        return None, None
    n_right = len(cited & wanted)
    return (n_right / len(cited) if cited else None), n_right / len(wanted)


def retrieval_scores(ranked_doc_ids: Iterable[str], sources: Iterable[str]) -> dict[str, float] | None:
    """`hit@1`, `hit@5` and `rr` (reciprocal rank) of the first source in the ranking; None without sources.

    The ranking may name a document once a chunk: a document's rank is that of its best chunk among distinct documents.
    """
    wanted = set(sources)
    if not wanted:
        return None
    rank = next((rank for rank, doc in enumerate(dict.fromkeys(ranked_doc_ids), 1) if doc in wanted), None)
    return {"hit@1": float(rank == 1), "hit@5": float(rank is not None and rank <= 5), "rr": 1 / rank if rank else 0.0}


def retrieval_summary(scores: Iterable[Mapping[str, float] | None]) -> dict[str, float | None]:
    """`hit@1`, `hit@5`, `mrr` as means over the questions that have sources, and their number `n`."""
    kept = [score for score in scores if score is not None]
    means = {name: _mean([score[key] for score in kept]) for name, key in (("hit@1", "hit@1"), ("hit@5", "hit@5"), ("mrr", "rr"))}
    return {**means, "n": len(kept)}


def score_row(
    example: Example,
    *,
    output: str,
    answer: str,
    passages: Sequence[Passage | str],
    cited_docs: Iterable[str],
    abstained: bool,
    n_tokens_in: int,
    n_tokens_out: int,
    cost_usd: float,
    form: Form,
    metric: str,
    restricted: bool = False,
    usage: Usage | None = None,
) -> Row:
    """One question answered by one variant. `output` is the raw text (form), `answer` what is said in it (all else).

    An abstention on an answerable question is wrong in every text measure. Grounding and citations apply to answers from passages
    alone; an answer from passages that cites nothing has citation recall 0. The row of an example with roles is restricted as well.
    """
    wanted = example.answerable

    def text_score(score: Callable[[], float | None]) -> float | None:
        return None if not wanted else 0.0 if abstained else score()

    fits = form_ok(output, form)
    from_passages = bool(passages) and not abstained
    precision, recall = citation_scores(cited_docs, example.sources) if from_passages and wanted else (None, None)
    shown = tuple(passage if isinstance(passage, str) else passage.shown_text for passage in passages)
    restricted = restricted or bool(example.roles)
    return Row(
        example_id=example.id,
        question="" if restricted else example.question,
        expected="" if restricted else example.answer,
        output="" if restricted else output,
        answer="" if restricted else answer,
        passages=() if restricted else shown,
        quality=text_score(lambda: quality(answer, example, metric)),
        exact_match=text_score(lambda: exact_match(answer, example.answer)),
        token_f1=text_score(lambda: token_f1(answer, example.answer)),
        rouge_l=text_score(lambda: rouge_l(answer, example.answer)),
        form=None if fits is None else float(fits),
        grounding=grounding(answer, passages) if from_passages else None,
        citation_precision=precision,
        citation_recall=recall,
        abstained=abstained,
        should_abstain=not wanted,
        n_tokens_in=n_tokens_in,
        n_tokens_out=n_tokens_out,
        cost_usd=cost_usd,
        kind=example.kind,
        collection=example.collection,
        restricted=restricted,
        usage=usage,
    )


def scorecard(
    variant: str,
    rows: Sequence[Row],
    retrieval: Mapping[str, float | None],
    latencies_ms: Mapping[str, Sequence[float]],
    simplicity: int,
    staleness: float | None = None,
    forgetting: float | None = None,
    extra: Mapping[str, Any] | None = None,
    setup: SetUp | None = None,
    cost_by_part: Mapping[str, float] | None = None,
) -> Scorecard:
    """The rows of one variant as one scorecard. `latencies_ms`: part -> one value a question; `total` gives p50 and p95, any other
    part (retrieve, generate) `PART_p50` and `PART_p95`. `retrieval` is a `retrieval_summary`, {} for a variant that does not retrieve."""
    values = {name: [value for row in rows if (value := measure.of(row)) is not None] for name, measure in MEASURES.items()}
    latency: dict[str, float | None] = {"p50": None, "p95": None}
    for part, series in latencies_ms.items():
        for share in (50, 95):
            key = f"p{share}" if part == "total" else f"{part}_p{share}"
            latency[key] = float(np.percentile(np.asarray(series, dtype=float), share)) if len(series) else None
    cost = _mean([row.cost_usd for row in rows])
    return Scorecard(
        variant=variant,
        measures={name: _mean(found) for name, found in values.items()},
        counts={name: len(found) for name, found in values.items()},
        rows=tuple(rows),
        retrieval={**retrieval_summary([]), **retrieval},
        latency_ms=latency,
        cost_usd_per_1k=None if cost is None else 1000 * cost,
        simplicity=simplicity,
        staleness=staleness,
        forgetting=forgetting,
        extra=dict(extra or {}),
        setup=setup,
        cost_by_part=dict(cost_by_part or {}),
    )


def summary(card: Scorecard) -> dict[str, Any]:
    """The keys that others rely on in `--json`: nothing more, nothing less, null where a measure does not apply."""
    return {
        **{name: card.measures.get(name) for name in ("quality", "form", "grounding", "citation_precision")},
        "retrieval": {name: card.retrieval.get(name) for name in ("hit@1", "hit@5", "mrr", "n")},
        "latency_ms": {name: card.latency_ms.get(name) for name in ("p50", "p95")},
        "cost_usd_per_1k": card.cost_usd_per_1k,
    }


def scorecard_to_json(card: Scorecard) -> dict[str, Any]:
    """A scorecard as a dict that `json.dumps` takes."""
    return asdict(card)


class _Words:
    """The tokenizer that rouge-score is handed in place of its own, which knows a-z and 0-9 alone."""

    def tokenize(self, text: str) -> list[str]:
        return normalise(text).split()


@lru_cache(maxsize=1)
def _rouge_scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer  # pulls nltk: 1.5 s

    return RougeScorer(["rougeL"], tokenizer=_Words())


def _squad_words(text: str) -> list[str]:
    return [word for word in normalise(text).split() if word not in _ARTICLES]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
