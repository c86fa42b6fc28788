"""The last epoch of an unfinished training, in `.tandem/checkpoint`: one that was killed goes on from there.

Tensors are kept as safetensors, the rest as JSON. It serves one training only: the same rows, params and base.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path

from tasks.fitting import Fit
from tasks.workspace import Workspace, finish_swap, replacing

PARTS = [one.name for one in fields(Fit) if one.name != "tensors"]


def save_checkpoint(workspace: Workspace, key: str, fit: Fit) -> None:
    """Keep the state after an epoch in place of the one before. `key` stands for all that the weights follow from."""
    from safetensors.torch import save_file

    with replacing(_folder(workspace)) as fresh:
        save_file({name: tensor.contiguous() for name, tensor in fit.tensors.items()}, fresh / "state.safetensors")
        state = {"key": key, **{name: getattr(fit, name) for name in PARTS}}
        (fresh / "state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def load_checkpoint(workspace: Workspace, key: str) -> Fit:
    """Where the training with this key stopped; a fresh start where there is none."""
    from safetensors.torch import load_file

    folder = _folder(workspace)
    finish_swap(folder)
    if not folder.is_dir():
        return Fit()
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    if state.pop("key") != key:
        return Fit()
    return Fit(**{**state, "history": tuple(state["history"])}, tensors=load_file(folder / "state.safetensors"))


def drop_checkpoint(workspace: Workspace) -> None:
    """The adapter is in place: nothing is left to go on with."""
    shutil.rmtree(_folder(workspace), ignore_errors=True)


def _folder(workspace: Workspace) -> Path:
    return workspace.state_dir / "checkpoint"
