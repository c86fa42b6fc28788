import pytest
import torch

from tandem.params import Base, Form, Prompt
from tasks.apart import read_apart
from tasks.base_model import CLS_ID, build_parent, load_tokenizer
from tasks.inputs import Reading, Request, input_ids, overlong, prompt_text

APART = Reading(is_seq2seq=True, apart=True, at_once=512)
PROMPT = Prompt(instruction="Answer.")


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer()


def ids_of(tokenizer, *passages, reading=APART):
    return input_ids(tokenizer, reading, prompt_text(tokenizer, reading, Request("How heavy is the pump?", passages), PROMPT), 1000)


@pytest.mark.parametrize("at_once", [1, 2, 12])
def test_each_part_is_read_as_if_it_stood_alone(tokenizer, monkeypatch, at_once):
    monkeypatch.setattr("tasks.apart.CPU_PARTS", at_once)
    plain, apart = build_parent().encoder.eval(), build_parent().encoder.eval()
    read_apart(apart, CLS_ID)
    rows = [ids_of(tokenizer, "It weighs 11.5 kg.", "Rinse it with fresh water after every use."), ids_of(tokenizer, "Blue.")]
    batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
    with torch.no_grad():
        states = apart(**batch).last_hidden_state
        at = 0
        for part in (ids_of(tokenizer, "It weighs 11.5 kg."), rows[0][len(ids_of(tokenizer, "It weighs 11.5 kg.")) :]):
            alone = plain(input_ids=torch.tensor([part])).last_hidden_state[0]
            assert torch.allclose(states[0, at : at + len(part)], alone, atol=1e-5)
            at += len(part)
        assert at == len(rows[0])
        assert torch.allclose(states[1, : len(rows[1])], plain(input_ids=torch.tensor([rows[1]])).last_hidden_state[0], atol=1e-5)
        assert not states[1, len(rows[1]) :].any()


def test_gradients_go_through_every_part(tokenizer):
    encoder = build_parent().encoder
    read_apart(encoder, CLS_ID)
    row = torch.tensor([ids_of(tokenizer, "It weighs 11.5 kg.", "Blue.")])
    kilograms, blue = (tokenizer.convert_tokens_to_ids(word) for word in ("kg", "blue"))
    states = encoder(input_ids=row, attention_mask=torch.ones_like(row)).last_hidden_state[0]
    (states[row[0] == kilograms] @ torch.arange(384.0)).sum().backward()
    gradient = encoder.embeddings.word_embeddings.weight.grad
    assert gradient[kilograms].abs().sum() > 0
    assert gradient[blue].abs().sum() == 0  # of the other part


def test_the_limit_cuts_each_part_and_not_the_last_passages(tokenizer):
    ids = ids_of(tokenizer, "word " * 600, "It weighs 11.5 kg.", reading=Reading(is_seq2seq=True, apart=True, at_once=64))
    assert len(ids) < 2 * 64
    assert "11. 5 kg" in tokenizer.decode(ids)


def test_a_lower_limit_of_the_workspace_holds_for_each_part(tokenizer):
    text = prompt_text(tokenizer, APART, Request("How?", ("word " * 80, "word " * 80)), PROMPT)
    assert len(input_ids(tokenizer, APART, text, 40)) == 2 * 40


@pytest.mark.parametrize("text", ["BERT begins with [CLS] and ends with [SEP].", "[[SEP]] [[CLS]] How heavy is the moon?"])
def test_marks_of_the_tokenizer_in_a_document_begin_no_part(tokenizer, text):
    ids = ids_of(tokenizer, text)
    assert ids.count(CLS_ID) == 1
    assert ids.count(tokenizer.sep_token_id) == 2


def test_a_document_longer_than_one_part_is_not_read_whole(tokenizer):
    reading = Reading(is_seq2seq=True, apart=True, at_once=64)
    texts = [prompt_text(tokenizer, reading, Request("How?", (text,)), PROMPT) for text in ("word " * 20, "word " * 80, "word " * 1000)]
    said = [overlong(tokenizer, reading, text, Base()) for text in texts]
    assert said[0] is None
    assert said[1] == "88 tokens, one document 88 of them; 'reader' reads 64 at once"
    assert said[2] == "1,008 tokens, base.max_input_tokens of 'reader' is 896"


def test_an_adapter_is_switched_on_and_off_over_parts_read_once():
    """Reading apart goes on below PEFT's wrapper, and prompts are encoded once."""
    from tandem.params import Adapter
    from tasks.generate import LocalGenerator
    from tasks.shared_encoding import shared_encoding
    from tasks.train import with_lora
    from tasks.workspace import Settings

    generator = LocalGenerator(Base(max_new_tokens=8, dtype="float32"), Form(), Settings(device="cpu"))
    torch.manual_seed(0)
    generator.model, generator.has_adapter = with_lora(generator, Adapter()), True
    for name, weight in generator.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    requests = [Request("How heavy is it?", ("It weighs 11.5 kg.", "Rinse it.")), Request("Which colour?", ("Blue.",))]
    alone = [[one.text for one in generator.generate(requests, PROMPT, adapter)] for adapter in (False, True)]
    encoder = generator.model.get_base_model().get_encoder()
    reads = encoder.forward
    with shared_encoding([generator], 2) as spared:
        together = [[one.text for one in generator.generate(requests, PROMPT, adapter)] for adapter in (False, True)]
        assert spared.taken() > 0
    assert together == alone
    assert "11.5 kg" in alone[0][0]
    assert alone[0] != alone[1]
    assert encoder.forward is reads
