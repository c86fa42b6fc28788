"""The packaged embedder and the cache by which no text is embedded twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tandem.chunking import hash_text
from tandem.errors import Refused
from tandem.params import Embedder as EmbedderParams
from tasks.embed import CachedEmbedder, EmbeddingCache, TransformerEmbedder, _batches, _folder, embed_cached, load_embedder
from tasks.encoders import load_model, onnx_encoder, torch_encoder
from tasks.workspace import Settings

TEXTS = ["How often must the Wren be descaled?", "Descale the machine once a month.", "Parental leave is 26 weeks.", "x " * 400]


class Letters:
    """An embedder that needs no model: the share of each vowel, and a note of what it was asked."""

    name = "letters"
    dimensions = 5

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        rows = np.array([[text.count(letter) + 0.01 for letter in "aeiou"] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def count_tokens(self, texts: Sequence[str]) -> int:
        return sum(len(text.split()) for text in texts)


def test_the_packaged_model_gives_unit_vectors_in_order_and_knows_likeness():
    embedder = load_embedder(EmbedderParams(), Settings())
    vectors = embedder.embed(TEXTS)
    assert (vectors.shape, vectors.dtype, embedder.dimensions) == ((4, 384), np.float32, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert vectors[0] @ vectors[1] > 0.4 > vectors[0] @ vectors[2]
    assert np.min(np.sum(vectors * np.stack([embedder.embed([text])[0] for text in TEXTS]), axis=1)) > 0.9995
    assert embedder.embed([]).shape == (0, 384)


@pytest.fixture(scope="module", params=["torch", "onnx", "half"])
def runtime(request, tmp_path_factory) -> TransformerEmbedder:
    folder = _folder("all-MiniLM-L6-v2")
    if request.param == "onnx":
        encode = onnx_encoder(folder, tmp_path_factory.mktemp("onnx"), 1)
        assert encode is not None
    else:
        encode = torch_encoder(load_model(folder, "cpu"), "cpu", half=request.param == "half")
    return TransformerEmbedder(folder, EmbedderParams(), encode)


def test_every_runtime_equals_sentence_transformers_own_figures(runtime, request):
    """First three numbers of sentence-transformers' vector for this text, float32."""
    near = 2e-3 if "half" in request.node.name else 1e-5
    assert runtime.embed(["hello world"])[0, :3] == pytest.approx([-0.034477, 0.031023, 0.006735], abs=near)


def test_every_runtime_stays_within_a_cosine_of_9999_of_float32(runtime):
    folder = _folder("all-MiniLM-L6-v2")
    full = TransformerEmbedder(folder, EmbedderParams(), torch_encoder(load_model(folder, "cpu"), "cpu", half=False)).embed(TEXTS)
    assert float(np.min(np.sum(full * runtime.embed(TEXTS), axis=1))) > 0.9999


def test_an_export_is_made_once_and_kept_whole(tmp_path: Path):
    folder = _folder("all-MiniLM-L6-v2")
    assert onnx_encoder(folder, tmp_path, 1) is not None
    (made,) = tmp_path.iterdir()
    before = made.stat().st_mtime_ns
    assert onnx_encoder(folder, tmp_path, 1) is not None
    assert ([path.name for path in tmp_path.iterdir()], made.stat().st_mtime_ns) == ([made.name], before)


def test_a_model_that_cannot_be_exported_as_it_is_stays_with_torch(tmp_path: Path, tiny_t5: Path):
    assert onnx_encoder(tiny_t5, tmp_path, 1) is None
    assert list(tmp_path.iterdir()) == []


def test_tokens_are_counted_up_to_the_limit():
    embedder = load_embedder(EmbedderParams(), Settings())
    assert embedder.count_tokens(["hello world"]) == 4
    assert embedder.count_tokens(TEXTS[3:]) == 256


def test_the_embedder_is_loaded_once_a_process():
    assert load_embedder(EmbedderParams(), Settings()) is load_embedder(EmbedderParams(), Settings())


def test_an_unknown_model_is_refused_with_what_to_set():
    with pytest.raises(Refused, match="the embedder 'no/such-model' is neither a folder nor a model that can be fetched"):
        load_embedder(EmbedderParams(model="no/such-model"), Settings())


def test_batches_hold_similar_lengths_within_the_budget():
    assert list(_batches([5, 100, 6, 7, 90, 5_000], 200)) == [[0, 2, 3], [4, 1], [5]]


def test_only_new_texts_are_embedded_and_each_once(tmp_path: Path):
    letters, store = Letters(), EmbeddingCache(tmp_path / "cache" / "embeddings.sqlite")
    first, n_first = embed_cached(letters, ["tea", "oil", "tea"], store)
    again, n_again = embed_cached(letters, ["oil", "new", "tea"], store)
    assert (n_first, n_again, letters.asked) == (2, 1, ["tea", "oil", "new"])
    assert first.shape == (3, 5)
    assert np.array_equal(again[[2, 0]], first[:2])


def test_another_embedder_has_its_own_vectors(tmp_path: Path):
    letters, other, store = Letters(), Letters(), EmbeddingCache(tmp_path / "e.sqlite")
    other.name = "other"
    assert [embed_cached(one, ["tea"], store)[1] for one in (letters, other, letters)] == [1, 1, 0]


def test_texts_that_are_not_kept_are_embedded_again_and_leave_nothing_in_the_file(tmp_path: Path):
    store = EmbeddingCache(tmp_path / "e.sqlite")
    embed_cached(Letters(), ["tea", "oil"], store)
    assert store.keep_only([hash_text("oil"), hash_text("never seen")]) == 1
    assert list(store.get("letters", [hash_text("tea"), hash_text("oil")])) == [hash_text("oil")]
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert (hash_text("tea").encode() in on_disk, hash_text("oil").encode() in on_disk) == (False, True)


def test_a_cached_embedder_asks_the_store_first(tmp_path: Path):
    letters = Letters()
    cached = CachedEmbedder(letters, EmbeddingCache(tmp_path / "e.sqlite"))
    assert np.array_equal(cached.embed(["tea"]), cached.embed(["tea"]))
    assert letters.asked == ["tea"]


def test_nothing_to_embed_gives_an_empty_matrix(tmp_path: Path):
    vectors, n = embed_cached(Letters(), [], EmbeddingCache(tmp_path / "e.sqlite"))
    assert (vectors.shape, n) == ((0, 5), 0)
