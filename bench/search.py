"""Measure hybrid search over tables of 10,000 and 100,000 passages: latency, recall of the vector leg against exact search, memory.

Run: python -m bench.search [--sizes 10000 100000] [--questions 300] [--embedded N] [--cache FILE]

The first passages are the distinct ones of the phone manuals, 3,447 (or `--embedded`), embedded for real. Every further one is such a
passage with a sentence of another behind it; its vector is the sum of both vectors and noise, which spares an hour of embedding and
keeps the neighbourhoods of real text (the last line says how near made and real vectors are). The questions are the TV's, embedded for
real. The table is filled, indexed and kept up as `tandem refresh` does it: a vector index from `index.vector_index_rows` rows on.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import re
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.material import SMART_TV, as_markdown, phone_sections
from tandem.chunking import chunk
from tandem.params import Chunking, Retrieval
from tandem.params import Embedder as EmbedderParams
from tandem.params import Index as IndexParams
from tandem.records import Chunk, Document
from tasks.embed import Embedder, EmbeddingCache, embed_cached, load_embedder
from tasks.index import Index, open_table_at
from tasks.table import Batch, commit, find_table, optimize
from tasks.upkeep import index_large
from tasks.workspace import Settings

OTHER, NOISE = 0.35, 0.3  # of the second passage and of noise in a made vector: about as near to the real one as that is to its first half
K = 10
N_CHECKED = 40
BATCH = 10_000
COLLECTION = "galaxy-s10-lite"
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass
class Known:
    """The embedder of the questions alone: their vectors are at hand, so that what is timed is the search."""

    name: str
    dimensions: int
    vectors: dict[str, np.ndarray]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([self.vectors[text] for text in texts])

    def count_tokens(self, texts: Sequence[str]) -> int:
        return 0


def passages(limit: int) -> list[Chunk]:
    """The distinct ones of the phone manuals, each manual a collection; at most so many."""
    found: dict[str, Chunk] = {}
    for manual, number, section in phone_sections():
        document = Document(id=f"{manual}/{number:04d}.md", text=as_markdown(section), md5="0" * 32, title=section["title"])
        for piece in chunk(document, Chunking()):
            found.setdefault(piece.embedded_text, piece)
    return random.Random(0).sample(list(found.values()), min(limit, len(found)))


def grown(base: Sequence[Chunk], vectors: np.ndarray, n: int, seed: int) -> tuple[list[Chunk], np.ndarray]:
    """`n` passages (n, d): the base, then variations on it."""
    rng, choose = np.random.default_rng(seed), random.Random(seed)
    chunks, first, second = list(base[:n]), list(range(min(n, len(base)))), list(range(min(n, len(base))))
    for number in range(len(chunks), n):
        one, other = choose.randrange(len(base)), choose.randrange(len(base))
        added = choose.choice(SENTENCE_END.split(base[other].text))
        doc_id, text = f"{base[one].collection}/made{number:07d}.md", f"{base[one].text} {added}"
        chunks.append(replace(base[one], id=f"made{number:07d}", doc_id=doc_id, text=text))
        first.append(one)
        second.append(other)
    is_made = (np.arange(n) >= len(base))[:, None]
    noise = rng.normal(size=(n, vectors.shape[1])).astype(np.float32) / np.sqrt(vectors.shape[1])
    mixed = vectors[first] + is_made * (OTHER * vectors[second] + NOISE * noise)
    return chunks, (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)


def build(folder: str, name: str, chunks: Sequence[Chunk], vectors: np.ndarray, embedder: str) -> None:
    """Fill a table and bring its indexes up to date."""
    for start in range(0, len(chunks), BATCH):
        part = chunks[start : start + BATCH]
        commit(folder, name, Batch(part, vectors[start : start + BATCH], dict.fromkeys([one.doc_id for one in part], "0" * 32), embedder))
    table = find_table(folder, name)
    assert table is not None
    index_large(table, IndexParams().vector_index_rows)
    optimize(table, timedelta(days=1))


def ask(folder: str, name: str, embedder: Known, parent: Any) -> None:
    """Ask every question each way; sends figures a way, the process's peak memory, and the recall."""
    index, questions = open_table_at(folder, name, embedder, Retrieval()), list(embedder.vectors)
    ways: dict[str, dict[str, Any]] = {
        "hybrid": {},
        "hybrid, one collection": {"collections": [COLLECTION]},
        "vectors alone": {"retrieval": Retrieval(text_weight=0)},
        "text alone": {"retrieval": Retrieval(vector_weight=0)},
    }
    figures = {}
    for way, options in ways.items():
        for question in questions[:20]:
            index.search([question], **options)
        used, spent = time.process_time(), []
        for question in questions:
            started = time.perf_counter()
            index.search([question], **options)
            spent.append(1000 * (time.perf_counter() - started))
        cpu_ms = 1000 * (time.process_time() - used) / len(questions)
        figures[way] = [*(float(np.quantile(spent, share)) for share in (0.5, 0.95, 0.99)), cpu_ms]
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = find_table(folder, name).search().select(["chunk_id", "collection", "vector"]).limit(None).to_arrow()  # type: ignore[union-attr]
    parent.send((figures, peak_mb, recall(index, rows, embedder), recall(index, rows, embedder, COLLECTION)))


def recall(index: Index, rows: Any, embedder: Known, collection: str = "") -> float:
    """Share of the `K` nearest passages by a full comparison, of all or of one collection, that the vector leg finds."""
    is_in = np.array([collection in ("", one) for one in rows["collection"].to_pylist()])
    ids = np.array(rows["chunk_id"].to_pylist())[is_in]
    vectors = rows["vector"].combine_chunks().flatten().to_numpy().reshape(len(is_in), -1)[is_in]
    n_found = 0
    for question, vector in embedder.vectors.items():
        nearest = ids[np.argsort(-(vectors @ vector), kind="stable")[:K]]
        hits = index.search([question], Retrieval(text_weight=0), k=K, collections=[collection] if collection else [])[0]
        n_found += len(set(nearest) & {hit.chunk_id for hit in hits})
    return n_found / (K * len(embedder.vectors))


def measure(folder: str, name: str, questions: dict[str, np.ndarray], chunks: Sequence[Chunk], vectors: np.ndarray, embedder: str) -> None:
    """Print the lines of one size."""
    started, used = time.perf_counter(), time.process_time()
    build(folder, name, chunks, vectors, embedder)
    built = f"{time.perf_counter() - started:.1f} s, {time.process_time() - used:.1f} CPU s"
    processes = multiprocessing.get_context("spawn")
    ours, theirs = processes.Pipe()
    child = processes.Process(target=ask, args=(folder, name, Known(embedder, vectors.shape[1], questions), theirs))
    child.start()
    theirs.close()
    figures, peak_mb, recall_all, recall_one = ours.recv()
    child.join()
    for way, values in figures.items():
        shown = "  ".join(f"{value:6.1f}" for value in values)
        print(f"{len(chunks):7}  {way:22}  {shown}", flush=True)
    kind = "IVF_RQ" if len(chunks) >= IndexParams().vector_index_rows else "exact"
    print(f"{len(chunks):7}  vector leg ({kind}): recall@{K} {recall_all:.3f}, of one collection {recall_one:.3f}; ", end="")
    print(f"peak memory of the searching process {peak_mb:.0f} MB; table and indexes built in {built}", flush=True)


def likeness(chunks: Sequence[Chunk], vectors: np.ndarray, n_real: int, embedder: Embedder, seed: int) -> float:
    """Mean cosine between the made vectors of some variations and their real ones."""
    some = random.Random(seed).sample(range(n_real, len(chunks)), N_CHECKED)
    return float((embedder.embed([chunks[one].embedded_text for one in some]) * vectors[some]).sum(1).mean())


def main() -> None:
    """Print four lines and the recall for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--embedded", type=int, default=10_000, help="of the manuals' 3,447 distinct passages")
    parser.add_argument("--cache", type=Path, help="keep the real vectors here for another run")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        embedder = load_embedder(EmbedderParams(), Settings())
        store = EmbeddingCache(options.cache or Path(folder, "vectors.sqlite"))
        base = passages(options.embedded)
        vectors, _ = embed_cached(embedder, [piece.embedded_text for piece in base], store)
        lines = SMART_TV[1].read_text(encoding="utf-8").splitlines()
        asked = sorted({json.loads(line)["question"] for line in lines})
        asked = random.Random(options.seed).sample(asked, min(options.questions, len(asked)))
        questions = dict(zip(asked, embed_cached(embedder, asked, store)[0], strict=True))
        print(f"{'rows':>7}  {'search':22}  {'p50':>6}  {'p95':>6}  {'p99':>6}  CPU ms", flush=True)
        near = ""
        for size in options.sizes:
            chunks, all_vectors = grown(base, vectors, size, options.seed)
            measure(folder, f"rows{size}", questions, chunks, all_vectors, embedder.name)
            if size >= len(base) + N_CHECKED:
                near = f"; mean cosine of made to real vectors {likeness(chunks, all_vectors, len(base), embedder, options.seed):.3f}"
        print(f"{len(base)} passages with real vectors{near}; {len(questions)} questions")


if __name__ == "__main__":
    main()
