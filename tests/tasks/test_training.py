"""The training set and the adapter: who may enter, what a row teaches, and the causal road from training to switching adapters."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tandem.errors import Refused
from tasks.candidates import candidates_of
from tasks.create import create_workspace
from tasks.dataset import build_training_set, load_training_set, save_training_set
from tasks.due import retrain_reason
from tasks.evaluate import evaluate
from tasks.refresh import refresh
from tasks.train import load_trained, train
from tasks.workspace import Workspace, open_workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_inputs: tuple[Path, Path], tiny_llama: Path) -> Workspace:
    """A refreshed workspace whose base is the tiny Llama; one document carries roles, one may not be trained on."""
    root = tmp_path_factory.mktemp("training") / "kb"
    create_workspace(root, *small_inputs)
    for name, matter in (("alder", "roles: [board]"), ("birch", "trainable: false")):
        page = root / "data" / "documents" / "products" / f"{name}.md"
        page.write_text(f"---\n{matter}\n---\n{page.read_text()}")
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["base"].update(model=str(tiny_llama), max_input_tokens=512, max_new_tokens=4)
    params["adapter"].update(epochs=4, batch_size=4, patience=4, min_examples=5, r=8, learning_rate=0.02)
    params["evaluation"].update(forgetting_n=0, latency_n=1)
    params["split"].update(held_out=0.3)
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    opened = open_workspace(root)
    refresh(opened)
    save_training_set(opened, build_training_set(opened))
    return opened


def with_adapter_params(workspace: Workspace, **changes: object) -> Workspace:
    params = workspace.params
    return replace(workspace, params=params.model_copy(update={"adapter": params.adapter.model_copy(update=changes)}))


def with_evaluation_params(workspace: Workspace, **changes: object) -> Workspace:
    params = workspace.params
    evaluation, prices = params.evaluation.model_copy(update=changes), params.prices.model_copy(update={"embedding_per_1m_tokens": 1e6})
    return replace(workspace, params=params.model_copy(update={"evaluation": evaluation, "prices": prices}))


def test_restricted_documents_never_enter_a_training_set(workspace):
    text = workspace.training_set_path.read_text()
    assert "Alder" not in text
    assert "Birch" not in text
    lineage = json.loads((workspace.training_set_path.parent / "lineage.json").read_text())
    assert not {"products/alder.md", "products/birch.md"} & set(lineage["documents"])


def test_an_oracle_row_cites_the_passage_that_holds_the_answer(workspace):
    rows = [row for row in load_training_set(workspace) if row.kind == "oracle"]
    assert rows
    for row in rows:
        answer, number = row.target.removeprefix("Answer: ").removesuffix("]").split(" Source: [")
        assert answer in row.passages[int(number) - 1]


def test_a_row_without_the_needed_passage_teaches_to_abstain(workspace):
    rows = [row for row in load_training_set(with_saved(workspace, oracle_share=0.0, closed_book_share=0.0)) if row.passages]
    assert rows
    assert {row.target for row in rows} == {"Answer: I don't know Source: none"}


def test_naive_training_is_one_parameter_away(workspace):
    rows = build_training_set(with_adapter_params(workspace, context=False)).rows
    assert {row.kind for row in rows} == {"closed_book"}
    assert {row.passages for row in rows} == {()}


def test_the_same_seed_gives_the_same_rows(workspace):
    assert build_training_set(workspace) == build_training_set(workspace)


def test_validation_goes_by_document(workspace):
    rows = load_training_set(with_saved(workspace, validation_share=0.5))
    sides: dict[str, set[bool]] = {}
    for row in rows:
        sides.setdefault(row.example_id.split("-")[0], set()).add(row.validation)
    assert all(len(side) == 1 for side in sides.values())


def test_too_few_examples_close_the_gate_and_the_reason_names_the_numbers(workspace):
    refused = build_training_set(with_adapter_params(workspace, min_examples=500))
    assert refused.rows == ()
    assert "at least 500 are needed (adapter.min_examples)" in refused.refused[0]


def test_an_adapter_of_a_causal_model_is_trained_switched_and_measured(workspace):
    save_training_set(workspace, build_training_set(workspace))
    trained = train(workspace)
    assert trained.trained
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert retrain_reason(workspace) is None
    comparison = evaluate(with_evaluation_params(workspace, max_examples=4))
    assert comparison.n == 4
    assert comparison.n_not_sampled > 0
    assert comparison.n_in_lineage == 0
    assert comparison.candidates["rag"].behaviour["index_version"] == comparison.lineage["index_version"]
    assert comparison.scorecards["rag"].cost_usd_per_1k > 50  # a dollar a token: the question's embedding
    assert set(comparison.scorecards) == {"prompt", "rag", "lora", "rag+lora"}
    assert comparison.scorecards["rag"].rows[0].output != comparison.scorecards["rag+lora"].rows[0].output
    assert comparison.scorecards["lora"].staleness == 0.0
    config = json.loads((workspace.adapter_dir / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == workspace.params.base.model


def test_training_twice_from_one_seed_gives_the_same_weights(workspace):
    first = (workspace.adapter_dir / "adapter_model.safetensors").read_bytes()
    train(workspace)
    assert (workspace.adapter_dir / "adapter_model.safetensors").read_bytes() == first


def test_changed_params_make_a_training_due(workspace):
    assert retrain_reason(with_adapter_params(workspace, r=4)) == "params changed since the last training: adapter"


def test_an_adapter_of_another_base_leaves_its_variants_absent(workspace):
    other = replace(
        workspace, params=workspace.params.model_copy(update={"base": workspace.params.base.model_copy(update={"model": "other"})})
    )
    assert "the variant's base is 'other': run `tandem retrain`" in candidates_of(other)[1]["lora"]


def test_a_loss_that_is_no_number_stops_the_training_with_what_to_do(workspace):
    before = load_trained(workspace)
    with pytest.raises(Refused, match=r"training loss is (nan|inf) at step .* Lower adapter.learning_rate"):
        train(with_adapter_params(workspace, learning_rate=1e30))
    assert load_trained(workspace) == before


def with_saved(workspace: Workspace, **changes: object) -> Workspace:
    changed = with_adapter_params(workspace, **changes)
    save_training_set(changed, build_training_set(changed))
    return changed
