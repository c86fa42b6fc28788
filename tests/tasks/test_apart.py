import pytest
import torch

from tandem.params import Prompt
from tasks.apart import read_apart
from tasks.base_model import CLS_ID, build_parent, load_tokenizer
from tasks.generate import Reading, Request, input_ids, prompt_text

APART = Reading(is_seq2seq=True, apart=True)
PROMPT = Prompt(instruction="Answer.")


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer()


def ids_of(tokenizer, *passages, question="How heavy is the pump?", limit=512):
    return input_ids(tokenizer, APART, prompt_text(tokenizer, APART, Request(question, passages), PROMPT), limit)


def test_each_part_is_read_as_if_it_stood_alone(tokenizer):
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
    encoder(input_ids=row, attention_mask=torch.ones_like(row)).last_hidden_state[0, -1].sum().backward()
    assert encoder.encoder.layer[0].output.dense.weight.grad.abs().sum() > 0


def test_the_limit_cuts_each_part_and_not_the_last_passages(tokenizer):
    ids = ids_of(tokenizer, "word " * 600, "It weighs 11.5 kg.", limit=64)
    assert len(ids) < 2 * 64
    assert "11. 5 kg" in tokenizer.decode(ids)


def test_marks_of_the_tokenizer_in_a_document_begin_no_part(tokenizer):
    ids = ids_of(tokenizer, "BERT begins with [CLS] and ends with [SEP].")
    assert ids.count(CLS_ID) == 1
    assert ids.count(tokenizer.sep_token_id) == 2
