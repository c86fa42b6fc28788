"""Drift of a workspace: the questions asked, users' verdicts and the documents against what the adapter and examples know."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from tandem.drift import Evidence, Signal, measure
from tasks.workspace import Workspace


def measure_drift(workspace: Workspace) -> list[Signal]:
    """Every drift signal of the workspace, from recorded questions, examples, manifest and adapter."""
    from tasks.due import adapter_staleness
    from tasks.embed import load_embedder
    from tasks.examples import read_examples
    from tasks.traffic import recent_questions
    from tasks.train import load_trained

    params = workspace.params
    trained = load_trained(workspace)
    asked = recent_questions(workspace, params.drift.max_questions)
    examples = read_examples(workspace)
    embedder = load_embedder(params.embedder, workspace.settings)

    def embedded(texts: list[str]) -> np.ndarray:
        return embedder.embed(texts) if texts else np.zeros((0, embedder.dimensions), dtype=np.float32)

    evidence = Evidence(
        asked=embedded([one.question for one in asked]),
        examples=embedded([example.question for example in examples]),
        feedback=[one.feedback for one in asked if one.feedback is not None],
        staleness=adapter_staleness(workspace, trained) if trained and trained.trained and uses_adapter(workspace) else None,
        seed=params.seed,
    )
    return measure(evidence, params.drift)


def uses_adapter(workspace: Workspace) -> bool:
    """Whether any variant answers with an adapter."""
    return any(variant.adapter for variant in workspace.params.variants.values())


def retraining_helps(workspace: Workspace, signals: list[Signal]) -> bool:
    """Whether there is something new to learn: an adapter gone stale, or drift of the questions and other examples than it knows.

    Without the second half questions that nobody labels would have the same adapter trained again at every look.
    """
    from tasks.data_version import examples_md5
    from tasks.train import load_trained

    fired = {signal.name for signal in signals if signal.fired}
    if not uses_adapter(workspace):
        return False
    if not fired or "staleness" in fired:
        return bool(fired)
    trained = load_trained(workspace)
    return trained is None or not examples_md5(workspace).startswith(trained.lineage["data_version"].split("-")[1])


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
