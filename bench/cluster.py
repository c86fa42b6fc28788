"""Embedding and answering in this process and on the workers of a Ray of this machine, on the same input.

Run: python -m bench.cluster [--texts N] [--prompts N] [--workers N ...] [--address ADDRESS]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from itertools import cycle, islice

import numpy as np

from bench.material import SAMPLE, quiet
from tandem.chunking import chunk
from tandem.params import Base, Chunking, Documents, Form, Prompt
from tandem.params import Embedder as EmbedderParams
from tandem.records import Chunk, Example, Generation
from tasks.batches import Batch, Generators, Model, answer_batches
from tasks.cluster import connect, disconnect
from tasks.embed import load_embedder
from tasks.embed_cluster import ClusterEmbedder
from tasks.inputs import Request
from tasks.lineup import BATCH_SIZE
from tasks.readers import read_document, scan
from tasks.workspace import Settings


def compare_embedding(texts: Sequence[str], ways: Sequence[Settings]) -> None:
    """Print the seconds of each way, and the largest difference of a vector to this process's."""
    embedder = load_embedder(EmbedderParams(), ways[0])
    embedder.embed(texts[:8])
    started = time.perf_counter()
    expected = embedder.embed(texts)
    print(f"  {'in this process':16} {time.perf_counter() - started:7.1f} s", flush=True)
    for settings in ways[1:]:
        started = time.perf_counter()
        vectors = ClusterEmbedder(embedder, EmbedderParams(), settings, spread_from=0).embed(texts)
        seconds, difference = time.perf_counter() - started, np.abs(vectors - expected).max()
        print(f"  {_name(settings):16} {seconds:7.1f} s   largest difference {difference:.0e}", flush=True)


def compare_answering(requests: Sequence[Request], ways: Sequence[Settings]) -> None:
    """Print the seconds of each way, and the share of outputs equal to this process's."""
    generators = Generators(ways[0])
    model, prompt = Model(Base(), Form()), Prompt(instruction="")
    batches = [Batch("rag", model, prompt, False, tuple(requests[at : at + BATCH_SIZE])) for at in range(0, len(requests), BATCH_SIZE)]
    generators.load(model).generate(requests[:2], prompt, adapter=False)
    expected: list[Generation] = []
    for settings in ways:
        started = time.perf_counter()
        outputs = [output for _, part, _ in answer_batches(batches, generators, settings) for output in part]
        seconds, expected = time.perf_counter() - started, expected or outputs
        same = sum(one == other for one, other in zip(outputs, expected, strict=True)) / len(outputs)
        print(f"  {_name(settings):16} {seconds:7.1f} s   same outputs {same:.1%}", flush=True)


def sample_chunks() -> list[Chunk]:
    """The passages of the sample knowledge base."""
    documents = [read_document(SAMPLE[0], doc_id, Documents()) for doc_id in scan(SAMPLE[0], {}).files]
    return [piece for document in documents for piece in chunk(document, Chunking())]


def sample_requests(chunks: Sequence[Chunk], n: int) -> list[Request]:
    """Questions with the first three passages of their source."""
    examples = [Example.model_validate_json(line) for line in SAMPLE[1].read_text(encoding="utf-8").splitlines()]
    passages = {doc_id: [piece.text for piece in chunks if piece.doc_id == doc_id][:3] for doc_id in {piece.doc_id for piece in chunks}}
    return [Request(one.question, tuple(passages[one.sources[0]])) for one in examples if one.sources][:n]


def _name(settings: Settings) -> str:
    return f"{settings.ray_workers} Ray worker(s)" if settings.ray_address else "in this process"


def main() -> None:
    """Embedding, then answering: here, then with each number of workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=2_000)
    parser.add_argument("--prompts", type=int, default=256)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--address", default="local")
    options = parser.parse_args()
    quiet()
    here = Settings(ray_address=None, threads=1)
    ways = [here, *(here.model_copy(update={"ray_address": options.address, "ray_workers": n}) for n in options.workers)]
    started = time.perf_counter()
    connect(ways[-1])
    print(f"Ray came up in {time.perf_counter() - started:.1f} s; each worker loads its model within the seconds below")
    chunks = sample_chunks()
    texts = [f"{number} {piece.embedded_text}" for number, piece in enumerate(islice(cycle(chunks), options.texts))]
    print(f"embedding {len(texts)} texts")
    compare_embedding(texts, ways)
    requests = sample_requests(chunks, options.prompts)
    print(f"answering {len(requests)} questions with the offline reader")
    compare_answering(requests, ways)
    disconnect()


if __name__ == "__main__":
    main()
