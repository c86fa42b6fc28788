"""Measure every variant on the same held-out questions. Run: python -m tasks.evaluate (the DVC stage `evaluate`).

Retrieval runs once for all variants that retrieve alike; a base and its adapter share one loaded model. Quality is answered in
batches; latency is taken on a sample answered one by one, warm, the variants interleaved question by question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tandem import prompts
from tandem.consistency import with_consistency
from tandem.economics import cost_of_answer
from tandem.errors import Refused
from tandem.examples import untaught
from tandem.interference import context_holds
from tandem.params import Form, Prompt, params_hash
from tandem.records import Document, Example, Generation, Passage, Row, Scorecard
from tandem.scoring import retrieval_scores, retrieval_summary, score_row, scorecard, scorecard_to_json, summary
from tasks.bases import revision_of
from tasks.candidates import Candidate, adapters_of, candidates_of, trained_on
from tasks.due import adapter_staleness
from tasks.evidence import with_evidence
from tasks.examples import load_examples
from tasks.judge import Judge
from tasks.lineup import Found, Lineup, found_by, retrieval_key
from tasks.progress import Progress, progress_line
from tasks.similarity import Similarity
from tasks.stage import run_stage
from tasks.train import read_trained
from tasks.usage import document_tokens, mean_cost_by_part, setup_of, usages_of
from tasks.workspace import Workspace, replacing


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

    Questions in the training lineage of any compared adapter, or on a document like one of these, are left out. Raises Refused where no
    held-out question is left.
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
    unseen = untaught(labelled.sides.held_out, labelled.on_file, seen, labelled.groups)
    held_out = sampled(unseen, workspace.params.evaluation.max_examples, workspace.params.seed)
    if not held_out:
        raise Refused(
            f"no held-out question is left: {len(labelled.examples)} examples, {len(labelled.set_aside)} expired, "
            f"{len(labelled.unfit)} unfit, {len(labelled.sides.straddling)} straddling, "
            f"{len(labelled.sides.held_out) - len(unseen)} of the held-out side in the training lineage",
            hint="Add examples to data/examples.jsonl, or raise split.held_out in params.yaml.",
        )
    lineup = Lineup(workspace, candidates, versions, progress)
    progress("searching", 0, 1)
    ranked = lineup.rank(labelled.examples)
    retrieved = lineup.retrieve(held_out)
    outputs = lineup.generate(held_out, retrieved)
    latencies = lineup.time(sampled(held_out, workspace.params.evaluation.latency_n, workspace.params.seed))
    traits = traits_of(held_out, labelled.documents)
    raters = (Similarity(workspace), Judge(workspace))
    n_tokens = document_tokens(labelled.documents.values())
    cards = {
        candidate.name: _scorecard(
            workspace, candidate, held_out, retrieved, outputs[candidate.name], latencies[candidate.name], ranked, traits, raters, n_tokens
        )
        for candidate in candidates
    }
    return Comparison(
        scorecards=with_evidence(workspace, candidates, cards),
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
            "split": {**labelled.split, "expired": len(labelled.expired), "unfit": len(labelled.unfit)},
            "expired": labelled.expired,
            "adapters": adapters_of(candidates),
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


def traits_of(examples: Sequence[Example], documents: Mapping[str, Document]) -> dict[str, dict[str, Any]]:
    """By example id, what its row takes from its documents: whether it is restricted, and the day of its newest dated source."""
    days = {doc_id: document.dated.isoformat() for doc_id, document in documents.items() if document.dated}
    return {
        example.id: {
            "restricted": is_restricted(example, documents),
            "dated": max((days[source] for source in example.sources if source in days), default=""),
        }
        for example in examples
    }


def save_comparison(workspace: Workspace, comparison: Comparison) -> None:
    """Write `metrics.json`, `scorecards.json` and the plots' data: the outputs of the DVC stage `evaluate`."""
    from tasks.plot_data import write_plot_data

    metrics = {name: summary(card) for name, card in comparison.scorecards.items()}
    cards = {name: scorecard_to_json(card) for name, card in comparison.scorecards.items()}
    with replacing(workspace.evaluation_dir) as fresh:
        (fresh / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        (fresh / "scorecards.json").write_text(json.dumps(cards, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write_plot_data(fresh / "plots", comparison.scorecards, workspace.params)


def _scorecard(
    workspace: Workspace,
    candidate: Candidate,
    examples: Sequence[Example],
    retrieved: Mapping[str, list[Found]],
    outputs: Sequence[tuple[Generation, float]],
    latencies: Mapping[str, Sequence[float]],
    ranked: Mapping[str, list[list[str]]],
    traits: Mapping[str, Mapping[str, Any]],
    raters: Sequence[Similarity | Judge],
    n_document_tokens: int = 0,
) -> Scorecard:
    params, form, prompt = workspace.params, Form(**candidate.behaviour["form"]), Prompt(**candidate.behaviour["prompt"])
    adapter = candidate.behaviour["adapter"]
    searched = found_by(candidate, examples, retrieved)
    usages = usages_of(searched, outputs)
    rows, answers = [], []
    for example, found, (generation, _), usage in zip(examples, searched, outputs, usages, strict=True):
        read = found.passages[: generation.n_read]
        parsed = prompts.parse(generation.text, form, prompt, len(read))
        rows.append(
            score_row(
                example,
                output=generation.text,
                answer=parsed.answer,
                passages=read,
                cited_docs=[read[number - 1].doc_id for number in parsed.cited],
                abstained=parsed.abstained,
                n_tokens_in=generation.n_tokens_in,
                n_tokens_out=generation.n_tokens_out,
                cost_usd=cost_of_answer(params.prices, usage, adapter),
                form=params.form,
                metric=params.evaluation.quality,
                usage=usage,
                cited=parsed.cited,
                **traits[example.id],
            )
        )
        if candidate.behaviour.get("whole_context") and not rows[-1].restricted:  # every document, in every row, would fill the report
            rows[-1] = _with_cited_alone(rows[-1], read, parsed.cited)
        rows[-1] = replace(rows[-1], context_holds=context_holds(example, read))
        answers.append(parsed.answer)
    for rater in raters:
        rows = rater.added_to(rows, examples, answers)
    ranking: dict[str, float | None] = {}
    if candidate.behaviour["retrieve"]:
        rankings = zip(ranked["examples"], ranked[retrieval_key(candidate)], strict=True)
        ranking = retrieval_summary(retrieval_scores(documents, wanted[1:]) for wanted, documents in rankings)
    trained = read_trained(candidate.adapter_dir / "training.json") if candidate.adapter_dir else None
    return scorecard(
        candidate.name,
        with_consistency(rows, examples),
        ranking,
        latencies,
        candidate.simplicity,
        staleness=adapter_staleness(workspace, trained).share if trained else None,
        forgetting=trained.forgetting if trained else None,
        setup=setup_of(candidate, n_document_tokens),
        cost_by_part=mean_cost_by_part(params.prices, usages, adapter),
    )


def _with_cited_alone(row: Row, passages: Sequence[Passage], cited: Sequence[int]) -> Row:
    kept = [passages[number - 1] for number in cited]
    return replace(
        row,
        passages=tuple(passage.shown_text for passage in kept),
        documents=tuple(passage.doc_id for passage in kept),
        cited=tuple(range(1, len(kept) + 1)),
    )


def _lineage(workspace: Workspace) -> dict[str, Any]:
    from tasks.data_version import data_version, documents_md5, examples_md5
    from tasks.index import read_pointer
    from tasks.repository import commit_of

    return {
        "data_version": data_version(workspace),
        "documents": documents_md5(workspace),
        "examples": examples_md5(workspace),
        "index_version": read_pointer(workspace)["version"],
        "git_commit": commit_of(workspace.root),
        "params_hash": params_hash(workspace.params),
        "base": workspace.params.base.model,
        "base_revision": revision_of(workspace.params.base),
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
