"""What runs an encoder: torch, or on a CPU without fast bf16 ONNX Runtime, which takes half of torch's time for one short text.

The ONNX file is made from the model on first use and kept; a model whose export fails, or gives other states, stays with torch, and
a note of why is kept instead.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tandem.errors import Refused
from tasks.contents import sweep

if TYPE_CHECKING:
    import torch

Encode = Callable[[np.ndarray, np.ndarray], np.ndarray]  # token ids and mask, both (n, n_tokens), to states (n, n_tokens, width) in float32
SPREAD = 1e-3  # largest difference of a state, of about unit size, that the export may show
SCRATCH = ".onnx-"


def _ragged(lengths: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Ids that every vocabulary has, and their mask; each row so long."""
    places = np.arange(max(lengths))
    mask = (places < np.array(lengths)[:, None]).astype(np.int64)
    return (5 + (places + np.arange(len(lengths))[:, None]) % 5) * mask, mask


TRACED = _ragged([4, 3])
VERIFIED = _ragged([11, 7, 3])  # of another shape: a size that tracing made a constant is then seen


def load_model(folder: Path, device: str) -> torch.nn.Module:
    """The encoder of a folder in Hugging Face layout, in float32."""
    import torch
    from transformers import AutoConfig, AutoModel, BertModel
    from transformers.utils import logging

    logging.disable_progress_bar()
    loader: Any = BertModel if AutoConfig.from_pretrained(folder).model_type == "bert" else AutoModel
    model: torch.nn.Module = loader.from_pretrained(folder, dtype=torch.float32, use_safetensors=True).eval().to(device)
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
    """Runs `cache_dir/onnx-<hash>.onnx`, made first where it is missing.

    None where the model cannot be exported as it is; `onnx-<hash>.failed` says why, and that it need not be tried again. Raises Refused
    where the file cannot be written.
    """
    sweep(cache_dir, SCRATCH)
    path = cache_dir / f"onnx-{_hash(folder)}.onnx"
    failed = path.with_suffix(".failed")
    if not path.is_file():
        if failed.is_file():
            return None
        try:
            if fault := export(folder, path):
                failed.write_text(f"{folder}: {fault}\n", encoding="utf-8")
                return None
        except OSError as error:
            raise Refused(
                f"the embedder at {folder} cannot be kept as an ONNX file in {cache_dir}: {error}",
                hint="Make room there, or set TANDEM_CACHE_DIR to another folder, and run again.",
            ) from error
    return _session(path, n_threads)


def _session(path: Path, n_threads: int | None) -> Encode:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads or _n_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # threads that wait must not take the core from others
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def encode(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        states: np.ndarray = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return states

    return encode


def _n_cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def export(folder: Path, path: Path, write: Callable[[torch.nn.Module, Path], None] | None = None) -> str:
    """Keep the model as one ONNX file, whole or not at all; why it is not kept, empty where it is.

    `write` puts the file there. Raises OSError where there is no room.
    """
    model = load_model(folder, "cpu")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=SCRATCH) as scratch:
        staged = Path(scratch) / "model.onnx"
        try:
            (write or _write)(model, staged)
            if beside := sorted(one.name for one in Path(scratch).iterdir() if one != staged):
                return f"its weights do not fit into one file; {len(beside)} lie beside it, as {beside[0]}"
            states = _session(staged, 1)(*VERIFIED)
        except OSError:
            raise
        except Exception as error:  # whatever the exporter meets in a model that it does not know: torch runs it as well
            return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        wanted = torch_encoder(model.eval(), "cpu", half=False)(*VERIFIED)
        if states.shape != wanted.shape:
            return f"its states have the shape {states.shape} instead of {wanted.shape}"
        if not (largest := float(np.abs(states - wanted)[VERIFIED[1].astype(bool)].max())) <= SPREAD:
            return f"its states differ by {largest:.2g}; the limit is {SPREAD}"
        os.replace(staged, path)
    return ""


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
            tuple(torch.from_numpy(one) for one in TRACED),
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
