"""The packaged embedder and the cache by which no text is embedded twice."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tandem.chunking import hash_text
from tandem.errors import Refused
from tandem.params import Embedder as EmbedderParams
from tasks.embed import CachedEmbedder, EmbeddingCache, TransformerEmbedder, _batches, embed_cached, embedder_of_layout, load_embedder
from tasks.embedder_files import _is_whole, embedder_folder, embedder_revision
from tasks.encoders import _write, export, load_model, onnx_encoder, torch_encoder
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
    folder = embedder_folder("all-MiniLM-L6-v2")
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
    folder = embedder_folder("all-MiniLM-L6-v2")
    full = TransformerEmbedder(folder, EmbedderParams(), torch_encoder(load_model(folder, "cpu"), "cpu", half=False)).embed(TEXTS)
    assert float(np.min(np.sum(full * runtime.embed(TEXTS), axis=1))) > 0.9999


def test_an_export_is_made_once_and_kept_whole(tmp_path: Path):
    folder = embedder_folder("all-MiniLM-L6-v2")
    assert onnx_encoder(folder, tmp_path, 1) is not None
    (made,) = tmp_path.iterdir()
    before = made.stat().st_mtime_ns
    assert onnx_encoder(folder, tmp_path, 1) is not None
    assert ([path.name for path in tmp_path.iterdir()], made.stat().st_mtime_ns) == ([made.name], before)


def test_a_model_that_cannot_be_exported_stays_with_torch_and_is_not_tried_again(
    tmp_path: Path, tiny_t5: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".onnx-left").mkdir()
    os.utime(tmp_path / ".onnx-left", (1, 1))
    assert onnx_encoder(tiny_t5, tmp_path, 1) is None
    (note,) = tmp_path.iterdir()
    assert note.suffix == ".failed"
    assert note.read_text().startswith(f"{tiny_t5}: ValueError: ")
    monkeypatch.setattr("tasks.encoders.load_model", lambda folder, device: pytest.fail("tried again"))
    assert onnx_encoder(tiny_t5, tmp_path, 1) is None


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`tiny("Bert", pooling="cls")`: a folder of an encoder of that family, two layers with random weights."""

    def make(family: str, pooling: str | None = None, seed: int = 0, module: str = "Normalize") -> Path:
        import torch
        import transformers

        torch.manual_seed(seed)
        sizes = {"vocab_size": 30_527, "hidden_size": 8, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
        config = getattr(transformers, f"{family}Config")(initializer_range=0.5, **sizes)
        folder = tmp_path_factory.mktemp(family)
        getattr(transformers, f"{family}Model")(config).save_pretrained(folder)
        shutil.copy(embedder_folder("all-MiniLM-L6-v2") / "tokenizer.json", folder)
        if pooling:
            (folder / "1_Pooling").mkdir()
            (folder / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{pooling}": True}))
            kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2", module))
            modules = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in kinds]
            (folder / "modules.json").write_text(json.dumps(modules))
        return folder

    return make


@pytest.mark.parametrize(("family", "pooling"), [("MPNet", None), ("Bert", "cls_token")])
def test_another_family_and_first_token_pooling_give_what_transformers_itself_gives(tiny, tmp_path, family, pooling):
    import torch
    from tokenizers import Tokenizer
    from transformers import AutoModel

    folder = tiny(family, pooling)
    found = load_embedder(EmbedderParams(model=str(folder)), Settings(cache_dir=tmp_path, device="cpu")).embed(TEXTS[:3])
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    for text, vector in zip(TEXTS[:3], found, strict=True):
        with torch.inference_mode():
            states = model(torch.tensor([tokenizer.encode(text).ids])).last_hidden_state[0].numpy()
        pooled = states[0] if pooling else states.mean(0)
        assert vector == pytest.approx(pooled / np.linalg.norm(pooled), abs=0.02)  # half precision, where the CPU has it
    assert min(abs(found[0] - found[1]).max(), abs(found[0] - found[2]).max()) > 0.05


def test_an_export_that_a_size_was_baked_into_or_that_is_more_than_one_file_is_not_kept(tiny, tmp_path: Path):
    import torch

    class Four(torch.nn.Module):
        """As long as what it was traced with, whatever it is given."""

        def __init__(self, model: torch.nn.Module) -> None:
            super().__init__()
            self.model = model

        def forward(self, **given: Any) -> Any:
            found = self.model(**given)
            found.last_hidden_state = found.last_hidden_state[:, :4]
            return found

    def beside(model: torch.nn.Module, path: Path) -> None:
        _write(model, path)
        path.with_name("embeddings.weight").touch()

    folder, path = tiny("Bert"), tmp_path / "kept.onnx"
    fault = export(folder, path, lambda model, staged: _write(Four(model), staged))
    assert fault == "its states have the shape (3, 4, 8) instead of (3, 11, 8)"
    assert export(folder, path, beside) == "its weights do not fit into one file; 1 lie beside it, as embeddings.weight"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_not_taken_for_a_model_that_cannot_be_exported(tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(model: object, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasks.encoders._write", full)
    with pytest.raises(Refused, match=r"cannot be kept as an ONNX file in .*No space left on device.*set TANDEM_CACHE_DIR"):
        onnx_encoder(tiny("Bert"), tmp_path, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_other_modules_or_pooling_is_refused(tiny):
    for folder, reason in (
        (tiny("Bert", "mean_tokens", module="Dense"), "needs the module Dense; supported are Transformer, Pooling and Normalize"),
        (tiny("Bert", "max_tokens"), "pools by pooling_mode_max_tokens; supported are mean_tokens and cls_token"),
    ):
        with pytest.raises(Refused, match=reason):
            TransformerEmbedder(folder, EmbedderParams(), lambda ids, mask: ids)


def test_other_weights_in_the_same_folder_are_another_embedder(tiny, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tasks.embed.has_fast_bf16", lambda: True)  # torch, so that nothing is exported
    folder, other = tiny("Bert"), tiny("Bert", seed=1)
    params = EmbedderParams(model=str(folder))
    layout = {"embedder": params.model_dump(), "embedder_revision": embedder_revision(params)}
    before = embedder_of_layout(layout, Settings())
    assert before.name == f"{folder}@{layout['embedder_revision']}/256"
    os.utime(folder / "model.safetensors", (1, 1))
    assert load_embedder(params, Settings()) is before
    vectors = before.embed(TEXTS[:1])
    (folder / "model.safetensors").unlink()  # written over, it would change in memory too
    shutil.copy(other / "model.safetensors", folder)
    after = load_embedder(params, Settings())
    assert after.name == f"{folder}@{embedder_revision(params)}/256" != before.name
    assert abs(after.embed(TEXTS[:1]) - vectors).max() > 0.05
    with pytest.raises(
        Refused, match=rf"were {layout['embedder_revision']} when the table was filled and are {embedder_revision(params)} now"
    ):
        embedder_of_layout(layout, Settings())
    assert (embedder_revision(EmbedderParams()), load_embedder(EmbedderParams(), Settings()).name) == (None, "all-MiniLM-L6-v2/256")


def test_a_model_of_the_hub_is_taken_as_it_was_downloaded_where_that_is_whole(tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder, kept = tiny("Bert", "cls_token"), tmp_path / "models--me--own"
    shutil.copytree(folder, kept / "snapshots" / "abc")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert embedder_folder("me/own") == kept / "snapshots" / "abc"
    assert embedder_revision(EmbedderParams(model="me/own")) == embedder_revision(EmbedderParams(model=str(folder)))
    for name in ("modules.json", "1_Pooling/config.json", "model.safetensors"):
        path = kept / "snapshots" / "abc" / name
        content = path.read_bytes()
        path.unlink()
        assert not _is_whole(kept / "snapshots" / "abc")
        path.write_bytes(content)


def test_weights_in_pickle_files_alone_are_refused_with_what_mends_it(tiny):
    import torch
    from safetensors.torch import load_file

    folder = tiny("Bert")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    wanted = embedder_revision(EmbedderParams(model=str(folder)))
    (folder / "model.safetensors").unlink()
    with pytest.raises(Refused, match=r"no weights as \*\.safetensors; it holds .*pytorch_model\.bin") as refused:
        load_embedder(EmbedderParams(model=str(folder)), Settings())
    exec(refused.value.hint.split('"')[1])
    assert embedder_revision(EmbedderParams(model=str(folder))) == wanted


def test_tokens_are_counted_up_to_the_limit():
    embedder = load_embedder(EmbedderParams(), Settings())
    assert embedder.count_tokens(["hello world"]) == 4
    assert embedder.count_tokens(TEXTS[3:]) == 256


def test_the_embedder_is_loaded_once_a_process():
    assert load_embedder(EmbedderParams(), Settings()) is load_embedder(EmbedderParams(), Settings())


def test_an_unknown_model_is_refused_with_what_to_set():
    with pytest.raises(Refused, match="the embedder 'no/such-model' is neither a folder nor a model that can be fetched"):
        load_embedder(EmbedderParams(model="no/such-model"), Settings())


@pytest.fixture
def endpoint() -> Iterator[Any]:
    """A server of vectors as OpenAI's, last one first. `asked`: its requests; `told`: what it does before it answers them."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.asked.append((self.path, self.headers["Authorization"], body))
            told = server.told.pop(0) if server.told else {}
            n_numbers, texts = told.get("n_numbers", 3), body["input"][told.get("left_out", 0) :]
            rows = [
                {"object": "embedding", "index": i, "embedding": [len(text), 3.0, *[0.0] * (n_numbers - 2)]} for i, text in enumerate(texts)
            ]
            said = json.dumps(
                {"object": "list", "model": body["model"], "data": rows[::-1], "usage": {"prompt_tokens": 1, "total_tokens": 1}}
            )
            self.send_response(told.get("status", 200))
            self.send_header("Content-Type", "application/json")
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server: Any = HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.told = [], []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def at(endpoint: Any) -> Settings:
    return Settings(openai_base_url=f"http://127.0.0.1:{endpoint.server_port}/v1", openai_api_key="secret")


def test_an_endpoint_is_asked_in_batches_with_the_key_again_after_a_failure_and_its_order_is_mended(endpoint):
    endpoint.told += [{}, {"status": 500}]
    embedder = load_embedder(EmbedderParams(model="m", provider="openai", max_tokens=50), at(endpoint))
    texts = ["x" * (i + 1) for i in range(300)]
    vectors = embedder.embed(texts)
    cut = np.minimum(np.arange(1, 301), 200)
    assert vectors == pytest.approx(np.stack([cut, np.full(300, 3.0), np.zeros(300)], axis=1) / np.hypot(cut, 3.0)[:, None], abs=1e-6)
    assert [(path, key, len(body["input"])) for path, key, body in endpoint.asked] == [
        ("/v1/embeddings", "Bearer secret", n) for n in (1, 128, 128, 128, 44)
    ]
    assert {body["model"] for _, _, body in endpoint.asked} == {"m"}
    assert (embedder.name, embedder.dimensions, embedder.embed([]).shape) == ("openai:m/50", 3, (0, 3))
    assert embedder.count_tokens(["x" * 9, "x" * 300]) == 53


def test_an_endpoint_that_gives_other_vectors_or_too_few_or_none_is_refused(endpoint, monkeypatch):
    monkeypatch.setattr("tasks.embed_openai.RETRIES", 0)
    embedder = load_embedder(EmbedderParams(model="m", provider="openai"), at(endpoint))
    for told, reason in (
        ({"n_numbers": 5}, "gave 2 vectors of 5 numbers, not 2 of 3"),
        ({"left_out": 1}, "gave 1 vectors of 3 numbers, not 2 of 3"),
        ({"left_out": 2}, "gave 0 vectors of no numbers, not 2 of 3"),
        ({"status": 401}, "the endpoint of embedder 'm' failed: Error code: 401"),
    ):
        endpoint.told.append(told)
        with pytest.raises(Refused, match=reason):
            embedder.embed(["a", "b"])
    with pytest.raises(Refused, match="provider openai, but TANDEM_OPENAI_BASE_URL is not set"):
        load_embedder(EmbedderParams(model="m", provider="openai"), Settings(openai_base_url=None))


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
