"""Generators: a question and its passages in, an answer's text and its token counts out."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tandem import prompts
from tandem.errors import Notice, Refused
from tandem.params import Base, Form, Prompt
from tandem.records import Generation
from tasks.apart import read_apart
from tasks.bases import READER, hub_revision, resolve_base, revision_of
from tasks.decoding import attend_one_query, cache_in_place, cast_once
from tasks.inputs import (
    Reading,
    Request,
    fitting,
    input_ids,
    load_tokenizer,
    max_new_tokens,
    overlong,
    prompt_text,
    reading_of,
    unloadable,
    vocabulary_of,
)
from tasks.memory import full_memory_named, require_memory
from tasks.workspace import Settings

if TYPE_CHECKING:
    import torch

LIGHTER = "Set base.model in params.yaml to a smaller one, or base.dtype to bfloat16."
# Of a model's own generation settings: what its outputs begin and end with. Not its penalties and lengths: a quote repeats its passage.
GENERATION_KEPT = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id")


class Generator(Protocol):
    """Answers requests, with or without the adapter that it holds. Greedy and deterministic."""

    name: str
    revision: str
    has_adapter: bool

    def generate(self, requests: Sequence[Request], prompt: Prompt, adapter: bool) -> list[Generation]:
        """One generation a request, in order. Raises Refused where `adapter` is asked for and none is held."""
        ...


class LocalGenerator:
    """A Hugging Face model, causal or sequence-to-sequence, with at most one LoRA adapter on it that is switched, never merged."""

    def __init__(self, base: Base, form: Form, settings: Settings, adapter_dir: Path | None = None, quantize: str | None = None):
        import torch
        from safetensors import SafetensorError
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

        path, _ = resolve_base(base, settings)
        self.name, self.base, self.form = base.model, base, form
        self.device = device_of(settings)
        if settings.threads:
            torch.set_num_threads(settings.threads)
        where = hub_revision(base)
        try:
            config = AutoConfig.from_pretrained(path, **where)
            self.reading = reading_of(config)
            _require_positions(base, self.reading, base.max_input_tokens, base.max_new_tokens)
            loader = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
            _require_language_model(base, config, loader)
            dtype = _dtype(base.dtype, self.device, config)
            if base.model != READER:
                require_memory(base, config, loader, dtype, self.device, quantize)
            self.tokenizer = load_tokenizer(base, path, vocabulary_of(config))
            if quantize:
                where |= {"quantization_config": _four_bits(), "device_map": {"": self.device}}
            with full_memory_named(self.device, LIGHTER):
                model: Any = loader.from_pretrained(path, dtype=dtype, use_safetensors=True, **where)
        except (OSError, ValueError, SafetensorError) as error:
            raise unloadable(base, error) from error
        self.revision = revision_of(base)  # of a hub model the commit that is here now
        self.is_seq2seq = self.reading.is_seq2seq
        if self.reading.apart:
            read_apart(model.get_encoder(), self.tokenizer.cls_token_id)
        if self.device == "cpu":
            attend_one_query(model)
            if is_autocast(self.device, base.dtype):
                cast_once(model, torch.bfloat16)
        self.is_uncased = bool(getattr(self.tokenizer, "do_lower_case", False))
        self.tokenizer.truncation_side = "right" if self.is_seq2seq else "left"
        self.tokenizer.padding_side = "right" if self.is_seq2seq else "left"
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.has_adapter = adapter_dir is not None
        model.generation_config = _greedy(model.generation_config)
        with full_memory_named(self.device, LIGHTER):
            self.model = (_with_adapter(model, adapter_dir, base.model) if adapter_dir else model).to(self.device).eval()

    def generate(self, requests: Sequence[Request], prompt: Prompt, adapter: bool) -> list[Generation]:
        """Batches by length, so that little is padded; results are in the order of the requests. Of a prompt that is too long for the
        base the last passages are left out, with a warning."""
        if adapter and not self.has_adapter:
            raise Refused("this generator holds no adapter", hint="Run `tandem retrain` first.")
        for request in requests:
            if request.uncut and (seen := overlong(self.tokenizer, self.reading, self.prompt_text(request, prompt), self.base)):
                raise Refused(
                    f"the whole knowledge base and the question are {seen}",
                    hint="Narrow the question to collections, or let a variant that retrieves take over: `tandem compare`.",
                )
        fitted = [fitting(self.tokenizer, self.reading, request, prompt, self.base.max_input_tokens) for request in requests]
        if any(one.passages != request.passages for one, request in zip(fitted, requests, strict=True)):
            warnings.warn(
                f"some prompts are longer than base.max_input_tokens ({self.base.max_input_tokens:,}) of {self.name!r}: the last passages "
                "are not read. Set it higher, or retrieval.k lower.",
                Notice,
                stacklevel=2,
            )
        texts = [self.prompt_text(request, prompt) for request in fitted]
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        outputs: dict[int, Generation] = {}
        for start in range(0, len(order), self.base.batch_size):
            batch = order[start : start + self.base.batch_size]
            for i, generation in zip(batch, self._generate_batch([texts[i] for i in batch], prompt, adapter), strict=True):
                outputs[i] = self._restored(generation, fitted[i]) if self.is_uncased else generation
        return [replace(outputs[i], n_read=len(fitted[i].passages)) for i in range(len(texts))]

    def prompt_text(self, request: Request, prompt: Prompt) -> str:
        """The model's input as text."""
        return prompt_text(self.tokenizer, self.reading, request, prompt)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special ones."""
        return [len(ids) for ids in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def _generate_batch(self, texts: list[str], prompt: Prompt, adapter: bool) -> list[Generation]:
        import torch

        limit = self.base.max_input_tokens
        ids = [input_ids(self.tokenizer, self.reading, text, limit) for text in texts]
        inputs = {name: tensor.to(self.device) for name, tensor in self.tokenizer.pad({"input_ids": ids}, return_tensors="pt").items()}
        n_new = max_new_tokens(self.base, prompt)
        _require_positions(self.base, self.reading, max(map(len, ids)), n_new)
        if self.device == "cpu" and not self.is_seq2seq and (held := cache_in_place(self.model)):
            inputs["past_key_values"] = held
        switch = contextlib.nullcontext() if adapter or not self.has_adapter else self.model.disable_adapter()
        advice = "Set base.batch_size or base.max_input_tokens in params.yaml lower and run again."
        with full_memory_named(self.device, advice), torch.inference_mode(), switch, autocast(self.device, self.base.dtype):
            output = self.model.generate(
                **inputs, max_new_tokens=n_new, do_sample=False, num_beams=1, pad_token_id=self.tokenizer.pad_token_id
            )
        new = output[:, 1 if self.is_seq2seq else inputs["input_ids"].shape[1] :]
        n_in = inputs["attention_mask"].sum(1).tolist()
        n_out = n_written(new, self.model.generation_config.eos_token_id).tolist()
        decoded = self.tokenizer.batch_decode(new, skip_special_tokens=True)
        return [prompts.generation(text, int(i), int(o), prompt) for text, i, o in zip(decoded, n_in, n_out, strict=True)]

    def _restored(self, generation: Generation, request: Request) -> Generation:
        literals = self.form.answer.replace("{answer}", "\n\n").replace("{source}", "\n\n") + "\n\n" + self.form.no_source
        texts = [literals, *(f"[{n}]" for n in range(1, len(request.passages) + 1)), "I don't know", *request.passages, request.question]
        return Generation(prompts.restore(generation.text, texts), generation.n_tokens_in, generation.n_tokens_out)


def n_written(new: torch.Tensor, ends: int | list[int] | None) -> torch.Tensor:
    """(n,): how many of the new tokens (n, length) of each row were written, the first of `ends` among them; padding follows it."""
    import torch

    if ends is None:
        return torch.full(new.shape[:1], new.shape[1])
    ended = torch.isin(new, torch.tensor(ends, device=new.device))
    return torch.where(ended.any(1), ended.int().argmax(1) + 1, new.shape[1])


def _require_language_model(base: Base, config: Any, loader: Any) -> None:
    if type(config) not in loader._model_mapping:
        raise Refused(
            f"base model {base.model!r} is of the type {config.model_type!r}, which transformers does not load as a language model",
            hint="Name a model that reads text alone, or serve this one and set base.provider: openai.",
        )


def _require_positions(base: Base, reading: Reading, n_in: int, n_new: int) -> None:
    wanted = n_new if reading.apart else max(n_new, n_in) if reading.is_seq2seq else n_new + n_in
    if reading.positions and wanted > reading.positions:
        raise Refused(
            f"{n_in:,} tokens to be read, and {n_new:,} to be written: "
            f"{base.model!r} holds {reading.positions:,} tokens{'' if reading.is_seq2seq else ' of both together'}",
            hint="Set base.max_input_tokens, base.max_new_tokens or prompt.reasoning_tokens lower in params.yaml.",
        )


def load_generator(base: Base, form: Form, settings: Settings, adapter_dir: Path | None = None) -> Generator:
    """The generator that `base` names. Raises Refused where it cannot be loaded."""
    if base.provider == "openai":
        from tasks.generate_openai import OpenAIGenerator

        return OpenAIGenerator(base, settings)
    return LocalGenerator(base, form, settings, adapter_dir)


def device_of(settings: Settings) -> str:
    """`TANDEM_DEVICE`, else CUDA where there is a card, else the CPU. Raises Refused where torch cannot use the named one."""
    import torch

    if settings.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=settings.device)
    except (AssertionError, RuntimeError) as error:
        raise Refused(
            f"TANDEM_DEVICE is {settings.device!r}, which torch cannot use here: {' '.join(str(error).split())[:200]}",
            hint="Unset it, or set it to cpu.",
        ) from error
    return settings.device


def autocast(device: str, dtype: str) -> contextlib.AbstractContextManager[Any]:
    """bf16 autocast where it is faster: on CUDA, and on a CPU with AVX512-BF16; off where float32 is asked for."""
    import torch

    return torch.autocast(device.split(":")[0], torch.bfloat16) if is_autocast(device, dtype) else contextlib.nullcontext()


def is_autocast(device: str, dtype: str) -> bool:
    """Whether `autocast` casts."""
    return dtype != "float32" and (device != "cpu" or has_fast_bf16())


def has_fast_bf16() -> bool:
    """Whether this CPU multiplies bf16 natively."""
    import torch

    return bool(torch.cpu._is_avx512_bf16_supported())


def _dtype(name: str, device: str, config: Any) -> torch.dtype:
    """How the weights are held; `auto`: in bf16 on CUDA, and on a CPU that multiplies it natively where the model's config names it."""
    import torch

    stored = config.dtype or config.get_text_config(decoder=True).dtype
    is_native = device != "cpu" or (has_fast_bf16() and stored == torch.bfloat16)
    return torch.bfloat16 if name == "bfloat16" or (name == "auto" and is_native) else torch.float32


def _greedy(own: Any) -> Any:
    from transformers import GenerationConfig

    return GenerationConfig(**{name: value for name in GENERATION_KEPT if (value := getattr(own, name, None)) is not None})


def _four_bits() -> Any:
    """As QLoRA holds the base (Dettmers et al. 2023, section 3): nf4, the constants quantised too, computed in bf16."""
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16
    )


def _with_adapter(model: Any, adapter_dir: Path, base_name: str) -> Any:
    from peft import PeftModel
    from peft.utils import SAFETENSORS_WEIGHTS_NAME
    from safetensors import SafetensorError

    try:
        if not (adapter_dir / SAFETENSORS_WEIGHTS_NAME).is_file():
            raise FileNotFoundError(f"it holds no {SAFETENSORS_WEIGHTS_NAME}")  # PEFT would load pickled weights instead
        return PeftModel.from_pretrained(model, str(adapter_dir))
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise Refused(
            f"the adapter in {adapter_dir} does not fit the base {base_name!r}: {' '.join(str(error).split())[:300]}",
            hint="Run `tandem retrain` to train one for this base.",
        ) from error
