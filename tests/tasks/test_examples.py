"""What a refresh leaves of the examples: labels, the unfit ones with their reasons, and Great Expectations' pages."""

from __future__ import annotations

import json
from pathlib import Path

from tandem.params import Params, Prompt, Variant
from tasks.examples import record_examples
from tasks.refresh import refresh
from tasks.workspace import Settings, Workspace


def test_unfit_examples_are_reported_away_from_the_quarantine_and_made_anew_only_after_a_change(tmp_path: Path):
    workspace = Workspace(tmp_path, Params(prompt=Prompt(instruction="x"), variants={"rag": Variant(retrieve=True)}), Settings())
    workspace.documents_dir.mkdir(parents=True)
    (workspace.documents_dir / "loft.md").write_text("# Loft 40\n\nThe Loft 40 costs EUR 3,900.\n")
    (workspace.documents_dir / "examples.jsonl").write_text("a document of this name")
    rows = [{"id": name, "question": "What does it cost?", "answer": "EUR 3,900", "sources": "loft.md"} for name in ("a", "b")]
    workspace.examples_path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    refresh(workspace)
    record_examples(workspace)
    unfit = workspace.state_dir / "unfit-examples.json"
    assert json.loads(unfit.read_text())["unfit"] == {"b": ["it asks the same as example a"]}
    assert (workspace.quarantine_dir / "examples.jsonl").read_text() == "a document of this name"
    page = workspace.state_dir / "data_docs" / "examples" / "index.html"
    made = page.stat().st_mtime_ns
    record_examples(workspace)
    assert page.stat().st_mtime_ns == made
    workspace.examples_path.write_text(json.dumps(rows[0]) + "\n")
    record_examples(workspace)
    assert json.loads(unfit.read_text())["unfit"] == {}
    assert page.stat().st_mtime_ns > made
