import json
import shutil

import gguf
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tandem.errors import Refused
from tandem.params import Base, Form, Prompt
from tasks.bases import resolve_base, revision_of
from tasks.generate import LocalGenerator
from tasks.inputs import Request
from tasks.workspace import Settings

LAYER = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip
WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
TEMPLATE = "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"


@pytest.fixture(scope="module")
def gguf_file(tiny_llama, tmp_path_factory):
    """The tiny Llama as llama.cpp's converter writes one: its names, rotary halves interleaved, tokenizer and template in the file."""
    model, tokenizer = AutoModelForCausalLM.from_pretrained(tiny_llama), AutoTokenizer.from_pretrained(tiny_llama)
    config, path = model.config, tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    told = json.loads(tokenizer.backend_tokenizer.to_str())
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokenizer.convert_ids_to_tokens(range(len(tokenizer))))
    writer.add_token_types([int(gguf.TokenType.CONTROL if i < 3 else gguf.TokenType.NORMAL) for i in range(len(tokenizer))])
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in told["model"]["merges"]])
    for role, number in (("unk", 0), ("bos", 1), ("eos", 2)):
        getattr(writer, f"add_{role}_token_id")(number)
    writer.add_chat_template(TEMPLATE)
    for name, tensor in model.state_dict().items():
        stem, _, kind = name.rpartition(".")
        if name in WHOLE:
            target = WHOLE[name]
        else:
            _, _, layer, part = stem.split(".", 3)
            target = f"blk.{layer}.{LAYER[part]}.{kind}"
        array = tensor.numpy()
        heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}.get(target.split(".")[-2])
        if heads:
            array = array.reshape(heads, 2, array.shape[0] // heads // 2, -1).swapaxes(1, 2).reshape(array.shape)
        writer.add_tensor(target, np.ascontiguousarray(array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_gives_the_weights_it_was_written_from_once(gguf_file, tiny_llama, tmp_path):
    settings = Settings(cache_dir=tmp_path)
    folder, revision = resolve_base(Base(model=str(gguf_file)), settings)
    assert revision == revision_of(Base(model=str(gguf_file), revision="elsewhere"))
    found, wanted = (AutoModelForCausalLM.from_pretrained(one).state_dict() for one in (folder, tiny_llama))
    assert found.keys() == wanted.keys()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    assert [one.name for one in tmp_path.iterdir()] == [f"gguf-{revision}"]
    before = (tmp_path / f"gguf-{revision}" / "model.safetensors").stat().st_mtime_ns
    assert resolve_base(Base(model=str(gguf_file)), settings)[0] == folder
    assert (tmp_path / f"gguf-{revision}" / "model.safetensors").stat().st_mtime_ns == before


def test_a_gguf_base_answers_with_its_own_template_and_one_start_token(gguf_file, tmp_path):
    generator = LocalGenerator(Base(model=str(gguf_file), max_new_tokens=4), Form(), Settings(cache_dir=tmp_path))
    request, prompt = Request("How heavy?", ("The kettle weighs 1.2 kg.",)), Prompt(instruction="Answer.")
    text = generator.prompt_text(request, prompt)
    assert text == "<s><system>Answer.<user>[1] The kettle weighs 1.2 kg.\n\nQuestion: How heavy?"
    (answer,) = generator.generate([request], prompt, adapter=False)
    assert answer.n_tokens_in == len(generator.tokenizer(text, add_special_tokens=False)["input_ids"])
    assert generator.tokenizer(text, add_special_tokens=False)["input_ids"].count(generator.tokenizer.bos_token_id) == 1


def test_a_gguf_file_that_is_missing_or_broken_is_refused_by_name(tmp_path):
    with pytest.raises(Refused, match=r"base\.model '.*none\.gguf' is not a file here"):
        resolve_base(Base(model=str(tmp_path / "none.gguf")), Settings(cache_dir=tmp_path))
    (tmp_path / "cut.gguf").write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(Refused, match=r"GGUF file .*cut\.gguf cannot be read"):
        resolve_base(Base(model=str(tmp_path / "cut.gguf")), Settings(cache_dir=tmp_path / "cache"))
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_revision_of_a_folder_follows_its_weights(tiny_llama, tmp_path):
    folder = shutil.copytree(tiny_llama, tmp_path / "base")
    before = revision_of(Base(model=str(folder)))
    (folder / "README.md").write_text("What is said of it.")
    assert revision_of(Base(model=str(folder))) == before == revision_of(Base(model=str(tiny_llama)))
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4] + b"\x00\x00\x00\x40")
    assert revision_of(Base(model=str(folder))) != before


def test_the_revision_of_a_hub_model_is_the_commit_that_was_fetched(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert revision_of(Base(model="org/name")) == "main"
    refs = tmp_path / "models--org--name" / "refs"
    refs.mkdir(parents=True)
    for branch, commit in (("main", "5f1e"), ("v2", "09aa")):
        (refs / branch).write_text(commit)
    found = [revision_of(Base(model="org/name", revision=branch)) for branch in (None, "main", "v2", "77b0")]
    assert found == ["5f1e", "5f1e", "09aa", "77b0"]
