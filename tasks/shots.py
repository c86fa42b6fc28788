"""Few-shot examples of a variant (`prompt.shots`): answered questions of the training side, frozen into its behaviour."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tandem.params import Params, Variant
from tandem.prompts import Shot, shortened, target
from tandem.records import Example, Passage
from tandem.scoring import normalise
from tasks.dataset import holds_a_fact, is_usable, trainable
from tasks.examples import Labelled, load_examples
from tasks.rerank import retrieve
from tasks.workspace import Workspace

Context = Callable[[Sequence[Example]], list[list[Passage]]]


@dataclass(frozen=True)
class Candidates:
    """Examples that may be shown, in the order in which they are taken, and the documents that they may quote."""

    examples: tuple[Example, ...]
    documents: frozenset[str]


def shot_candidates(workspace: Workspace, labelled: Labelled | None = None) -> Candidates:
    """Of the training side alone, and only what may train: never held out, restricted, expired or unfit. By a hash of their ids: a new
    example displaces one of the others at most."""
    labelled = labelled or load_examples(workspace)
    allowed = trainable(workspace, labelled.documents)
    usable = [example for example in labelled.sides.train if is_usable(example, allowed)]
    order = sorted(usable, key=lambda example: hashlib.sha256(f"{workspace.params.seed}:shot:{example.id}".encode()).digest())
    return Candidates(tuple(order), frozenset(allowed))


def choose_shots(workspace: Workspace, variant: Variant, candidates: Candidates, n: int) -> list[Shot]:
    """The first `n` that can be shown as the variant would see them: with the passages that it finds (one of them of a source), with
    their source documents where it reads the whole knowledge base, else alone. Fewer where there are not as many."""
    params, context, shots = workspace.params, _context(workspace, variant), list[Shot]()
    abstention = (variant.prompt or params.prompt).abstention
    for start in range(0, len(candidates.examples), 2 * n):
        part = candidates.examples[start : start + 2 * n]
        for example, passages in zip(part, context(part), strict=True):
            if len(shots) < n and (shot := _shot(params, abstention, example, passages, candidates.documents)):
                shots.append(shot)
        if len(shots) == n:
            break
    return shots


def _context(workspace: Workspace, variant: Variant) -> Context:
    from tasks.index import open_index

    if variant.whole_context:
        documents = {passage.doc_id: passage for passage in open_index(workspace).documents()}
        return lambda examples: [[documents[source] for source in one.sources if source in documents] for one in examples]
    if not variant.retrieve:
        return lambda examples: [[] for _ in examples]
    index, retrieval = open_index(workspace), variant.retrieval or workspace.params.retrieval
    return lambda examples: retrieve(index, [one.question for one in examples], retrieval, workspace.settings)


def _shot(params: Params, abstention: str, example: Example, passages: Sequence[Passage], allowed: frozenset[str]) -> Shot | None:
    """None where a passage may not be shown to everyone, or none is of a source."""
    if not allowed.issuperset(passage.doc_id for passage in passages):
        return None
    answer = shortened(example.answer, params.adapter.max_answer_chars) if example.answerable else abstention
    cited = _cited(example, answer, passages) if example.answerable else []
    if example.answerable and passages and not cited:
        return None
    return Shot(
        example.id,
        example.question,
        tuple(passage.shown_text for passage in passages),
        target(answer, cited, params.form),
        tuple(sorted({*example.sources, *(passage.doc_id for passage in passages)})),
    )


def _cited(example: Example, answer: str, passages: Sequence[Passage]) -> list[int]:
    """The passages of its sources that hold the answer, else the one that shares most words with it, the best-ranked of equals."""
    of_sources = [number for number, passage in enumerate(passages, start=1) if passage.doc_id in example.sources]
    wanted = set(normalise(answer).split())
    likest = sorted(of_sources, key=lambda number: -len(wanted & set(normalise(passages[number - 1].text).split())))[:1]
    return [number for number in of_sources if holds_a_fact(passages[number - 1].text, example)] or likest
