"""From an output to the answer's record: citations, quotes, and what happens to an output that fails the house form."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tandem.errors import Refused
from tandem.params import Form, Prices, Prompt, Retrieval
from tandem.records import Generation, Passage
from tasks.answer import Answerer, checked_question

PASSAGES = [
    Passage("c1", "products/wren.md", "Wren", "The Wren is red. The Wren weighs 7.4 kg.", 0.5),
    Passage("c2", "products/heron.md", "Heron", "The Heron weighs 18 kg.", 0.4),
]
BEHAVIOUR = {
    "variant": "rag",
    "retrieve": True,
    "adapter": False,
    "form": Form(pattern=r"^Answer: \S.* Source: (\[\d+\]|none)$", answer="Answer: {answer} Source: {source}").model_dump(),
    "prompt": Prompt(instruction="Answer.").model_dump(),
    "retrieval": Retrieval().model_dump(),
    "prices": Prices(input_per_1m_tokens=2.5, machine_per_hour=0).model_dump(),
    "data_version": "d1",
}


class Says:
    """A generator that says one thing."""

    name, revision, has_adapter = "says", "1", False

    def __init__(self, text: str):
        self.text = text

    def generate(self, requests, prompt, adapter):
        return [Generation(self.text, 1_000, 4) for _ in requests]


def finish(text, passages=PASSAGES, **form):
    behaviour = {**BEHAVIOUR, "form": {**BEHAVIOUR["form"], **form}}
    return Answerer(behaviour, None, Says(text), "7").finish(Generation(text, 1_000, 4), passages, seconds=0.25)


def test_an_answer_in_form_keeps_its_words_and_cites_its_document():
    answer = finish("Answer: 18 kg Source: [2]")
    assert (answer.answer, answer.text, answer.fallback) == ("18 kg", "Answer: 18 kg Source: [2]", None)
    assert [(source.document, source.chunk, source.quote) for source in answer.sources] == [
        ("products/heron.md", "c2", "The Heron weighs 18 kg.")
    ]
    assert (answer.model_version, answer.data_version, answer.latency_ms, answer.cost_usd) == ("7", "d1", 250.0, 0.0025)


def test_an_answer_that_the_cited_passage_lacks_is_quoted_from_the_one_that_holds_it():
    assert [source.document for source in finish("Answer: 18 kg Source: [1]").sources] == ["products/heron.md"]
    assert [source.document for source in finish("Answer: 8 kg Source: [1]").sources] == ["products/wren.md"]
    assert [source.document for source in finish("Answer: 18 Source: [1]").sources] == ["products/wren.md"]


def test_a_passage_that_the_prompt_did_not_hold_is_neither_cited_nor_quoted():
    answerer = Answerer(BEHAVIOUR, None, Says(""), "7")
    said = Generation("Answer: 18 kg Source: [2]", 1_000, 4, n_read=1)
    assert answerer.finish(said, PASSAGES, seconds=0.25).sources == ()
    assert answerer.finish(replace(said, n_read=2), PASSAGES, seconds=0.25).sources[0].document == "products/heron.md"


def test_a_supported_answer_out_of_form_is_repaired_and_marked():
    answer = finish("7.4 kg")
    assert (answer.text, answer.fallback) == ("Answer: 7.4 kg Source: [1]", "out of form: repaired")
    assert [source.quote for source in answer.sources] == ["The Wren weighs 7.4 kg."]


def test_a_supported_answer_of_several_lines_is_repaired_into_one():
    answer = finish("The Wren is red.\nThe Wren weighs 7.4 kg.")
    assert (answer.text, answer.fallback) == ("Answer: The Wren is red. The Wren weighs 7.4 kg. Source: [1]", "out of form: repaired")


def test_an_answer_that_no_repair_puts_into_the_form_gives_way():
    quoted = finish("7.4 kg", pattern=r"Answer: (The .*|I don't know) Source: .*")
    assert (quoted.text, quoted.fallback) == ("Answer: The Wren weighs 7.4 kg. Source: [1]", "out of form: quoted the best passage")
    unknown = finish("7.4 kg", pattern=r"Answer: (yes|I don't know) Source: .*")
    assert (unknown.text, unknown.fallback) == ("Answer: I don't know Source: none", "out of form: abstained")


def test_an_unsupported_answer_out_of_form_gives_way_to_the_best_passage():
    answer = finish("99 kg]")
    assert (answer.answer, answer.fallback) == ("The Wren weighs 7.4 kg.", "out of form: quoted the best passage")


def test_an_empty_output_without_passages_abstains():
    answer = finish("", passages=[])
    assert (answer.answer, answer.abstained, answer.sources, answer.fallback) == ("I don't know", True, (), "empty output: abstained")


def test_an_abstention_cites_nothing():
    answer = finish("Answer: I don't know Source: none")
    assert (answer.abstained, answer.sources, answer.fallback) == (True, (), None)


def test_a_question_is_cleaned_of_control_characters():
    assert checked_question("How\x00 heavy\n is it?") == "How heavy is it?"
    assert checked_question("the caf\udce9") == "the caf"  # a byte of the command line that is no UTF-8


@pytest.mark.parametrize(
    ("question", "message"), [(" \x07 ", "the question is empty"), ("x" * 2_001, "2,001 characters, the limit is 2,000")]
)
def test_a_question_that_cannot_be_asked_is_refused(question, message):
    with pytest.raises(Refused, match=message):
        checked_question(question)


class Searched:
    """An index that finds nothing and counts two tokens a question."""

    version = 7

    def search(self, questions, retrieval, roles, collections):
        return [[] for _ in questions]

    def count_tokens(self, texts):
        return 2 * len(texts)


@pytest.mark.parametrize(("weight", "cost_usd"), [(1.0, 2.0), (0.0, 0.0)])
def test_an_answer_costs_the_embedding_of_its_question(weight, cost_usd):
    prices = Prices(embedding_per_1m_tokens=1e6, machine_per_hour=0)
    behaviour = {**BEHAVIOUR, "prices": prices.model_dump(), "retrieval": Retrieval(vector_weight=weight).model_dump()}
    assert Answerer(behaviour, Searched(), Says("x")).answer("How heavy?").cost_usd == cost_usd
