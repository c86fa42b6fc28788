"""Work on a real Ray of two workers on this machine: what it gives, and what becomes of workers that die and of wrong addresses."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tandem.errors import Refused
from tandem.params import Base, Form, Params, Prompt, Retrieval, Variant
from tandem.params import Embedder as EmbedderParams
from tandem.records import Example, Passage
from tandem.scoring import scorecard_to_json
from tasks.candidates import Candidate, training_digest
from tasks.cluster import _hold_to_our_version, _share, connect, disconnect, running_version, spread
from tasks.embed import EmbeddingCache, TransformerEmbedder, embed_cached, load_embedder
from tasks.embed_cluster import TEXTS_A_PIECE, ClusterEmbedder
from tasks.evaluate import _scorecard
from tasks.generate import LocalGenerator, has_fast_bf16
from tasks.index import layout_of
from tasks.lineup import Found, Lineup, retrieval_key
from tasks.train import with_lora
from tasks.workspace import Settings, Workspace

HERE = Settings(device="cpu", threads=1)
RAY = Settings(device="cpu", threads=1, ray_address="local", ray_workers=2)
needs_ray = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'tandem-rag-lora[ray]'")


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """One Ray for all tests that need one: to start it takes 3 s of CPU time, for which Ray allows 30 s by the clock."""
    try:
        connect(RAY)
    except Refused as refusal:
        if "timed out during startup" not in str(refusal):
            raise
        pytest.skip("this machine is too busy for a Ray of its own to start within Ray's 30 s")
    yield RAY
    disconnect()


def keep() -> Callable[[Settings], Settings]:
    """A `load` that is pickled by value: a worker cannot import this file."""
    return lambda settings: settings


# --- without a cluster ------------------------------------------------------------------------------------------------------


def test_without_an_address_the_embedder_is_the_plain_one():
    assert type(load_embedder(EmbedderParams(), HERE)) is TransformerEmbedder


def test_an_edit_is_embedded_in_this_process_without_a_look_at_the_cluster():
    embedder = load_embedder(EmbedderParams(), Settings(ray_address="127.0.0.1:1"))
    assert embedder.embed(["one", "two"]).shape == (2, 384)
    assert embedder.embed([]).shape == (0, 384)


@needs_ray
def test_an_address_where_nothing_listens_is_refused_at_once_with_the_next_command():
    started = time.perf_counter()
    wanted = (
        r"Ray cannot be reached at TANDEM_RAY_ADDRESS = '127\.0\.0\.1:1': ConnectionRefusedError within 5 s.*or unset TANDEM_RAY_ADDRESS"
    )
    with pytest.raises(Refused, match=wanted):
        connect(Settings(ray_address="127.0.0.1:1"))
    assert time.perf_counter() - started < 60  # Ray itself takes more than 120 s


@needs_ray
def test_a_port_where_something_else_listens_is_refused(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"ray://127.0.0.1:{server.getsockname()[1]}"
        answering = threading.Thread(target=lambda: server.accept()[0].sendall(b"HTTP/1.1 400 Bad Request"), daemon=True)
        answering.start()
        with pytest.raises(Refused, match="what answers there is no Ray"):
            connect(Settings(ray_address=address))
        monkeypatch.setattr("tasks.cluster.CONNECT_S", 0.2)
        with pytest.raises(Refused, match="TimeoutError within 0 s"):
            connect(Settings(ray_address=address))


@needs_ray
@pytest.mark.parametrize("address", ["somewhere", "http://127.0.0.1:1", "127.0.0.1:port"])
def test_what_is_no_address_is_refused_by_name(address):
    with pytest.raises(Refused, match=re.escape(f"TANDEM_RAY_ADDRESS = {address!r}")):
        connect(Settings(ray_address=address))


def test_a_worker_asks_for_a_gpu_where_there_are_some_and_else_for_its_threads():
    auto = Settings(ray_address="auto", openai_api_key="secret")
    share, n_workers, theirs = _share(auto, {"CPU": 16.0, "GPU": 2.0})
    assert (share, n_workers, theirs.device) == ({"num_cpus": 1, "num_gpus": 1}, 2, "auto")
    assert (theirs.ray_address, theirs.openai_api_key) == (None, None)
    assert _share(auto.model_copy(update={"device": "cuda:1"}), {"CPU": 16.0, "GPU": 2.0})[2].device == "auto"
    share, n_workers, theirs = _share(auto.model_copy(update={"device": "cpu", "threads": 4}), {"CPU": 16.0, "GPU": 2.0})
    assert (share, n_workers, theirs.device) == ({"num_cpus": 4, "num_gpus": 0}, 4, "cpu")
    assert _share(auto.model_copy(update={"ray_workers": 3}), {"CPU": 16.0})[1] == 3


def test_a_worker_of_another_version_is_refused_with_both():
    _hold_to_our_version("10.0.0.3", running_version())
    with pytest.raises(Refused, match=r"on 10\.0\.0\.3 runs Tandem 0\.0\.9 \(00\); this process runs Tandem \d.*torch 2\."):
        _hold_to_our_version("10.0.0.3", "Tandem 0.0.9 (00)")


# --- on two workers ---------------------------------------------------------------------------------------------------------


@needs_ray
def test_vectors_equal_those_of_this_process_and_are_stored_as_they_come(settings, tmp_path):
    texts = [f"Kettle {at} {'of steel ' * (at % 7)}weighs {at / 10} kg." for at in range(2 * TEXTS_A_PIECE + 30)]
    here = load_embedder(EmbedderParams(), HERE)
    there = ClusterEmbedder(here, EmbedderParams(), settings, spread_from=100)
    steps: list[tuple[int, int]] = []
    store = EmbeddingCache(tmp_path / "e.sqlite")
    vectors, n_new = embed_cached(there, texts, store, lambda done, total: steps.append((done, total)))
    assert (n_new, steps) == (286, [(128, 286), (256, 286), (286, 286)])
    assert np.abs(vectors - here.embed(texts)).max() < (2e-2 if has_fast_bf16() else 1e-5)
    assert embed_cached(there, texts, store)[1] == 0


@needs_ray
def test_a_killed_worker_is_replaced_and_its_piece_done_again(settings, tmp_path):
    def work(held: Settings, piece: int) -> int:
        if piece == 1 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return piece * 10

    assert list(spread(settings, keep(), work, [0, 1, 2, 3])) == [0, 10, 20, 30]
    assert (tmp_path / "killed").exists()


@needs_ray
def test_a_piece_that_kills_every_worker_is_named(settings, monkeypatch):
    def work(held: Settings, piece: int) -> int:
        return piece if piece else os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[func-returns-value, return-value]

    monkeypatch.setattr("tasks.cluster.RETRIES", 1)
    with pytest.raises(Refused, match=r"a Ray worker died at piece 1 of 1, 2 times: .*Ray's logs"):
        list(spread(settings, keep(), work, [0]))


@needs_ray
def test_a_refusal_on_a_worker_comes_back_with_its_node_and_a_fault_of_the_code_as_it_was(settings):
    def work(held: Settings, piece: int) -> float:
        if piece:
            return 1 / 0
        raise Refused("there is no tea", hint="Buy some.")

    with pytest.raises(Refused, match=r"there is no tea\. This is what the Ray worker on [\d.]+ met\. Buy some\."):
        list(spread(settings, keep(), work, [0]))
    with pytest.raises(ZeroDivisionError, match="division by zero"):
        list(spread(settings, keep(), work, [1]))


@needs_ray
def test_workers_that_nobody_has_room_for_are_given_up_with_the_figures(settings, monkeypatch):
    monkeypatch.setattr("tasks.cluster.START_S", 0.5)
    greedy = settings.model_copy(update={"threads": 999})
    with pytest.raises(Refused, match=r"no Ray worker started within 0 s: each asks for 999 CPUs and 0 GPUs, the cluster has \d+ CPUs"):
        list(spread(greedy, keep(), lambda held, piece: piece, [1]))


# --- a comparison -----------------------------------------------------------------------------------------------------------

EXAMPLES = [
    Example(id=f"e{at}", question=f"How heavy is kettle {at}?", answer=f"{at} kg", sources=("kettles.md",), facts=(f"{at} kg",))
    for at in range(70)
]


@pytest.fixture(scope="module")
def adapter_dir(tmp_path_factory: pytest.TempPathFactory, tiny_llama: Path) -> Path:
    """An adapter of random weights, with the record of a training beside it."""
    import torch

    folder = tmp_path_factory.mktemp("ray") / "adapter"
    base = Base(model=str(tiny_llama), max_input_tokens=96, max_new_tokens=4)
    generator = LocalGenerator(base, Form(), HERE)
    torch.manual_seed(0)
    model = with_lora(generator, Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)}).adapter)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    model.save_pretrained(str(folder))
    (folder / "training.json").write_text(json.dumps({"trained": True, "reasons": [], "history": [{"loss": 1.0}]}))
    return folder


@pytest.fixture
def lineups(adapter_dir: Path, tiny_llama: Path, tmp_path: Path) -> tuple[list[Candidate], Workspace]:
    base = Base(model=str(tiny_llama), max_input_tokens=96, max_new_tokens=4, dtype="float32")
    params = Params(prompt=Prompt(instruction="Answer."), variants={"rag": Variant(retrieve=True)}, base=base)
    behaviour = {
        "base": base.model_dump(), "prompt": params.prompt.model_dump(), "form": Form().model_dump(), "retrieval": Retrieval().model_dump(),
        "embedder": params.embedder.model_dump(), "table": "chunks", "layout": layout_of(params),
    }  # fmt: skip
    candidates = [
        Candidate(
            name, {**behaviour, "variant": name, "retrieve": retrieve, "adapter": folder is not None}, folder, 0, training_digest(folder)
        )
        for name, retrieve, folder in (("prompt", False, None), ("rag", True, None), ("rag+lora", True, adapter_dir))
    ]
    return candidates, Workspace(tmp_path, params, HERE)


@needs_ray
def test_answers_and_scorecards_equal_those_of_this_process(settings, lineups):
    candidates, here = lineups
    passages = [Passage("c", "kettles.md", "Kettles", f"Kettle {at} weighs {at} kg.", 1.0) for at in range(len(EXAMPLES))]
    retrieved = {retrieval_key(candidates[1]): [Found([passage]) for passage in passages]}
    ranked = {"examples": [], retrieval_key(candidates[1]): []}
    cards = {}
    outputs = {}
    for workspace in (here, replace(here, settings=settings)):
        steps: list[tuple[int, int]] = []
        lineup = Lineup(workspace, candidates, {}, lambda what, done, total, to=steps: to.append((done, total)))
        given = lineup.generate(EXAMPLES, retrieved)
        assert [done for done, total in steps[-6:]] == [64, 128, 192, 198, 204, 210]
        where = workspace.settings.ray_address
        outputs[where] = {name: [output for output, _ in pairs] for name, pairs in given.items()}
        for one in candidates:
            timed = [(output, 0.0) for output in outputs[where][one.name]]  # seconds enter the cost
            bare = replace(one, adapter_dir=None)
            card = _scorecard(workspace, bare, EXAMPLES, retrieved, timed, {"total": [1.0]}, ranked, {one.id: {} for one in EXAMPLES}, ())
            cards[where, one.name] = scorecard_to_json(card)
    assert outputs["local"] == outputs[None]
    assert all(cards["local", one.name] == cards[None, one.name] for one in candidates)
    assert outputs["local"]["rag"] != outputs["local"]["rag+lora"]


@needs_ray
def test_an_adapter_that_a_worker_does_not_see_is_named(settings, lineups):
    candidates, here = lineups
    other = replace(candidates[2], training="0" * 64)
    lineup = Lineup(replace(here, settings=settings), [other], {}, lambda *_: None)
    found = {retrieval_key(other): [Found() for _ in EXAMPLES]}
    with pytest.raises(Refused, match=r"the adapter in .*/adapter is of another training.*worker on [\d.]+ met\. Every node needs"):
        lineup.generate(EXAMPLES, found)


@needs_ray
def test_an_address_that_does_not_answer_is_refused_before_a_model_is_loaded(lineups):
    candidates, here = lineups
    steps: list[str] = []
    with pytest.raises(Refused, match="cannot be reached"):
        Lineup(replace(here, settings=Settings(ray_address="127.0.0.1:1")), candidates, {}, lambda what, *_: steps.append(what))
    assert steps == []
