"""How fast answers are generated: our LocalGenerator, one by one and in batches, against `model.generate` one by one.

Run: python -m bench.generation [--prompts N]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from bench.material import quiet, random_llama, sample_rows
from tandem.params import Base, Params
from tasks.apart import read_apart
from tasks.bases import resolve_base
from tasks.generate import LocalGenerator, has_fast_bf16
from tasks.inputs import Request, input_ids
from tasks.workspace import Settings

Dtype = Literal["float32", "bfloat16"]
DTYPES: tuple[Dtype, ...] = ("float32", "bfloat16")


def as_it_loads(generator: LocalGenerator, dtype: Dtype) -> Any:
    """The same model as `from_pretrained` makes it in this type."""
    from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

    path, _ = resolve_base(generator.base, Settings())
    loader: Any = AutoModelForSeq2SeqLM if generator.is_seq2seq else AutoModelForCausalLM
    model = loader.from_pretrained(path, dtype=dtype)
    if generator.reading.apart:
        read_apart(model.get_encoder(), generator.tokenizer.cls_token_id)
    return model.to(generator.device).eval()


def plain(generator: LocalGenerator, model: Any, requests: Sequence[Request], params: Params) -> list[str]:
    """`model.generate` as its documentation shows it, greedy, one prompt after the other."""
    import torch

    texts = []
    for request in requests:
        text = generator.prompt_text(request, params.prompt)
        ids = torch.tensor([input_ids(generator.tokenizer, generator.reading, text, generator.base.max_input_tokens)])
        inputs = {"input_ids": ids.to(generator.device), "attention_mask": torch.ones_like(ids, device=generator.device)}
        with torch.inference_mode():
            output = model.generate(
                **inputs,
                max_new_tokens=generator.base.max_new_tokens,
                do_sample=False,
                num_beams=1,
                pad_token_id=generator.tokenizer.pad_token_id,
            )
        new = output if generator.is_seq2seq else output[:, inputs["input_ids"].shape[1] :]
        texts.append(generator.tokenizer.batch_decode(new, skip_special_tokens=True)[0].strip())
    return texts


def compare(base: Base, params: Params, requests: Sequence[Request]) -> None:
    """Print answers/s of each way, and the share of answers equal to those of `model.generate` (case and spaces aside), held and
    computed in single precision, as both models are stored, and, where ours computes in bfloat16, also in that."""
    generator = LocalGenerator(base, params.form, Settings())
    dtypes = DTYPES[1:] if generator.device != "cpu" else DTYPES if has_fast_bf16() else DTYPES[:1]
    models = {dtype: as_it_loads(generator, dtype) for dtype in dtypes}

    def ours(requests: Sequence[Request], batch_size: int) -> list[str]:
        generator.base = base.model_copy(update={"batch_size": batch_size})
        return [one.text for one in generator.generate(requests, params.prompt, adapter=False)]

    ways: dict[str, Callable[[Sequence[Request]], list[str]]] = {
        f"model.generate, one by one, {dtype}": lambda some, model=model: plain(generator, model, some, params)  # type: ignore[misc]
        for dtype, model in models.items()
    }
    ways |= {
        "ours, batches of 1": lambda some: ours(some, 1),
        "ours, batches of 16": lambda some: ours(some, 16),
    }
    seconds: dict[str, float] = dict.fromkeys(ways, 0.0)
    texts: dict[str, list[str]] = {}
    for name, way in ways.items():
        way(requests[:2])
        texts[name] = []
    for at in range(0, len(requests), 32):  # in turns, so that what else the machine does meets all of them
        for name, way in ways.items():
            started = time.perf_counter()
            texts[name] += way(requests[at : at + 32])
            seconds[name] += time.perf_counter() - started
    theirs = [name for name in ways if name.startswith("model.generate")]
    print(f"  {len(requests)} prompts{'':30}  answers/s   " + "   ".join(f"against {name.split()[-1]}: faster by, same" for name in theirs))
    for name in ways:
        against = "   ".join(f"{seconds[one] / seconds[name]:26.2f}x, {_share_same(texts[name], texts[one]):6.1%}" for one in theirs)
        print(f"  {name:41}  {len(requests) / seconds[name]:9.2f}   {against}", flush=True)


def _share_same(texts: Sequence[str], others: Sequence[str]) -> float:
    return sum(_bare(a) == _bare(b) for a, b in zip(texts, others, strict=True)) / len(texts)


def _bare(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def main() -> None:
    """The reader, then the Llama, which never ends an answer before its last allowed token."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=64)
    options = parser.parse_args()
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        params, rows = sample_rows(Path(folder, "kb"))
        rows = random.Random(0).sample(rows, min(options.prompts, len(rows)))
        requests = [Request(row.question, row.passages) for row in rows]
        print("the offline reader")
        compare(params.base, params, requests)
        print("a Llama of 4 layers and width 256, random weights")
        llama = random_llama(Path(folder, "llama"), [passage for row in rows for passage in row.passages])
        compare(params.base.model_copy(update={"model": str(llama)}), params, requests)


if __name__ == "__main__":
    main()
