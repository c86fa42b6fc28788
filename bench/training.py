"""How fast an adapter trains: our loop, `transformers.Trainer` and trl's `SFTTrainer` on the same rows and models.

Run: python -m bench.training [--rows N] [--rounds N]   (SFTTrainer is left out unless trl is there: pip install -e '.[bench]')
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from bench.material import quiet, random_llama, sample_rows
from tandem.params import Base, Params
from tasks.dataset import TrainingRow
from tasks.fitting import CPU_ROWS, Encoded, Fit, batches, fit, parts_of
from tasks.generate import LocalGenerator, is_autocast
from tasks.train import encode, with_lora
from tasks.workspace import Settings

N_EPOCHS = 3  # what the first epoch leaves to the others counts too
Contender = Callable[[LocalGenerator, Sequence[Encoded], Params], None]


def ours(generator: LocalGenerator, rows: Sequence[Encoded], params: Params) -> None:
    """tasks/fitting.py. Validation is one row: the others validate nothing."""
    adapter = params.adapter.model_copy(update={"epochs": N_EPOCHS, "patience": N_EPOCHS})
    fit(generator, rows, rows[:1], adapter, params.seed, Fit(), lambda _: None, lambda *_: None)


def trainer(batch_size: int) -> Contender:
    """`transformers.Trainer` with its defaults, which shuffle and pad each batch to its longest row."""

    def run(generator: LocalGenerator, rows: Sequence[Encoded], params: Params) -> None:
        from transformers import DataCollatorForSeq2Seq, PrinterCallback, Trainer, TrainingArguments

        with tempfile.TemporaryDirectory() as folder:
            arguments = TrainingArguments(folder, per_device_train_batch_size=batch_size, **_quiet(generator, params))
            collator = DataCollatorForSeq2Seq(generator.tokenizer)
            loop = Trainer(generator.model, arguments, data_collator=collator, train_dataset=list(rows))
            loop.remove_callback(PrinterCallback)
            loop.train()

    return run


def sft_trainer(batch_size: int, checkpointing: bool) -> Contender:
    """trl's `SFTTrainer`, whose default recomputes activations."""

    def run(generator: LocalGenerator, rows: Sequence[Encoded], params: Params) -> None:
        from datasets import Dataset
        from transformers import PrinterCallback
        from trl import SFTConfig, SFTTrainer

        with tempfile.TemporaryDirectory() as folder:
            arguments = SFTConfig(
                folder,
                per_device_train_batch_size=batch_size,
                gradient_checkpointing=checkpointing,
                **_quiet(generator, params),
            )
            dataset = Dataset.from_list(list(rows))
            loop = SFTTrainer(generator.model, arguments, train_dataset=dataset, processing_class=generator.tokenizer)
            loop.remove_callback(PrinterCallback)
            loop.train()

    return run


def _quiet(generator: LocalGenerator, params: Params) -> dict[str, Any]:
    """As many epochs at our learning rate, bf16 where our loop uses it; no progress bar, tracker or checkpoint, which would only slow
    them."""
    return {
        "bf16": is_autocast(generator.device, generator.base.dtype),
        "num_train_epochs": N_EPOCHS,
        "learning_rate": params.adapter.learning_rate,
        "disable_tqdm": True,
        "report_to": "none",
        "save_strategy": "no",
        "use_cpu": generator.device == "cpu",
    }


def n_tokens(generator: LocalGenerator, rows: Sequence[Encoded]) -> int:
    """Tokens of all epochs that are no padding. A causal row's labels are part of its input."""
    return N_EPOCHS * sum(len(row["input_ids"]) + (len(row["labels"]) if generator.is_seq2seq else 0) for row in rows)


def padding(groups: Sequence[Sequence[Encoded]]) -> float:
    """Share of the input positions that are padding."""
    real = sum(len(row["input_ids"]) for group in groups for row in group)
    return 1 - real / sum(len(group) * max(len(row["input_ids"]) for row in group) for group in groups)


def compare(base: Base, params: Params, rows: Sequence[TrainingRow], contenders: dict[str, Contender], rounds: int) -> None:
    """Print tokens/s of each contender, every one with a fresh model, in turns."""

    def fresh() -> tuple[LocalGenerator, list[Encoded]]:
        import torch

        generator = LocalGenerator(base, params.form, Settings())
        torch.manual_seed(params.seed)
        encoded = [encode(generator, params, row) for row in rows]
        generator.model, generator.has_adapter = with_lora(generator, params.adapter), True
        return generator, encoded

    wall: dict[str, list[float]] = {name: [] for name in contenders}
    work: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, run in contenders.items():
            generator, encoded = fresh()
            chosen = encoded if turn else encoded[:2]  # turn 0 warms up: imports, memory
            started, worked = time.perf_counter(), time.process_time()
            run(generator, chosen, params)
            if turn:
                wall[name].append(n_tokens(generator, chosen) / (time.perf_counter() - started))
                work[name].append(n_tokens(generator, chosen) / (time.process_time() - worked))
    total = n_tokens(generator, encoded)
    print(f"  {len(encoded)} rows, {N_EPOCHS} epochs, {total} tokens that are no padding; median of {rounds} round(s)")
    print(f"  {'':46}  tokens/s  slower than ours  tokens/CPU second  slower than ours")
    own_wall, own_work = (median(next(iter(found.values()))) for found in (wall, work))
    for name in contenders:
        one, other = median(wall[name]), median(work[name])
        print(f"  {name:46}  {one:8.0f}  {own_wall / one:15.2f}x  {other:17.0f}  {own_work / other:15.2f}x", flush=True)


def print_padding(base: Base, params: Params, rows: Sequence[TrainingRow]) -> None:
    """The share of padding over the whole training set: the fewer rows, the more of it have batches by length."""
    generator, size = LocalGenerator(base, params.form, Settings()), params.adapter.batch_size
    encoded = [encode(generator, params, row) for row in rows]
    sorted_ones = list(batches(encoded, size, random.Random(params.seed)))
    parts = [part for batch in sorted_ones for part in parts_of(batch, CPU_ROWS)]
    shuffled = random.Random(params.seed).sample(encoded, len(encoded))
    shares = {f"batches by length of {size}": padding(sorted_ones), f"in parts of {CPU_ROWS}, on a CPU": padding(parts)}
    shares |= {f"shuffled batches of {n}": padding([shuffled[at : at + n] for at in range(0, len(shuffled), n)]) for n in (8, size)}
    print(f"  padding of all {len(rows)} rows: " + ", ".join(f"{name} {share:.1%}" for name, share in shares.items()), flush=True)


def main() -> None:
    """The reader, then the Llama."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    quiet()
    with tempfile.TemporaryDirectory() as folder:
        params, rows = sample_rows(Path(folder, "kb"))
        rows, all_rows = random.Random(0).sample(rows, min(options.rows, len(rows))), rows
        size = params.adapter.batch_size
        contenders: dict[str, Contender] = {
            f"ours, batches of {size}": ours,
            "Trainer, defaults (batches of 8)": trainer(8),
            f"Trainer, batches of {size}": trainer(size),
        }
        print("the offline reader, LoRA")
        print_padding(params.base, params, all_rows)
        compare(params.base, params, rows, contenders, options.rounds)
        print("a Llama of 4 layers and width 256, random weights, LoRA")
        llama = random_llama(Path(folder, "llama"), [passage for row in rows for passage in row.passages])
        if find_spec("trl") and find_spec("datasets"):
            contenders |= {
                "SFTTrainer, defaults (batches of 8)": sft_trainer(8, True),
                f"SFTTrainer, batches of {size}, nothing recomputed": sft_trainer(size, False),
            }
        else:
            print("  left out: SFTTrainer, as trl is not installed (pip install -e '.[bench]')")
        compare(params.base.model_copy(update={"model": str(llama)}), params, rows, contenders, options.rounds)


if __name__ == "__main__":
    main()
