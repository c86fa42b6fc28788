"""A generator behind an OpenAI-compatible endpoint: vLLM, `transformers serve`, or a hosted API.

The base URL and key come from `TANDEM_OPENAI_BASE_URL` and `TANDEM_OPENAI_API_KEY`; a server that serves a LoRA adapter under a
name of its own is a variant with its own `base`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from tandem import prompts
from tandem.errors import Refused
from tandem.params import Base, Prompt
from tandem.records import Generation
from tasks.inputs import Request, max_new_tokens
from tasks.workspace import Settings

RETRIES = 3


class OpenAIGenerator:
    """Chat completions at temperature 0; `base.batch_size` requests at a time; token counts as the server reports them; `base.extra_body`
    goes with each request."""

    has_adapter = False

    def __init__(self, base: Base, settings: Settings):
        from openai import OpenAI

        if not settings.openai_base_url:
            raise Refused(f"base {base.model!r} has provider openai, but TANDEM_OPENAI_BASE_URL is not set", hint="Set it and run again.")
        self.name, self.revision, self.base = base.model, base.revision or settings.openai_base_url, base
        self._client = OpenAI(
            base_url=settings.openai_base_url,
            api_key=settings.openai_api_key or "none",
            timeout=settings.openai_timeout_s,
            max_retries=RETRIES,
        )

    def generate(self, requests: Sequence[Request], prompt: Prompt, adapter: bool) -> list[Generation]:
        """One generation a request, in order. Raises Refused where the endpoint does not answer."""
        if adapter:
            raise Refused(
                f"{self.name} is behind an endpoint: it cannot take a local adapter",
                hint="Let the server load the adapter and name it as the variant's base.model, without `adapter: true`.",
            )
        with ThreadPoolExecutor(self.base.batch_size) as pool:
            return list(pool.map(lambda request: self._one(request, prompt), requests))

    def _one(self, request: Request, prompt: Prompt) -> Generation:
        from openai import APITimeoutError, BadRequestError, OpenAIError

        messages = prompts.chat_messages(request.question, request.passages, prompt, request.shots)
        fields = {"max_tokens": max_new_tokens(self.base, prompt), "temperature": 0, **self.base.extra_body}
        try:
            reply = self._client.chat.completions.create(
                model=self.base.model,
                messages=messages,  # type: ignore[arg-type]
                extra_body={name: value for name, value in fields.items() if value is not None},
            )
        except APITimeoutError as error:
            raise Refused(
                f"the endpoint of {self.base.model!r} gave no answer within {self._client.timeout} s, asked {RETRIES + 1} times",
                hint="Set TANDEM_OPENAI_TIMEOUT_S higher, or base.batch_size lower, and run again.",
            ) from error
        except OpenAIError as error:
            is_ours = isinstance(error, BadRequestError)
            raise Refused(
                f"the endpoint of {self.base.model!r} failed: {' '.join(str(error).split())[:300]}",
                hint="What it does not take, `base.extra_body` leaves out or replaces: see docs/GUIDE.md, Other models."
                if is_ours
                else "Check TANDEM_OPENAI_BASE_URL and TANDEM_OPENAI_API_KEY and run again.",
            ) from error
        if not getattr(reply, "choices", None):
            raise Refused(
                f"the endpoint of {self.base.model!r} answered with no completion: {' '.join(str(reply).split())[:200]}",
                hint="TANDEM_OPENAI_BASE_URL usually ends in /v1. Correct it and run again.",
            )
        usage, text = reply.usage, reply.choices[0].message.content or ""
        details = usage.prompt_tokens_details if usage else None
        counted = (usage.prompt_tokens, usage.completion_tokens) if usage else _about("\n\n".join(one["content"] for one in messages), text)
        said = prompts.generation(text, *counted, prompt)
        return replace(said, n_cached_tokens=(details.cached_tokens or 0) if details else 0)


def _about(asked: str, said: str) -> tuple[int, int]:
    """Tokens of a prompt and its answer, by the embedder's tokenizer: a server that counts none would make every answer free."""
    from tasks.facts import count_tokens

    return count_tokens([asked]), count_tokens([said])
