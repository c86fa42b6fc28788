"""What a base takes as input, known from its tokenizer and config alone: whether it can be told things, and how long a prompt is."""

from __future__ import annotations

from functools import cache
from typing import Any

from tandem.params import Base, Prompt
from tasks.bases import READER, hub_revision, resolve_base
from tasks.generate import Reading, Request, input_ids, load_tokenizer, prompt_text, reading_of, unloadable, vocabulary_of
from tasks.workspace import Settings


def is_seq2seq(base: Base, settings: Settings) -> bool:
    """Whether the base reads question and passages only. Raises Refused where it cannot be loaded."""
    return base.model == READER or (base.provider == "local" and _loaded(base, settings)[1].is_seq2seq)


def reads_apart(base: Base, settings: Settings) -> bool:
    """Whether the base reads each passage by itself, so that `base.max_input_tokens` holds for one passage, not for all of them."""
    return base.provider == "local" and _loaded(base, settings)[1].apart


def count_input(base: Base, settings: Settings, request: Request, prompt: Prompt) -> int:
    """Tokens of a request as the base reads it; of a base behind an endpoint, whose tokenizer is not at hand, about as many."""
    if base.provider != "local":
        from tandem.prompts import chat_messages
        from tasks.facts import count_tokens

        messages = chat_messages(request.question, request.passages, prompt, request.shots)
        return count_tokens(["\n\n".join(message["content"] for message in messages)])
    tokenizer, reading = _loaded(base, settings)
    return len(input_ids(tokenizer, reading, prompt_text(tokenizer, reading, request, prompt)))


def _loaded(base: Base, settings: Settings) -> tuple[Any, Reading]:
    return _read(base, resolve_base(base, settings)[0])


@cache
def _read(base: Base, path: str) -> tuple[Any, Reading]:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(path, **hub_revision(base))
    except (OSError, ValueError) as error:
        raise unloadable(base, error) from error
    return load_tokenizer(base, path, vocabulary_of(config)), reading_of(config)
