"""The batches of a comparison's answers: in this process, or on the workers of a Ray cluster (`TANDEM_RAY_ADDRESS`)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tandem.errors import Refused
from tandem.params import Base, Form, Prompt
from tandem.records import Generation
from tasks.candidates import training_digest
from tasks.cluster import spread
from tasks.generate import Generator, load_generator
from tasks.inputs import Request
from tasks.shared_encoding import shared_encoding
from tasks.workspace import Settings

Answered = tuple[list[Generation], float]


@dataclass(frozen=True)
class Model:
    """All that loading a generator needs; `training` is what `training_digest` knows the adapter by."""

    base: Base
    form: Form
    adapter_dir: Path | None = None
    training: str | None = None


@dataclass(frozen=True)
class Batch:
    """Requests that a candidate answers together, with its adapter or with the bare base."""

    candidate: str
    model: Model
    prompt: Prompt
    adapter: bool
    requests: tuple[Request, ...]


class Generators:
    """The loaded generators of a process: each distinct one is held once."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._held: dict[str, Generator] = {}

    def load(self, model: Model) -> Generator:
        """Raises Refused where it cannot be loaded."""
        key = f"{model.base.model_dump_json()}{model.form.model_dump_json()}{model.adapter_dir}"
        if key not in self._held:
            self._held[key] = load_generator(model.base, model.form, self._settings, model.adapter_dir)
        return self._held[key]


def answer_batches(batches: Sequence[Batch], generators: Generators, settings: Settings) -> Iterator[tuple[Batch, list[Generation], float]]:
    """Every batch with its outputs and the seconds of each; of a remote endpoint in this process, of a local base where Ray has room.

    Batches of the same prompts that follow each other here are encoded once; the seconds are those that each would have taken alone.
    """
    here = [batch for batch in batches if not settings.ray_address or batch.model.base.provider != "local"]
    there = [batch for batch in batches if settings.ray_address and batch.model.base.provider == "local"]
    if there:
        for batch, answered in zip(there, spread(settings, Generators, _answer_there, there), strict=True):
            yield batch, *answered
    n_kept = _batches_a_round(here)
    with shared_encoding([generators.load(batch.model) for batch in here], n_kept) as spared:
        for batch in here:
            generations, seconds = _answer(generators, batch)
            yield batch, generations, seconds + spared.taken() / len(batch.requests)


def _batches_a_round(batches: Sequence[Batch]) -> int:
    """How many of a generator's own batches all variants together take for one round of questions."""
    longest = max((math.ceil(len(batch.requests) / batch.model.base.batch_size) for batch in batches), default=0)
    return longest * len({batch.candidate for batch in batches})


def _answer(generators: Generators, batch: Batch) -> Answered:
    generator = generators.load(batch.model)
    started = time.perf_counter()
    generations = generator.generate(batch.requests, batch.prompt, batch.adapter)
    return generations, (time.perf_counter() - started) / len(batch.requests)


def _answer_there(generators: Generators, batch: Batch) -> Answered:
    """Raises Refused where the worker does not see the adapter that this comparison is about."""
    folder = batch.model.adapter_dir
    if folder is not None and (found := training_digest(folder)) != batch.model.training:
        seen = "is not there" if found is None else "is of another training"
        raise Refused(
            f"the adapter in {folder} {seen}",
            hint="Every node needs the workspace's folder at the same path: share it (NFS, a common volume), or unset TANDEM_RAY_ADDRESS.",
        )
    return _answer(generators, batch)
