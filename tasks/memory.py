"""Whether a model's weights fit into the memory that is free, told before they are fetched or loaded, and what is said where it fills."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tandem.errors import Refused
from tandem.params import Base

if TYPE_CHECKING:
    import torch

CGROUP = Path("/sys/fs/cgroup")
FOUR_BITS = 0.56  # bytes a weight in nf4 with its constants (Dettmers et al. 2023, section 3)
EMBEDDED = 4  # bytes a weight of the embeddings and the output layer, which PEFT then holds in float32
GB = 1e9


def require_memory(base: Base, config: Any, loader: Any, dtype: torch.dtype, device: str, quantize: str | None = None) -> None:
    """Raises Refused where the weights of a model of this configuration are larger than what is free. What training and long inputs
    take on top is not counted."""
    n_weights, n_embedded = _n_weights(config, loader)
    needed = (n_weights - n_embedded) * FOUR_BITS + n_embedded * EMBEDDED if quantize else n_weights * dtype.itemsize
    free = free_bytes(device)
    if needed > free:
        held = quantize or str(dtype).removeprefix("torch.")
        raise Refused(
            f"base model {base.model!r} is too big: its {n_weights / 1e9:.1f} billion weights take {needed / GB:.1f} GB in {held}, "
            f"{free / GB:.1f} GB of memory are free on {device}",
            hint="Set base.model in params.yaml to a smaller one, base.dtype to bfloat16, or base.provider to openai and serve it.",
        )


@contextmanager
def full_memory_named(device: str, advice: str) -> Iterator[None]:
    """Raises Refused, with `advice`, where a card's memory is full."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        seen = f"the memory of {device} is full, {free_bytes(device) / GB:.1f} GB are free: {str(error).splitlines()[0][:200]}"
        raise Refused(seen, hint=advice) from error


def free_bytes(device: str) -> int:
    """Of a card's memory, or of this machine's: what the system leaves, or the process's cgroup where that is less."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):  # no cgroup of version 2, or one without a limit
        limit, used = (int((CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
        stat = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
        free = min(free, limit - used + int(stat["inactive_file"]))
    return free


def _n_weights(config: Any, loader: Any) -> tuple[int, int]:
    """(all, those of embeddings and output layer), counted on a model without storage; 0 where it cannot be built without its weights."""
    import torch

    try:
        with torch.device("meta"):
            model = loader.from_config(config)
    except (ValueError, RuntimeError, NotImplementedError):
        return 0, 0
    ends = {id(layer.weight): layer.weight.numel() for layer in (model.get_input_embeddings(), model.get_output_embeddings()) if layer}
    return int(model.num_parameters()), sum(ends.values())
