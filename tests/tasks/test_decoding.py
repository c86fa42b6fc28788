import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from tasks.decoding import ATTENTION, _attention, attend_one_query, cache_in_place, cast_once


class Module:
    """What the attention functions read of their layer."""

    is_causal = False

    def __init__(self, n_key_heads: int) -> None:
        self.num_key_value_groups = 4 // n_key_heads


def held(n_key_heads: int, room: int, n_keys: int = 9) -> torch.Tensor:
    """(2, heads, n_keys, 8), the beginning of a tensor of `room` keys whose rest holds what must not count."""
    whole = torch.randn(2, n_key_heads, room, 8)
    whole[:, :, n_keys:] = 50.0
    return whole[:, :, :n_keys]


@pytest.mark.parametrize("n_key_heads", [4, 2, 1])
@pytest.mark.parametrize("room", [9, 12])
@pytest.mark.parametrize("mask", ["none", "bool", "added"])
def test_one_query_attends_as_torch_has_it(n_key_heads, room, mask):
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 4, 1, 8), held(n_key_heads, room), held(n_key_heads, room)
    seen = torch.rand(2, 1, 1, 9) > 0.3
    seen[..., -1] = True
    given = {"none": None, "bool": seen, "added": torch.zeros(seen.shape).masked_fill(~seen, -1e4)}[mask]
    with torch.inference_mode():
        expected, _ = sdpa_attention_forward(Module(n_key_heads), query, key, value, given, scaling=0.4)
        found, _ = _attention(Module(n_key_heads), query, key, value, given, scaling=0.4)
    assert found.shape == expected.shape == (2, 1, 4, 8)
    torch.testing.assert_close(found, expected)


def test_keys_that_lie_otherwise_are_read_as_they_are():
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 4, 1, 8), torch.randn(2, 9, 4, 8).transpose(1, 2), torch.randn(2, 9, 4, 8).transpose(1, 2)
    with torch.inference_mode():
        expected, _ = sdpa_attention_forward(Module(4), query, key, value, None)
        found, _ = _attention(Module(4), query, key, value, None)
    torch.testing.assert_close(found, expected)


def test_a_model_writes_the_same_tokens_with_both(tiny_llama):
    inputs = {"input_ids": torch.tensor([[0, 0, 5, 6, 7], [8, 9, 10, 11, 12]]), "attention_mask": torch.tensor([[0, 0, 1, 1, 1], [1] * 5])}
    model = AutoModelForCausalLM.from_pretrained(tiny_llama).eval()
    with torch.inference_mode():
        expected = model.generate(**inputs, max_new_tokens=30, do_sample=False)
        in_place = model.generate(**inputs, max_new_tokens=30, do_sample=False, past_key_values=cache_in_place(model.config, 35))
        attend_one_query(model)
        assert model.config._attn_implementation == ATTENTION
        both = model.generate(**inputs, max_new_tokens=30, do_sample=False, past_key_values=cache_in_place(model.config, 35))
    assert torch.equal(in_place, expected)
    assert torch.equal(both, expected)


def test_keys_and_values_are_written_in_place_and_outgrow_their_room():
    (layer,) = cache_in_place(LlamaConfig(num_hidden_layers=1), 4).layers
    pieces = [(torch.randn(2, 3, n, 8), torch.randn(2, 3, n, 8)) for n in (3, 1, 2)]
    first, _ = layer.update(*pieces[0])
    second, _ = layer.update(*pieces[1])
    assert second.data_ptr() == first.data_ptr()
    keys, values = layer.update(*pieces[2])
    assert torch.equal(keys, torch.cat([piece[0] for piece in pieces], dim=2))
    assert torch.equal(values, torch.cat([piece[1] for piece in pieces], dim=2))
    assert layer.get_seq_length() == 6


def test_weights_cast_once_compute_what_autocast_computes(tiny_llama):
    ids = torch.tensor([[5, 6, 7]])
    model = AutoModelForCausalLM.from_pretrained(tiny_llama).eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        expected = model(ids).logits
        cast_once(model, torch.bfloat16)
        assert torch.equal(model(ids).logits, expected)
    assert model.lm_head.weight.dtype == torch.bfloat16
    assert model.model.embed_tokens.weight.dtype == torch.float32
