"""`tandem watch` that writes down when it does what, for bench.freshness.

Run: python -m bench.watched MARKS [--unguarded] WORKSPACE   (MARKS: a file, one JSON line a mark)

With `--unguarded` documents are not checked. Tandem has no switch for that, and only this bench needs one: what the checks cost is
the difference. Canaries are left out by `index.canaries: 0`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

STAGES = ("write", "event", "wait", "lock", "read, check", "embed", "commit", "fresh reader")
MARKS = ("heard", "began", "locked", "surveyed", "embedded", "committed")  # the end of each stage but the first and the last


def stages_of(lines: Sequence[str], moments: Sequence[tuple[float, float, float]]) -> list[dict[str, float]]:
    """Seconds by stage of every edit, told by when its writing began, when it ended and when it was found; those alone that have
    all their marks. `full collections` counts the garbage collector's rounds over all objects, which lie in the other stages."""
    marks = [json.loads(line) for line in lines]
    found = (_split([mark for mark in marks if one[0] <= mark["at"] <= one[2]], *one) for one in moments)
    return [stages for stages in found if stages]


def _split(marks: Sequence[dict[str, Any]], started: float, written: float, found: float) -> dict[str, float]:
    first: dict[str, float] = {}
    for mark in marks:
        first.setdefault(mark["name"], mark["at"])
    if not first.keys() >= set(MARKS):
        return {}
    times = [started, written, *(first[name] for name in MARKS), found]
    stages = {stage: until - since for stage, (since, until) in zip(STAGES, pairwise(times), strict=True)}
    return {**stages, "full collections": float(sum(mark.get("seconds", 0.0) for mark in marks))}


def report(edits: Sequence[dict[str, float]], n_slowest: int = 3) -> str:
    """Milliseconds by stage: the median, the 95th percentile, and the slowest edits one by one."""
    if not edits:
        return "    (no edit could be told apart)"
    names = [*STAGES, "full collections"]
    rows = {
        "p50": [float(np.quantile([edit[name] for edit in edits], 0.5)) for name in names],
        "p95": [float(np.quantile([edit[name] for edit in edits], 0.95)) for name in names],
    }
    slowest = sorted(edits, key=lambda edit: -sum(edit[name] for name in STAGES))[:n_slowest]
    rows |= {f"slowest {number}": [edit[name] for name in names] for number, edit in enumerate(slowest, start=1)}
    lines = [f"    {'ms':10}  " + "  ".join(f"{name:>6}" for name in names)]
    for title, values in rows.items():
        lines.append(
            f"    {title:10}  " + "  ".join(f"{1000 * value:{max(len(name), 6)}.0f}" for name, value in zip(names, values, strict=True))
        )
    return "\n".join(lines)


def main() -> None:
    """Watch until a signal comes, as `tandem watch --json` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("marks", type=Path)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--unguarded", action="store_true")
    options = parser.parse_args()
    from flows.cli import QUIET

    os.environ.update(QUIET)
    import flows.watch
    import tasks.checks
    import tasks.refresh
    from flows.progress import REPORTER, StderrProgress

    REPORTER.set(StderrProgress())
    with options.marks.open("w", buffering=1) as file:

        def mark(name: str, **more: float) -> None:
            file.write(json.dumps({"name": name, "at": time.monotonic(), **more}) + "\n")

        def marked(function: Callable[..., Any], before: str = "", after: str = "") -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                if before:
                    mark(before)
                result = function(*arguments, **named)
                if after:
                    mark(after)
                return result

            return call

        watcher: Any = flows.watch._Watcher
        watcher.hear = marked(watcher.hear, before="heard")
        watcher._refresh = marked(watcher._refresh, before="began")
        flows.watch.refresh = marked(flows.watch.refresh, before="locked")
        tasks.refresh.take_survey = marked(tasks.refresh.take_survey, after="surveyed")
        tasks.refresh.commit = marked(tasks.refresh.commit, before="embedded", after="committed")
        if options.unguarded:
            tasks.checks.check_documents = lambda documents, params: {}  # type: ignore[assignment, misc]
        _mark_collections(mark)
        flows.watch.watch(options.workspace, lambda done: print(json.dumps(asdict(done)), flush=True))


def _mark_collections(mark: Callable[..., None]) -> None:
    started = [0.0]

    def note(phase: str, about: dict[str, int]) -> None:
        if about["generation"] == 2 and phase == "start":
            started[0] = time.monotonic()
        elif about["generation"] == 2:
            mark("collected", seconds=time.monotonic() - started[0])

    gc.callbacks.append(note)


if __name__ == "__main__":
    main()
