"""Drift of a workspace: the questions asked, users' verdicts and the documents against what the adapter and examples know."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from tandem.drift import Evidence, Signal, measure
from tandem.staleness import Staleness, staleness
from tasks.workspace import Workspace


def measure_drift(workspace: Workspace) -> list[Signal]:
    """Every drift signal of the workspace, from recorded questions, examples, manifest and adapter."""
    from tasks.embed import load_embedder
    from tasks.examples import read_examples
    from tasks.traffic import recent_questions

    params = workspace.params
    asked = recent_questions(workspace, params.drift.max_questions)
    examples = read_examples(workspace)
    embedder = load_embedder(params.embedder, workspace.settings)

    def embedded(texts: list[str]) -> np.ndarray:
        return embedder.embed(texts) if texts else np.zeros((0, embedder.dimensions), dtype=np.float32)

    evidence = Evidence(
        asked=embedded([one.question for one in asked]),
        examples=embedded([example.question for example in examples]),
        feedback=[one.feedback for one in asked if one.feedback is not None],
        staleness=champion_staleness(workspace),
        seed=params.seed,
    )
    return measure(evidence, params.drift)


def champion_staleness(workspace: Workspace) -> Staleness | None:
    """What the trained adapter knows that has changed or gone; None without an adapter."""
    from tandem.chunking import text_hash
    from tasks.refresh import all_chunks
    from tasks.train import load_trained

    trained = load_trained(workspace)
    if trained is None or not trained.trained:
        return None
    return staleness(trained.lineage["chunks"], {chunk.id: text_hash(chunk) for chunk in all_chunks(workspace)})


def save_drift(workspace: Workspace, signals: list[Signal]) -> dict[str, Any]:
    """Write `.tandem/drift.json` and return it: what `tandem monitor --json` prints."""
    outcome = {
        "drift": any(signal.fired for signal in signals),
        "signals": {signal.name: asdict(signal) for signal in signals},
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    workspace.state_dir.mkdir(parents=True, exist_ok=True)
    (workspace.state_dir / "drift.json").write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    return outcome
