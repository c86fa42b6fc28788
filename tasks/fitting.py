"""Fit an adapter's weights, one epoch after the other: the loss on the answer only, batches of like lengths, early stopping.

Every epoch draws its seeds from its number, so that a training that goes on from a saved epoch ends with the same weights.
"""

from __future__ import annotations

import inspect
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tandem.errors import Refused
from tandem.params import Adapter
from tasks.allocation import freed_memory_kept
from tasks.frozen import FrozenEncoder, frozen_encoder
from tasks.generate import LocalGenerator, autocast
from tasks.memory import full_memory_named
from tasks.progress import Progress

if TYPE_CHECKING:
    import torch

Encoded = dict[str, list[int]]
LENGTH_JITTER = 0.05  # pads 3 % more than a plain sort by length, and two epochs share 39 % of a row's batch (0.1: 8 %, 20 %)
ADVICE = "Set adapter.batch_size in params.yaml lower, adapter.gradient_checkpointing: true, or adapter.quantize: 4bit, and train again."
CPU_ROWS = 8  # a CPU goes through a batch in parts of this many rows: less is padded, and more stays in its caches


@dataclass(frozen=True)
class Fit:
    """A fit after `epoch` epochs. `tensors`: `weights`, the `best` ones, and the optimizer's; `history` has one record an epoch."""

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = math.inf
    seconds: float = 0.0
    n_tokens: int = 0
    history: tuple[dict[str, float], ...] = ()
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)


@freed_memory_kept()
def fit(
    generator: LocalGenerator,
    rows: Sequence[Encoded],
    validation: Sequence[Encoded],
    adapter: Adapter,
    seed: int,
    state: Fit,
    keep: Callable[[Fit], None],
    progress: Progress,
) -> Fit:
    """Go on from `state` to the last epoch, or until `adapter.patience` epochs brought nothing; `keep` is given the state after each.

    The model is left with the weights of the best epoch. Raises Refused where the loss is no number.
    """
    import torch

    model = generator.model
    optimizer = torch.optim.AdamW(_trainable(model).values(), lr=adapter.learning_rate, weight_decay=0.0)
    if state.epoch:
        _restore(model, optimizer, state.tensors)
    started = time.perf_counter()
    inputs = [row["input_ids"] for row in (*rows, *validation)]
    frozen = frozen_encoder(generator, inputs, lambda done, total: progress("encoding the training rows, once", done, total))
    state = replace(state, seconds=state.seconds + time.perf_counter() - started)
    while state.epoch < adapter.epochs and state.epoch - state.best_epoch < adapter.patience:
        started = time.perf_counter()
        loss, n_tokens = _epoch(generator, optimizer, rows, adapter, seed, state.epoch + 1, frozen, progress)
        validation_loss = _validation_loss(generator, validation, adapter.batch_size, frozen)
        _require_finite(validation_loss, f"validation loss is {validation_loss} after epoch {state.epoch + 1}", adapter)
        state = replace(
            state,
            epoch=state.epoch + 1,
            seconds=state.seconds + time.perf_counter() - started,
            n_tokens=state.n_tokens + n_tokens,
            history=(*state.history, {"epoch": state.epoch + 1, "loss": loss, "validation_loss": validation_loss}),
        )
        if validation_loss < state.best_loss:
            state = replace(state, best_epoch=state.epoch, best_loss=validation_loss)
        state = replace(state, tensors=_tensors(model, optimizer, state))
        keep(state)
    _restore_part(model, state.tensors, "best")
    model.eval()
    return state


def _epoch(
    generator: LocalGenerator,
    optimizer: torch.optim.Optimizer,
    rows: Sequence[Encoded],
    adapter: Adapter,
    seed: int,
    epoch: int,
    frozen: FrozenEncoder | None,
    progress: Progress,
) -> tuple[float, int]:
    """One pass over the rows: its mean loss and the tokens seen."""
    import torch

    rng = random.Random(f"{seed}:{epoch}")
    torch.manual_seed(rng.getrandbits(63))
    parameters = optimizer.param_groups[0]["params"]
    steps_per_epoch = math.ceil(len(rows) / adapter.batch_size)
    n_steps = steps_per_epoch * adapter.epochs
    generator.model.train()
    losses: list[float] = []
    n_tokens, started = 0, time.perf_counter()
    for step, batch in enumerate(batches(rows, adapter.batch_size, rng), start=steps_per_epoch * (epoch - 1)):
        optimizer.param_groups[0]["lr"] = adapter.learning_rate * _schedule(step, n_steps, adapter.warmup_share)
        with full_memory_named(generator.device, ADVICE):
            loss = _backward(generator, batch, frozen)
        _require_finite(loss, f"training loss is {loss} at step {step + 1} of {n_steps}", adapter)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss)
        n_tokens += sum(len(row["input_ids"]) + (len(row["labels"]) if generator.is_seq2seq else 0) for row in batch)
        speed = n_tokens / (time.perf_counter() - started)
        progress(f"training the adapter, loss {loss:.2f}, {speed:,.0f} tokens/s", step + 1, n_steps)
    return sum(losses) / len(losses), n_tokens


def _require_finite(loss: float, seen: str, adapter: Adapter) -> None:
    if not math.isfinite(loss):
        rate = f"Lower adapter.learning_rate (now {adapter.learning_rate})"
        raise Refused(seen, hint=f"{rate} or set base.dtype: float32 in params.yaml, then run `tandem retrain`.")


def batches(rows: Sequence[Encoded], size: int, rng: random.Random) -> Iterator[list[Encoded]]:
    """Batches of like lengths in random order. Rows are sorted by a length that is jittered, so that epochs differ."""
    key = [len(row["input_ids"]) * rng.uniform(1 - LENGTH_JITTER, 1 + LENGTH_JITTER) for row in rows]
    order = sorted(range(len(rows)), key=key.__getitem__)
    found = [order[at : at + size] for at in range(0, len(order), size)]
    rng.shuffle(found)
    for batch in found:
        yield [rows[i] for i in batch]


def parts_of(batch: Sequence[Encoded], size: int) -> list[list[Encoded]]:
    """The batch by length, in parts of at most `size` rows."""
    ordered = sorted(batch, key=lambda one: len(one["input_ids"]))
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def _backward(generator: LocalGenerator, batch: Sequence[Encoded], frozen: FrozenEncoder | None = None) -> float:
    """Add the gradients of the batch's mean loss over its answer tokens, and give that loss."""
    n = _n_answer(batch)
    loss: Any = 0.0
    for part in parts_of(batch, CPU_ROWS if generator.device == "cpu" else len(batch)):
        part_loss = _loss(generator, part, frozen) * (_n_answer(part) / n)
        part_loss.backward()
        loss = loss + part_loss.detach()
    return float(loss)


def _n_answer(rows: Sequence[Encoded]) -> int:
    return sum(label != -100 for row in rows for label in row["labels"])


def _loss(generator: LocalGenerator, batch: Sequence[Encoded], frozen: FrozenEncoder | None) -> torch.Tensor:
    """Mean over the answer tokens. A causal model that can leaves out the logits of the others: most of them, over the whole vocabulary."""
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    def padded(rows: Sequence[list[int]], value: int) -> torch.Tensor:
        width = max(map(len, rows))
        return torch.tensor([row + [value] * (width - len(row)) for row in rows], device=generator.device)

    ids = [one["input_ids"] for one in batch]
    inputs: dict[str, Any] = {"attention_mask": padded([[1] * len(row) for row in ids], 0)}
    if frozen:
        inputs["encoder_outputs"] = BaseModelOutput(last_hidden_state=frozen.states_of(ids))
    else:
        inputs["input_ids"] = padded(ids, generator.tokenizer.pad_token_id)
    labels = [one["labels"] for one in batch]
    with autocast(generator.device, generator.base.dtype):
        if generator.is_seq2seq or "logits_to_keep" not in inspect.signature(generator.model.get_base_model().forward).parameters:
            return generator.model(**inputs, labels=padded(labels, -100)).loss
        following = [row[1:] for row in labels]
        columns = sorted({at for row in following for at, label in enumerate(row) if label != -100})
        logits = generator.model(**inputs, logits_to_keep=torch.tensor(columns, device=generator.device)).logits
        targets = padded(following, -100)[:, columns]
        return torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


def _validation_loss(generator: LocalGenerator, rows: Sequence[Encoded], size: int, frozen: FrozenEncoder | None) -> float:
    import torch

    generator.model.eval()
    ordered = sorted(rows, key=lambda one: len(one["input_ids"]))
    with torch.inference_mode():
        parts = [ordered[at : at + size] for at in range(0, len(ordered), size)]
        losses = [(_loss(generator, part, frozen).item(), len(part)) for part in parts]
    return sum(loss * n for loss, n in losses) / sum(n for _, n in losses)


def _schedule(step: int, n_steps: int, warmup_share: float) -> float:
    warmup = max(1, round(n_steps * warmup_share))
    return min(1.0, (step + 1) / warmup) * max(0.05, 1 - step / n_steps)


def _trainable(model: Any) -> dict[str, torch.Tensor]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def _tensors(model: Any, optimizer: torch.optim.Optimizer, state: Fit) -> dict[str, torch.Tensor]:
    """`weights/<name>`, `best/<name>` and `optimizer/<number>/<name>`: all that the next epoch starts from."""
    weights = {name: parameter.detach().clone() for name, parameter in _trainable(model).items()}
    found = {f"weights/{name}": weight for name, weight in weights.items()}
    if state.best_epoch == state.epoch:
        found |= {f"best/{name}": weight.clone() for name, weight in weights.items()}
    else:
        found |= {name: tensor for name, tensor in state.tensors.items() if name.startswith("best/")}
    for number, values in optimizer.state_dict()["state"].items():
        found |= {f"optimizer/{number}/{name}": value for name, value in values.items()}
    return found


def _restore(model: Any, optimizer: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    _restore_part(model, tensors, "weights")
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer/"):
            _, number, name = key.split("/")
            moments.setdefault(int(number), {})[name] = value
    optimizer.load_state_dict({"state": moments, "param_groups": optimizer.state_dict()["param_groups"]})


def _restore_part(model: Any, tensors: dict[str, torch.Tensor], part: str) -> None:
    weights = {key.removeprefix(f"{part}/"): value for key, value in tensors.items() if key.startswith(f"{part}/")}
    model.load_state_dict(weights, strict=False)
