import pytest
import torch
from transformers import AutoModelForCausalLM, MambaConfig, MambaForCausalLM, MistralConfig, MistralForCausalLM
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from tasks import decoding
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
@pytest.mark.parametrize("rooms", [(9, 9), (12, 12), (12, 9)])
@pytest.mark.parametrize("mask", ["none", "bool", "added"])
def test_one_query_attends_as_torch_has_it(n_key_heads, rooms, mask):
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 4, 1, 8), held(n_key_heads, rooms[0]), held(n_key_heads, rooms[1])
    seen = torch.rand(2, 1, 1, 9) > 0.3
    seen[..., -1] = True
    given = {"none": None, "bool": seen, "added": torch.zeros(seen.shape).masked_fill(~seen, -1e4)}[mask]
    with torch.inference_mode():
        expected, _ = sdpa_attention_forward(Module(n_key_heads), query, key, value, given, scaling=0.4)
        found, _ = _attention(Module(n_key_heads), query, key, value, given, scaling=0.4)
    assert found.shape == expected.shape == (2, 1, 4, 8)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("common", [0.0, 2.0, 20.0, 60.0])
def test_in_bfloat16_scores_are_rounded_a_little_at_most_whatever_is_common_to_the_keys(common):
    torch.manual_seed(0)
    key = torch.randn(2, 4, 90, 64) + common * torch.randn(1, 4, 1, 64)
    query, key, value = (tensor.bfloat16() for tensor in (torch.randn(2, 4, 1, 64), key, torch.randn(2, 4, 90, 64)))
    with torch.inference_mode():
        expected, _ = sdpa_attention_forward(Module(4), query.float(), key.float(), value.float(), None)
        found, _ = _attention(Module(4), query, key, value, None)
    assert (found.float() - expected).norm() < 0.05 * expected.norm()


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
        in_place = model.generate(**inputs, max_new_tokens=30, do_sample=False, past_key_values=cache_in_place(model))
        attend_one_query(model)
        assert model.config._attn_implementation == ATTENTION
        both = model.generate(**inputs, max_new_tokens=30, do_sample=False, past_key_values=cache_in_place(model))
    assert torch.equal(in_place, expected)
    assert torch.equal(both, expected)


def test_keys_and_values_are_written_in_place_and_outgrow_their_room(tiny_llama, monkeypatch):
    monkeypatch.setattr(decoding, "ROOM", 2)
    layer = cache_in_place(AutoModelForCausalLM.from_pretrained(tiny_llama)).layers[0]
    pieces = [(torch.randn(2, 3, n, 8), torch.randn(2, 3, n, 4)) for n in (3, 1, 1, 1)]
    pointers = []
    for n, piece in enumerate(pieces, start=1):
        keys, values = layer.update(*piece)
        pointers.append(keys.data_ptr())
        assert torch.equal(keys, torch.cat([one[0] for one in pieces[:n]], dim=2))
        assert torch.equal(values, torch.cat([one[1] for one in pieces[:n]], dim=2))
    assert pointers[0] == pointers[1] == pointers[2] != pointers[3]
    assert layer.get_seq_length() == 6
    layer.reorder_cache(torch.tensor([1, 0]))
    keys, _ = layer.update(*pieces[1])
    assert torch.equal(keys[0, :, :6], torch.cat([one[0][1] for one in pieces], dim=1))


@pytest.mark.parametrize("setting", [{"use_cache": False}, {"cache_implementation": "static"}])
def test_a_model_that_keeps_keys_in_its_own_way_goes_on_so(tiny_llama, setting):
    model = AutoModelForCausalLM.from_pretrained(tiny_llama)
    model.generation_config.update(**setting)
    assert cache_in_place(model) is None


def test_only_layers_that_grow_are_replaced():
    config = MistralConfig(
        vocab_size=50,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        sliding_window=4,
    )
    assert cache_in_place(MistralForCausalLM(config)) is None  # its one layer slides
    assert cache_in_place(MambaForCausalLM(MambaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1))) is None


def test_parts_that_do_not_attend_by_torch_go_on_as_they_are(tiny_llama):
    model = AutoModelForCausalLM.from_pretrained(tiny_llama, attn_implementation="eager")
    attend_one_query(model)
    assert model.config._attn_implementation == "eager"


def test_weights_cast_once_compute_what_autocast_computes(tiny_llama):
    ids = torch.tensor([[5, 6, 7]])
    model = AutoModelForCausalLM.from_pretrained(tiny_llama).eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        expected = model(ids).logits
        cast_once(model, torch.bfloat16)
        assert torch.equal(model(ids).logits, expected)
    assert model.lm_head.weight.dtype == torch.bfloat16
    assert model.model.embed_tokens.weight.dtype == torch.float32
