"""What makes the next token cheap on a CPU: weights cast once, keys and values that grow in place, one token's attention as two products.

Otherwise autocast casts the weights in each call, `generate` copies all keys and values that are held for each new token, and torch's
attention, made for many queries at once, takes for one of them in bfloat16 about four times the time of the products (docs/LOG.md).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from transformers import DynamicCache

ATTENTION = "sdpa_one_query"  # the name by which transformers finds it
MASKED_SCORE = -1e30  # the score of what is not attended to
LARGEST_BF16_SCORE = 64.0  # of the scores in bfloat16: rounding moves those below by 1/8 at most
ROOM = 64  # tokens, until all that is held is copied again


def cast_once(model: Any, dtype: torch.dtype) -> None:
    """The weights of every linear layer in `dtype`, in place, as autocast would cast them in each call; embeddings stay."""
    from torch import nn

    for module in model.modules():
        if isinstance(module, nn.Linear):
            for name, parameter in list(module.named_parameters(recurse=False)):
                setattr(module, name, nn.Parameter(parameter.detach().to(dtype), requires_grad=False))


def attend_one_query(model: Any) -> None:
    """From now on a model on the CPU that attends by torch's kernel attends by two products where one token asks; in place.

    Parts that attend otherwise go on so, and models that choose among keys by an index of their own are left alone.
    """
    parts = {name: getattr(model.config, name, None) for name in model.config.sub_configs}
    chosen = {name: ATTENTION for name, part in {"": model.config, **parts}.items() if getattr(part, "_attn_implementation", "") == "sdpa"}
    if chosen and model._can_set_attn_implementation() and not hasattr(model.config.get_text_config(decoder=True), "index_topk"):
        _register()
        model.set_attn_implementation(chosen)


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
    broadcast to it; what is attended to is (n, n_queries, heads, width). See `transformers.integrations.sdpa_attention`. In bfloat16 a
    product rounds its scores, which the fused kernel does not: large ones are left to that."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    n, n_heads, n_queries, width = query.shape
    odd = any(options.get(name) is not None for name in ("position_bias", "softcap", "cache", "s_aux"))
    odd |= attention_mask is not None and (attention_mask.ndim != 4 or attention_mask.shape[1] > 1)

    def fused() -> tuple[torch.Tensor, None]:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **options)[0], None

    if n_queries > 1 or odd or torch.is_grad_enabled():
        return fused()
    n_key_heads, n_keys = key.shape[1:3]
    scaling = options.get("scaling")
    asked = (query * (width**-0.5 if scaling is None else scaling)).reshape(n * n_key_heads, n_heads // n_key_heads, width)
    keys, values = _whole(key), _whole(value)
    if keys.shape[1] != values.shape[1]:
        keys, values = key.flatten(0, 1), value.flatten(0, 1)
    scores = torch.bmm(keys, asked.transpose(1, 2))
    if scores.dtype == torch.bfloat16 and scores.abs().max() > LARGEST_BF16_SCORE:
        return fused()
    scores = scores.float().view(n, n_key_heads, -1, asked.shape[1])
    if attention_mask is not None:
        seen = attention_mask[:, :, :1, :n_keys].transpose(2, 3)
        if seen.dtype == torch.bool:
            scores[:, :, :n_keys].masked_fill_(~seen, MASKED_SCORE)
        else:
            scores[:, :, :n_keys].add_(seen)
    scores[:, :, n_keys:] = MASKED_SCORE
    shares = scores.softmax(2).to(value.dtype).flatten(0, 1).transpose(1, 2)
    return torch.bmm(shares, values).reshape(n, 1, n_heads, -1), None


def _whole(held: torch.Tensor) -> torch.Tensor:
    """(n * heads, room, width) of `held` (n, heads, n_keys, width): where this is the filled beginning of a longer tensor, all of that,
    for a product copies what does not lie in one piece."""
    n, n_heads, n_keys, width = held.shape
    row, token = held.stride(1), held.stride()[2:]
    if held.storage_offset() or token != (width, 1) or row % width or row < n_keys * width or held.stride(0) != n_heads * row:
        return held.flatten(0, 1)
    room = row // width
    return held.as_strided((n * n_heads, room, width), (room * width, width, 1))


def cache_in_place(model: Any) -> DynamicCache | None:
    """What `generate` would make for a causal model, but that a layer which grows has room for the next tokens; layers of other kinds
    (sliding windows, linear attention) stay as they are. None where there is no such layer, or where the model has its own way."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    settings, config = model.generation_config, model.config.get_text_config(decoder=True)
    own_way = settings.use_cache is False or settings.cache_implementation or "mamba" in config.model_type
    if own_way or not model._supports_default_dynamic_cache():  # as generate() asks
        return None
    made = DynamicCache(config=config)
    layers = [_layer_class()() if type(layer) is DynamicLayer else layer for layer in made.layers]
    grow = any(layer is not before for layer, before in zip(layers, made.layers, strict=True))
    made.layers = layers
    return made if grow else None


@cache
def _layer_class() -> type:
    """Made when first asked for, as importing this module must not load transformers."""
    import torch
    from transformers.cache_utils import DynamicLayer

    class InPlaceLayer(DynamicLayer):
        """Its keys and values, each (n, heads, n_keys, width), are the filled beginnings of tensors with up to `ROOM` keys more."""

        def __init__(self) -> None:
            super().__init__()
            self.whole: dict[str, torch.Tensor] = {}

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
            total, whole = held + new.shape[-2], self.whole.get(name)
            if (
                before is None
                or whole is None
                or before.data_ptr() != whole.data_ptr()
                or len(before) != len(new)
                or total > whole.shape[-2]
            ):
                whole = new.new_zeros(*new.shape[:-2], total + ROOM, new.shape[-1])  # no NaN: it is multiplied by 0
                if before is not None and held:
                    whole[..., :held, :] = before
                self.whole[name] = whole
            whole[..., held:total, :] = new
            return whole[..., :total, :]

    return InPlaceLayer
