"""Measure every variant on the same held-out questions. Run: python -m tasks.evaluate (the DVC stage `evaluate`).

Retrieval runs once for all variants that retrieve alike; a base and its adapter share one loaded model. Quality is answered in
batches; latency is taken on a sample answered one by one, warm, the variants interleaved question by question.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tandem import prompts
from tandem.economics import cost_of_answer
from tandem.errors import Refused
from tandem.params import Base, Form, Prompt, Retrieval
from tandem.records import Document, Example, Generation, Passage, Scorecard
from tandem.scoring import retrieval_scores, retrieval_summary, score_row, scorecard, scorecard_to_json, summary
from tasks.answer import Answerer, open_behaviour_index
from tasks.candidates import Candidate, candidates_of, trained_on
from tasks.due import adapter_staleness
from tasks.examples import load_examples
from tasks.generate import Generator, Request, load_generator
from tasks.stage import progress_line, run_stage
from tasks.train import read_trained
from tasks.workspace import Workspace, replacing

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found for one question, with the tokens that it embedded and its share of the seconds."""

    passages: list[Passage] = field(default_factory=list)
    n_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """Scorecards of one run, and who was measured. `absent` maps a variant that could not be measured to the reason; counts say what
    was set aside."""

    scorecards: dict[str, Scorecard]
    candidates: dict[str, Candidate]
    absent: dict[str, str]
    n: int
    n_expired: int
    n_unfit: int
    n_straddling: int
    n_in_lineage: int
    n_not_sampled: int = 0
    lineage: dict[str, Any] = field(default_factory=dict)


def evaluate(workspace: Workspace, champion: Candidate | None = None, progress: Progress | None = None) -> Comparison:
    """Measure all candidates, and the champion beside them, on the held-out questions and on one version of each table.

    Questions in the training lineage of any compared adapter are left out. Raises Refused where no held-out question is left.
    """
    progress = progress or (lambda *_: None)
    with workspace.writing():  # no refresh between the versions that the behaviours name and those of the lineage
        candidates, absent = candidates_of(workspace)
        lineage = _lineage(workspace)
    versions = {candidate.behaviour["table"]: candidate.behaviour["index_version"] for candidate in candidates}
    labelled = load_examples(workspace)
    if champion is not None:
        candidates = [*candidates, champion]
    seen = trained_on(candidates)
    unseen = [example for example in labelled.sides.held_out if example.id not in seen]
    held_out = sampled(unseen, workspace.params.evaluation.max_examples, workspace.params.seed)
    if not held_out:
        raise Refused(
            f"no held-out question is left: {len(labelled.examples)} examples, {len(labelled.set_aside)} expired, "
            f"{len(labelled.unfit)} unfit, {len(labelled.sides.straddling)} straddling, {len(seen)} in the training lineage",
            hint="Add examples to data/examples.jsonl, or raise split.held_out in params.yaml.",
        )
    bench = _Bench(workspace, candidates, versions, progress)
    progress("searching", 0, 1)
    ranked = bench.rank(labelled.examples)
    retrieved = bench.retrieve(held_out)
    outputs = bench.generate(held_out, retrieved)
    latencies = bench.time(sampled(held_out, workspace.params.evaluation.latency_n, workspace.params.seed))
    restricted = {example.id for example in held_out if is_restricted(example, labelled.documents)}
    cards = {
        candidate.name: _scorecard(
            workspace, candidate, held_out, retrieved, outputs[candidate.name], latencies[candidate.name], ranked, restricted
        )
        for candidate in candidates
    }
    return Comparison(
        scorecards=cards,
        candidates={candidate.name: candidate for candidate in candidates},
        absent=absent,
        n=len(held_out),
        n_expired=len(labelled.set_aside),
        n_unfit=len(labelled.unfit),
        n_straddling=len(labelled.sides.straddling),
        n_in_lineage=len(labelled.sides.held_out) - len(unseen),
        n_not_sampled=len(unseen) - len(held_out),
        lineage={
            **lineage,
            "n_documents": len(labelled.documents),
            "n_examples": len(labelled.examples) + len(labelled.set_aside) + len(labelled.unfit),
        },
    )


def sampled(examples: Sequence[Example], n: int | None, seed: int) -> list[Example]:
    """At most `n` of the examples, in their order. By a hash of their ids: a new example displaces one of the others at most."""
    order = sorted(examples, key=lambda example: hashlib.sha256(f"{seed}:{example.id}".encode()).digest())
    chosen = {example.id for example in order[:n]}
    return [example for example in examples if example.id in chosen]


def is_restricted(example: Example, documents: Mapping[str, Document]) -> bool:
    """Whether it or one of its sources is for callers with a role alone."""
    return bool(example.roles) or any(documents[source].roles for source in example.sources if source in documents)


def save_comparison(workspace: Workspace, comparison: Comparison) -> None:
    """Write `metrics.json`, `scorecards.json` and the plots' data: the outputs of the DVC stage `evaluate`."""
    from tasks.report import write_plot_data

    metrics = {name: summary(card) for name, card in comparison.scorecards.items()}
    cards = {name: scorecard_to_json(card) for name, card in comparison.scorecards.items()}
    with replacing(workspace.evaluation_dir) as fresh:
        (fresh / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        (fresh / "scorecards.json").write_text(json.dumps(cards, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write_plot_data(fresh / "plots", comparison.scorecards)


class _Bench:
    """The candidates with their loaded models and open indexes: each distinct one is held once."""

    def __init__(self, workspace: Workspace, candidates: Sequence[Candidate], versions: Mapping[str, int], progress: Progress):
        self.workspace, self.candidates, self.progress = workspace, candidates, progress
        self._generators: dict[str, Generator] = {}
        self._indexes: dict[str, Any] = {}
        self._versions = dict(versions)
        adapted = sorted(candidates, key=lambda candidate: candidate.adapter_dir is None)
        for done, candidate in enumerate(adapted):
            progress("loading models", done, len(adapted))
            self._generator(candidate)

    def rank(self, examples: Sequence[Example]) -> dict[str, list[list[str]]]:
        """Per kind of retrieval: the documents found for every answerable example, best first, `evaluation.retrieval_depth` deep."""
        answerable = [example for example in examples if example.answerable and example.sources]
        depth = self.workspace.params.evaluation.retrieval_depth
        found: dict[str, list[list[str]]] = {"examples": [[example.id, *example.sources] for example in answerable]}
        for candidate in self.candidates:
            if candidate.behaviour["retrieve"] and (key := _retrieval_key(candidate)) not in found:
                wide = Retrieval(**{**candidate.behaviour["retrieval"], "k": depth * 3})
                passages = self._search(candidate, answerable, wide)
                found[key] = [list(dict.fromkeys(passage.doc_id for passage in ranking))[:depth] for ranking in passages]
        return found

    def retrieve(self, examples: Sequence[Example]) -> dict[str, list[Found]]:
        """Per kind of retrieval: what it finds for every question, once."""
        found: dict[str, list[Found]] = {}
        for candidate in self.candidates:
            if candidate.behaviour["retrieve"] and (key := _retrieval_key(candidate)) not in found:
                started = time.perf_counter()
                passages = self._search(candidate, examples, Retrieval(**candidate.behaviour["retrieval"]))
                seconds = (time.perf_counter() - started) / len(examples)
                count = self._answerer(candidate).count_embedded
                found[key] = [Found(one, count(example.question), seconds) for example, one in zip(examples, passages, strict=True)]
        return found

    def generate(self, examples: Sequence[Example], retrieved: Mapping[str, list[Found]]) -> dict[str, list[tuple[Generation, float]]]:
        """Per candidate: every output with its share of the batch's seconds."""
        outputs: dict[str, list[tuple[Generation, float]]] = {}
        total = len(self.candidates) * len(examples)
        for candidate in self.candidates:
            requests = [
                Request(example.question, tuple(prompts.shown(found.passages)))
                for example, found in zip(examples, _found(candidate, examples, retrieved), strict=True)
            ]
            answerer = self._answerer(candidate)
            outputs[candidate.name] = []
            for start in range(0, len(requests), 64):
                batch = requests[start : start + 64]
                started = time.perf_counter()
                generations = answerer.generator.generate(batch, answerer.prompt, candidate.behaviour["adapter"])
                seconds = (time.perf_counter() - started) / len(batch)
                outputs[candidate.name] += [(generation, seconds) for generation in generations]
                done = list(outputs).index(candidate.name) * len(examples) + start + len(batch)
                self.progress(f"answering as {candidate.name}", done, total)
        return outputs

    def time(self, examples: Sequence[Example]) -> dict[str, dict[str, list[float]]]:
        """Milliseconds of answers given one by one, the candidates taking turns on each question; the first question warms up."""
        latencies: dict[str, dict[str, list[float]]] = {
            candidate.name: {"retrieve": [], "generate": [], "total": []} for candidate in self.candidates
        }
        for done, example in enumerate([*examples[:1], *examples]):
            self.progress("timing answers", done, len(examples))
            for candidate in self.candidates:
                answerer = self._answerer(candidate)
                started = time.perf_counter()
                passages = answerer.retrieve([example.question], example.roles)[0]
                found = time.perf_counter()
                request = Request(example.question, tuple(prompts.shown(passages)))
                answerer.generator.generate([request], answerer.prompt, candidate.behaviour["adapter"])
                ended = time.perf_counter()
                if done:
                    for part, seconds in (("retrieve", found - started), ("generate", ended - found), ("total", ended - started)):
                        latencies[candidate.name][part].append(seconds * 1000)
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
        if candidate.behaviour["retrieve"]:
            key = json.dumps([candidate.behaviour[name] for name in ("index_uri", "table", "embedder", "retrieval")], sort_keys=True)
            if key not in self._indexes:
                self._indexes[key] = self._pinned(open_behaviour_index(candidate.behaviour, self.workspace.settings))
            index = self._indexes[key]
        return Answerer(candidate.behaviour, index, self._generator(candidate))

    def _pinned(self, index: Any) -> Any:
        """At the version that the variants' behaviours name, so that a refresh meanwhile shows in none of them; the table of another
        layout, which a champion may still search, at the version that it has when opened."""
        index.pin(self._versions.setdefault(index.table_name, index.version))
        return index

    def _generator(self, candidate: Candidate) -> Generator:
        base = json.dumps([candidate.behaviour["base"], candidate.behaviour["form"]], sort_keys=True)
        key = f"{base}@{candidate.adapter_dir}"
        if key not in self._generators:
            shared = next((held for name, held in self._generators.items() if name.startswith(f"{base}@")), None)
            if shared is not None and candidate.adapter_dir is None:
                self._generators[key] = shared
            else:
                behaviour = candidate.behaviour
                self._generators[key] = load_generator(
                    Base(**behaviour["base"]), Form(**behaviour["form"]), self.workspace.settings, candidate.adapter_dir
                )
        return self._generators[key]


def _scorecard(
    workspace: Workspace,
    candidate: Candidate,
    examples: Sequence[Example],
    retrieved: Mapping[str, list[Found]],
    outputs: Sequence[tuple[Generation, float]],
    latencies: Mapping[str, Sequence[float]],
    ranked: Mapping[str, list[list[str]]],
    restricted: Collection[str],
) -> Scorecard:
    params, form, prompt = workspace.params, Form(**candidate.behaviour["form"]), Prompt(**candidate.behaviour["prompt"])
    rows = []
    for example, found, (generation, seconds) in zip(examples, _found(candidate, examples, retrieved), outputs, strict=True):
        parsed = prompts.parse(generation.text, form, prompt, len(found.passages))
        n_in, n_out = generation.n_tokens_in, generation.n_tokens_out
        rows.append(
            score_row(
                example,
                output=generation.text,
                answer=parsed.answer,
                passages=found.passages,
                cited_docs=[found.passages[number - 1].doc_id for number in parsed.cited],
                abstained=parsed.abstained,
                n_tokens_in=n_in,
                n_tokens_out=n_out,
                cost_usd=cost_of_answer(params.prices, n_in, n_out, found.n_tokens, found.seconds + seconds),
                form=form,
                metric=params.evaluation.quality,
                restricted=example.id in restricted,
            )
        )
    ranking: dict[str, float | None] = {}
    if candidate.behaviour["retrieve"]:
        rankings = zip(ranked["examples"], ranked[_retrieval_key(candidate)], strict=True)
        ranking = retrieval_summary(retrieval_scores(documents, wanted[1:]) for wanted, documents in rankings)
    trained = read_trained(candidate.adapter_dir / "training.json") if candidate.adapter_dir else None
    return scorecard(
        candidate.name,
        rows,
        ranking,
        latencies,
        candidate.simplicity,
        staleness=adapter_staleness(workspace, trained).share if trained else None,
        forgetting=trained.forgetting if trained else None,
    )


def _found(candidate: Candidate, examples: Sequence[Example], retrieved: Mapping[str, list[Found]]) -> list[Found]:
    return retrieved[_retrieval_key(candidate)] if candidate.behaviour["retrieve"] else [Found() for _ in examples]


def _retrieval_key(candidate: Candidate) -> str:
    return json.dumps([candidate.behaviour[key] for key in ("retrieval", "embedder", "table")], sort_keys=True)


def _lineage(workspace: Workspace) -> dict[str, Any]:
    from tasks.index import read_pointer
    from tasks.versions import commit_of, data_version, documents_md5, examples_md5

    return {
        "data_version": data_version(workspace),
        "documents": documents_md5(workspace),
        "examples": examples_md5(workspace),
        "index_version": read_pointer(workspace)["version"],
        "git_commit": commit_of(workspace.root),
        "params_hash": hashlib.sha256(workspace.params.model_dump_json().encode()).hexdigest()[:12],
        "base": workspace.params.base.model,
    }


def main() -> None:
    """Measure the variants of the workspace in the current directory."""
    run_stage(_measure)


def _measure(workspace: Workspace) -> str:
    comparison = evaluate(workspace, progress=progress_line)
    save_comparison(workspace, comparison)
    return f"\n{len(comparison.scorecards)} variants on {comparison.n} questions"


if __name__ == "__main__":
    main()
