"""The candidates of a comparison, with their loaded models and open indexes, set the same questions.

Retrieval runs once for all that retrieve alike; a base and its adapter share one loaded model.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tandem.params import Base, Form, Prompt, Retrieval
from tandem.records import Example, Generation, Passage
from tandem.scoring import STAGES
from tasks.answer import Answerer, behaviour_reranker, open_behaviour_index, reads_index, request_of
from tasks.batches import Batch, Generators, Model, answer_batches
from tasks.candidates import Candidate
from tasks.cluster import connect
from tasks.generate import Generator
from tasks.progress import Progress
from tasks.workspace import Workspace

BATCH_SIZE = 64


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found for one question, with the tokens that it embedded and its share of the seconds."""

    passages: list[Passage] = field(default_factory=list)
    n_tokens: int = 0
    seconds: float = 0.0


class Lineup:
    """The candidates with their loaded models and open indexes: each distinct one is held once."""

    def __init__(self, workspace: Workspace, candidates: Sequence[Candidate], versions: Mapping[str, int], progress: Progress):
        self.workspace, self.candidates, self.progress = workspace, candidates, progress
        self._generators = Generators(workspace.settings)
        self._indexes: dict[str, Any] = {}
        self._versions = dict(versions)
        if workspace.settings.ray_address:
            connect(workspace.settings)  # an address that does not answer is refused before minutes of searching
        for done, candidate in enumerate(candidates):
            progress("loading models", done, len(candidates))
            self._generator(candidate)

    def rank(self, examples: Sequence[Example]) -> dict[str, list[list[str]]]:
        """Per kind of retrieval: the documents found for every answerable example, best first, `evaluation.retrieval_depth` deep."""
        answerable = [example for example in examples if example.answerable and example.sources]
        depth = self.workspace.params.evaluation.retrieval_depth
        found: dict[str, list[list[str]]] = {"examples": [[example.id, *example.sources] for example in answerable]}
        for candidate in self.candidates:
            if candidate.behaviour["retrieve"] and (key := retrieval_key(candidate)) not in found:
                wide = Retrieval(**{**candidate.behaviour["retrieval"], "k": depth * 3})
                passages = self._search(candidate, answerable, wide)
                found[key] = [list(dict.fromkeys(passage.doc_id for passage in ranking))[:depth] for ranking in passages]
        return found

    def retrieve(self, examples: Sequence[Example]) -> dict[str, list[Found]]:
        """Per kind of retrieval: what it finds for every question, once; every document where the whole knowledge base is read."""
        found: dict[str, list[Found]] = {}
        for candidate in self.candidates:
            if reads_index(candidate.behaviour) and (key := retrieval_key(candidate)) not in found:
                started = time.perf_counter()
                passages = self._search(candidate, examples, Retrieval(**candidate.behaviour["retrieval"]))
                seconds = (time.perf_counter() - started) / len(examples)
                count = self._answerer(candidate).count_embedded
                found[key] = [Found(one, count(example.question), seconds) for example, one in zip(examples, passages, strict=True)]
        return found

    def generate(self, examples: Sequence[Example], retrieved: Mapping[str, list[Found]]) -> dict[str, list[tuple[Generation, float]]]:
        """Per candidate: every output with its share of the batch's seconds. They take turns, so that shared prompts are encoded once."""
        outputs: dict[str, list[tuple[Generation, float]]] = {candidate.name: [] for candidate in self.candidates}
        turns = zip(*(self._batches(candidate, examples, retrieved) for candidate in self.candidates), strict=True)
        batches = [batch for turn in turns for batch in turn]
        done = 0
        for batch, generations, seconds in answer_batches(batches, self._generators, self.workspace.settings):
            outputs[batch.candidate] += [(generation, seconds) for generation in generations]
            done += len(generations)
            self.progress(f"answering as {batch.candidate}", done, len(self.candidates) * len(examples))
        return outputs

    def time(self, examples: Sequence[Example]) -> dict[str, dict[str, list[float]]]:
        """Milliseconds of answers given one by one, by stage, the candidates taking turns on each question; the first question warms up.
        A stage that a candidate does not have is empty."""
        latencies: dict[str, dict[str, list[float]]] = {
            candidate.name: {stage: [] for stage in (*STAGES, "total")} for candidate in self.candidates
        }
        for done, example in enumerate([*examples[:1], *examples]):
            self.progress("timing answers", done, len(examples))
            for candidate in self.candidates:
                answerer = self._answerer(candidate)
                started = time.perf_counter()
                found = answerer.search([example.question], example.roles)
                searched = time.perf_counter()
                passages = answerer.rerank([example.question], found)[0]
                ready = time.perf_counter()
                answerer.generator.generate([answerer.request(example.question, passages)], answerer.prompt, candidate.behaviour["adapter"])
                ended = time.perf_counter()
                taken = {"retrieve": searched - started, "rerank": ready - searched, "generate": ended - ready, "total": ended - started}
                missing = {"retrieve"} if answerer.index is None else set()
                missing |= set() if answerer.reranker else {"rerank"}
                for stage in taken.keys() - missing if done else ():
                    latencies[candidate.name][stage].append(taken[stage] * 1000)
        return latencies

    def _search(self, candidate: Candidate, examples: Sequence[Example], retrieval: Retrieval) -> list[list[Passage]]:
        """Questions are searched with the roles of their example, so that restricted ones are asked as their readers would."""
        by_roles: dict[tuple[str, ...], list[int]] = {}
        for at, example in enumerate(examples):
            by_roles.setdefault(example.roles, []).append(at)
        found: dict[int, list[Passage]] = {}
        answerer = self._answerer(candidate)
        for roles, places in by_roles.items():
            passages = answerer.retrieve([examples[at].question for at in places], roles, retrieval=retrieval)
            found |= dict(zip(places, passages, strict=True))
        return [found[at] for at in range(len(examples))]

    def _answerer(self, candidate: Candidate) -> Answerer:
        index = None
        if reads_index(candidate.behaviour):
            names = ("index_uri", "table", "embedder", "retrieval", "retrieve")
            key = json.dumps([candidate.behaviour[name] for name in names], sort_keys=True)
            if key not in self._indexes:
                self._indexes[key] = self._pinned(open_behaviour_index(candidate.behaviour, self.workspace.settings))
            index = self._indexes[key]
        reranker = behaviour_reranker(candidate.behaviour, index, self.workspace.settings)
        return Answerer(candidate.behaviour, index, self._generator(candidate), reranker=reranker)

    def _pinned(self, index: Any) -> Any:
        """At the version that the variants' behaviours name, so that a refresh meanwhile shows in none of them; the table of another
        layout, which a champion may still search, at the version that it has when opened."""
        index.pin(self._versions.setdefault(index.table_name, index.version))
        return index

    def _batches(self, candidate: Candidate, examples: Sequence[Example], retrieved: Mapping[str, list[Found]]) -> Iterator[Batch]:
        behaviour, model = candidate.behaviour, self._model(candidate)
        requests = [
            request_of(behaviour, example.question, found.passages)
            for example, found in zip(examples, found_by(candidate, examples, retrieved), strict=True)
        ]
        for start in range(0, len(requests), BATCH_SIZE):
            batch = tuple(requests[start : start + BATCH_SIZE])
            yield Batch(candidate.name, model, Prompt(**behaviour["prompt"]), behaviour["adapter"], batch)

    def _generator(self, candidate: Candidate) -> Generator:
        return self._generators.load(self._model(candidate))

    def _model(self, candidate: Candidate) -> Model:
        """Its base, with the adapter of another candidate on it where that has the same base and form and this one has none."""

        def base_and_form(one: Candidate) -> tuple[Base, Form]:
            return Base(**one.behaviour["base"]), Form(**one.behaviour["form"])

        alike = [one for one in self.candidates if one.adapter_dir and base_and_form(one) == base_and_form(candidate)]
        holder = candidate if candidate.adapter_dir else next(iter(alike), candidate)
        base, form = base_and_form(candidate)
        return Model(base, form, holder.adapter_dir, holder.training)


def found_by(candidate: Candidate, examples: Sequence[Example], retrieved: Mapping[str, list[Found]]) -> list[Found]:
    """What was found for each question as this candidate searches; empty where it does not."""
    return retrieved[retrieval_key(candidate)] if reads_index(candidate.behaviour) else [Found() for _ in examples]


def retrieval_key(candidate: Candidate) -> str:
    """The same for candidates that retrieve alike, from the same table."""
    behaviour = {"whole_context": False, **candidate.behaviour}
    if behaviour["whole_context"]:
        return json.dumps(["whole", behaviour["table"]])
    return json.dumps([behaviour[key] for key in ("retrieval", "embedder", "table")], sort_keys=True)
