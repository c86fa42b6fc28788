"""Read each passage apart: an encoder that sees one question with one passage at a time, and a decoder that sees all of them.

Fusion in the decoder (Izacard and Grave 2021, section 3): the work grows with the number of passages instead of its square, and the
length of the input limits one passage, not all of them together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

CPU_PARTS = 12  # of like lengths at once: little is padded, and more stays in the caches


def read_apart(encoder: Any, start_id: int) -> None:
    """From now on each row of `input_ids` (n, length) is read in parts that begin with `start_id`; states stay where the tokens are.

    Only the last states come back. The encoder is changed in place: a copy of it goes on reading with these weights.
    """
    encoder.forward = _apart(encoder.forward, start_id)


def _apart(forward: Callable[..., Any], start_id: int) -> Callable[..., Any]:
    @wraps(forward)  # generate() reads its signature
    def apart(input_ids: Any, attention_mask: Any, **options: Any) -> Any:
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        tokens = input_ids[attention_mask.bool()]
        part = (tokens == start_id).cumsum(0) - 1
        lengths = torch.bincount(part)
        begins = lengths.cumsum(0) - lengths
        states: list[torch.Tensor] = []
        places: list[torch.Tensor] = []
        for group in lengths.argsort(descending=True, stable=True).split(CPU_PARTS if tokens.device.type == "cpu" else len(lengths)):
            columns = torch.arange(int(lengths[group].max()), device=tokens.device)[None]
            there = columns < lengths[group, None]
            at = (begins[group, None] + columns).clamp(max=len(tokens) - 1)
            states.append(forward(input_ids=tokens[at] * there, attention_mask=there.long(), **options).last_hidden_state[there])
            places.append(at[there])
        together = torch.empty_like(joined := torch.cat(states)).index_copy(0, torch.cat(places), joined)
        padded = together.new_zeros(*input_ids.shape, together.shape[-1])
        padded[attention_mask.bool()] = together
        return BaseModelOutput(last_hidden_state=padded)

    return apart
