import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tasks import base_model
from tasks.base_model import BYTES, DELTA, apply_delta, build_parent, compose, reader_revision

needs_delta = pytest.mark.skipif(not DELTA.is_file(), reason=f"{DELTA} is absent; train it with `python -m tasks.base_model`")


@pytest.fixture(scope="module")
def tiny_delta(tmp_path_factory):
    """A delta of one whole tensor and one matrix in bytes, as the trainer writes them."""
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    stem = "encoder.encoder.layer.0.attention.self.query.weight"
    delta = {
        "decoder.cls.predictions.bias": torch.full((30522,), 0.25, dtype=torch.float16),
        stem + BYTES[0]: torch.randint(-127, 128, (384, 384), dtype=torch.int8),
        stem + BYTES[1]: torch.rand(384, 1) / 1000,
    }
    path = tmp_path_factory.mktemp("delta") / "reader.safetensors"
    save_file(delta, path)
    return path


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = compose(tmp_path_factory.mktemp("models"))
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)

    def answer(prompt):
        return tokenizer.decode(model.generate(**tokenizer(prompt, return_tensors="pt"))[0], skip_special_tokens=True)

    return answer


def test_importing_the_module_loads_neither_torch_nor_transformers():
    code = "import sys, tasks.base_model; print([name for name in ('torch', 'transformers', 'safetensors') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_composed_folder_is_an_ordinary_hugging_face_model_with_the_delta_in_it(tiny_delta, tmp_path):
    import torch
    from safetensors.torch import load_file
    from transformers import EncoderDecoderModel

    folder = compose(tmp_path, tiny_delta)
    assert folder == tmp_path / f"reader-{reader_revision(tiny_delta)}"
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in folder.iterdir()}
    model = EncoderDecoderModel.from_pretrained(folder)
    assert model.generation_config.decoder_start_token_id == 101
    assert model.generation_config.eos_token_id == 102
    assert model.generation_config.max_new_tokens == 128
    state, parent, delta = model.state_dict(), build_parent().state_dict(), load_file(tiny_delta)
    assert torch.all(state["decoder.cls.predictions.bias"] == 0.25)
    stem = "encoder.encoder.layer.0.attention.self.query.weight"
    change = delta[stem + BYTES[0]].float() * delta[stem + BYTES[1]]
    assert torch.allclose(state[stem], parent[stem] + change, atol=1e-5)
    assert torch.equal(state["encoder.embeddings.word_embeddings.weight"], parent["encoder.embeddings.word_embeddings.weight"])
    tied = model.decoder.cls.predictions.decoder.weight
    assert torch.equal(tied, state["encoder.embeddings.word_embeddings.weight"])


def test_composing_again_does_nothing_and_leaves_no_scratch_folder(tiny_delta, tmp_path, monkeypatch):
    folder = compose(tmp_path, tiny_delta)
    written = (folder / "model.safetensors").stat().st_mtime_ns
    monkeypatch.setattr(base_model, "build_parent", lambda: pytest.fail("composed twice"))
    assert compose(tmp_path, tiny_delta) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_the_composed_config_names_no_path_of_this_machine(tiny_delta, tmp_path):
    config = json.loads((compose(tmp_path, tiny_delta) / "config.json").read_text())
    assert "/" not in json.dumps(config).replace("</", "")


def test_the_revision_is_the_start_of_the_sha256_of_the_delta(tmp_path):
    path = tmp_path / "reader.safetensors"
    path.write_bytes(b"abc")
    assert reader_revision(path) == "ba7816bf8f01"


def test_a_missing_delta_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.safetensors; run `python -m tasks\.base_model"):
        reader_revision(tmp_path / "nowhere.safetensors")


def test_a_delta_for_another_model_is_refused():
    import torch

    with pytest.raises(KeyError, match=r"no\.such\.weight"):
        apply_delta(build_parent(), {"no.such.weight": torch.zeros(1)})


def test_a_batch_points_at_the_tokens_that_the_answer_copies():
    from tandem.synthetic import make_exercises
    from tasks.reader_batches import collate, encode

    tokenizer = base_model.load_tokenizer()
    rng = Random(0)
    exercises = [exercise for _ in range(12) for exercise in make_exercises(rng, "train", 2, 2)]
    batch = collate(encode(tokenizer, exercises))
    n_copied = 0
    for source, labels, positions in zip(batch.input_ids, batch.labels, batch.copied, strict=True):
        for label, position in zip(labels.tolist(), positions.tolist(), strict=True):
            if position >= 0:
                assert source[position] == label
                n_copied += 1
    assert n_copied > 30


def test_behind_the_end_of_an_answer_stands_the_number_of_the_passage_it_was_copied_from():
    from tandem.synthetic import make_exercises
    from tasks.reader_batches import collate, encode

    tokenizer = base_model.load_tokenizer()
    rng = Random(0)
    exercises = [exercise for _ in range(12) for exercise in make_exercises(rng, "train", 3, 1)]
    rows = encode(tokenizer, exercises)
    assert len(rows) == len(exercises)
    for exercise, labels in zip(exercises, collate(rows).labels, strict=True):
        written = tokenizer.decode(labels[labels >= 0]).split(" [SEP]")
        assert written[1:] == ([f" [ {exercise.cited[0]} ]", ""] if exercise.cited else [""])


def test_an_answer_of_two_copies_points_at_both_and_cites_both_passages():
    from tandem.synthetic import Copy, Exercise
    from tasks.reader_batches import collate, encode

    tokenizer = base_model.load_tokenizer()
    passages = ("Size: the pump weighs 11.5 kg.", "Prices: the large one costs EUR 150.")
    both = Exercise("How heavy and how much?", passages, "11.5 kg and EUR 150", (Copy(0, 22, 7), Copy(1, 28, 7, 12)))
    verdict = Exercise("Is it 11.5 kg?", passages, "Yes, weighs 11.5 kg", (Copy(0, 15, 14, 5),))
    rows = encode(tokenizer, [both, verdict])
    words = [[tokenizer.decode([row.source[at]]) if at >= 0 else "-" for at in row.copied_from] for row in rows]
    assert words == [["11", ".", "5", "kg", "-", "eu", "##r", "150", "-"], ["-", "-", "weighs", "11", ".", "5", "kg", "-"]]
    assert tokenizer.decode(rows[0].citation).replace(" ", "") == "[1][2][SEP]"
    assert collate(rows).span.tolist()[0] == [rows[0].copied_from[0], rows[0].copied_from[3]]


def test_processes_that_train_side_by_side_go_on_with_the_mean_gradient(tmp_path):
    import torch

    torch.multiprocessing.spawn(_average, (f"file://{tmp_path}/meeting", str(tmp_path)), 2)
    found = [json.loads((tmp_path / f"{number}.json").read_text()) for number in range(2)]
    assert found == [{"gradient": [1.0, 2.0, 3.0], "elapsed_s": 15.0}] * 2


def _average(number, meeting, folder):
    import torch

    from tasks.reader_training import average_gradients

    torch.distributed.init_process_group("gloo", init_method=meeting, rank=number, world_size=2)
    weight, unused = torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(2))
    weight.grad = torch.tensor([0.0, 2.0, 4.0]) if number else torch.tensor([2.0, 2.0, 2.0])
    elapsed_s = average_gradients([weight, unused], 10.0 + 10 * number, 2)
    Path(folder, f"{number}.json").write_text(json.dumps({"gradient": weight.grad.tolist(), "elapsed_s": elapsed_s}))
    torch.distributed.destroy_process_group()


def test_every_written_organisation_holds_and_both_sides_have_some():
    from tandem.synthetic.written import is_on, read_organisation
    from tasks.base_model import WRITTEN

    files = sorted((WRITTEN / "organisations").glob("*.md"))
    asked = [one for file in files for text in read_organisation(file.read_text(encoding="utf-8")) for one in text.asked]
    assert len(files) > 150
    assert len(asked) > 13_000
    assert 10 < sum(is_on("held_out", file.stem) for file in files) < 40


def test_a_delta_survives_being_written_and_resumed(tmp_path):
    import torch
    from safetensors.torch import load_file

    from tasks.reader_learner import build_learner, delta_of, save_delta

    torch.manual_seed(0)
    learner = build_learner(None)
    with torch.no_grad():
        for parameters in learner.groups.values():
            for parameter in parameters:
                parameter.add_(torch.randn_like(parameter) / 100)
    path = tmp_path / "reader.safetensors"
    save_delta(delta_of(learner), path, {"step": "1"})
    resumed = build_learner(path)
    again, first = delta_of(resumed), load_file(path)
    assert first.keys() == again.keys()
    for name, value in first.items():
        torch.testing.assert_close(again[name], value, rtol=1e-4, atol=1 if value.dtype == torch.int8 else 1e-4)
    before = dict(learner.model.named_parameters())
    for name, parameter in resumed.model.named_parameters():
        step = first[name + BYTES[1]].max().item() if name + BYTES[1] in first else 1e-3
        torch.testing.assert_close(parameter, before[name], rtol=1e-3, atol=step)


def test_the_mean_of_two_deltas_lies_between_them_and_abstains_as_told(tiny_delta):
    import torch
    from safetensors.torch import load_file

    from tasks.reader_mean import HEAD_BIAS, mean_delta

    one, other = load_file(tiny_delta), load_file(tiny_delta)
    stem = "encoder.encoder.layer.0.attention.self.query.weight"
    other[stem + BYTES[0]] = torch.zeros_like(other[stem + BYTES[0]])
    other[HEAD_BIAS] = other[HEAD_BIAS] * 3
    made = mean_delta(one, other, 0.25, -1.0)
    assert made.keys() == one.keys()
    change = [delta[stem + BYTES[0]].float() * delta[stem + BYTES[1]] for delta in (one, made)]
    torch.testing.assert_close(change[1], 0.75 * change[0], atol=1e-3, rtol=0)
    (changed,) = {round(value, 3) for value in made[HEAD_BIAS].tolist()} - {0.375}
    assert changed == -0.625
    assert base_model.load_tokenizer().convert_ids_to_tokens(int(made[HEAD_BIAS].argmin())) == "i"


@needs_delta
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", "here.safetensors"], "--out here.safetensors is there and would be replaced"),
        (["--out", "new.safetensors", "--manuals", "nowhere"], "--manuals nowhere holds no .jsonl file"),
        (["--out", "new.safetensors", "--processes", "0"], "--processes is 0, at least 1 is needed"),
    ],
)
def test_options_that_would_waste_a_training_are_refused_before_it_begins(options, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.safetensors").write_bytes(b"")
    monkeypatch.setattr("sys.argv", ["base_model", *options])
    with pytest.raises(SystemExit):
        base_model.main()
    assert said in capsys.readouterr().err
    assert (tmp_path / "here.safetensors").read_bytes() == b""


def test_the_shipped_delta_stays_below_16_megabytes():
    assert DELTA.stat().st_size <= 16_000_000


@needs_delta
def test_the_reader_reads_wordings_and_names_that_it_never_saw(reader):
    from tasks.reader_exams import exam, normalise

    exercises = exam(n_passages=1, seed=1, n=40)
    right = [normalise(reader(exercise.prompt)) == normalise(exercise.answer) for exercise in exercises]
    assert sum(right) >= 20, f"{sum(right)} of {len(right)} right; see docs/MODEL.md for the whole exam; chance is far below"


@needs_delta
def test_the_reader_abstains_without_any_context(reader):
    assert reader("How heavy is the Wren S? [SEP]") == "i don ' t know"
