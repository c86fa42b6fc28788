"""Measure retrieval: the share of questions whose source document is among the first k, by the real index.

Run: python -m bench.retrieval DOCUMENTS EXAMPLES [EXAMPLES...] [--sweep] [--rerank MODEL]
(--sweep: one line for each change of one knob; --rerank: the defaults with this cross-encoder, by id or path, as well)
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tandem.chunking import chunk
from tandem.params import Chunking, Documents, Retrieval
from tandem.params import Embedder as EmbedderParams
from tandem.records import Chunk, Document, Example
from tasks.embed import EmbeddingCache, embed_cached, load_embedder
from tasks.index import Index, open_table_at
from tasks.readers import read_document, scan
from tasks.rerank import load_reranker, rerank
from tasks.table import Batch, commit
from tasks.workspace import Settings

DEPTH = 10  # documents
PASSAGES = 60  # enough that they come from at least DEPTH documents


@dataclass(frozen=True)
class Figures:
    """Share of questions with a source among the first 1, 3, 5 and 10 documents, mean reciprocal rank within 10, and how long."""

    hits: dict[int, float]
    mrr: float
    n: int
    n_chunks: int
    ms_per_question: float

    def line(self, name: str) -> str:
        shares = "  ".join(f"{self.hits[k]:.3f}" for k in (1, 3, 5, 10))
        return f"{name:34}  {shares}  {self.mrr:.3f}  {self.n:4}  {self.n_chunks:6}  {self.ms_per_question:5.1f}"


def measure(documents: Sequence[Document], examples: Sequence[Example], chunking: Chunking, retrieval: Retrieval, cache: Path) -> Figures:
    """Build a table of the documents and ask it every question. A document's rank is that of its best passage."""
    embedder = load_embedder(EmbedderParams(), Settings())
    chunks: list[Chunk] = [piece for document in documents for piece in chunk(document, chunking)]
    vectors, _ = embed_cached(embedder, [piece.embedded_text for piece in chunks], EmbeddingCache(cache))
    with tempfile.TemporaryDirectory() as folder:
        md5s = {document.id: document.md5 for document in documents}
        commit(folder, "bench", Batch(chunks, vectors, md5s, embedder.name))
        index = open_table_at(folder, "bench", embedder, retrieval)
        started = time.perf_counter()
        ranks = [rank for group in _by_roles(examples) for rank in _ranks(index, group, retrieval)]
        seconds = time.perf_counter() - started
    hits = {k: sum(rank <= k for rank in ranks) / len(ranks) for k in (1, 3, 5, 10)}
    mrr = sum(1 / rank for rank in ranks if rank <= DEPTH) / len(ranks)
    return Figures(hits, mrr, len(ranks), len(chunks), 1000 * seconds / len(ranks))


def _by_roles(examples: Sequence[Example]) -> Iterator[list[Example]]:
    for roles in sorted({example.roles for example in examples}):
        yield [example for example in examples if example.roles == roles]


def _ranks(index: Index, examples: Sequence[Example], retrieval: Retrieval) -> Iterator[float]:
    questions, deep = [example.question for example in examples], retrieval.model_copy(update={"k": PASSAGES})
    found = rerank(load_reranker(deep, index, Settings()), questions, index.search(questions, deep, roles=examples[0].roles), deep)
    for example, passages in zip(examples, found, strict=True):
        order = list(dict.fromkeys(passage.doc_id for passage in passages))
        yield min((order.index(source) + 1.0 for source in example.sources if source in order), default=float("inf"))


def variations() -> Iterator[tuple[str, Chunking, Retrieval]]:
    """The defaults, then one knob changed at a time."""
    yield "defaults", Chunking(), Retrieval()
    for size in (300, 500, 700):
        yield f"chunking.max_chars={size}", Chunking(max_chars=size), Retrieval()
    for size in (0, 160):
        yield f"chunking.min_chars={size}", Chunking(min_chars=size), Retrieval()
    for changed in (
        {"candidates": 20}, {"candidates": 100}, {"rrf_k": 5}, {"rrf_k": 20}, {"rrf_k": 60}, {"text_weight": 0.0},
        {"vector_weight": 0.0}, {"text_weight": 1.0}, {"text_weight": 2.0},
        {"rerank": "mmr", "mmr_lambda": 0.9}, {"rerank": "mmr", "mmr_lambda": 0.7}, {"rerank": "mmr", "mmr_lambda": 0.5},
    ):  # fmt: skip
        yield "retrieval." + " ".join(f"{key}={value}" for key, value in changed.items()), Chunking(), Retrieval(**changed)


def main() -> None:
    """Print one line a configuration."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path)
    parser.add_argument("examples", type=Path, nargs="+")
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--rerank", help="a cross-encoder")
    options = parser.parse_args()
    documents = [read_document(options.documents, doc_id, Documents()) for doc_id in scan(options.documents, {}).files]
    lines = [line for path in options.examples for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    examples = [example for example in map(Example.model_validate_json, lines) if example.answerable and example.sources]
    print(f"{'':34}  hit@1  hit@3  hit@5  hit@10 mrr    n     chunks  ms/question")
    with tempfile.TemporaryDirectory() as folder:
        chosen = list(variations()) if options.sweep else list(variations())[:1]
        if options.rerank:
            chosen.append((f"retrieval.rerank={options.rerank}", Chunking(), Retrieval(rerank=options.rerank)))
        for name, chunking, retrieval in chosen:
            print(measure(documents, examples, chunking, retrieval, Path(folder, "cache.sqlite")).line(name), flush=True)


if __name__ == "__main__":
    main()
