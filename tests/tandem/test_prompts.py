import json

import pytest

from tandem.params import Form, Prompt
from tandem.prompts import (
    Parsed,
    Shot,
    apart_prompt,
    chat_messages,
    generation,
    parse,
    plain_prompt,
    quote,
    restore,
    seq2seq_prompt,
    shortened,
    target,
)

FORM = Form(answer="Answer: {answer} Source: {source}")
PROMPT = Prompt(instruction="Answer from the passages.")


def test_a_seq2seq_model_sees_the_question_then_numbered_passages():
    assert seq2seq_prompt("How\nheavy?", ["Wren: 7.4 kg", "Heron:\n 9 kg"]) == "How heavy? [SEP] [1] Wren: 7.4 kg [2] Heron: 9 kg"


def test_one_that_reads_apart_sees_the_question_before_each_passage():
    read = "How heavy? [SEP] [1] Wren: 7.4 kg [SEP] [CLS] How heavy? [SEP] [2] Heron: 9 kg"
    assert apart_prompt("How heavy?", ["Wren: 7.4 kg", "Heron: 9 kg"]) == read


@pytest.mark.parametrize("prompt_of", [seq2seq_prompt, apart_prompt])
def test_the_question_stands_alone_without_passages(prompt_of):
    assert prompt_of("How heavy?", []) == "How heavy? [SEP]"


def test_a_chat_model_gets_the_instruction_as_the_system_message():
    messages = chat_messages("How heavy?", ["7.4 kg"], PROMPT)
    assert messages == [
        {"role": "system", "content": "Answer from the passages."},
        {"role": "user", "content": "[1] 7.4 kg\n\nQuestion: How heavy?"},
    ]
    assert plain_prompt("How heavy?", [], PROMPT) == "Answer from the passages.\n\nQuestion: How heavy?\n"


SHOT = Shot("e1", "How big?", ("9 cm",), "Answer: 9 cm Source: [1]")


def test_shots_are_earlier_turns_of_a_chat_and_text_of_a_plain_prompt():
    messages = chat_messages("How heavy?", ["7.4 kg"], PROMPT, [SHOT])
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert messages[1]["content"] == "[1] 9 cm\n\nQuestion: How big?"
    assert messages[2]["content"] == "Answer: 9 cm Source: [1]"
    assert plain_prompt("How heavy?", [], PROMPT, [SHOT, SHOT]) == (
        "Answer from the passages." + 2 * "\n\n[1] 9 cm\n\nQuestion: How big?\nAnswer: 9 cm Source: [1]" + "\n\nQuestion: How heavy?\n"
    )


REASONED = Prompt(instruction="Answer.", reasoning=True, reasoning_marker="###")


def test_reasoning_is_asked_for_and_a_shot_answers_behind_the_marker():
    messages = chat_messages("How heavy?", [], REASONED, [SHOT])
    assert messages[0]["content"].startswith('Answer.\n\nFirst write your reasoning, step by step. Then write "###"')
    assert messages[2]["content"] == "### Answer: 9 cm Source: [1]"


@pytest.mark.parametrize(
    ("output", "text"),
    [
        ("It says 7.4 kg. ### Answer: 7.4 kg Source: [1]", "Answer: 7.4 kg Source: [1]"),
        ("### 9? No. ###\nAnswer: 7.4 kg Source: [1]\n", "Answer: 7.4 kg Source: [1]"),
        ("It says 7.4 kg", ""),
        ("So. ###", ""),
    ],
)
def test_only_what_follows_the_last_marker_is_read_and_every_token_counted(output, text):
    read = generation(output, 9, 30, REASONED)
    assert (read.text, read.n_tokens_in, read.n_tokens_out) == (text, 9, 30)
    assert generation(f" {output} ", 9, 30, PROMPT).text == output.strip()


def test_the_marker_is_found_in_any_case():
    assert generation("Hm. FINAL ANSWER: 2", 1, 1, Prompt(instruction="", reasoning=True)).text == "2"


def test_a_target_is_written_in_the_house_form_with_every_cited_passage():
    assert target("7.4 kg", [1, 3], FORM) == "Answer: 7.4 kg Source: [1] [3]"
    assert target("I don't know", [], FORM) == "Answer: I don't know Source: none"


@pytest.mark.parametrize(
    ("max_chars", "left"),
    [
        (None, "Open the lid. Wait 3.5 hours. Close it."),
        (39, "Open the lid. Wait 3.5 hours. Close it."),
        (38, "Open the lid. Wait 3.5 hours."),
        (28, "Open the lid."),
        (12, "Open the"),
        (3, "Ope"),
    ],
)
def test_a_long_training_answer_ends_at_a_sentence_that_fits(max_chars, left):
    assert shortened("Open the lid. Wait 3.5 hours. Close it.", max_chars) == left


@pytest.mark.parametrize(
    ("output", "answer", "cited", "abstained"),
    [
        ("Answer: 7.4 kg Source: [2]", "7.4 kg", (2,), False),
        ("Answer: 7.4 kg Source: [2] [1] [2]", "7.4 kg", (2, 1), False),
        ("Answer: 7.4 kg Source: [9]", "7.4 kg", (), False),
        ("Answer: I don't know Source: none", "I don't know", (), True),
        ("7.4 kg [1]", "7.4 kg", (1,), False),
        ("7.4 kg", "7.4 kg", (), False),
        ("I don't know.", "I don't know.", (), True),
        ("", "", (), True),
    ],
)
def test_an_output_is_read_back_whether_or_not_it_is_in_the_house_form(output, answer, cited, abstained):
    parsed = parse(output, FORM, PROMPT, n_passages=3)
    assert (parsed.answer, parsed.cited, parsed.abstained) == (answer, cited, abstained)


def test_a_json_form_is_read_back_from_its_keys():
    form = Form(json_schema={"type": "object"}, answer='{"answer": "{answer}", "sources": "{source}"}')
    parsed = parse('{"answer": "7.4 kg", "sources": "[2]"}', form, PROMPT, n_passages=2)
    assert (parsed.answer, parsed.cited) == ("7.4 kg", (2,))


def test_restoring_gives_back_casing_spacing_and_accents_of_what_was_copied():
    passage = "Ask Saskia Verhoeven in Venlo; the Café-Box weighs 7.4 kg (16.3 lb)."
    assert restore("saskia verhoeven", [passage]) == "Saskia Verhoeven"
    assert restore("the cafe - box weighs 7 . 4 kg ( 16 . 3 lb )", [passage]) == "the Café-Box weighs 7.4 kg (16.3 lb)"


def test_restoring_joins_pieces_of_the_house_form_and_of_passages():
    literals = "Answer: \n\n Source: \n\nnone"
    restored = restore("answer : 14 days source : [ 2 ]", [literals, "[1]", "[2]", "Returned within 14 days."])
    assert restored == "Answer: 14 days Source: [2]"


def test_restoring_leaves_words_that_stand_nowhere():
    assert restore("blue , green", ["red"]) == "blue, green"


def test_a_quote_is_the_sentence_that_holds_the_answer():
    assert quote("7.4 kg", "It is small. The Wren weighs 7.4 kg. It is red.") == "The Wren weighs 7.4 kg."
    assert quote("weighs little", "It is small.\n- The Wren weighs 7.4 kg") == "- The Wren weighs 7.4 kg"


JSON = Form(answer='{"answer": "{answer}", "sources": ["{source}"]}', json_schema={"type": "object"})


def test_a_training_answer_in_json_is_json_whatever_it_says():
    answer = 'Press "OK"\nthen wait'
    written = target(answer, [2, 1], JSON)
    assert json.loads(written) == {"answer": answer, "sources": ["[2] [1]"]}
    assert parse(written, JSON, PROMPT, 3) == Parsed(answer, (2, 1), False)


def test_json_cites_by_a_list_of_numbers_where_the_source_stands_outside_of_quotes():
    form = Form(answer='{"answer": "{answer}", "sources": {source}}', json_schema={"type": "object"}, no_source="null")
    assert [target("x", cited, form) for cited in ([2, 1], [])] == [
        '{"answer": "x", "sources": [2, 1]}',
        '{"answer": "x", "sources": null}',
    ]
    assert parse(target("x", [2, 1], form), form, PROMPT, 3).cited == (2, 1)


def test_json_in_a_fence_is_read():
    assert parse('```json\n{"answer": "7 kg", "sources": [1]}\n```', JSON, PROMPT, 3) == Parsed("7 kg", (1,), False)


def test_a_training_answer_of_several_lines_is_written_on_one_where_the_form_asks_for_it():
    one_line = FORM.model_copy(update={"pattern": "Answer: .* Source: .*"})
    assert target("- lid\n- jug", [1], one_line) == "Answer: - lid - jug Source: [1]"
    assert target("- lid\n- jug", [1], FORM) == "Answer: - lid\n- jug Source: [1]"


@pytest.mark.parametrize(("sources", "cited"), [("[1, 2]", (1, 2)), ('["[2]"]', (2,)), ('"[1]"', (1,)), ("[9]", ()), ("null", ())])
def test_json_cites_by_numbers_or_texts(sources, cited):
    assert parse(f'{{"answer": "x", "sources": {sources}, "score": 1}}', JSON, PROMPT, 3).cited == cited


@pytest.mark.parametrize(
    ("output", "text"),
    [("<think>\nIt may be 9.\n</think>\n\n7 kg", "7 kg"), ("<think>It may", ""), ("Write <think> here", "Write <think> here")],
)
def test_what_a_model_thinks_before_it_answers_is_not_its_answer(output, text):
    assert generation(output, 5, 9, PROMPT).text == text


@pytest.mark.parametrize(
    ("output", "source"),
    [("tandem _ device", "Set TANDEM_DEVICE to cpu."), ("cafe noir", "A Cafe\u0301 noir, please."), ("_ init _", "Call _init_.")],
)
def test_underscores_and_loose_accents_are_restored(output, source):
    assert restore(output, [source]) in source
