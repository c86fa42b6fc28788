"""Measure what a comparison of all variants costs against one of the most complex alone, in one process, in turns.

Run: python -m bench.comparison [--workspace DIR] [--questions 300] [--alone rag+lora]

DIR has an index and an adapter, and a copy of it is used; without it the sample is indexed and its adapter trained first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from bench.material import SAMPLE
from tandem.records import Scorecard
from tasks.create import create_workspace
from tasks.dataset import build_training_set, save_training_set
from tasks.evaluate import Comparison, evaluate
from tasks.refresh import refresh
from tasks.train import train
from tasks.workspace import Workspace, open_workspace

LEFT_OUT = (".git", "mlartifacts", "reports", "data_docs", "dvc-remote")


@dataclass
class Spent:
    """Seconds of one comparison."""

    cpu_s: float
    wall_s: float
    comparison: Comparison


def measured(workspace: Workspace, variants: Collection[str]) -> Spent:
    """A comparison of these variants alone."""
    rows = {name: row for name, row in workspace.params.variants.items() if name in variants}
    chosen = replace(workspace, params=workspace.params.model_copy(update={"variants": rows}))
    cpu, wall = time.process_time(), time.perf_counter()
    comparison = evaluate(chosen)
    return Spent(time.process_time() - cpu, time.perf_counter() - wall, comparison)


def copied(source: Path, target: Path) -> Workspace:
    """The workspace without its histories: nothing is written to the one that was given."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return open_workspace(target)


def made(root: Path) -> Workspace:
    """A workspace of the sample with an index and an adapter."""
    create_workspace(root, *SAMPLE)
    workspace = open_workspace(root)
    refresh(workspace)
    save_training_set(workspace, build_training_set(workspace))
    train(workspace)
    return workspace


def answers(card: Scorecard) -> list[tuple[str, str]]:
    """What a variant said, question by question."""
    return [(row.example_id, row.output) for row in card.rows]


def main() -> None:
    """Print CPU seconds of both, their ratio, and whether the answers are the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--alone", default="rag+lora")
    options = parser.parse_args()
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")
    with tempfile.TemporaryDirectory() as folder:
        opened = copied(options.workspace, Path(folder, "kb")) if options.workspace else made(Path(folder, "kb"))
        evaluation = opened.params.evaluation.model_copy(update={"max_examples": options.questions})
        workspace = replace(opened, params=opened.params.model_copy(update={"evaluation": evaluation}))
        few = evaluation.model_copy(update={"max_examples": 4, "latency_n": 1})
        measured(replace(opened, params=opened.params.model_copy(update={"evaluation": few})), [options.alone])  # imports, caches
        alone = measured(workspace, [options.alone])
        every = measured(workspace, list(workspace.params.variants))
    print(f"{alone.comparison.n} questions, CPU seconds (wall)")
    print(f"  {options.alone} alone: {alone.cpu_s:.1f} ({alone.wall_s:.1f})")
    print(f"  {', '.join(every.comparison.scorecards)}: {every.cpu_s:.1f} ({every.wall_s:.1f})")
    same = answers(alone.comparison.scorecards[options.alone]) == answers(every.comparison.scorecards[options.alone])
    print(f"  {every.cpu_s / alone.cpu_s:.2f} times; answers of {options.alone} {'the same' if same else 'NOT THE SAME'} in both")


if __name__ == "__main__":
    main()
