"""Train the LoRA adapter on the saved training set. Run: python -m tasks.train (the DVC stage `train`).

Loss on the answer only, batches of like lengths, bf16 autocast where the machine has it, linear warm-up and decay, and the
epoch with the lowest validation loss wins.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tandem.errors import Refused
from tandem.params import Adapter, Params
from tandem.scoring import exact_match
from tasks.dataset import TrainingRow, load_lineage, load_training_set
from tasks.generate import LocalGenerator, Request, autocast
from tasks.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    import torch

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Trained:
    """What came of a training. `reasons` says why there is no adapter; `history` holds one record an epoch."""

    trained: bool
    reasons: tuple[str, ...] = ()
    base: str = ""
    base_revision: str = ""
    best_epoch: int = 0
    seconds: float = 0.0
    tokens_per_s: float = 0.0
    n_rows: int = 0
    n_validation: int = 0
    n_parameters: int = 0
    reading_before: float | None = None
    reading_after: float | None = None
    history: tuple[dict[str, float], ...] = ()
    lineage: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def forgetting(self) -> float | None:
        """Drop of the base's own reading score, 0-1; None where it was not measured."""
        if self.reading_before is None or self.reading_after is None:
            return None
        return max(0.0, self.reading_before - self.reading_after)


def train(workspace: Workspace, progress: Progress | None = None) -> Trained:
    """Train on the saved set and put the adapter in place of the old one. A set that the gates refused leaves a folder that says why."""
    lineage = load_lineage(workspace)
    if lineage["refused"]:
        trained = Trained(False, reasons=tuple(lineage["refused"]), lineage=lineage, params=training_params(workspace.params))
        _save(workspace, trained, None)
        return trained
    if workspace.params.base.provider != "local":
        reason = f"base.provider is {workspace.params.base.provider!r}: an adapter is trained on a local base only"
        trained = Trained(False, reasons=(reason,), lineage=lineage, params=training_params(workspace.params))
        _save(workspace, trained, None)
        return trained
    trained, model = _fit(workspace, load_training_set(workspace), lineage, progress or (lambda *_: None))
    _save(workspace, trained, model)
    return trained


def training_params(params: Params) -> dict[str, Any]:
    """The sections that an adapter depends on, as plain JSON: when they change, it is due."""
    sections = ("seed", "base", "prompt", "form", "retrieval", "adapter", "split")
    whole = params.model_dump(mode="json")
    return {name: whole[name] for name in sections}


def load_trained(workspace: Workspace) -> Trained | None:
    """The record beside the adapter; None before the first training."""
    return read_trained(workspace.adapter_dir / "training.json")


def read_trained(path: Any) -> Trained | None:
    """A record of a training from its file; None where there is none."""
    if not path.is_file():
        return None
    loaded = json.loads(path.read_text(encoding="utf-8"))
    return Trained(**{**loaded, "reasons": tuple(loaded["reasons"]), "history": tuple(loaded["history"])})


def _fit(workspace: Workspace, rows: list[TrainingRow], lineage: dict[str, Any], progress: Progress) -> tuple[Trained, Any]:
    import torch

    params, adapter = workspace.params, workspace.params.adapter
    torch.manual_seed(params.seed)
    generator = LocalGenerator(params.base, params.form, workspace.settings)
    reading = _reading_set(params.evaluation.forgetting_n, params.seed)
    before = _reading_score(generator, workspace, reading, adapter=False)
    generator.model = model = _lora(generator, adapter)
    generator.has_adapter = True
    encoded = [_encode(generator, workspace, row) for row in rows]
    fitted = [one for one, row in zip(encoded, rows, strict=True) if not row.validation] or encoded
    held = [one for one, row in zip(encoded, rows, strict=True) if row.validation]
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=adapter.learning_rate, weight_decay=0.0)
    n_steps = math.ceil(len(fitted) / adapter.batch_size) * adapter.epochs
    step, n_tokens, history, best, started = 0, 0, [], (math.inf, 0, _trainable_state(model)), time.perf_counter()
    rng = random.Random(params.seed)
    for epoch in range(1, adapter.epochs + 1):
        model.train()
        losses = []
        for batch in _batches(fitted, adapter.batch_size, rng):
            for group in optimizer.param_groups:
                group["lr"] = adapter.learning_rate * _schedule(step, n_steps, adapter.warmup_share)
            loss = _loss(generator, batch)
            if not torch.isfinite(loss):
                raise Refused(
                    f"training loss is {loss.item()} at step {step + 1} of {n_steps}",
                    hint=f"Lower adapter.learning_rate (now {adapter.learning_rate}) or set base.dtype: float32 in params.yaml, "
                    "then run `tandem retrain`.",
                )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            losses.append(loss.item())
            step += 1
            n_tokens += sum(len(one["input_ids"]) + len(one["labels"]) for one in batch)
            progress(f"training the adapter, loss {losses[-1]:.2f}", step, n_steps)
        validation = _validation_loss(generator, held or fitted, adapter.batch_size)
        history.append({"epoch": epoch, "loss": sum(losses) / len(losses), "validation_loss": validation})
        if validation < best[0]:
            best = (validation, epoch, _trainable_state(model))
        elif epoch - best[1] >= adapter.patience:
            break
    seconds = time.perf_counter() - started
    model.load_state_dict(best[2], strict=False)
    model.eval()
    return Trained(
        trained=True,
        base=params.base.model,
        base_revision=generator.revision,
        best_epoch=best[1],
        seconds=round(seconds, 1),
        tokens_per_s=round(n_tokens / seconds, 1),
        n_rows=len(fitted),
        n_validation=len(held),
        n_parameters=sum(parameter.numel() for parameter in parameters),
        reading_before=before,
        reading_after=_reading_score(generator, workspace, reading, adapter=True),
        history=tuple(history),
        lineage=lineage,
        params=training_params(params),
    ), model


def _lora(generator: LocalGenerator, adapter: Adapter) -> Any:
    from peft import LoraConfig, get_peft_model
    from torch import nn

    for module in generator.model.modules():  # the adapter's own dropout is enough, and without any attention runs fused
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    config = LoraConfig(
        r=adapter.r,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules="all-linear" if adapter.targets == "auto" else list(adapter.targets),
        use_rslora=adapter.rslora,
        use_dora=adapter.dora,
        task_type="SEQ_2_SEQ_LM" if generator.is_seq2seq else "CAUSAL_LM",
    )
    return get_peft_model(generator.model, config)


def _encode(generator: LocalGenerator, workspace: Workspace, row: TrainingRow) -> dict[str, list[int]]:
    """Token ids of one row. A causal model's labels are -100 over the prompt, so that only the answer is learned."""
    tokenizer, limit = generator.tokenizer, workspace.params.base.max_input_tokens
    text = generator.prompt_text(Request(row.question, row.passages), workspace.params.prompt)
    if generator.is_seq2seq:
        start = generator.model.config.decoder_start_token_id
        labels = [token for token in tokenizer(row.target)["input_ids"] if token != start]
        return {"input_ids": tokenizer(text, truncation=True, max_length=limit)["input_ids"], "labels": labels}
    prompt = tokenizer(text, truncation=True, max_length=limit)["input_ids"]
    answer = [*tokenizer(row.target, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}


def _batches(rows: Sequence[dict[str, list[int]]], size: int, rng: random.Random) -> Iterator[list[dict[str, list[int]]]]:
    """Batches of like lengths in random order: rows are shuffled, then sorted within windows of eight batches."""
    order = list(range(len(rows)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), size * 8):
        window = sorted(order[start : start + size * 8], key=lambda i: len(rows[i]["input_ids"]))
        batches += [window[at : at + size] for at in range(0, len(window), size)]
    rng.shuffle(batches)
    for batch in batches:
        yield [rows[i] for i in batch]


def _loss(generator: LocalGenerator, batch: Sequence[dict[str, list[int]]]) -> torch.Tensor:
    import torch

    def padded(key: str, value: int) -> torch.Tensor:
        width = max(len(one[key]) for one in batch)
        return torch.tensor([one[key] + [value] * (width - len(one[key])) for one in batch], device=generator.device)

    ids = padded("input_ids", generator.tokenizer.pad_token_id)
    mask = padded("mask", 0) if "mask" in batch[0] else _mask(batch, generator.device)
    with autocast(generator.device, generator.base.dtype):
        return generator.model(input_ids=ids, attention_mask=mask, labels=padded("labels", -100)).loss


def _mask(batch: Sequence[dict[str, list[int]]], device: str) -> torch.Tensor:
    import torch

    width = max(len(one["input_ids"]) for one in batch)
    return torch.tensor([[1] * len(one["input_ids"]) + [0] * (width - len(one["input_ids"])) for one in batch], device=device)


def _validation_loss(generator: LocalGenerator, rows: Sequence[dict[str, list[int]]], size: int) -> float:
    import torch

    generator.model.eval()
    ordered = sorted(rows, key=lambda one: len(one["input_ids"]))
    with torch.inference_mode():
        losses = [(_loss(generator, ordered[at : at + size]).item(), len(ordered[at : at + size])) for at in range(0, len(ordered), size)]
    return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)


def _schedule(step: int, n_steps: int, warmup_share: float) -> float:
    warmup = max(1, round(n_steps * warmup_share))
    return min(1.0, (step + 1) / warmup) * max(0.05, 1 - step / n_steps)


def _trainable_state(model: Any) -> dict[str, torch.Tensor]:
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters() if parameter.requires_grad}


def _reading_set(n: int, seed: int) -> list[tuple[Request, str]]:
    """Held-out reading exercises, three passages each: what the base could do before any adapter."""
    if not n:
        return []
    from tandem.synthetic import Exercise, Mix, make_exercises

    rng = random.Random(seed)
    found: list[Exercise] = []
    while len(found) < n:
        found += make_exercises(rng, "held_out", n_passages=3, n_questions=1, mix=Mix(absent=0.0, no_context=0.0))
    return [(Request(one.question, one.passages), one.answer) for one in found[:n]]


def _reading_score(generator: LocalGenerator, workspace: Workspace, reading: list[tuple[Request, str]], adapter: bool) -> float | None:
    if not reading:
        return None
    from tandem.prompts import parse

    params = workspace.params
    outputs = generator.generate([request for request, _ in reading], params.prompt, adapter)
    answers = [
        parse(output.text, params.form, params.prompt, len(request.passages)).answer
        for output, (request, _) in zip(outputs, reading, strict=True)
    ]
    return sum(exact_match(answer, expected) for answer, (_, expected) in zip(answers, reading, strict=True)) / len(reading)


def _save(workspace: Workspace, trained: Trained, model: Any) -> None:
    folder = workspace.adapter_dir
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    if model is not None:
        for config in model.peft_config.values():  # the base by name, so that the adapter moves between machines
            config.base_model_name_or_path = trained.base
            config.revision = trained.base_revision
        model.save_pretrained(str(fresh))
        (fresh / "README.md").unlink(missing_ok=True)
    (fresh / "training.json").write_text(json.dumps(asdict(trained), indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def main() -> None:
    """Train in the workspace of the current directory."""
    trained = train(open_workspace(), lambda what, done, total: print(f"\r{what} {done}/{total}", end="", file=sys.stderr))
    print(
        f"\n{trained.n_rows} rows, {trained.seconds} s" if trained.trained else f"no adapter: {'; '.join(trained.reasons)}", file=sys.stderr
    )


if __name__ == "__main__":
    main()
