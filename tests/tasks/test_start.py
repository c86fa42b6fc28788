"""Going on from the adapter in place: which rows it is shown, what it has then learned from, and what sends it back to the base."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tasks.create import create_workspace
from tasks.dataset import build_training_set, load_lineage, load_training_set, save_training_set
from tasks.due import adapter_staleness, retrain_reason
from tasks.generate import load_generator
from tasks.inputs import Request
from tasks.refresh import refresh
from tasks.start import Start, choose_start
from tasks.train import Trained, load_trained, train, training_params
from tasks.workspace import Workspace, open_workspace

NEW = [
    {"id": f"new-{n}", "question": question, "answer": answer, "sources": ["products/cedar.md"], "facts": [answer]}
    for n, (question, answer) in enumerate((("How many cups does the Cedar hold?", "4 cups"), ("Cedar: what is its price?", "42 euros")))
]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path], tiny_llama: Path) -> Workspace:
    """A workspace that goes on from the last adapter, trained once from the base, with two examples added since."""
    root = tmp_path_factory.mktemp("start") / "kb"
    create_workspace(root, *small_inputs)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["base"].update(model=str(tiny_llama))
    params["adapter"].update(start="last", epochs=1, batch_size=8, min_examples=5, exercises=0, r=4)
    params["evaluation"].update(forgetting_n=0)
    params["split"].update(held_out=0.0)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    opened = open_workspace(root)
    refresh(opened)
    save_training_set(opened, build_training_set(opened))
    first = train(opened)
    assert (first.continued, first.start_reason) == (0, "there is no adapter in place")
    with opened.examples_path.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in NEW)
    save_training_set(opened, build_training_set(opened))
    return opened


def trained_of(workspace: Workspace) -> Trained:
    trained = load_trained(workspace)
    assert trained is not None
    return trained


def start_of(workspace: Workspace, last: Trained | None = None, **adapter: object) -> Start:
    changed = with_adapter_params(workspace, **adapter)
    rows, lineage = load_training_set(changed), load_lineage(changed)
    return choose_start(changed, rows, lineage, last or trained_of(workspace), training_params(changed.params))


def with_adapter_params(workspace: Workspace, **changes: object) -> Workspace:
    params = workspace.params
    return replace(workspace, params=params.model_copy(update={"adapter": params.adapter.model_copy(update=changes)}))


def weights_of(workspace: Workspace) -> dict[str, torch.Tensor]:
    return load_file(workspace.adapter_dir / "adapter_model.safetensors")


def with_lineage(trained: Trained, **changes: Any) -> Trained:
    return replace(trained, lineage={**trained.lineage, **changes})


def test_new_rows_are_shown_with_half_of_those_that_are_known(workspace):
    known = len(trained_of(workspace).lineage["lessons"])
    start = start_of(workspace)
    fitted = {row.example_id for row in start.rows if not row.validation}
    assert (start.continued, start.n_replayed, len(fitted)) == (1, round(known / 2), round(known / 2) + 2)
    assert fitted > {"new-0", "new-1"}
    assert start == start_of(workspace)
    assert {row.example_id for row in start_of(workspace, replay_share=0.0).rows if not row.validation} == {"new-0", "new-1"}


def test_other_rows_are_shown_again_each_time(workspace):
    again = start_of(workspace, replace(trained_of(workspace), continued=1))
    assert again.continued == 2
    assert {row.example_id for row in again.rows} != {row.example_id for row in start_of(workspace).rows}


def test_what_the_last_training_was_fitted_to_validates_nothing(workspace):
    """The split may draw a document for validation that was on the other side before."""
    validating = next(row for row in load_training_set(workspace) if row.validation)
    lessons = {**trained_of(workspace).lineage["lessons"], validating.example_id: validating.lesson}
    start = start_of(workspace, with_lineage(trained_of(workspace), lessons=lessons), replay_share=1.0)
    assert validating.example_id in {row.example_id for row in start.rows if not row.validation}
    assert any(row.validation for row in start_of(workspace).rows)
    from_base = start_of(workspace, with_lineage(trained_of(workspace), lessons=lessons), retrain_after_changed_share=0.0)
    assert from_base.continued == 0
    assert validating.example_id in {row.example_id for row in from_base.rows if row.validation}


def test_an_example_with_another_answer_is_shown_again(workspace):
    lessons = trained_of(workspace).lineage["lessons"]
    start = start_of(workspace, with_lineage(trained_of(workspace), lessons={**lessons, "cedar-0": "other"}), replay_share=0.0)
    assert {row.example_id for row in start.rows if not row.validation} == {"new-0", "new-1", "cedar-0"}


def test_other_distractors_and_another_order_teach_the_same(workspace):
    before = {row.example_id: row for row in build_training_set(workspace).rows}
    retrieval = workspace.params.retrieval.model_copy(update={"k": 2})
    fewer = build_training_set(replace(workspace, params=workspace.params.model_copy(update={"retrieval": retrieval}))).rows
    assert any(row.passages != before[row.example_id].passages for row in fewer)
    assert all(row.lesson == before[row.example_id].lesson for row in fewer)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"base_revision": "older"}, r"is at revision [0-9a-f]{12}, the adapter in place was trained on older"),
        ({"trained": False}, "there is no adapter in place"),
    ],
)
def test_another_base_or_none_starts_from_the_base_on_all_rows(workspace, changes, reason):
    start = start_of(workspace, replace(trained_of(workspace), **changes))
    assert (start.continued, len(start.rows)) == (0, len(load_training_set(workspace)))
    assert start.lineage == load_lineage(workspace)
    assert re.search(f"{reason}$", start.reason)


def test_other_weights_start_from_the_base_and_another_pace_does_not(workspace):
    assert start_of(workspace, r=8, alpha=16).reason == "params changed since the last training: adapter.alpha, adapter.r"
    assert start_of(workspace, start="base").reason == "adapter.start is base"
    assert start_of(workspace, learning_rate=1e-4, epochs=2).continued == 1


def test_what_was_taken_away_starts_from_the_base(workspace):
    last = trained_of(workspace)
    gone = with_lineage(last, documents={**last.lineage["documents"], "products/gone.md": "0"})
    assert start_of(workspace, gone).reason == "it was trained on what is gone or restricted now: products/gone.md"
    page = workspace.documents_dir / "products" / "elm.md"
    before = page.read_text()
    page.write_text(f"---\nroles: [board]\n---\n{before}")
    try:
        assert start_of(workspace).reason == "it was trained on what is gone or restricted now: products/elm.md"
    finally:
        page.write_text(before)
    removed = with_lineage(last, examples=[*last.lineage["examples"], "taken-back"])
    assert start_of(workspace, removed).reason == "it was trained on what is gone or restricted now: taken-back"


def test_weights_that_would_be_out_of_date_start_from_the_base(workspace):
    last = trained_of(workspace)
    old = {f"old-{n}": "gone" for n in range(len(last.lineage["chunks"]))}
    start = start_of(workspace, with_lineage(last, chunks={**last.lineage["chunks"], **old}))
    assert start.continued == 0
    assert start.reason == "50% of all that it was trained on would be out of date (adapter.retrain_after_changed_share 20%)"


def test_a_continued_adapter_learned_from_all_that_it_ever_saw(workspace):
    before, first = trained_of(workspace), weights_of(workspace)
    kept = with_lineage(before, chunks={**before.lineage["chunks"], "c": "gone"})
    (workspace.adapter_dir / "training.json").write_text(json.dumps(asdict(kept)))
    slow = with_adapter_params(workspace, learning_rate=1e-9)
    trained = train(slow)
    assert (trained.continued, trained.start_reason) == (1, "")
    assert trained.n_rows < before.n_rows
    assert all(torch.allclose(weight, first[name], atol=1e-6) for name, weight in weights_of(workspace).items())
    assert set(trained.lineage["examples"]) == {*before.lineage["examples"], "new-0", "new-1"}
    assert trained.lineage["chunks"]["c"] == "gone"
    assert trained.lineage["data_version"] != before.lineage["data_version"]
    assert adapter_staleness(workspace, trained).gone == ("c",)
    assert retrain_reason(slow) is None
    assert start_of(slow).reason == "no row is new or changed since the last training"


def test_a_training_without_validation_rows_says_so(workspace):
    path, kept = workspace.training_set_path, workspace.training_set_path.read_text()
    path.write_text("".join(json.dumps({**json.loads(line), "validation": False}) + "\n" for line in kept.splitlines()))
    try:
        trained = train(with_adapter_params(workspace, start="base"))
    finally:
        path.write_text(kept)
    (warning,) = trained.warnings
    assert trained.n_validation == 0
    assert warning.startswith("no row was left for validation, so the best epoch is the one with the lowest loss on the rows it was")
    assert trained_of(workspace) == trained


def test_checkpointed_activations_give_the_same_losses(workspace):
    plain, checkpointed = (train(with_adapter_params(workspace, start="base", gradient_checkpointing=on)) for on in (False, True))
    assert checkpointed.history == plain.history
    assert checkpointed.params == plain.params


@pytest.mark.parametrize("kind", ["rslora", "dora"])
def test_other_kinds_of_lora_are_trained_and_loaded(workspace, kind):
    changed = with_adapter_params(workspace, start="base", batch_size=1_000, **{kind: True})
    assert train(changed).trained
    config = json.loads((workspace.adapter_dir / "adapter_config.json").read_text())
    assert [name for name in ("rslora", "dora") if config[f"use_{name}"]] == [kind]
    weights = weights_of(workspace)
    assert any("lora_magnitude_vector" in name for name in weights) == (kind == "dora")
    assert all(weight.abs().max() > 0 for name, weight in weights.items() if "lora_B" in name)
    generator = load_generator(changed.params.base, changed.params.form, changed.settings, workspace.adapter_dir)
    first, adapted = (generator.generate([Request("How heavy is it?", ())], changed.params.prompt, on)[0].text for on in (False, True))
    assert first != adapted


KILLED_AFTER_THE_FIRST_EPOCH = """
import os, signal
from tasks.train import train
from tasks.workspace import open_workspace

opened = open_workspace(".")
done = opened.state_dir / "checkpoint" / "state.json"
train(opened, lambda *_: os.kill(os.getpid(), signal.SIGKILL) if done.is_file() else None)
"""


def test_a_training_process_that_was_killed_goes_on_to_the_weights_of_one_that_was_not(workspace, tmp_path):
    root = Path(shutil.copytree(workspace.root, tmp_path / "kb", symlinks=True))
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["adapter"].update(start="base", epochs=3, patience=3)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    opened = open_workspace(root)
    whole = train(opened)
    expected = (opened.adapter_dir / "adapter_model.safetensors").read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED_AFTER_THE_FIRST_EPOCH], cwd=root, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (opened.adapter_dir / "adapter_model.safetensors").read_bytes() == expected
    seen: list[float] = []
    trained = train(opened, lambda what, done, total: seen.append(done / total))
    assert seen[0] > 1 / 3
    assert trained.history == whole.history
    assert (opened.adapter_dir / "adapter_model.safetensors").read_bytes() == expected
