"""What is measured on an answer, and how the rows of one variant become its scorecard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from math import log2
from typing import Any

import numpy as np

from tandem.errors import Refused
from tandem.form import form_ok
from tandem.grounding import grounding
from tandem.misses import NOT_RETRIEVED, NOT_USED, WRONG_THOUGH_USED, outcome
from tandem.params import Form
from tandem.quotations import FABRICATED, STITCHED, VERBATIM, WRONG_DOCUMENT, WRONG_PASSAGE, quotation
from tandem.records import Example, Passage, Row, Scorecard, SetUp, Usage
from tandem.words import normalise

STAGES = ("retrieve", "rerank", "generate")  # of an answer, timed apart
_ARTICLES = frozenset({"a", "an", "the"})


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
    "similarity": Measure(lambda row: row.similarity),
    "judge": Measure(lambda row: row.judge),
    "consistency": Measure(lambda row: row.consistency),
    "right_in_all_wordings": Measure(lambda row: row.right_in_all_wordings),
    "closed_book_facts": Measure(lambda row: row.closed_book_facts),
    "form": Measure(lambda row: row.form),
    "grounding": Measure(lambda row: row.grounding),
    "citation_precision": Measure(lambda row: row.citation_precision),
    "citation_recall": Measure(lambda row: row.citation_recall),
    "false_answers": Measure(lambda row: float(not row.abstained) if row.should_abstain else None, higher_is_better=False),
    "false_abstentions": Measure(lambda row: None if row.should_abstain else float(row.abstained), higher_is_better=False),
    "verbatim_quotes": Measure(lambda row: _share(row.quotation, VERBATIM)),
    "wrong_passage_quotes": Measure(lambda row: _share(row.quotation, WRONG_PASSAGE), higher_is_better=False),
    "wrong_document_quotes": Measure(lambda row: _share(row.quotation, WRONG_DOCUMENT), higher_is_better=False),
    "stitched_quotes": Measure(lambda row: _share(row.quotation, STITCHED), higher_is_better=False),
    "fabricated_quotes": Measure(lambda row: _share(row.quotation, FABRICATED), higher_is_better=False),
    "not_retrieved": Measure(lambda row: _share(row.outcome, NOT_RETRIEVED), higher_is_better=False),
    "retrieved_not_used": Measure(lambda row: _share(row.outcome, NOT_USED), higher_is_better=False),
    "wrong_though_used": Measure(lambda row: _share(row.outcome, WRONG_THOUGH_USED), higher_is_better=False),
}


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


def citation_scores(cited_docs: Iterable[str], sources: Iterable[str]) -> tuple[float | None, float | None]:
    """Precision and recall of the cited documents. Precision is None when nothing is cited, both are None without known sources."""
    cited, wanted = set(cited_docs), set(sources)
    if not wanted:
        return None, None
    n_right = len(cited & wanted)
    return (n_right / len(cited) if cited else None), n_right / len(wanted)


def retrieval_scores(ranked_doc_ids: Iterable[str], sources: Iterable[str]) -> dict[str, float] | None:
    """`hit@1`, `hit@5` and `rr` (reciprocal rank) of the first source in the ranking, `ndcg@10` of all; None without sources.

    The ranking may name a document once a chunk: a document's rank is that of its best chunk among distinct documents. nDCG with a
    gain of 1 for a source and the discount log2(rank + 1) (Järvelin & Kekäläinen 2002).
    """
    wanted = set(sources)
    if not wanted:
        return None
    ranks = [rank for rank, doc in enumerate(dict.fromkeys(ranked_doc_ids), 1) if doc in wanted]
    rank = ranks[0] if ranks else None
    gain, best = _discounted([rank for rank in ranks if rank <= 10]), _discounted(range(1, min(len(wanted), 10) + 1))
    return {
        "hit@1": float(rank == 1),
        "hit@5": float(rank is not None and rank <= 5),
        "rr": 1 / rank if rank else 0.0,
        "ndcg@10": gain / best,
    }


def retrieval_summary(scores: Iterable[Mapping[str, float] | None]) -> dict[str, float | None]:
    """`hit@1`, `hit@5`, `mrr`, `ndcg@10` as means over the questions that have sources, and their number `n`."""
    kept = [score for score in scores if score is not None]
    keys = {"hit@1": "hit@1", "hit@5": "hit@5", "mrr": "rr", "ndcg@10": "ndcg@10"}
    means = {name: _mean([score[key] for score in kept]) for name, key in keys.items()}
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
    cited: Sequence[int] = (),
    dated: str = "",
) -> Row:
    """One question answered by one variant. `output` is the raw text (form), `answer` what is said in it (all else), `cited` the
    numbers of the passages that it cites, from 1.

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
    found = [passage for passage in passages if isinstance(passage, Passage)]
    rightness = text_score(lambda: quality(answer, example, metric))
    return Row(
        example_id=example.id,
        question="" if restricted else example.question,
        expected="" if restricted else example.answer,
        output="" if restricted else output,
        answer="" if restricted else answer,
        passages=() if restricted else shown,
        quality=rightness,
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
        quotation=quotation(answer, found, cited) if from_passages and found else None,
        outcome=outcome(example, "" if abstained else answer, rightness, found, () if abstained else set(cited_docs)),
        closed_book_facts=None if passages or not example.facts else text_score(lambda: facts_share(answer, example.facts)),
        dated=dated,
        documents=() if restricted else tuple("" if isinstance(passage, str) else passage.doc_id for passage in passages),
        cited=() if restricted else tuple(cited),
        sources=() if restricted else example.sources,
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
    """The rows of one variant as one scorecard. `latencies_ms`: stage -> one value a question; `total` gives p50, p95 and p99, each of
    `STAGES` `STAGE_p50` and so on; null where the variant has no such stage. `retrieval` is a `retrieval_summary`, {} for a variant
    that does not retrieve."""
    values = {name: [value for row in rows if (value := measure.of(row)) is not None] for name, measure in MEASURES.items()}
    latency: dict[str, float | None] = {}
    for part in ("total", *STAGES):
        series = np.asarray(latencies_ms.get(part, ()), dtype=float)
        for share in (50, 95, 99):
            key = f"p{share}" if part == "total" else f"{part}_p{share}"
            latency[key] = float(np.percentile(series, share)) if len(series) else None
    cost = _mean([row.cost_usd for row in rows])
    return Scorecard(
        variant=variant,
        measures={name: _mean(found) for name, found in values.items()},
        counts={**{name: len(found) for name, found in values.items()}, "latency": len(latencies_ms.get("total", ()))},
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
        "retrieval": {name: card.retrieval.get(name) for name in ("hit@1", "hit@5", "mrr", "ndcg@10", "n")},
        "latency_ms": dict(card.latency_ms),
        "tokens": mean_tokens(card),
        "cost_usd_per_1k": card.cost_usd_per_1k,
    }


def mean_tokens(card: Scorecard) -> dict[str, float | None]:
    """Tokens `in` and `out` of a mean answer; None without one."""
    return {"in": _mean([row.n_tokens_in for row in card.rows]), "out": _mean([row.n_tokens_out for row in card.rows])}


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


def _discounted(ranks: Iterable[int]) -> float:
    return sum(1 / log2(rank + 1) for rank in ranks)


def _share(seen: str | None, wanted: str) -> float | None:
    return None if seen is None else float(seen == wanted)


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None
