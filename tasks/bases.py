"""Which weights stand behind `base.model`: a hub id, a folder, a GGUF file, or the offline reader. The last two are made here, once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tandem.errors import Refused
from tandem.params import Base
from tasks.contents import content_hash, made_once
from tasks.workspace import Settings

READER = "reader"
GGUF = ".gguf"
SCRATCH = ".gguf-"
LOADED = {".safetensors", ".json", ".model", ".txt", ".jinja"}


def resolve_base(base: Base, settings: Settings) -> tuple[str, str]:
    """(path or hub id, revision) of a base model; the reader is composed, a GGUF file unpacked, on first use.

    Raises Refused where a GGUF file is missing or cannot be read.
    """
    cache_dir = settings.cache_dir.expanduser().resolve()
    if base.model == READER:
        from tasks.base_model import compose

        return str(compose(cache_dir)), revision_of(base)
    if base.model.endswith(GGUF):
        return str(unpack(_gguf_file(base), cache_dir)), revision_of(base)
    return base.model, revision_of(base)


def revision_of(base: Base) -> str:
    """Which weights stand behind the base's name; the reader's change with the project, a file's or folder's with their content, a hub
    model's with the commit that its branch stood at when it was last fetched."""
    if base.model == READER:
        from tasks.base_model import reader_revision

        return reader_revision()
    if base.model.endswith(GGUF):
        return content_hash(_gguf_file(base))
    if (folder := Path(base.model).expanduser()).is_dir():
        return _folder_revision(folder)
    named = base.revision or "main"
    return _fetched_commit(base.model, named) or named


def _folder_revision(folder: Path) -> str:
    """First 12 hex digits of a hash over what a model's folder is loaded from: weights, configuration, tokenizer."""
    files = sorted(path for path in folder.iterdir() if path.suffix in LOADED)
    return hashlib.sha256(" ".join(f"{path.name} {content_hash(path)}" for path in files).encode()).hexdigest()[:12]


def _fetched_commit(model: str, branch: str) -> str | None:
    """What the hub's cache on this machine holds of a branch or tag; None where it holds nothing, or `branch` is a commit itself."""
    from huggingface_hub import constants

    path = Path(constants.HF_HUB_CACHE, f"models--{model.replace('/', '--')}", "refs", branch)
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


def hub_revision(base: Base) -> dict[str, Any]:
    """What `from_pretrained` is told besides the path: `base.revision`, where the model is not one that is made here."""
    made = base.model == READER or base.model.endswith(GGUF)
    return {"revision": base.revision} if base.revision and not made else {}


def unpack(path: Path, cache_dir: Path) -> Path:
    """An ordinary Hugging Face folder of a GGUF file, in single precision: `cache_dir/gguf-<first 12 hex digits of its sha256>`.

    transformers reads such a file itself, but takes half a minute each time. Raises Refused where it cannot be read.
    """
    return made_once(cache_dir / f"gguf-{content_hash(path)}", SCRATCH, lambda folder: _save_unpacked(path, folder))


def _save_unpacked(path: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        packed = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise Refused(
            f"the GGUF file {path} cannot be read: {' '.join(str(error).split())[:300]}",
            hint="Name a file of an architecture that transformers can read (Llama, Qwen, Mistral, Gemma, Phi and others), or its hub id.",
        ) from error
    described = packed.config.to_dict()
    for key in ("quantization_config", "_name_or_path"):
        described.pop(key, None)
    model = type(packed)(type(packed.config)(**described))
    model.load_state_dict(packed.state_dict())
    model.tie_weights()
    model.generation_config = packed.generation_config
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _gguf_file(base: Base) -> Path:
    path = Path(base.model).expanduser()
    if not path.is_file():
        raise Refused(
            f"base.model {base.model!r} is not a file here", hint="Name a GGUF file that is there, a folder, a hub id, or `reader`."
        )
    return path.resolve()
