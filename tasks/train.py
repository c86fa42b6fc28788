"""Train the LoRA adapter on the saved training set. Run: python -m tasks.train (the DVC stage `train`).

Bf16 autocast where the machine has it, linear warm-up and decay, and the epoch with the lowest validation loss wins. A training
that was killed goes on after its last whole epoch and ends with the same weights.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from typing import Any

from tandem.errors import Refused
from tandem.params import Adapter, Params, Prompt
from tandem.prompts import parse
from tandem.scoring import facts_share
from tandem.synthetic import Mix, draw_exam
from tasks.checkpoint import drop_checkpoint, load_checkpoint, save_checkpoint
from tasks.dataset import EXERCISE, TrainingRow, load_lineage, load_training_set
from tasks.fitting import Encoded, fit
from tasks.frozen import encoder_of
from tasks.generate import LocalGenerator, device_of
from tasks.index import layout_of
from tasks.inputs import Request, input_ids, unmarked
from tasks.progress import Progress, progress_line
from tasks.restricted import named, taken_away
from tasks.stage import run_stage
from tasks.start import Start, choose_start
from tasks.workspace import Workspace, replacing

WEIGHTS = "adapter_model.safetensors"
UNVALIDATED = "no row was left for validation, so the best epoch is the one with the lowest loss on the rows it was trained on"
# Sections whose keys an adapter follows from, and the keys of theirs that only measure it, generate, or say when it is due
# and how the next one starts.
SECTIONS = {"seed", "base", "prompt", "form", "retrieval", "adapter", "split"}
NO_MATTER = {
    "base": {"max_new_tokens", "batch_size", "extra_body"},
    "prompt": {"shots", "reasoning", "reasoning_marker", "reasoning_tokens"},
    "adapter": {
        "start",
        "replay_share",
        "gradient_checkpointing",
        "min_examples",
        "retrain_after_changed_share",
        "retrain_after_days",
    },
}


@dataclass(frozen=True)
class Trained:
    """What came of a training. `reasons` says why there is no adapter, `warnings` what to know of the one there is; `history` holds one
    record an epoch.

    `continued` counts the trainings since the base; at 0 `start_reason` says why it started there. `n_replayed` of the rows were known,
    `n_exercises` reading exercises.
    """

    trained: bool
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    base: str = ""
    base_revision: str = ""
    best_epoch: int = 0
    seconds: float = 0.0
    tokens_per_s: float = 0.0
    n_rows: int = 0
    n_exercises: int = 0
    n_validation: int = 0
    n_parameters: int = 0
    continued: int = 0
    start_reason: str = ""
    n_replayed: int = 0
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
    """Train on the saved set and put the adapter in place of the old one. A set that the gates refused leaves a folder that says why.

    Raises Refused where the set holds what has been restricted, or has gone, since it was built.
    """
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
    _require_untouched(workspace, lineage)
    trained, model = _fit(workspace, load_training_set(workspace), lineage, progress or (lambda *_: None))
    _save(workspace, trained, model)
    drop_checkpoint(workspace)
    return trained


def training_params(params: Params) -> dict[str, Any]:
    """What an adapter follows from besides the data, as plain JSON: when it changes, a training is due. dvc.yaml names the same."""
    return {**params.model_dump(mode="json", include=SECTIONS, exclude=NO_MATTER), "layout": layout_of(params)}


def load_trained(workspace: Workspace) -> Trained | None:
    """The record beside the adapter; None before the first training."""
    return read_trained(workspace.adapter_dir / "training.json")


def read_trained(path: Any) -> Trained | None:
    """A record of a training from its file; None where there is none."""
    if not path.is_file():
        return None
    loaded = json.loads(path.read_text(encoding="utf-8"))
    lists = {name: tuple(loaded[name]) for name in ("reasons", "warnings", "history") if name in loaded}
    return Trained(**{**loaded, **lists})


def check_quantize(workspace: Workspace) -> None:
    """Raises Refused where `adapter.quantize` asks for what this machine cannot do."""
    wanted = workspace.params.adapter.quantize
    if not wanted:
        return
    device = device_of(workspace.settings)
    lacks = [] if device.startswith("cuda") else [f"the device is {device!r}"]
    lacks += [] if find_spec("bitsandbytes") else ["bitsandbytes is not installed"]
    if lacks:
        raise Refused(
            f"adapter.quantize is {wanted!r}, which needs a CUDA card and bitsandbytes, and here {' and '.join(lacks)}",
            hint="Train on a machine with a CUDA card after `pip install bitsandbytes`, or set adapter.quantize: null in params.yaml.",
        )


def _require_untouched(workspace: Workspace, lineage: dict[str, Any]) -> None:
    taken = taken_away(workspace, lineage)
    reasons = {"restricted": taken.restricted, "gone": taken.gone}
    if reasons := {what: ids for what, ids in reasons.items() if ids}:
        raise Refused(
            *(f"the saved training set holds what is {what} now: {named(ids)}" for what, ids in reasons.items()),
            hint="Run `tandem retrain`: it builds the set anew.",
        )


def _fit(workspace: Workspace, rows: list[TrainingRow], lineage: dict[str, Any], progress: Progress) -> tuple[Trained, Any]:
    import torch

    params, adapter = workspace.params, workspace.params.adapter
    check_quantize(workspace)
    start = choose_start(workspace, rows, lineage, load_trained(workspace), training_params(params))
    generator = LocalGenerator(params.base, params.form, workspace.settings, quantize=adapter.quantize)
    torch.manual_seed(params.seed)
    generator.model = model = with_lora(generator, adapter)
    generator.has_adapter = True
    if start.continued:
        _load_weights(workspace, model)
    rows = list(start.rows)
    encoded = [encode(generator, params, row) for row in rows]
    fitted = [one for one, row in zip(encoded, rows, strict=True) if not row.validation] or encoded
    held = [one for one, row in zip(encoded, rows, strict=True) if row.validation]
    key = _key(workspace, generator.revision, start)
    done = fit(
        generator,
        fitted,
        held or fitted,
        adapter,
        params.seed,
        load_checkpoint(workspace, key),
        lambda state: save_checkpoint(workspace, key, state),
        progress,
    )
    reading = _reading_set(params.evaluation.forgetting_n, params.seed)
    return Trained(
        trained=True,
        warnings=() if held else (f"{UNVALIDATED} (adapter.validation_share {adapter.validation_share:.0%})",),
        base=params.base.model,
        base_revision=generator.revision,
        best_epoch=done.best_epoch,
        seconds=round(done.seconds, 1),
        tokens_per_s=round(done.n_tokens / done.seconds, 1),
        n_rows=len(fitted),
        n_exercises=sum(row.kind == EXERCISE for row in rows),
        n_validation=len(held),
        continued=start.continued,
        start_reason=start.reason,
        n_replayed=start.n_replayed,
        n_parameters=sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        reading_before=_reading_score(generator, params, reading, adapter=False, progress=progress),
        reading_after=_reading_score(generator, params, reading, adapter=True, progress=progress),
        history=done.history,
        lineage=start.lineage,
        params=training_params(params),
    ), model


def _key(workspace: Workspace, base_revision: str, start: Start) -> str:
    """What the weights follow from: rows, params, base, and the adapter that is gone on with."""
    known = json.dumps([training_params(workspace.params), base_revision, [row.example_id for row in start.rows]], sort_keys=True)
    last = (workspace.adapter_dir / WEIGHTS).read_bytes() if start.continued else b""
    return hashlib.sha256(workspace.training_set_path.read_bytes() + known.encode() + last).hexdigest()


def _load_weights(workspace: Workspace, model: Any) -> None:
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    set_peft_model_state_dict(model, load_file(workspace.adapter_dir / WEIGHTS))


def with_lora(generator: LocalGenerator, adapter: Adapter) -> Any:
    """The generator's model with a fresh adapter on it. Raises Refused where `adapter.targets` names nothing that can be adapted."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from torch import nn

    linear = {name.rsplit(".", 1)[-1] for name, module in generator.model.named_modules() if isinstance(module, nn.Linear)}
    for module in generator.model.modules():  # the adapter's own dropout is enough, and without any attention runs fused
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if adapter.quantize:
        generator.model = prepare_model_for_kbit_training(generator.model, use_gradient_checkpointing=False)
    if adapter.gradient_checkpointing:
        _checkpoint_activations(generator)
    config = LoraConfig(
        r=adapter.r,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=_targets(generator, adapter),
        use_rslora=adapter.rslora,
        use_dora=adapter.dora,
        task_type="SEQ_2_SEQ_LM" if generator.is_seq2seq else "CAUSAL_LM",
    )
    try:
        return get_peft_model(generator.model, config)
    except ValueError as error:
        raise Refused(
            f"adapter.targets {list(adapter.targets)} cannot be adapted in {generator.name!r}: {' '.join(str(error).split())[:200]}",
            hint=f"Set adapter.targets in params.yaml to auto or to some of {', '.join(sorted(linear))}, then run `tandem retrain`.",
        ) from error


def _targets(generator: LocalGenerator, adapter: Adapter) -> str | list[str]:
    """Which layers are adapted. An encoder left alone loses none of its reading, and runs once a training instead of once an epoch."""
    from torch import nn

    if adapter.targets == "all-linear" or (adapter.targets == "auto" and not generator.is_seq2seq):
        return "all-linear"
    if adapter.targets != "auto":
        return list(adapter.targets)
    encoder = {id(module) for module in encoder_of(generator.model).modules()}
    head = generator.model.get_output_embeddings()
    named = generator.model.named_modules()
    return [name for name, module in named if isinstance(module, nn.Linear) and module is not head and id(module) not in encoder]


def _checkpoint_activations(generator: LocalGenerator) -> None:
    try:
        generator.model.activation_checkpointing_enable({"use_reentrant": False})
    except ValueError as error:
        raise Refused(
            f"adapter.gradient_checkpointing: {generator.name!r} cannot: {' '.join(str(error).split())[:200]}",
            hint="Set adapter.gradient_checkpointing: false in params.yaml, then run `tandem retrain`.",
        ) from error


def encode(generator: LocalGenerator, params: Params, row: TrainingRow) -> Encoded:
    """Token ids of one row. A causal model's labels are -100 over the prompt, so that only the answer is learned."""
    tokenizer, limit = generator.tokenizer, params.base.max_input_tokens
    text, target = generator.prompt_text(Request(row.question, row.passages), plainly(params.prompt)), unmarked(tokenizer, row.target)
    if generator.is_seq2seq:
        written = tokenizer(target)["input_ids"]
        labels = written[1:] if written[0] == generator.model.config.decoder_start_token_id else written
        _require_room(generator, row, len(labels))
        return {"input_ids": input_ids(tokenizer, generator.reading, text, limit), "labels": labels}
    prompt = input_ids(tokenizer, generator.reading, text, limit)
    answer = [*tokenizer(target, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    _require_room(generator, row, len(prompt) + len(answer))
    return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}


def _require_room(generator: LocalGenerator, row: TrainingRow, n_tokens: int) -> None:
    room = generator.reading.positions
    if room and n_tokens > room:
        raise Refused(
            f"the training row of {row.example_id} takes {n_tokens:,} tokens; {generator.name!r} holds {room:,}",
            hint="Set adapter.max_answer_chars or base.max_input_tokens in params.yaml lower, then run `tandem retrain`.",
        )


def plainly(prompt: Prompt) -> Prompt:
    """A prompt that asks for the answer alone: training rows hold no reasoning."""
    return prompt.model_copy(update={"reasoning": False})


def _reading_set(n: int, seed: int) -> list[tuple[Request, str]]:
    """Held-out reading exercises, three passages each: what the base could do before any adapter."""
    exercises = draw_exam(random.Random(seed), n, n_passages=3, mix=Mix(absent=0.0, no_context=0.0))
    return [(Request(one.question, one.passages), one.answer) for one in exercises]


def _reading_score(
    generator: LocalGenerator, params: Params, reading: list[tuple[Request, str]], adapter: bool, progress: Progress
) -> float | None:
    """Share of the reading set whose answer is in what it says; None where there is none.

    Containment and not exact match: a base that answers in sentences would score near 0, and could forget nothing.
    """
    if not reading:
        return None
    n_right = 0.0
    for start in range(0, len(reading), params.base.batch_size):
        batch = reading[start : start + params.base.batch_size]
        outputs = generator.generate([request for request, _ in batch], plainly(params.prompt), adapter)
        for output, (request, expected) in zip(outputs, batch, strict=True):
            said = parse(output.text, params.form, params.prompt, len(request.passages)).answer
            n_right += facts_share(said, [expected]) or 0.0
        progress(f"reading {'with' if adapter else 'without'} the adapter", start + len(batch), len(reading))
    return n_right / len(reading)


def _save(workspace: Workspace, trained: Trained, model: Any) -> None:
    with workspace.writing(), replacing(workspace.adapter_dir) as fresh:  # no promotion copies half of each
        if model is not None:
            for config in model.peft_config.values():  # the base by name, so that the adapter moves between machines
                config.base_model_name_or_path = trained.base
                config.revision = trained.base_revision
            model.save_pretrained(str(fresh), save_embedding_layers=False)  # "auto" asks the hub for a model of the base's name
            (fresh / "README.md").unlink(missing_ok=True)
        (fresh / "training.json").write_text(json.dumps(asdict(trained), indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Train in the workspace of the current directory."""
    run_stage(_train)


def _train(workspace: Workspace) -> str:
    with workspace.writing("training", timeout_s=1):
        trained = train(workspace, progress_line)
    if not trained.trained:
        return f"no adapter: {'; '.join(trained.reasons)}"
    return "\n".join(["", f"{trained.n_rows} rows, {trained.seconds} s", *trained.warnings])


if __name__ == "__main__":
    main()
