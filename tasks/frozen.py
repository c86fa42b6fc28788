"""The states of an encoder that an adapter leaves as it is: computed once a training instead of once an epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tasks.generate import LocalGenerator, autocast

if TYPE_CHECKING:
    import torch

MAX_KEPT_BYTES = 2**31  # 1.4 million tokens of width 384 in float32
ROWS_AT_ONCE = 8


class FrozenEncoder:
    """Encoder states (n_tokens, width) by token ids, on the generator's device."""

    def __init__(self, generator: LocalGenerator, rows: Sequence[list[int]], progress: Callable[[int, int], None]) -> None:
        """Encode all rows, like lengths together. Nothing is dropped out: the states are those of every epoch."""
        self._generator = generator
        self._states: dict[tuple[int, ...], torch.Tensor] = {}
        distinct = sorted({tuple(ids) for ids in rows}, key=lambda ids: (len(ids), ids))
        generator.model.eval()
        for start in range(0, len(distinct), ROWS_AT_ONCE):
            part = distinct[start : start + ROWS_AT_ONCE]
            for ids, states in zip(part, self._encode(part), strict=True):
                self._states[ids] = states[: len(ids)].clone()
            progress(start + len(part), len(distinct))

    def _encode(self, rows: Sequence[tuple[int, ...]]) -> torch.Tensor:
        import torch

        padded = self._generator.tokenizer.pad({"input_ids": [list(ids) for ids in rows]}, return_tensors="pt").to(self._generator.device)
        with torch.no_grad(), autocast(self._generator.device, self._generator.base.dtype):
            states: torch.Tensor = encoder_of(self._generator.model)(**padded).last_hidden_state
        return states

    def states_of(self, rows: Sequence[list[int]]) -> torch.Tensor:
        """(n, n_longest, width) of rows that were encoded, zero where there is padding."""
        import torch

        return torch.nn.utils.rnn.pad_sequence([self._states[tuple(ids)] for ids in rows], batch_first=True)


def frozen_encoder(generator: LocalGenerator, rows: Sequence[list[int]], progress: Callable[[int, int], None]) -> FrozenEncoder | None:
    """None where the model has no encoder, something in it is trained, or its states would take more than `MAX_KEPT_BYTES`."""
    if not generator.is_seq2seq:
        return None
    weights = list(encoder_of(generator.model).parameters())
    width = encoder_of(generator.model).config.hidden_size
    n_bytes = sum(len(ids) for ids in rows) * width * weights[0].element_size()
    if any(weight.requires_grad for weight in weights) or n_bytes > MAX_KEPT_BYTES:
        return None
    return FrozenEncoder(generator, rows, progress)


def encoder_of(model: Any) -> Any:
    """The encoder of a sequence-to-sequence model, adapted or not."""
    return (model.get_base_model() if hasattr(model, "get_base_model") else model).get_encoder()
