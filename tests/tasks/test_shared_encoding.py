"""Prompts that several variants share are encoded once, and every output stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tandem.params import Form, parse_params
from tasks.batches import Batch, Model, answer_batches
from tasks.frozen import encoder_of
from tasks.generate import LocalGenerator, autocast
from tasks.inputs import Request
from tasks.shared_encoding import shared_encoding
from tasks.train import with_lora
from tasks.workspace import PROJECT, Settings

PARAMS = parse_params((PROJECT / "params.yaml").read_text())


def generator_of(model: Path, targets: object) -> LocalGenerator:
    """With a fresh adapter whose second half is no longer zero, so that it changes what is said."""
    base = PARAMS.base.model_copy(update={"model": str(model), "max_new_tokens": 6, "batch_size": 2})
    generator = LocalGenerator(base, Form(), Settings())
    torch.manual_seed(0)
    generator.model = with_lora(generator, PARAMS.adapter.model_copy(update={"r": 4, "targets": targets})).eval()
    for name, weight in generator.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    generator.has_adapter = True
    return generator


@pytest.fixture(scope="module")
def generator(tiny_t5: Path) -> LocalGenerator:
    return generator_of(tiny_t5, "auto")


class Held:
    """The generators of a comparison, all of them one."""

    def __init__(self, generator: LocalGenerator):
        self.generator = generator

    def load(self, model: Model) -> LocalGenerator:
        return self.generator


def batches_of(name: str, passages: bool, adapter: bool) -> list[Batch]:
    """Two batches of a variant, each of three prompts."""
    texts = [f"Kettle {at} weighs {at} kg. " * (1 + at % 2) for at in range(6)]
    requests = [Request(f"How heavy is kettle {at}?", (texts[at],) if passages else ()) for at in range(6)]
    base = PARAMS.base.model_copy(update={"batch_size": 2})
    return [Batch(name, Model(base, Form()), PARAMS.prompt, adapter, tuple(requests[at : at + 3])) for at in (0, 3)]


VARIANTS = [batches_of("rag", True, False), batches_of("lora", False, True), batches_of("rag+lora", True, True)]


def said(batches: list[Batch], generator: LocalGenerator) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {batch.candidate: [] for batch in batches}
    for batch, generations, seconds in answer_batches(batches, Held(generator), Settings()):
        assert seconds > 0
        texts[batch.candidate] += [one.text for one in generations]
    return texts


def test_every_variant_says_what_it_says_alone_and_shared_prompts_are_encoded_once(generator):
    alone = {name: texts for batches in VARIANTS for name, texts in said(batches, generator).items()}
    n_encoded: list[int] = []
    hook = encoder_of(generator.model).block[0].register_forward_hook(lambda *_: n_encoded.append(1))
    assert said([batch for turn in zip(*VARIANTS, strict=True) for batch in turn], generator) == alone
    hook.remove()
    assert alone["rag"] != alone["rag+lora"]
    assert len(n_encoded) == 8  # batches of 2 and 1: four with passages, for rag and rag+lora at once, and four without


def test_spared_seconds_are_told_and_nothing_is_left_behind(generator):
    inputs = generator.tokenizer(["How heavy?"], return_tensors="pt")
    encoder = encoder_of(generator.model)
    computed = autocast(generator.device, generator.base.dtype)
    with shared_encoding([generator], 2) as spared, torch.inference_mode(), computed:
        first = encoder(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        assert spared.taken() == 0
        assert encoder(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]) is first
        assert spared.taken() > 0 == spared.taken()
    assert "forward" not in vars(encoder)


def test_an_encoder_with_an_adapter_is_left_alone(tiny_t5):
    generator = generator_of(tiny_t5, "all-linear")
    with shared_encoding([generator], 2):
        assert "forward" not in vars(encoder_of(generator.model))
