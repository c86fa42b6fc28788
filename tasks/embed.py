"""Embedders behind one protocol, and the cache by which no text is embedded twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tandem.chunking import hash_text
from tandem.errors import Refused
from tandem.params import Embedder as EmbedderParams
from tasks.embedder_files import embedder_folder, embedder_revision
from tasks.encoders import Encode, load_model, onnx_encoder, torch_encoder
from tasks.generate import device_of, has_fast_bf16
from tasks.workspace import Settings, Workspace

TOKEN_BUDGET = 1_024  # padded tokens a batch: on a CPU larger batches are slower, their activations leave the cache
CACHE_ROWS = 512


class Embedder(Protocol):
    """Turns texts into unit vectors; `name` tells apart whatever would give other vectors."""

    name: str
    dimensions: int

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """(n, dimensions) float32, each row of length 1, in the order of the texts."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that `embed` reads: each text cut at the model's limit."""
        ...


@runtime_checkable
class PartwiseEmbedder(Embedder, Protocol):
    """An embedder that gives the vectors of many texts as they come, so that each part can be stored at once."""

    def embed_parts(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        """The rows of `embed`, in order, in parts of any size."""
        ...


def load_embedder(params: EmbedderParams, settings: Settings) -> Embedder:
    """The embedder that params name, loaded once a process. Raises Refused where it cannot be loaded."""
    if params.provider == "openai":
        from tasks.embed_openai import OpenAIEmbedder

        return OpenAIEmbedder(params, settings)
    revision = embedder_revision(params)
    embedder = _load(params, revision, device_of(settings), settings.threads, settings.cache_dir.expanduser().resolve())
    if settings.ray_address:
        from tasks.embed_cluster import ClusterEmbedder

        return ClusterEmbedder(embedder, params, settings)
    return embedder


def embedder_of_layout(layout: Mapping[str, Any], settings: Settings) -> Embedder:
    """The embedder that fills the tables of a layout. Raises Refused where it cannot be loaded, or its files were replaced since."""
    params, then = EmbedderParams(**layout["embedder"]), layout.get("embedder_revision")
    if (now := embedder_revision(params)) != then:
        raise Refused(
            f"the files of the embedder {params.model!r} were {then or 'not noted'} when the table was filled and are {now} now",
            hint="Put the earlier files back, and keep the new ones in a folder of their own that embedder.model names.",
        )
    return load_embedder(params, settings)


@cache
def _load(params: EmbedderParams, revision: str | None, device: str, threads: int | None, cache_dir: Path) -> Embedder:
    folder = embedder_folder(params.model)
    if device == "cpu" and not has_fast_bf16() and (in_onnx := onnx_encoder(folder, cache_dir, threads)):
        return TransformerEmbedder(folder, params, in_onnx, revision=revision)
    if threads:
        import torch

        torch.set_num_threads(threads)
    encode = torch_encoder(load_model(folder, device), device, half=device != "cpu" or has_fast_bf16())
    return TransformerEmbedder(folder, params, encode, device, revision)


class TransformerEmbedder:
    """An encoder in the sentence-transformers layout: mean or first-token pooling, then unit length.

    Texts are sorted by length and batched under a budget of padded tokens. What runs the encoder (tasks/encoders.py) changes a cosine
    by .0001 at most, so vectors of one machine serve another.
    """

    def __init__(self, folder: Path, params: EmbedderParams, encode: Encode, device: str = "cpu", revision: str | None = None):
        from tokenizers import Tokenizer

        if not (folder / "tokenizer.json").is_file():
            raise Refused(f"the embedder at {folder} has no tokenizer.json", hint="Name a model in the sentence-transformers layout.")
        self._pooling = _pooling(folder)
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(params.max_tokens)
        self._tokenizer.no_padding()
        self._states_of = encode
        self._device = device
        self.name = f"{params.model}{f'@{revision}' if revision else ''}/{params.max_tokens}"
        self.dimensions = int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        for batch in _batches([len(row) for row in ids], TOKEN_BUDGET if self._device == "cpu" else 64 * TOKEN_BUDGET):
            vectors[batch] = self._encode([ids[i] for i in batch])
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> int:
        return sum(len(encoding.ids) for encoding in self._tokenizer.encode_batch(list(texts)))

    def _encode(self, ids: Sequence[Sequence[int]]) -> np.ndarray:
        width = max(len(row) for row in ids)
        tokens, mask = np.zeros((len(ids), width), np.int64), np.zeros((len(ids), width), np.int64)
        for number, row in enumerate(ids):
            tokens[number, : len(row)] = row
            mask[number, : len(row)] = 1
        states = self._states_of(tokens, mask)
        weights = mask[:, :, None].astype(np.float32)
        pooled = states[:, 0] if self._pooling == "cls" else (states * weights).sum(1) / weights.sum(1).clip(min=1e-9)
        unit: np.ndarray = pooled / np.linalg.norm(pooled, axis=1, keepdims=True).clip(min=1e-12)
        return unit


def _pooling(folder: Path) -> str:
    """`mean` or `cls`. Raises Refused for a model with other modules after its encoder, which this reader would leave out."""
    modules_path = folder / "modules.json"
    if not modules_path.is_file():
        return "mean"
    modules = json.loads(modules_path.read_text(encoding="utf-8"))
    kinds = [module["type"].rsplit(".", 1)[-1] for module in modules]
    if extra := set(kinds) - {"Transformer", "Pooling", "Normalize"}:
        raise Refused(
            f"the embedder at {folder} needs the module {', '.join(sorted(extra))}; supported are Transformer, Pooling and Normalize",
            hint="Set embedder.model in params.yaml to another model.",
        )
    pooling = next((module["path"] for module in modules if module["type"].endswith("Pooling")), None)
    config = json.loads((folder / pooling / "config.json").read_text(encoding="utf-8")) if pooling else {}
    chosen = [key for key, value in config.items() if key.startswith("pooling_mode_") and value is True]
    if chosen not in ([], ["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"]):
        raise Refused(f"the embedder at {folder} pools by {', '.join(chosen)}; supported are mean_tokens and cls_token")
    return "cls" if chosen == ["pooling_mode_cls_token"] else "mean"


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Positions grouped so that similar lengths share a batch and rows x longest stays within the budget (one row at least)."""
    batch: list[int] = []
    for position in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[position] > budget:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


class EmbeddingCache:
    """Vectors by embedder and text hash in one SQLite file; safe for several processes, kept across rebuilds."""

    def __init__(self, path: Path):
        self.path = path

    def _connect(self) -> closing[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS vectors (embedder TEXT, hash TEXT, vector BLOB, PRIMARY KEY (embedder, hash)) WITHOUT ROWID"
        )
        return closing(connection)

    def hold(self) -> sqlite3.Connection:
        """An open connection. While there is one, closing another does not wait for the disk: the last one writes the log back."""
        with self._connect():
            connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False)
            connection.execute("SELECT 1 FROM vectors LIMIT 1").fetchone()
            return connection

    def get(self, embedder: str, hashes: Sequence[str]) -> dict[str, np.ndarray]:
        """Those that are there, by hash."""
        found: dict[str, np.ndarray] = {}
        with self._connect() as connection:
            for start in range(0, len(hashes), CACHE_ROWS):
                part = list(hashes[start : start + CACHE_ROWS])
                marks = ",".join("?" * len(part))
                query = f"SELECT hash, vector FROM vectors WHERE embedder = ? AND hash IN ({marks})"
                for key, blob in connection.execute(query, [embedder, *part]):
                    found[key] = np.frombuffer(blob, dtype="<f4")
        return found

    def put(self, embedder: str, vectors: dict[str, np.ndarray]) -> None:
        with self._connect() as connection, connection:
            rows = [(embedder, key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    def keep_only(self, hashes: Collection[str]) -> int:
        """Drop the vectors of all other texts, of every embedder, so that nothing of them is left in the file; how many."""
        with self._connect() as connection:
            connection.execute("PRAGMA secure_delete=ON")
            with connection:
                connection.execute("CREATE TEMP TABLE kept (hash TEXT PRIMARY KEY)")
                connection.executemany("INSERT OR IGNORE INTO kept VALUES (?)", [(key,) for key in hashes])
                dropped = connection.execute("DELETE FROM vectors WHERE hash NOT IN (SELECT hash FROM kept)").rowcount
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(dropped)


def embedding_cache(workspace: Workspace) -> EmbeddingCache:
    """The workspace's store of vectors."""
    return EmbeddingCache(workspace.state_dir / "cache" / "embeddings.sqlite")


class CachedEmbedder:
    """An embedder that asks the store first."""

    def __init__(self, embedder: Embedder, store: EmbeddingCache):
        self._embedder, self._store = embedder, store
        self.name, self.dimensions = embedder.name, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return embed_cached(self._embedder, texts, self._store)[0]

    def count_tokens(self, texts: Sequence[str]) -> int:
        return self._embedder.count_tokens(texts)


def embed_cached(
    embedder: Embedder,
    texts: Sequence[str],
    store: EmbeddingCache,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[np.ndarray, int]:
    """Vectors (n, dimensions) of the texts, and how many distinct ones were not in the store and had to be embedded.

    New vectors are stored part by part, so that a run that is killed goes on where it was.
    """
    hashes = [hash_text(text) for text in texts]
    distinct = dict(zip(hashes, texts, strict=True))
    known = store.get(embedder.name, list(distinct))
    missing = [key for key in distinct if key not in known]
    done = 0
    for part in _in_parts(embedder, [distinct[key] for key in missing]):
        fresh = dict(zip(missing[done : done + len(part)], part, strict=True))
        store.put(embedder.name, fresh)
        known.update(fresh)
        done += len(part)
        if progress:
            progress(done, len(missing))
    vectors = np.stack([known[key] for key in hashes]) if hashes else np.zeros((0, embedder.dimensions), dtype=np.float32)
    return vectors.astype(np.float32, copy=False), len(missing)


def _in_parts(embedder: Embedder, texts: Sequence[str]) -> Iterator[np.ndarray]:
    if isinstance(embedder, PartwiseEmbedder):
        yield from embedder.embed_parts(texts)
    else:
        for start in range(0, len(texts), CACHE_ROWS):
            yield embedder.embed(texts[start : start + CACHE_ROWS])
