"""Shared ground of the tests: telemetry off, one small knowledge base, tiny real models, one Prefect harness."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.update(
    {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "TQDM_DISABLE": "1",
        "RAY_AUTH_MODE": "token",  # read when ray is imported; without a token Ray writes one to the home folder
        "RAY_AUTH_TOKEN": uuid.uuid4().hex,
    }
)
for name in [name for name in os.environ if name.startswith("TANDEM_")]:
    del os.environ[name]

THINGS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ilex", "Juniper", "Larch", "Maple")


@pytest.fixture(scope="session")
def small_documents() -> dict[str, str]:
    """Twelve short product pages: id -> text. Each names a weight, a price and a warranty of its own."""
    return {
        f"products/{name.lower()}.md": (
            f"# {name} kettle\n\nThe {name} kettle weighs {1 + at / 10:.1f} kg and holds {at + 2} cups.\n\n"
            f"## Price and warranty\n\nIt costs {40 + at} euros. The warranty of the {name} kettle runs for {12 + at} months.\n"
        )
        for at, name in enumerate(THINGS)
    }


@pytest.fixture(scope="session")
def small_examples() -> list[dict[str, object]]:
    """Three answerable questions a page and one unanswerable in every third."""
    rows: list[dict[str, object]] = []
    for at, name in enumerate(THINGS):
        source = [f"products/{name.lower()}.md"]
        facts = [
            (f"How heavy is the {name} kettle?", f"{1 + at / 10:.1f} kg"),
            (f"What does the {name} kettle cost?", f"{40 + at} euros"),
            (f"How long is the warranty of the {name} kettle?", f"{12 + at} months"),
        ]
        rows += [
            {"id": f"{name.lower()}-{n}", "question": question, "answer": fact, "sources": source, "facts": [fact]}
            for n, (question, fact) in enumerate(facts)
        ]
        if at % 3 == 0:
            rows.append(
                {
                    "id": f"{name.lower()}-x",
                    "question": f"Who designed the {name} kettle?",
                    "answer": "I don't know",
                    "sources": source,
                    "answerable": False,
                }
            )
    return rows


@pytest.fixture(scope="session")
def small_inputs(
    tmp_path_factory: pytest.TempPathFactory, small_documents: dict[str, str], small_examples: list[dict[str, object]]
) -> tuple[Path, Path]:
    """(folder of documents, file of examples) as `tandem init` takes them. Not to be changed by a test."""
    folder = tmp_path_factory.mktemp("inputs")
    for doc_id, text in small_documents.items():
        path = folder / "documents" / doc_id
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    examples = folder / "examples.jsonl"
    examples.write_text("".join(json.dumps(row) + "\n" for row in small_examples), encoding="utf-8")
    return folder / "documents", examples


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where composed base models go: one place for the whole session."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_CACHE_DIR", str(cache_dir))


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with random weights and a word tokenizer: the causal road, without a download."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    from tokenizers import decoders

    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=["<unk>", "<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(["The kettle weighs 1.2 kg. Answer: Source: [1] none. I don't know"], trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=4096,
        bos_token_id=1,
        eos_token_id=2,
    )
    folder = tmp_path_factory.mktemp("llama")
    LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def priced_card() -> Callable[..., object]:
    """`priced_card("rag", prices)`: a scorecard of 24 answers, each of 40 tokens and 200 of passages, 20 written, in half a second."""
    from tandem.economics import cost_by_part, cost_of_answer
    from tandem.params import Prices
    from tandem.records import Row, SetUp, Usage
    from tandem.scoring import scorecard

    def make(name: str, prices: Prices, qualities: tuple[float, ...] = (0.0, 1.0, 1.0, 1.0)) -> object:
        retrieve, adapter = name.startswith("rag"), name.endswith("lora")
        usage = Usage(40 + 200 * retrieve, 20, 0, 200 * retrieve, 12 * retrieve, 0.5)
        cost, passages = cost_of_answer(prices, usage, adapter), ("It takes 12 weeks.",) * retrieve
        rows = []
        for i in range(24):
            right = qualities[i % len(qualities)]
            measures = (right, right, right, right, 1.0, None, None, None, False, False)
            said = (f"q{i:02d}", f"Question {i}?", "12 weeks", "Answer: 12 weeks", "12 weeks", passages)
            rows.append(Row(*said, *measures, 40 + 200 * retrieve, 20, cost, usage=usage))
        setup = SetUp(retrieve, adapter, 60_000, 500_000 * adapter, 0.05 * adapter)
        return scorecard(name, rows, {}, {}, retrieve + 2 * adapter, setup=setup, cost_by_part=cost_by_part(prices, usage, adapter))

    return make


@pytest.fixture(scope="session")
def tiny_t5(tmp_path_factory: pytest.TempPathFactory, tiny_llama: Path) -> Path:
    """A T5 of two layers with random weights: the road with an encoder, without a download."""
    import torch
    from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

    tokenizer = AutoTokenizer.from_pretrained(tiny_llama, pad_token="<unk>")
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, pad_token_id=0, eos_token_id=2,
        decoder_start_token_id=0,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("t5")
    T5ForConditionalGeneration(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of two layers with random weights and one output, and the tokenizer of the package's embedder."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from tasks.base_model import load_tokenizer

    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_labels=1, initializer_range=0.5
    )
    folder = tmp_path_factory.mktemp("cross_encoder")
    BertForSequenceClassification(config).save_pretrained(folder)
    load_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def make_workspace(tmp_path: Path, small_inputs: tuple[Path, Path]) -> Callable[..., Path]:
    """`make_workspace(name="kb", **changes)`: a workspace on the small inputs, with `section.key=value` changes to its params."""
    import yaml

    from tasks.create import create_workspace

    def make(name: str = "kb", changes: dict[str, object] | None = None) -> Path:
        root = tmp_path / name
        create_workspace(root, *small_inputs)
        params = yaml.safe_load((root / "params.yaml").read_text())
        for dotted, value in (changes or {}).items():
            *sections, key = dotted.split(".")
            place = params
            for section in sections:
                place = place[section]
            place[key] = value
        (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
        return root

    return make


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """One temporary Prefect server for all tests that need one."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield
