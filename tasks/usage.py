"""What answers and their preparation took: the amounts that the price book prices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tandem.economics import cost_by_part, mean_usage
from tandem.params import Prices
from tandem.records import Document, Generation, SetUp, Usage
from tasks.candidates import Candidate
from tasks.facts import count_each
from tasks.lineup import Found
from tasks.train import read_trained


def usages_of(found: Sequence[Found], outputs: Sequence[tuple[Generation, float]]) -> list[Usage]:
    """One usage an answer, its seconds those of search and generation. Context tokens, of the passages that were read, are counted in
    the package's own vocabulary."""
    read = [one.passages[: generation.n_read] for one, (generation, _) in zip(found, outputs, strict=True)]
    contexts = count_each(["\n".join(passage.shown_text for passage in passages) for passages in read])
    return [
        Usage(
            n_tokens_in=generation.n_tokens_in,
            n_tokens_out=generation.n_tokens_out,
            n_cached_tokens=generation.n_cached_tokens,
            n_context_tokens=min(n_context, generation.n_tokens_in),
            n_embedding_tokens=one.n_tokens,
            seconds=one.seconds + seconds,
        )
        for one, n_context, (generation, seconds) in zip(found, contexts, outputs, strict=True)
    ]


def document_tokens(documents: Iterable[Document]) -> int:
    """Tokens of all documents: what the first embedding reads."""
    return sum(count_each([document.text for document in documents]))


def setup_of(candidate: Candidate, n_document_tokens: int) -> SetUp:
    """What a candidate needs before its first answer; its training as the record beside the adapter tells it."""
    trained = read_trained(candidate.adapter_dir / "training.json") if candidate.adapter_dir else None
    return SetUp(
        retrieve=candidate.behaviour["retrieve"],
        adapter=candidate.behaviour["adapter"],
        n_document_tokens=n_document_tokens,
        n_training_tokens=round(trained.seconds * trained.tokens_per_s) if trained else 0,
        training_hours=trained.seconds / 3600 if trained else 0.0,
    )


def mean_cost_by_part(prices: Prices, usages: Sequence[Usage], adapter: bool) -> dict[str, float]:
    """The parts of a mean answer's cost; empty where there is none."""
    usage = mean_usage(usages)
    return {} if usage is None else cost_by_part(prices, usage, adapter)
