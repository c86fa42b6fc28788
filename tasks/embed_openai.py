"""An embedder behind an OpenAI-compatible endpoint. Address and key: `TANDEM_OPENAI_BASE_URL`, `TANDEM_OPENAI_API_KEY`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tandem.errors import Refused
from tandem.params import Embedder as EmbedderParams
from tasks.workspace import Settings

TEXTS_A_REQUEST = 128
CHARS_A_TOKEN = 4  # the usual estimate for English: endpoints do not ship their tokenizer
TIMEOUT_S = 60.0
RETRIES = 3


class OpenAIEmbedder:
    """Vectors of unit length; the number of dimensions is what the endpoint answers to a first request."""

    def __init__(self, params: EmbedderParams, settings: Settings):
        from openai import OpenAI

        if not settings.openai_base_url:
            raise Refused(
                f"embedder {params.model!r} has provider openai, but TANDEM_OPENAI_BASE_URL is not set", hint="Set it and run again."
            )
        self._model, self._max_chars = params.model, params.max_tokens * CHARS_A_TOKEN
        self._client = OpenAI(
            base_url=settings.openai_base_url, api_key=settings.openai_api_key or "none", timeout=TIMEOUT_S, max_retries=RETRIES
        )
        self.name = f"openai:{params.model}/{params.max_tokens}"
        self.dimensions = 0  # until the first answer
        self.dimensions = int(self._request(["dimensions"]).shape[1])

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """(n, d) float32 of unit length. Raises Refused where the endpoint does not answer."""
        parts = [self._request(texts[at : at + TEXTS_A_REQUEST]) for at in range(0, len(texts), TEXTS_A_REQUEST)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> int:
        """An estimate from the number of characters."""
        return sum(-(-min(len(text), self._max_chars) // CHARS_A_TOKEN) for text in texts)

    def _request(self, texts: Sequence[str]) -> np.ndarray:
        from openai import OpenAIError

        try:
            reply = self._client.embeddings.create(
                model=self._model, input=[text[: self._max_chars] for text in texts], encoding_format="float"
            )
        except OpenAIError as error:
            raise Refused(
                f"the endpoint of embedder {self._model!r} failed: {' '.join(str(error).split())[:300]}",
                hint="Check TANDEM_OPENAI_BASE_URL and TANDEM_OPENAI_API_KEY and run again.",
            ) from error
        rows = [one.embedding for one in sorted(reply.data, key=lambda one: one.index)]
        widths = sorted({len(row) for row in rows})
        if len(rows) != len(texts) or len(widths) != 1 or widths[0] != (self.dimensions or widths[0]):
            found = f"{len(rows)} vectors of {' and '.join(map(str, widths)) or 'no'} numbers"
            raise Refused(
                f"the endpoint of embedder {self._model!r} gave {found}, not {len(texts)} of {self.dimensions or 'as many each'}",
                hint="Check that TANDEM_OPENAI_BASE_URL serves this model alone under that name, and run again.",
            )
        vectors = np.array(rows, dtype=np.float32)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
