"""The training set and the adapter: who may enter, what a row teaches, and the causal road from training to switching adapters."""

from __future__ import annotations

import json
import random
import re
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
import yaml

from tandem.errors import Refused
from tandem.form import form_ok
from tandem.params import Params
from tandem.records import Example, Generation
from tandem.words import normalise
from tasks.candidates import candidates_of
from tasks.create import create_workspace
from tasks.dataset import build_training_set, exercise_rows, holds_a_fact, load_training_set, save_training_set
from tasks.due import retrain_reason
from tasks.evaluate import evaluate
from tasks.fitting import CPU_ROWS, Fit, _backward, batches, fit
from tasks.generate import LocalGenerator
from tasks.inputs import Request, unread
from tasks.refresh import refresh
from tasks.train import _reading_score, _save, encode, load_trained, train, training_params, with_lora
from tasks.workspace import PROJECT, Workspace, open_workspace
from tasks.written_library import organisations


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
    params["adapter"].update(epochs=4, batch_size=4, patience=4, min_examples=5, exercises=0, r=8, learning_rate=0.02)
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


def test_text_that_was_restricted_when_it_was_indexed_waits_for_the_next_refresh(workspace):
    page = workspace.documents_dir / "products" / "alder.md"
    before = page.read_text()
    page.write_text(before.replace("---\nroles: [board]\n---\n", ""))
    try:
        training_set = build_training_set(workspace)
    finally:
        page.write_text(before)
    assert "Alder" not in str(training_set.rows)
    assert training_set == build_training_set(workspace)


def test_an_answer_without_a_source_is_not_trained_on(workspace):
    lines = workspace.examples_path.read_text()
    nowhere = [{"id": f"n{i}", "question": f"What of {i}?", "answer": str(i)} for i in range(9)]
    unknown = [{"id": f"u{i}", "question": f"Who is {i}?", "answer": "I don't know", "answerable": False} for i in range(9)]
    workspace.examples_path.write_text(lines + "".join(json.dumps(row) + "\n" for row in (*nowhere, *unknown)))
    try:
        names = {row.example_id for row in build_training_set(workspace).rows}
    finally:
        workspace.examples_path.write_text(lines)
    assert not {row["id"] for row in nowhere} & names
    assert {row["id"] for row in unknown} & names


def test_an_oracle_row_cites_the_passage_that_holds_the_answer(workspace):
    rows = [row for row in load_training_set(workspace) if row.kind == "oracle"]
    assert rows
    for row in rows:
        answer, number = row.target.removeprefix("Answer: ").removesuffix("]").split(" Source: [")
        assert answer in row.passages[int(number) - 1]


@pytest.mark.parametrize(
    ("fact", "text", "held"),
    [
        ("5 days", "Parcels take 15 days.", False),
        ("5 days", "Parcels take 5 days.", True),
        ("1200", "It costs 1,200 euros.", True),
        ("no", "Nobody knows.", False),
        ("?", "What?", False),
    ],
)
def test_a_passage_holds_a_fact_by_the_words_that_an_answer_is_scored_by(fact, text, held):
    assert holds_a_fact(text, Example(id="e", question="Q?", answer="-", facts=(fact,))) is held
    assert holds_a_fact(text, Example(id="e", question="Q?", answer=fact)) is held


def test_a_row_without_the_needed_passage_teaches_to_abstain(workspace):
    rows = [row for row in load_training_set(with_saved(workspace, oracle_share=0.0, closed_book_share=0.0)) if row.passages]
    assert rows
    assert {row.target for row in rows} == {"Answer: I don't know Source: none"}


def test_naive_training_is_one_parameter_away(workspace):
    rows = build_training_set(with_adapter_params(workspace, context=False)).rows
    assert {row.kind for row in rows} == {"closed_book"}
    assert {row.passages for row in rows} == {()}


def test_exercises_are_answered_in_the_house_form_and_cite_the_passage_that_holds_the_answer(workspace):
    rows = build_training_set(with_adapter_params(workspace, exercises=40)).rows
    exercises = [row for row in rows if row.kind == "exercise"]
    assert len(exercises) == 40
    assert {len(row.passages) for row in exercises} == set(range(1, workspace.params.retrieval.k + 1))
    assert 0 < sum(row.target == "Answer: I don't know Source: none" for row in exercises) < 20
    for row in exercises:
        answer, source = row.target.removeprefix("Answer: ").split(" Source: ")
        assert form_ok(row.target, workspace.params.form)
        cited = " ".join(normalise(row.passages[int(number[1:-1]) - 1]) for number in source.split() if source != "none")
        said = re.split(" and ", re.sub("^(yes|no) ", "", normalise(answer)))
        halves = [(" and ".join(said[:n]), " and ".join(said[n:])) for n in range(1, len(said) + 1)]
        assert source == "none" or any(first in cited and second in cited for first, second in halves)


def test_exercises_are_made_up_and_of_the_written_library_where_it_is_at_hand(workspace, monkeypatch):
    asked = {row.question for row in exercise_rows(with_adapter_params(workspace, exercises=40).params, workspace.settings)}
    library = " ".join(file.read_text() for file in organisations("train"))
    assert 10 < sum(f"Q: {question}" in library for question in asked) < 30
    monkeypatch.setattr("tasks.dataset.organisations", lambda side: [])
    without = {row.question for row in exercise_rows(with_adapter_params(workspace, exercises=40).params, workspace.settings)}
    assert len(without) >= 38
    assert not any(f"Q: {question}" in library for question in without)


def test_exercises_are_no_examples_of_the_lineage_and_naive_training_has_none(workspace):
    changed = with_saved(workspace, exercises=10)
    saved = (changed.training_set_path.parent / "lineage.json").read_text()
    save_training_set(workspace, build_training_set(workspace))
    lineage = json.loads(saved)
    assert lineage["n_rows"] == len(lineage["examples"]) + 10
    assert not [name for name in lineage["examples"] if name.startswith("exercise")]
    naive = build_training_set(with_adapter_params(workspace, exercises=10, context=False))
    assert {row.kind for row in naive.rows} == {"closed_book"}


def test_the_same_seed_gives_the_same_rows(workspace):
    assert build_training_set(workspace) == build_training_set(workspace)


def test_validation_goes_by_document(workspace):
    rows = load_training_set(with_saved(workspace, validation_share=0.5))
    sides: dict[str, set[bool]] = {}
    for row in rows:
        sides.setdefault(row.example_id.split("-")[0], set()).add(row.validation)
    assert all(len(side) == 1 for side in sides.values())


def test_answers_that_the_form_does_not_allow_close_the_gate(workspace):
    one_digit = with_params(workspace, form={"pattern": r"^Answer: (I don't know|\d \w+) Source: (\[\d\]|none)$"})
    (reason,) = build_training_set(one_digit).refused
    assert re.match(r"\d+ of \d+ training answers are not in the house form, as that of [a-z]+-\d: 'Answer: ", reason)
    assert reason.endswith("; mend form.answer, or let form.pattern and form.json_schema allow them")


def test_too_few_examples_close_the_gate_and_the_reason_names_the_numbers(workspace):
    refused = build_training_set(with_adapter_params(workspace, min_examples=500))
    assert refused.rows == ()
    assert f"{refused.n_left_out} were left out (restricted, without a source, edited" in refused.refused[0]
    assert "at least 500 are needed (adapter.min_examples)" in refused.refused[0]


def test_an_adapter_of_a_causal_model_is_trained_switched_and_measured(workspace):
    save_training_set(workspace, build_training_set(workspace))
    told: list[str] = []
    trained = train(workspace, lambda what, done, total: told.append(f"{what} {done}/{total}"))
    assert trained.trained
    steps = [line for line in told if re.fullmatch(r"training the adapter, loss \d+\.\d\d, [\d,]+ tokens/s \d+/\d+", line)]
    assert steps[-1].endswith(f" {len(steps)}/{len(steps)}")
    assert trained.history[-1]["loss"] < trained.history[0]["loss"]
    assert retrain_reason(workspace) is None
    comparison = evaluate(with_evaluation_params(workspace, max_examples=4))
    assert comparison.n == 4
    assert comparison.n_not_sampled > 0
    assert comparison.n_in_lineage == 0
    assert set(comparison.lineage["adapters"]) == {"lora", "rag+lora"}
    adapter = comparison.lineage["adapters"]["lora"]
    assert (adapter["data_version"], adapter["n_examples"]) == (trained.lineage["data_version"], len(trained.lineage["examples"]))
    assert (adapter["base"], adapter["base_revision"]) == (workspace.params.base.model, comparison.lineage["base_revision"])
    assert comparison.lineage["split"]["groups_on_both_sides"] == 0
    assert comparison.lineage["split"]["held_out"] == comparison.n + comparison.n_not_sampled
    assert comparison.scorecards["rag"].rows[0].documents
    assert comparison.candidates["rag"].behaviour["index_version"] == comparison.lineage["index_version"]
    assert comparison.scorecards["rag"].cost_usd_per_1k > 50  # a dollar a token: the question's embedding
    card = comparison.scorecards["rag"]
    assert sum(card.cost_by_part.values()) * 1_000 == pytest.approx(card.cost_usd_per_1k)
    assert all(0 < row.usage.n_context_tokens <= row.n_tokens_in for row in card.rows)
    assert card.setup.n_document_tokens > 100
    assert (card.setup.retrieve, card.setup.adapter, card.setup.n_training_tokens) == (True, False, 0)
    assert comparison.scorecards["lora"].setup.n_training_tokens == pytest.approx(trained.seconds * trained.tokens_per_s, abs=1)
    assert comparison.scorecards["lora"].rows[0].usage.n_context_tokens == 0
    assert set(comparison.scorecards) == {"prompt", "rag", "lora", "rag+lora"}
    assert comparison.scorecards["rag"].rows[0].output != comparison.scorecards["rag+lora"].rows[0].output
    assert comparison.scorecards["lora"].staleness == 0.0
    config = json.loads((workspace.adapter_dir / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == workspace.params.base.model


def test_training_twice_from_one_seed_gives_the_same_weights(workspace):
    first = (workspace.adapter_dir / "adapter_model.safetensors").read_bytes()
    train(workspace)
    assert (workspace.adapter_dir / "adapter_model.safetensors").read_bytes() == first


def test_a_base_that_answers_in_sentences_has_a_reading_to_forget(workspace):
    class Says:
        def generate(self, requests, prompt, adapter):
            return [Generation("It weighs 7.4 kg." if adapter else "That would be 18 kg, I think.", 1, 1) for _ in requests]

    reading = [(Request("How heavy is it?", ("It weighs 18 kg.",)), "18 kg"), (Request("And that?", ("8 kg",)), "8 kg")]
    scores = [_reading_score(Says(), workspace.params, reading, adapter, lambda *_: None) for adapter in (False, True)]
    assert scores == [0.5, 0.0]


def test_four_bits_are_refused_where_they_cannot_be_had_before_anything_is_loaded(workspace, monkeypatch):
    monkeypatch.setattr("tasks.train.LocalGenerator", None)
    cpu = replace(workspace, settings=workspace.settings.model_copy(update={"device": "cpu"}))
    missing = "" if find_spec("bitsandbytes") else " and bitsandbytes is not installed"
    with pytest.raises(Refused, match=f"needs a CUDA card and bitsandbytes, and here the device is 'cpu'{missing}. Train on"):
        train(with_adapter_params(cpu, quantize="4bit"))


@pytest.mark.parametrize("killed_in_epoch", [1, 3])
def test_a_killed_training_goes_on_to_the_same_weights(workspace, killed_in_epoch):
    weights = workspace.adapter_dir / "adapter_model.safetensors"
    expected, before = weights.read_bytes(), load_trained(workspace)
    assert before is not None
    seen: list[int] = []

    def kill(what: str, done: int, total: int) -> None:
        if done > total * (killed_in_epoch - 0.5) / 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(workspace, kill)
    assert load_trained(workspace) == before
    trained = train(workspace, lambda what, done, total: seen.append(done))
    assert weights.read_bytes() == expected
    assert (trained.history, trained.best_epoch) == (tuple(before.history), before.best_epoch)
    per_epoch = seen[-1] // 4
    assert seen[0] == per_epoch * (killed_in_epoch - 1) + 1
    assert not (workspace.state_dir / "checkpoint").exists()


def test_a_checkpoint_of_other_params_is_not_gone_on_with(workspace):
    def kill(what: str, done: int, total: int) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(with_adapter_params(workspace, r=4), kill)
    assert (workspace.state_dir / "checkpoint" / "state.json").is_file()
    seen: list[int] = []
    train(workspace, lambda what, done, total: seen.append(done))
    assert seen[0] == 1


def test_batches_hold_like_lengths_and_differ_between_epochs():
    rng = random.Random(0)
    rows = [{"input_ids": [number] * rng.randint(20, 200), "labels": [1]} for number in range(320)]
    first, again, other = (list(batches(rows, 16, random.Random(seed))) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert sorted(row["input_ids"][0] for batch in first for row in batch) == list(range(320))
    padded = sum(max(len(row["input_ids"]) for row in batch) * len(batch) for batch in first)
    assert padded < 1.1 * sum(len(row["input_ids"]) for row in rows)


def test_a_batch_in_parts_with_the_logits_of_the_answers_only_gives_the_loss_and_gradients_of_the_whole(workspace):
    import torch

    params = workspace.params
    generator = LocalGenerator(params.base.model_copy(update={"dtype": "float32"}), params.form, workspace.settings)
    encoded = [encode(generator, params, row) for row in load_training_set(workspace)[: CPU_ROWS + 3]]
    model = generator.model = with_lora(generator, params.adapter)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    loss = _backward(generator, encoded)
    gradients = [parameter.grad.clone() for parameter in trainable]
    model.zero_grad()
    width = max(len(row["input_ids"]) for row in encoded)

    def padded(name: str, value: int) -> torch.Tensor:
        return torch.tensor([row[name] + [value] * (width - len(row[name])) for row in encoded])

    ids, labels = padded("input_ids", generator.tokenizer.pad_token_id), padded("labels", -100)
    mask = torch.tensor([[int(at < len(row["input_ids"])) for at in range(width)] for row in encoded])
    expected = model(input_ids=ids, attention_mask=mask, labels=labels).loss
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    for parameter, gradient in zip(trainable, gradients, strict=True):
        torch.testing.assert_close(gradient, parameter.grad, rtol=1e-4, atol=1e-6)


def test_changed_params_make_a_training_due(workspace):
    assert retrain_reason(with_adapter_params(workspace, r=4)) == "params changed since the last training: adapter"
    other = with_params(workspace, chunking={"max_chars": 500})
    assert retrain_reason(other) == "params changed since the last training: layout"


def test_gates_and_what_only_generates_make_no_training_due(workspace):
    changed = with_adapter_params(workspace, min_examples=6, retrain_after_days=29, retrain_after_changed_share=0.3)
    changed = with_params(changed, base={"max_new_tokens": 5, "batch_size": 2}, evaluation={"forgetting_n": 1})
    assert retrain_reason(changed) is None


def test_another_pattern_makes_a_training_due_as_targets_are_written_to_fit_it(workspace):
    assert retrain_reason(with_params(workspace, form={"pattern": "^A.*"})) == "params changed since the last training: form"


def test_another_revision_of_the_base_makes_a_training_due(workspace):
    trained = json.loads((workspace.adapter_dir / "training.json").read_text())
    (workspace.adapter_dir / "training.json").write_text(json.dumps({**trained, "base_revision": "older"}))
    reason, absent = retrain_reason(workspace), candidates_of(workspace)[1]
    (workspace.adapter_dir / "training.json").write_text(json.dumps(trained, indent=1) + "\n")
    assert reason is not None
    assert reason.endswith(f"is at revision {trained['base_revision']}, the adapter was trained on older")
    assert absent["rag+lora"].startswith("the adapter was trained on revision older of")


def test_targets_that_the_base_lacks_are_refused_with_those_that_it_has(workspace):
    with pytest.raises(
        Refused, match=r"adapter\.targets \['foo'\] cannot be adapted .* to auto or to some of down_proj, gate_proj, k_proj"
    ):
        train(with_adapter_params(workspace, targets=("foo",)))


def test_the_pipeline_depends_on_what_makes_a_training_due(workspace):
    pipeline = yaml.safe_load((PROJECT / "dvc.yaml").read_text())["stages"]
    named = {key for stage in ("dataset", "train") for key in pipeline[stage]["params"] if isinstance(key, str)}
    assert {"artifacts/index/manifest.json": ["layout"]} in pipeline["dataset"]["params"]
    counted = training_params(workspace.params)
    assert counted.pop("layout")
    leaves = {f"{section}.{key}" if isinstance(value, dict) else section for section, value in counted.items() for key in value_keys(value)}
    assert {leaf for leaf in leaves if leaf not in named and leaf.split(".")[0] not in named} == set()
    assert {key for key in named if key not in leaves and key not in counted} == set()


def value_keys(value: object) -> list[str]:
    return list(value) if isinstance(value, dict) else [""]


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


def test_a_validation_loss_that_is_no_number_stops_the_training_too(workspace):
    one_step = {"learning_rate": 1e30, "epochs": 1, "batch_size": 1000, "warmup_share": 0.0}
    with pytest.raises(Refused, match=r"validation loss is (nan|inf) after epoch 1\. Lower adapter.learning_rate"):
        train(with_adapter_params(workspace, **one_step))


def test_training_ends_when_nothing_more_is_gained_with_the_weights_of_the_best_epoch(workspace):
    generator = LocalGenerator(workspace.params.base, workspace.params.form, workspace.settings)
    torch.manual_seed(0)
    adapter = workspace.params.adapter.model_copy(update={"epochs": 12, "patience": 2, "learning_rate": 0.3})
    generator.model = with_lora(generator, adapter)
    rows = [encode(generator, workspace.params, row) for row in load_training_set(workspace)]
    held = [{**row, "labels": [label if label < 0 else 7 for label in row["labels"]]} for row in rows]  # what no training row says
    kept: list[Fit] = []
    done = fit(generator, rows, held, adapter, 0, Fit(), kept.append, lambda *_: None)
    losses = [record["validation_loss"] for record in done.history]
    assert done.best_epoch == 1 + losses.index(min(losses))
    assert done.epoch == done.best_epoch + 2 < 12
    best = kept[done.best_epoch - 1].tensors
    for name, weight in generator.model.named_parameters():
        if weight.requires_grad:
            assert torch.equal(weight, best[f"weights/{name}"])
            assert not torch.equal(weight, kept[-1].tensors[f"weights/{name}"])


def test_nobody_is_asked_for_the_base_when_an_adapter_is_saved(workspace, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_HUB_OFFLINE")  # PEFT asks this one
    asked: list[object] = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *address, **_: asked.append(address[0]) or [])
    generator = LocalGenerator(workspace.params.base, workspace.params.form, workspace.settings)
    model = with_lora(generator, workspace.params.adapter)
    trained = load_trained(workspace)
    assert trained is not None
    other = replace(workspace, root=workspace.root.parent / "other")
    _save(other, replace(trained, base="reader"), model)
    assert (other.adapter_dir / "adapter_model.safetensors").is_file()
    assert asked == []


def test_a_row_holds_no_more_passages_than_the_base_reads_and_all_that_it_cites(workspace):
    tight = with_params(workspace, base={"max_input_tokens": 700})
    found, all_of_it = (
        {row.example_id: row for row in build_training_set(one).rows}
        for one in (tight, with_params(workspace, base={"max_input_tokens": 4_000}))
    )
    assert any(len(row.passages) < len(all_of_it[row.example_id].passages) for row in found.values())
    for row in found.values():
        assert not unread(tight.params.base, tight.settings, Request(row.question, row.passages), tight.params.prompt)
        assert row.target.count("[") == all_of_it[row.example_id].target.count("[")
        for number in map(int, re.findall(r"\[(\d+)\]", row.target)):
            assert 1 <= number <= len(row.passages)


def test_an_example_whose_passages_the_base_cannot_read_is_left_out(workspace):
    """Cut, they would teach to answer from nowhere."""
    small = with_params(workspace, base={"max_input_tokens": 250})
    found, all_of_it = (build_training_set(one) for one in (small, with_params(workspace, base={"max_input_tokens": 4_000})))
    assert found.n_left_out > all_of_it.n_left_out
    oracles = [row for row in found.rows if row.kind == "oracle"]
    assert 0 < len(oracles) < sum(row.kind == "oracle" for row in all_of_it.rows)
    for row in oracles:
        assert not unread(small.params.base, small.settings, Request(row.question, row.passages), small.params.prompt)
    n_answered = sum("I don't know" not in row.target for row in all_of_it.rows)
    (reason,) = build_training_set(with_params(small, base={"max_input_tokens": 20}, adapter={"min_examples": n_answered})).refused
    assert "with passages too long for base.max_input_tokens)" in reason


def test_of_a_chat_only_the_answer_and_its_one_end_are_learned(workspace, tiny_llama, tmp_path):
    from transformers import AutoTokenizer

    shutil.copytree(tiny_llama, tmp_path / "chat")
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    tokenizer.chat_template = (
        "<s>{% for message in messages %}{{ message.role }}: {{ message.content }}</s>{% endfor %}"
        "{% if add_generation_prompt %}assistant: {% endif %}"
    )
    tokenizer.save_pretrained(tmp_path / "chat")
    changed = with_params(workspace, base={"model": str(tmp_path / "chat"), "max_input_tokens": 4_000})
    generator = LocalGenerator(changed.params.base, changed.params.form, changed.settings)
    row = next(row for row in load_training_set(workspace) if row.kind == "oracle")
    encoded = encode(generator, changed.params, row)
    ids, learned = encoded["input_ids"], [label for label in encoded["labels"] if label != -100]
    assert learned == [*tokenizer(row.target, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    assert learned.count(tokenizer.eos_token_id) == 1
    assert encoded["labels"] == [-100] * (len(ids) - len(learned)) + learned
    assert ids[-len(learned) :] == learned
    assert ids.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(ids).endswith(f"assistant: {row.target}</s>")


def test_the_end_of_an_answer_is_learned_where_a_model_starts_with_the_same_token(workspace, tiny_llama, tmp_path):
    from tokenizers.processors import TemplateProcessing
    from transformers import AutoTokenizer, BartConfig, BartForConditionalGeneration

    tokenizer = AutoTokenizer.from_pretrained(tiny_llama, pad_token="<unk>")
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    tokenizer.save_pretrained(tmp_path)
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2}
    BartForConditionalGeneration(BartConfig(vocab_size=len(tokenizer), max_position_embeddings=512, **sizes, **ids)).save_pretrained(
        tmp_path
    )
    changed = with_params(workspace, base={"model": str(tmp_path)})
    generator = LocalGenerator(changed.params.base, changed.params.form, changed.settings)
    row = load_training_set(workspace)[0]
    labels = encode(generator, changed.params, row)["labels"]
    assert labels == generator.tokenizer(row.target)["input_ids"]
    assert (labels[0], labels[-1]) == (1, 2)
    with pytest.raises(
        Refused, match=rf"the training row of {row.example_id} takes [\d,]+ tokens; .* holds 512\. Set adapter\.max_answer_chars"
    ):
        encode(generator, changed.params, replace(row, target="word " * 600))


def with_params(workspace: Workspace, **changes: dict[str, object]) -> Workspace:
    whole = workspace.params.model_dump()
    return replace(workspace, params=Params.model_validate({**whole, **{name: {**whole[name], **new} for name, new in changes.items()}}))


def with_saved(workspace: Workspace, **changes: object) -> Workspace:
    changed = with_adapter_params(workspace, **changes)
    save_training_set(changed, build_training_set(changed))
    return changed
