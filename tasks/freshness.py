"""Measure freshness: how long after an edit each variant that reads documents goes on with the old answer.

Run: python -m tasks.freshness   (or: tandem compare --freshness). It works on a copy of the documents in a temporary folder: the
knowledge base, its index and its records stay as they are. The figures are kept with their date, and comparisons show them.

A probe document is edited, a warm refresh begins at once (as `tandem watch` begins one), and the probe's question is asked. The time
until a watcher notices an edit is not in it; bench/freshness.py has that.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tandem.freshness import mean_wait_s
from tandem.scoring import facts_share
from tasks.answer import Answerer, open_answerer
from tasks.candidates import Candidate, candidates_of, settings_of
from tasks.embed import embedding_cache
from tasks.index import read_pointer
from tasks.progress import Progress, progress_line
from tasks.refresh import refresh
from tasks.stage import run_stage
from tasks.train import load_trained
from tasks.warm import Warm
from tasks.workspace import Workspace, write_json

PROBE = "tandem-freshness-probe.md"
QUESTION = "How long is the warranty of the Quillfeather barometer?"
N_EDITS = 5


def measure_freshness(workspace: Workspace, progress: Progress | None = None, n_edits: int = N_EDITS) -> dict[str, Any]:
    """Time `n_edits` edits for each variant that reads documents, keep the figures, and return them: variant -> seconds.

    `passage_s`: median from the write until the passages that it reads hold the new value; `answer_s`: until its answer says it
    (None where it never did: the variant cannot read the probe); `n_answered` of `n`.
    """
    progress = progress or (lambda *_: None)
    reading = [one for one in candidates_of(workspace)[0] if _reads_documents(one)]
    variants: dict[str, Any] = {}
    with copied(workspace) as copy:
        warm = Warm()
        _edit(copy, 11)
        refresh(copy, progress=progress)
        refresh(copy, [PROBE], warm=warm)
        warm.warm_up(copy)
        for done, candidate in enumerate(reading):
            progress("timing edits", done, len(reading))
            answerer = _answerer(copy, candidate)
            seen = [_time_edit(copy, answerer, warm, 12 + number) for number in range(-1, n_edits)]
            variants[candidate.name] = {**_figures(seen[1:]), "settings": settings_of(candidate)}  # the first edit warms up
    measured = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "variants": variants}
    write_json(_path(workspace), measured)
    return measured


def freshness_of(workspace: Workspace, candidate: Candidate) -> dict[str, Any]:
    """What is known of a candidate's freshness; `kind` says how an edit gets into its answers.

    `index`: with the next refresh, timed by `measure_freshness`, empty where that was never run on this variant as it is now.
    `retrain`: with the next scheduled training, `wait_s` on average after an edit, and `training_s` as the last one took. `never`.
    """
    behaviour = candidate.behaviour
    if _reads_documents(candidate):
        measured = json.loads(_path(workspace).read_text(encoding="utf-8")) if _path(workspace).is_file() else {"variants": {}}
        found = measured["variants"].get(candidate.name)
        if found is None or found["settings"] != json.loads(json.dumps(settings_of(candidate))):
            return {"kind": "index"}
        return {"kind": "index", "at": measured["at"], **{key: value for key, value in found.items() if key != "settings"}}
    if not behaviour["adapter"]:
        return {"kind": "never"}
    cron, trained = workspace.params.schedule.retrain, load_trained(workspace)
    wait_s = mean_wait_s(cron, datetime.now().replace(second=0, microsecond=0))
    return {"kind": "retrain", "schedule": cron, "wait_s": wait_s, "training_s": trained.seconds if trained else None}


@contextmanager
def copied(workspace: Workspace) -> Iterator[Workspace]:
    """The same documents and vectors in a temporary folder, with an index and records of its own."""
    with tempfile.TemporaryDirectory(prefix="tandem-freshness-") as folder:
        local = workspace.settings.model_copy(update={"index_uri": None, "tracking_uri": None, "artifact_uri": None})
        copy = Workspace(Path(folder), workspace.params, local)
        with workspace.writing():
            shutil.copytree(workspace.documents_dir, copy.documents_dir)
            _copy_vectors(embedding_cache(workspace).path, embedding_cache(copy).path)
        yield copy


def _copy_vectors(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True)
        with closing(sqlite3.connect(source)) as kept, closing(sqlite3.connect(target)) as made:
            kept.backup(made)  # a copy of the file would leave out what is in its write-ahead log


def _answerer(copy: Workspace, candidate: Candidate) -> Answerer:
    behaviour = {**candidate.behaviour, "index_uri": copy.index_uri, "table": read_pointer(copy)["table"]}
    return open_answerer(behaviour, candidate.adapter_dir, copy.settings)


def _edit(copy: Workspace, months: int) -> None:
    text = f"# Quillfeather barometer\n\nThe warranty of the Quillfeather barometer runs for {months} months from the day of purchase.\n"
    (copy.documents_dir / PROBE).write_text(text, encoding="utf-8")


def _time_edit(copy: Workspace, answerer: Answerer, warm: Warm, months: int) -> tuple[float | None, float | None]:
    """Seconds from the write until its passages, and until its answer hold the new value; None where they do not."""
    value = f"{months} months"
    started = time.perf_counter()
    _edit(copy, months)
    begun = time.perf_counter()
    searchable_s = begun - started + refresh(copy, [PROBE], warm=warm).searchable_s
    started = time.perf_counter()
    passages = answerer.retrieve([QUESTION])[0]
    passage_s = searchable_s + time.perf_counter() - started
    started = time.perf_counter()
    answer = answerer.answer(QUESTION).answer
    answer_s = searchable_s + time.perf_counter() - started
    held = any(facts_share(passage.text, [value]) for passage in passages)
    return passage_s if held else None, answer_s if facts_share(answer, [value]) else None


def _figures(seen: Sequence[tuple[float | None, float | None]]) -> dict[str, Any]:
    passage_s, answer_s = ([second for one in seen if (second := one[at]) is not None] for at in (0, 1))
    return {
        "passage_s": statistics.median(passage_s) if passage_s else None,
        "answer_s": statistics.median(answer_s) if answer_s else None,
        "n": len(seen),
        "n_answered": len(answer_s),
    }


def _reads_documents(candidate: Candidate) -> bool:
    """Whether its answers come from the index, found passages or all of it."""
    return bool(candidate.behaviour["retrieve"] or candidate.behaviour.get("whole_context"))


def _path(workspace: Workspace) -> Path:
    return workspace.state_dir / "freshness.json"


def main() -> None:
    """Measure the workspace in the current directory."""
    run_stage(lambda workspace: f"\n{json.dumps(measure_freshness(workspace, progress_line)['variants'], indent=1)}")


if __name__ == "__main__":
    main()
