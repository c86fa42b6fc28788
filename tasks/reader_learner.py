"""The offline reader while it trains, and the delta that is kept of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tasks.apart import read_apart
from tasks.base_model import BYTES, CLS_ID, apply_delta, build_parent, load_tokenizer


@dataclass
class Learner:
    """The model, its helper head and its two groups of parameters."""

    model: Any
    tokenizer: Any
    span_head: nn.Linear
    groups: dict[str, list[nn.Parameter]]
    parent: dict[str, torch.Tensor]
    trained: list[str] = field(default_factory=list)


def build_learner(resume: Path | None) -> Learner:
    """The parent, or a delta gone on from; all of it is trained but the embeddings, which are shared."""
    from safetensors.torch import load_file

    model: Any = build_parent("eager")  # the guide needs the attention weights; on a CPU its backward is also faster than sdpa's
    parent = {name: value.clone() for name, value in model.state_dict().items() if value.dim() == 2 and "word_embeddings" not in name}
    apply_delta(model, load_file(resume) if resume else {})
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # exercises never repeat, so there is nothing to overfit
    embeddings = model.encoder.embeddings.word_embeddings.weight
    model.decoder.bert.embeddings.word_embeddings.weight = embeddings
    model.decoder.cls.predictions.decoder.weight = embeddings
    groups: dict[str, list[nn.Parameter]] = {"new": [], "old": []}
    trained: list[str] = []
    frozen = ("encoder.embeddings", "encoder.pooler")
    for name, parameter in list(model.named_parameters()):
        if "word_embeddings" in name or name.endswith("predictions.decoder.weight") or name.startswith(frozen):
            parameter.requires_grad_(False)
        else:
            groups["new" if "crossattention" in name or "cls.predictions" in name else "old"].append(parameter)
            trained.append(name)
    read_apart(model.encoder, CLS_ID)
    span_head = nn.Linear(model.config.encoder.hidden_size, 2)
    groups["new"] += list(span_head.parameters())
    return Learner(model, load_tokenizer(), span_head, groups, parent, trained)


def delta_of(learner: Learner) -> dict[str, torch.Tensor]:
    """What differs from the parent."""
    parameters = dict(learner.model.named_parameters())
    return delta_of_state({name: parameters[name].detach() for name in learner.trained}, learner.parent)


def delta_of_state(state: Mapping[str, torch.Tensor], parent: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Of a matrix its difference from the parent's, in 8 bits and a scale a row; anything else as it is, in half precision."""
    delta: dict[str, torch.Tensor] = {}
    for name, value in state.items():
        delta |= in_bytes(name, value - parent[name]) if value.dim() == 2 else {name: value.half().contiguous().clone()}
    return delta


def in_bytes(name: str, difference: torch.Tensor) -> dict[str, torch.Tensor]:
    """A matrix (n, m) as whole numbers of 8 bits and the scale (n, 1) of each row; rounded to 1/254 of the row's largest."""
    scale = (difference.abs().amax(1, keepdim=True) / 127).clamp(min=1e-8)
    return {name + BYTES[0]: (difference / scale).round().to(torch.int8), name + BYTES[1]: scale}


def save_delta(delta: dict[str, torch.Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Written beside `path` and renamed over it."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".partial")
    save_file(delta, scratch, metadata=metadata)
    scratch.chmod(0o644)
    os.replace(scratch, path)
