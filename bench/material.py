"""What the benches run on: the sample, the knowledge bases of ../shared/data where they are at hand, and a small causal model."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from tandem.params import Params
from tasks.create import SAMPLE_DOCUMENTS, SAMPLE_EXAMPLES, create_workspace
from tasks.dataset import TrainingRow, build_training_set
from tasks.refresh import refresh

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"  # a bench leaves out, with a line that says so, what needs a folder of it that is not there
SAMPLE = (SAMPLE_DOCUMENTS, SAMPLE_EXAMPLES)
SMART_TV = (SHARED / "data" / "smart-tv" / "documents", SHARED / "data" / "smart-tv" / "examples.jsonl")
PHONES = SHARED / "data" / "phone-manuals"
PEERS = SHARED / "peers"


def phone_sections() -> Iterator[tuple[str, int, dict[str, str]]]:
    """(manual, number in it, section) of all phone manuals; a section has `id`, `title` and `text`."""
    for path in sorted(PHONES.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            yield path.stem, number, json.loads(line)


def as_markdown(section: dict[str, str]) -> str:
    """A section as a document."""
    return f"# {section['title']}\n\n{section['text']}\n"


def sample_rows(folder: Path) -> tuple[Params, list[TrainingRow]]:
    """The default params and the training set of the sample knowledge base, built as `tandem retrain` builds it."""
    workspace = create_workspace(folder, *SAMPLE)
    refresh(workspace)
    return workspace.params, list(build_training_set(workspace).rows)


def random_llama(folder: Path, texts: Sequence[str], n_layers: int = 4, hidden: int = 256) -> Path:
    """A small Llama of random weights, with a BPE tokenizer of `texts`: the causal road without a download."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<unk>", "<s>", "</s>"]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=4000, special_tokens=special, initial_alphabet=alphabet))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast), hidden_size=hidden, intermediate_size=4 * hidden, num_hidden_layers=n_layers, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=2048, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


def quiet() -> None:
    """Offline, and without the libraries' warnings between the figures."""
    os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TQDM_DISABLE="1")
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
