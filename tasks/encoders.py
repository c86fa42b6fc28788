"""What runs an encoder: torch, or on a CPU without fast bf16 ONNX Runtime, which takes half of torch's time for one short text.

The ONNX file is made from the model on first use and kept; a model whose export fails, or gives other states, stays with torch.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

Encode = Callable[[np.ndarray, np.ndarray], np.ndarray]  # token ids and mask, both (n, n_tokens), to states (n, n_tokens, width) in float32
SPREAD = 1e-3  # largest difference of a state, of about unit size, that the export may show
PROBE = (np.array([[5, 6, 7, 8], [9, 8, 7, 0]]), np.array([[1, 1, 1, 1], [1, 1, 1, 0]]))  # ids that every vocabulary has


def load_model(folder: Path, device: str) -> torch.nn.Module:
    """The encoder of a folder in Hugging Face layout, in float32."""
    import torch
    from transformers import AutoConfig, AutoModel, BertModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    loader: Any = BertModel if AutoConfig.from_pretrained(folder).model_type == "bert" else AutoModel
    model: torch.nn.Module = loader.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32).eval().to(device)
    return model


def torch_encoder(model: torch.nn.Module, device: str, half: bool) -> Encode:
    """Runs the model itself, in bfloat16 where `half`."""
    import torch

    def encode(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        tokens, seen = torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)
        with torch.inference_mode(), torch.autocast(device.split(":")[0], dtype=torch.bfloat16, enabled=half):
            states: torch.Tensor = model(input_ids=tokens, attention_mask=seen).last_hidden_state
        return states.float().cpu().numpy()

    return encode


def onnx_encoder(folder: Path, cache_dir: Path, n_threads: int | None) -> Encode | None:
    """Runs `cache_dir/onnx-<hash>.onnx`, made first where it is missing. None where the model cannot be exported as it is."""
    path = cache_dir / f"onnx-{_hash(folder)}.onnx"
    if not path.is_file() and not _export(folder, path):
        return None
    return _session(path, n_threads)


def _session(path: Path, n_threads: int | None) -> Encode:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads or len(os.sched_getaffinity(0))
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait must not take the core from others
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def encode(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        states: np.ndarray = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return states

    return encode


def _export(folder: Path, path: Path) -> bool:
    """Write the file, whole or not at all; whether it gives the model's own states."""
    model = load_model(folder, "cpu")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".onnx-") as scratch:
        staged = Path(scratch) / "model.onnx"
        try:
            _write(model, staged)
            states = _session(staged, 1)(*PROBE)
        except Exception:  # whatever the exporter meets in a model that it does not know: torch runs it as well
            return False
        mask = PROBE[1].astype(bool)
        if np.abs(states - torch_encoder(model.eval(), "cpu", half=False)(*PROBE))[mask].max() > SPREAD:
            return False
        os.replace(staged, path)
    return True


def _write(model: torch.nn.Module, path: Path) -> None:
    import torch

    class States(torch.nn.Module):
        """The model with its last states as its only output."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return states

    axes = {0: "n", 1: "n_tokens"}
    names = ["input_ids", "attention_mask", "states"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracer, about branches that depend on shapes
        torch.onnx.export(
            States().eval(),
            tuple(torch.from_numpy(one) for one in PROBE),
            str(path),
            input_names=names[:2],
            output_names=names[2:],
            dynamic_axes=dict.fromkeys(names, axes),
            opset_version=17,
            dynamo=False,
        )


def _hash(folder: Path) -> str:
    """Which model this is, without reading its weights: its path, and size and time of its files."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    known = [str(folder.resolve()), *(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files)]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:12]
