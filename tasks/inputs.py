"""What a base takes as input, known from its tokenizer and config alone: whether it can be told things, and how long a prompt is."""

from __future__ import annotations

from functools import cache
from typing import Any

from tandem.params import Base, Prompt
from tasks.bases import READER, hub_revision, resolve_base
from tasks.generate import Reading, Request, fitting, load_tokenizer, overlong, prompt_text, reading_of, unloadable, vocabulary_of
from tasks.workspace import Settings


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
