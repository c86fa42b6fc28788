"""What makes the next token cheap on a CPU: weights cast once, keys and values that grow in place, one token's attention as two products.

Otherwise autocast casts the weights in each call, `generate` copies all keys and values that are held for each new token, and torch's
attention, made for many queries at once, takes for one of them in bfloat16 three to four times the time of the products (docs/LOG.md).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache

ATTENTION = "sdpa_one_query"  # the name by which transformers finds it
NEVER = -1e30  # the score of what is not attended to


def cast_once(model: Any, dtype: torch.dtype) -> None:
    """The weights of every linear layer in `dtype`, in place, as autocast would cast them in each call; embeddings stay."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Linear):
            for name, parameter in list(module.named_parameters(recurse=False)):
                setattr(module, name, nn.Parameter(parameter.detach().to(dtype), requires_grad=False))


def attend_one_query(model: Any) -> None:
    """From now on a model on the CPU that attends by torch's kernel attends by two products where one token asks; in place."""
    if model.config._attn_implementation == "sdpa":
        _register()
        model.set_attn_implementation(ATTENTION)


@cache
def _register() -> None:
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(ATTENTION, _attention)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)


def _attention(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None, **options: Any
) -> tuple[torch.Tensor, None]:
    """`query` (n, heads, n_queries, width), `key` and `value` (n, key heads, n_keys, width), the mask (n, 1, n_queries, n_keys) or
    broadcast to it; what is attended to is (n, n_queries, heads, width). See `transformers.integrations.sdpa_attention`."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    n, n_heads, n_queries, width = query.shape
    odd = any(options.get(name) is not None for name in ("position_bias", "softcap", "cache", "s_aux"))
    if n_queries > 1 or odd or torch.is_grad_enabled() or (attention_mask is not None and attention_mask.shape[1] > 1):
        out, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        return out, None
    n_key_heads, n_keys = key.shape[1:3]
    scaling = options.get("scaling")
    asked = (query * (width**-0.5 if scaling is None else scaling)).reshape(n * n_key_heads, n_heads // n_key_heads, width)
    keys, values = _whole(key), _whole(value)
    if keys.shape[1] != values.shape[1]:
        keys, values = key.flatten(0, 1), value.flatten(0, 1)
    scores = torch.bmm(keys, asked.transpose(1, 2)).float().view(n, n_key_heads, -1, asked.shape[1])
    if attention_mask is not None:
        seen = attention_mask[:, :, :1, :n_keys].transpose(2, 3)
        scores[:, :, :n_keys].masked_fill_(~seen, NEVER) if seen.dtype == torch.bool else scores[:, :, :n_keys].add_(seen)
    scores[:, :, n_keys:] = NEVER
    shares = scores.softmax(2).to(value.dtype).flatten(0, 1).transpose(1, 2)
    return torch.bmm(shares, values).reshape(n, 1, n_heads, -1), None


def _whole(held: torch.Tensor) -> torch.Tensor:
    """(n * heads, room, width) of `held` (n, heads, n_keys, width): where this is the filled beginning of a longer tensor, all of that,
    for a product copies what does not lie in one piece."""
    n, n_heads, _, width = held.shape
    row, token = held.stride(1), held.stride()[2:]
    if held.storage_offset() or token != (width, 1) or row % width or held.stride(0) != n_heads * row:
        return held.flatten(0, 1)
    room = row // width
    return held.as_strided((n * n_heads, room, width), (room * width, width, 1))


def cache_in_place(config: Any, n_tokens: int) -> DynamicCache:
    """What `generate` would make for a causal model of this configuration, with room for `n_tokens` from the start in each layer that
    grows. Layers of other kinds (sliding windows, linear attention) stay as they are."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    made = DynamicCache(config=config)
    made.layers = [_layer_class()(n_tokens) if type(layer) is DynamicLayer else layer for layer in made.layers]
    return made


@cache
def _layer_class() -> type:
    """Made when first asked for, as importing this module must not load transformers."""
    import torch
    from transformers.cache_utils import DynamicLayer

    class InPlaceLayer(DynamicLayer):
        """Its keys and values are the filled beginning of a longer tensor, each (n, heads, up to `n_tokens`, width)."""

        def __init__(self, n_tokens: int) -> None:
            super().__init__()
            self.n_tokens = n_tokens
            self.room: dict[str, torch.Tensor] = {}

        def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
            if not self.is_initialized:
                self.lazy_initialization(key_states, value_states)
            held = self.get_seq_length()
            self.keys = self._extended("keys", self.keys, held, key_states)
            self.values = self._extended("values", self.values, held, value_states)
            return self.keys, self.values

        def _extended(self, name: str, before: torch.Tensor | None, held: int, new: torch.Tensor) -> torch.Tensor:
            if torch.is_autocast_enabled(new.device.type):  # attention would cast all of it again with each token
                new = new.to(torch.get_autocast_dtype(new.device.type))
            total, room = held + new.shape[-2], self.room.get(name)
            if (
                room is None
                or total > room.shape[-2]
                or (before is not None and held and before.data_ptr() != room.data_ptr())
                or len(room) != len(new)
            ):
                room = new.new_zeros(*new.shape[:-2], max(total, self.n_tokens), new.shape[-1])  # no NaN: it is multiplied by 0
                if before is not None and held:
                    room[..., :held, :] = before
                self.room[name] = room
            room[..., held:total, :] = new
            return room[..., :total, :]

    return InPlaceLayer
