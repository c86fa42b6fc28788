"""How fast answers are generated: our LocalGenerator, one by one and in batches, against `model.generate` one by one.

Run: python -m bench.generation [--prompts N]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.training import quiet, random_llama, sample_rows
from tandem.params import Base, Params
from tasks.generate import LocalGenerator, Request, autocast, input_ids
from tasks.workspace import Settings


def plain(generator: LocalGenerator, requests: Sequence[Request], params: Params) -> list[str]:
    """`model.generate` as its documentation shows it, greedy, one prompt after the other."""
    import torch

    texts = []
    for request in requests:
        text = generator.prompt_text(request, params.prompt)
        ids = torch.tensor([input_ids(generator.tokenizer, generator.reading, text, generator.base.max_input_tokens)])
        inputs = {"input_ids": ids.to(generator.device), "attention_mask": torch.ones_like(ids, device=generator.device)}
        with torch.inference_mode(), autocast(generator.device, generator.base.dtype):
            output = generator.model.generate(
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
    """Print answers/s of each way, and the share of answers equal to those of `model.generate` (case and spaces aside)."""
    generator = LocalGenerator(base, params.form, Settings())

    def ours(requests: Sequence[Request], batch_size: int) -> list[str]:
        generator.base = base.model_copy(update={"batch_size": batch_size})
        return [one.text for one in generator.generate(requests, params.prompt, adapter=False)]

    ways = {
        "model.generate, one by one": lambda some: plain(generator, some, params),
        "ours, batches of 1": lambda some: ours(some, 1),
        "ours, batches of 16": lambda some: ours(some, 16),
    }
    seconds, texts = dict.fromkeys(ways, 0.0), {}
    for name, way in ways.items():
        way(requests[:2])
        texts[name] = []
    for at in range(0, len(requests), 32):  # in turns, so that what else the machine does meets all of them
        for name, way in ways.items():
            started = time.perf_counter()
            texts[name] += way(requests[at : at + 32])
            seconds[name] += time.perf_counter() - started
    first = next(iter(ways))
    print(f"  {len(requests)} prompts{'':22}  answers/s   faster by   same answers")
    for name in ways:
        same = sum(_bare(a) == _bare(b) for a, b in zip(texts[name], texts[first], strict=True)) / len(requests)
        print(f"  {name:33}  {len(requests) / seconds[name]:9.2f}   {seconds[first] / seconds[name]:8.2f}x   {same:12.1%}", flush=True)


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
