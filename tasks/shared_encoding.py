"""Answering as several variants while each batch of prompts is encoded once: what an adapter of the decoder leaves as it is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from tasks.frozen import encoder_of
from tasks.generate import Generator, LocalGenerator


@dataclass
class Spared:
    """Seconds of encoding that were not spent again: they belong to the answer all the same."""

    seconds: float = 0.0

    def taken(self) -> float:
        """The seconds since the last call."""
        seconds, self.seconds = self.seconds, 0.0
        return seconds


@contextmanager
def shared_encoding(generators: Iterable[Generator], n_kept: int) -> Iterator[Spared]:
    """While it lasts, an encoder that holds no adapter gives its states for one of the last `n_kept` different batches that it has read
    without reading it again.

    The same batch gives the same states, so outputs are the same to the bit.
    """
    spared, encoders = Spared(), []
    for generator in generators:
        if isinstance(generator, LocalGenerator) and generator.is_seq2seq and generator.has_adapter:
            encoder = encoder_of(generator.model)
            if not hasattr(encoder.forward, "spared") and not any("lora_" in name for name, _ in encoder.named_parameters()):
                encoders.append((encoder, vars(encoder).get("forward")))
                encoder.forward = _remembering(encoder.forward, spared, n_kept)
    try:
        yield spared
    finally:
        for encoder, read in encoders:
            del encoder.forward
            if read is not None:  # its own, where it reads passages apart
                encoder.forward = read


def _remembering(forward: Any, spared: Spared, n_kept: int) -> Any:
    kept: dict[tuple[Any, ...], tuple[Any, float]] = {}

    @wraps(forward)  # generate() reads its signature
    def remembered(input_ids: Any, attention_mask: Any, **options: Any) -> Any:
        key = (tuple(input_ids.shape), input_ids.cpu().numpy().tobytes(), attention_mask.cpu().numpy().tobytes())
        if key in kept:
            states, seconds = kept[key]
            spared.seconds += seconds
            return states
        started = time.perf_counter()
        states = forward(input_ids=input_ids, attention_mask=attention_mask, **options)
        kept[key] = (states, time.perf_counter() - started)
        while len(kept) > n_kept:
            del kept[next(iter(kept))]
        return states

    remembered.spared = spared  # type: ignore[attr-defined]  # an encoder that two generators share is wrapped once
    return remembered
