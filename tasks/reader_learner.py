"""The offline reader while it trains: low-rank changes of a frozen parent, and the delta that is kept of them."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tasks.apart import read_apart
from tasks.base_model import CLS_ID, LOW_RANK, apply_delta, build_parent, load_tokenizer
from tasks.generate import has_fast_bf16


class LowRankWeight(nn.Module):
    """Parametrisation W + out @ in of a frozen weight; `out` starts at zero, so that training starts at the parent."""

    def __init__(self, weight: torch.Tensor, rank: int) -> None:
        super().__init__()
        if has_fast_bf16():  # it is multiplied in bf16 anyway; cast once, not with every step
            self.register_buffer("frozen", weight.detach().bfloat16(), persistent=False)
        self.low_rank_out = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.low_rank_in = nn.Parameter(torch.randn(rank, weight.shape[1]) / weight.shape[1] ** 0.5)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return getattr(self, "frozen", weight) + self.low_rank_out @ self.low_rank_in


@dataclass
class Learner:
    """The model, its helper head and its three groups of parameters."""

    model: Any
    tokenizer: Any
    span_head: nn.Linear
    groups: dict[str, list[nn.Parameter]]
    low_rank: dict[str, LowRankWeight]
    trained: list[str] = field(default_factory=list)


def build_learner(rank: int, resume: Path | None) -> Learner:
    """The parent, or a delta gone on from, with low-rank encoder weights and the embeddings frozen and shared."""
    from safetensors.torch import load_file

    model: Any = build_parent("eager")  # the guide needs the attention weights; on a CPU its backward is also faster than sdpa's
    delta = load_file(resume) if resume else {}
    apply_delta(model, {name: value for name, value in delta.items() if not name.endswith(LOW_RANK)})
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # exercises never repeat, so there is nothing to overfit
    embeddings = model.encoder.embeddings.word_embeddings.weight
    model.decoder.bert.embeddings.word_embeddings.weight = embeddings
    model.decoder.cls.predictions.decoder.weight = embeddings
    low_rank: dict[str, LowRankWeight] = {}
    groups: dict[str, list[nn.Parameter]] = {"new": [], "low_rank": [], "old": []}
    trained: list[str] = []
    for name, parameter in list(model.named_parameters()):
        if "word_embeddings" in name or name.endswith("predictions.decoder.weight"):
            parameter.requires_grad_(False)
        elif name.startswith("encoder.encoder.") and parameter.dim() == 2:
            parameter.requires_grad_(False)
            low_rank[name] = _add_low_rank(model, name, rank, delta)
            groups["low_rank"] += list(low_rank[name].parameters())
        elif name.startswith("encoder.embeddings") or name.startswith("encoder.pooler"):
            parameter.requires_grad_(False)
        else:
            groups["new" if "crossattention" in name or "cls.predictions" in name else "old"].append(parameter)
            trained.append(name)
    read_apart(model.encoder, CLS_ID)
    span_head = nn.Linear(model.config.encoder.hidden_size, 2)
    groups["new"] += list(span_head.parameters())
    return Learner(model, load_tokenizer(), span_head, groups, low_rank, trained)


def _add_low_rank(model: Any, name: str, rank: int, delta: dict[str, torch.Tensor]) -> LowRankWeight:
    if name + LOW_RANK[0] in delta:
        rank = delta[name + LOW_RANK[0]].shape[1]
    owner = model.get_submodule(name.removesuffix(".weight"))
    part = LowRankWeight(owner.weight, rank)
    if name + LOW_RANK[0] in delta:
        part.load_state_dict({key[1:]: delta[name + key].float() for key in LOW_RANK})
    nn.utils.parametrize.register_parametrization(owner, "weight", part)
    return part


def delta_of(learner: Learner) -> dict[str, torch.Tensor]:
    """Everything that differs from the parent, in half precision."""
    parameters = dict(learner.model.named_parameters())
    delta = {name: parameters[name].detach().half().contiguous().clone() for name in learner.trained}
    for name, part in learner.low_rank.items():
        delta |= {name + key: getattr(part, key[1:]).detach().half().contiguous().clone() for key in LOW_RANK}
    return delta


def save_delta(delta: dict[str, torch.Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Written beside `path` and renamed over it."""
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".partial")
    save_file(delta, scratch, metadata=metadata)
    scratch.chmod(0o644)
    os.replace(scratch, path)
