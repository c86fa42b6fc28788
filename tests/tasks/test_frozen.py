"""An encoder without an adapter: run once a training, to the losses and gradients of running it each time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tandem.params import Params, parse_params
from tasks.fitting import Fit, _backward, fit
from tasks.frozen import encoder_of, frozen_encoder
from tasks.generate import LocalGenerator
from tasks.train import with_lora
from tasks.workspace import PROJECT, Settings

ROWS = [{"input_ids": list(range(3, 3 + n)), "labels": [*range(40, 41 + n % 3), 2]} for n in (4, 9, 5, 12, 7, 6, 11, 8, 10, 5)]


def adapted(model: Path, **changes: object) -> tuple[LocalGenerator, Params]:
    """A generator with a fresh adapter whose second half is no longer zero, so that every weight has a gradient."""
    params = parse_params((PROJECT / "params.yaml").read_text())
    adapter = params.adapter.model_copy(update={"r": 4, "epochs": 3, "batch_size": 4, "patience": 3, "exercises": 0, **changes})
    params = params.model_copy(update={"adapter": adapter, "base": params.base.model_copy(update={"model": str(model)})})
    generator = LocalGenerator(params.base, params.form, Settings(device="cpu"))
    torch.manual_seed(0)
    generator.model, generator.has_adapter = with_lora(generator, adapter), True
    for name, weight in generator.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return generator, params


def test_a_sequence_to_sequence_base_is_adapted_in_its_decoder_alone(tiny_t5):
    generator, _ = adapted(tiny_t5)
    trained = [name for name, weight in generator.model.named_parameters() if weight.requires_grad]
    assert trained
    assert all(".decoder." in name for name in trained)
    assert not [name for name in trained if "lm_head" in name]


def test_kept_states_give_the_loss_and_the_gradients_of_a_whole_pass(tiny_t5):
    generator, _ = adapted(tiny_t5)
    trained = [weight for weight in generator.model.parameters() if weight.requires_grad]
    whole = _backward(generator, ROWS)
    expected = [weight.grad.clone() for weight in trained]
    generator.model.zero_grad()
    frozen = frozen_encoder(generator, [row["input_ids"] for row in ROWS], lambda done, total: None)
    assert frozen is not None
    assert _backward(generator, ROWS, frozen) == pytest.approx(whole, rel=1e-5)
    for weight, gradient in zip(trained, expected, strict=True):
        torch.testing.assert_close(weight.grad, gradient, rtol=1e-4, atol=1e-6)


def test_each_distinct_row_is_encoded_once_in_a_whole_training(tiny_t5):
    generator, params = adapted(tiny_t5)
    n_rows: list[int] = []
    encoder_of(generator.model).register_forward_hook(lambda module, args, kwargs, out: n_rows.append(out[0].shape[0]), with_kwargs=True)
    done = fit(generator, ROWS, ROWS[:3], params.adapter, 0, Fit(), lambda state: None, lambda *_: None)
    assert done.epoch == 3
    assert sum(n_rows) == len({tuple(row["input_ids"]) for row in ROWS})


def test_an_adapted_encoder_is_run_each_time(tiny_t5):
    generator, _ = adapted(tiny_t5, targets="all-linear")
    assert frozen_encoder(generator, [[3, 4]], lambda done, total: None) is None


def test_states_that_would_fill_the_memory_are_not_kept(tiny_t5, monkeypatch):
    generator, _ = adapted(tiny_t5)
    monkeypatch.setattr("tasks.frozen.MAX_KEPT_BYTES", 10 * 32 * 4)
    assert frozen_encoder(generator, [[3] * 10], lambda done, total: None) is not None
    assert frozen_encoder(generator, [[3] * 11], lambda done, total: None) is None


def test_a_causal_base_has_no_encoder(tiny_llama):
    generator, _ = adapted(tiny_llama)
    assert frozen_encoder(generator, [[3, 4]], lambda done, total: None) is None
