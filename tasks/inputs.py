"""What a base takes as input, from its tokenizer and config alone: how a request becomes a prompt and token ids, and what fits."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from tandem import prompts
from tandem.errors import Refused
from tandem.params import Base, Prompt
from tasks.bases import READER, hub_revision, resolve_base
from tasks.workspace import Settings

TODAY = "26 Jul 2024"  # for a chat template that names the day: the same prompt every day (what Llama 3's falls back to)
SAME_DAY = f"{{% macro strftime_now(format) %}}{TODAY}{{% endmacro %}}{{{{ '' }}}}"  # the last keeps a line break that follows


@dataclass(frozen=True, slots=True)
class Request:
    """One question with what the generator may read. `uncut`: it is refused where it is longer than the base reads."""

    question: str
    passages: tuple[str, ...] = ()
    shots: tuple[prompts.Shot, ...] = ()
    uncut: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How a model takes its input. `apart`: each passage by itself, the question before it (tasks/apart.py), up to `at_once` tokens.

    `positions`: the tokens that it holds, None where it does not say; a causal model's prompt and answer together, another's each.
    """

    is_seq2seq: bool
    apart: bool = False
    at_once: int | None = None
    positions: int | None = None


def reading_of(config: Any) -> Reading:
    """What a model's configuration says of its input; `reads_apart` is a key of the reader's own."""
    if getattr(config, "reads_apart", False):
        return Reading(True, True, config.encoder.max_position_embeddings, config.decoder.max_position_embeddings)
    positions = getattr(config.get_text_config(decoder=True), "max_position_embeddings", None)
    return Reading(bool(config.is_encoder_decoder), positions=positions)


def prompt_text(tokenizer: Any, reading: Reading, request: Request, prompt: Prompt) -> str:
    """A model's input as text: the reader's format, the chat template where there is one, else plain."""
    request = _unmarked(tokenizer, request)
    if reading.apart:
        return prompts.apart_prompt(request.question, request.passages)
    if reading.is_seq2seq:
        return prompts.seq2seq_prompt(request.question, request.passages)
    if getattr(tokenizer, "chat_template", None):
        return _chat_text(tokenizer, prompts.chat_messages(request.question, request.passages, prompt, request.shots))
    return prompts.plain_prompt(request.question, request.passages, prompt, request.shots)


def fitting(tokenizer: Any, reading: Reading, request: Request, prompt: Prompt, limit: int) -> Request:
    """The request with as many of its passages, from the first, as make a prompt of at most `limit` tokens; a first one that is too long
    by itself is cut. A base that reads each passage apart reads them all."""
    while not reading.apart and request.passages:
        n_tokens = len(input_ids(tokenizer, reading, prompt_text(tokenizer, reading, request, prompt)))
        if n_tokens <= limit:
            break
        *others, last = request.passages
        cut = last[: len(last) * limit // (n_tokens + 1)].rpartition(" ")[0] if not others else ""
        request = replace(request, passages=(cut,) if cut else tuple(others))
    return request


def _chat_text(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    """By the model's own template, on the same day each time. One that can think aloud is told not to (others do not read
    `enable_thinking`); one that knows no system's message gets that in the first question. Raises Refused where the template fails
    all the same."""
    from jinja2 import TemplateError

    own = tokenizer.get_chat_template()

    def text(said: list[dict[str, str]]) -> str:
        written = tokenizer.apply_chat_template(
            said,
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,
            date_string=TODAY,
            chat_template=SAME_DAY + own if "strftime_now" in own else own,
        )
        return str(written)

    try:
        return text(messages)
    except TemplateError:
        try:
            return text(prompts.without_system(messages))
        except TemplateError as error:
            raise Refused(
                f"the chat template of {tokenizer.name_or_path!r} refuses a question: {' '.join(str(error).split())[:200]}",
                hint="Correct chat_template in its folder, or remove it: the question is then asked as plain text.",
            ) from error


def _unmarked(tokenizer: Any, request: Request) -> Request:
    def plain(text: str) -> str:
        return unmarked(tokenizer, text)

    shots = tuple(
        replace(shot, question=plain(shot.question), passages=tuple(map(plain, shot.passages)), answer=plain(shot.answer))
        for shot in request.shots
    )
    return replace(request, question=plain(request.question), passages=tuple(map(plain, request.passages)), shots=shots)


def unmarked(tokenizer: Any, text: str) -> str:
    """The text without a word that is one of the tokenizer's marks: it would begin another turn, or another part."""
    return _marks(tokenizer).sub(lambda mark: f"{mark[0][0]} {mark[0][1:-1]} {mark[0][-1]}", text)


@lru_cache(maxsize=8)
def _marks(tokenizer: Any) -> re.Pattern[str]:
    special = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special} | set(tokenizer.all_special_tokens)
    longest_first = sorted((mark for mark in special if len(mark) > 2), key=lambda mark: (-len(mark), mark))
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def input_ids(tokenizer: Any, reading: Reading, text: str, limit: int | None = None) -> list[int]:
    """Token ids of a prompt's text, cut to `limit`; where they are read apart, each of its parts, and to what the model holds at once.
    A chat template writes the special tokens itself: no second ones are added."""
    is_written = not reading.is_seq2seq and bool(getattr(tokenizer, "chat_template", None))
    if not reading.apart:
        ids: list[int] = tokenizer(text, add_special_tokens=not is_written, truncation=limit is not None, max_length=limit)["input_ids"]
        return ids
    return [token for part in _parts(tokenizer, text, limit and min(limit, reading.at_once or limit)) for token in part]


def _parts(tokenizer: Any, text: str, limit: int | None) -> list[list[int]]:
    found: list[list[int]] = tokenizer(text.split(prompts.APART), truncation=limit is not None, max_length=limit, verbose=False)[
        "input_ids"
    ]
    return found


def overlong(tokenizer: Any, reading: Reading, text: str, base: Base) -> str | None:
    """What to say of a prompt of which the base would not read all; None where it does."""
    n_tokens = len(input_ids(tokenizer, reading, text))
    if n_tokens > base.max_input_tokens:
        return f"{n_tokens:,} tokens, base.max_input_tokens of {base.model!r} is {base.max_input_tokens:,}"
    longest = max(map(len, _parts(tokenizer, text, None))) if reading.apart else 0
    if reading.at_once and longest > reading.at_once:
        return f"{n_tokens:,} tokens, one document {longest:,} of them; {base.model!r} reads {reading.at_once:,} at once"
    return None


def max_new_tokens(base: Base, prompt: Prompt) -> int:
    """Those of an answer, and of the reasoning before it where it is asked for."""
    return base.max_new_tokens + (prompt.reasoning_tokens if prompt.reasoning else 0)


def load_tokenizer(base: Base, path: str, vocabulary: int) -> Any:
    """The tokenizer beside a model's weights. Raises Refused where there is none: transformers then makes an empty one for many models,
    and every text would be read as nothing. `vocabulary`: the tokens that the model knows."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, **hub_revision(base))
        seen = f"it knows {len(tokenizer):,} tokens, the model {vocabulary:,}" if 2 * len(tokenizer) < vocabulary else ""
    except (OSError, ValueError) as error:
        seen = " ".join(str(error).split())[:200]
    if seen:
        raise Refused(
            f"base model {base.model!r} has no tokenizer of its own: {seen}",
            hint="Save that of the model it was made from into its folder: `AutoTokenizer.from_pretrained(...).save_pretrained(...)`.",
        )
    return tokenizer


def vocabulary_of(config: Any) -> int:
    """How many tokens a model of this configuration knows; 0 where it does not say."""
    return int(getattr(config.get_text_config(decoder=True), "vocab_size", None) or 0)


def unloadable(base: Base, error: Exception) -> Refused:
    """What to say where a base cannot be loaded."""
    return Refused(
        f"base model {base.model!r} cannot be loaded: {' '.join(str(error).split())[:300]}",
        hint="Set base.model in params.yaml to `reader`, a folder in Hugging Face layout with its weights in safetensors, a GGUF "
        "file, or a hub id that can be reached.",
    )


def is_seq2seq(base: Base, settings: Settings) -> bool:
    """Whether the base reads question and passages only. Raises Refused where it cannot be loaded."""
    return base.model == READER or (base.provider == "local" and _loaded(base, settings)[1].is_seq2seq)


def passage_tokens(base: Base, settings: Settings, n_passages: int) -> int:
    """About as many tokens as each of so many passages may have, so that the base reads all of them."""
    at_once = _loaded(base, settings)[1].at_once if base.provider == "local" else None
    return min(at_once, base.max_input_tokens) if at_once else base.max_input_tokens // n_passages


def read_whole(base: Base, settings: Settings, request: Request, prompt: Prompt) -> Request:
    """The request with the passages that the base reads: all of them where each is read apart, or behind an endpoint."""
    if base.provider != "local":
        return request
    tokenizer, reading = _loaded(base, settings)
    return fitting(tokenizer, reading, request, prompt, base.max_input_tokens)


def unread(base: Base, settings: Settings, request: Request, prompt: Prompt) -> str | None:
    """What to say of a request of which the base would not read all; of a base behind an endpoint, whose tokenizer is not at hand, its
    tokens are about as many."""
    if base.provider != "local":
        from tandem.prompts import chat_messages
        from tasks.facts import count_tokens

        n_tokens = count_tokens(
            ["\n\n".join(one["content"] for one in chat_messages(request.question, request.passages, prompt, request.shots))]
        )
        limit = base.max_input_tokens
        return f"{n_tokens:,} tokens, base.max_input_tokens of {base.model!r} is {limit:,}" if n_tokens > limit else None
    tokenizer, reading = _loaded(base, settings)
    return overlong(tokenizer, reading, prompt_text(tokenizer, reading, request, prompt), base)


def _loaded(base: Base, settings: Settings) -> tuple[Any, Reading]:
    return _read(base.model, base.revision, resolve_base(base, settings)[0])


@cache
def _read(model: str, revision: str | None, path: str) -> tuple[Any, Reading]:
    from transformers import AutoConfig

    base = Base(model=model, revision=revision)
    try:
        config = AutoConfig.from_pretrained(path, **hub_revision(base))
    except (OSError, ValueError) as error:
        raise unloadable(base, error) from error
    return load_tokenizer(base, path, vocabulary_of(config)), reading_of(config)
