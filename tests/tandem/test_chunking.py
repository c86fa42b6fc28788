"""Chunking: what a passage holds, how long it is, and what its id and heading are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.chunking import chunk, text_hash
from tandem.params import Chunking
from tandem.records import Document

SMALL = Chunking(max_chars=100, min_chars=30)
WHOLE = Chunking(max_chars=700, min_chars=80)


def pieces(text: str, params: Chunking = WHOLE, title: str = "") -> list[tuple[str, str]]:
    return [(piece.heading, piece.text) for piece in chunk(Document("a/b.md", text, "m", title), params)]


def test_each_section_is_a_passage_under_its_path_of_headings():
    text = "# Wren\n\nOne boiler.\n\n## Water\n\nTwo litres.\n\n### Filter\n\nC1.\n\n## Power\n\n1,350 W.\n"
    assert pieces(text, title="Wren") == [
        ("Wren", "One boiler."),
        ("Wren > Water", "Two litres."),
        ("Wren > Water > Filter", "C1."),
        ("Wren > Power", "1,350 W."),
    ]


def test_a_title_of_its_own_stands_before_the_first_heading():
    assert pieces("# Care\n\nRinse it.", title="Wren") == [("Wren > Care", "Rinse it.")]


def test_underlined_headings_count_and_rules_do_not():
    assert pieces("Wren\n====\n\nOne.\n\nWater\n-----\n\nTwo.\n\n---\n\nThree.") == [("Wren", "One."), ("Wren > Water", "Two.\n\nThree.")]


def test_a_hash_in_fenced_code_is_no_heading():
    assert pieces("# A\n\n```\n# not this\n\nx = 1\n```\n") == [("A", "```\n# not this\n\nx = 1\n```")]


def test_a_heading_without_text_becomes_text_of_the_section_that_follows():
    assert pieces("# A\n\nFirst.\n\n## Not sold\n\n## Sold\n\nYes.\n\n## Later\n") == [
        ("A", "First."),
        ("A > Sold", "Not sold\n\nYes."),
        ("A", "Later"),
    ]


def test_a_document_of_headings_alone_gives_one_passage():
    assert pieces("# Nothing here") == [("", "Nothing here")]


def test_paragraphs_are_packed_up_to_the_limit():
    assert pieces("a" * 40 + "\n\n" + "b" * 40 + "\n\n" + "c" * 40, SMALL) == [("", "a" * 40 + "\n\n" + "b" * 40), ("", "c" * 40)]


def test_a_short_last_piece_takes_over_from_its_neighbour():
    text = "\n\n".join(["a" * 32, "b" * 32, "c" * 32, "tail"])
    assert pieces(text, SMALL) == [("", "a" * 32 + "\n\n" + "b" * 32), ("", "c" * 32 + "\n\ntail")]


def test_list_items_stay_whole_and_tight():
    text = "Steps:\n\n- " + "a" * 40 + "\n- " + "b" * 40 + "\n- " + "c" * 40
    assert pieces(text, SMALL) == [("", "Steps:\n\n- " + "a" * 40 + "\n- " + "b" * 40), ("", "- " + "c" * 40)]


def test_a_table_that_is_cut_repeats_its_header():
    header = "| part | price |\n|---|---|"
    rows = [f"| part number {i} | EUR {i}0 |" for i in range(1, 6)]
    assert pieces("\n".join([header, *rows]), SMALL) == [
        ("", "\n".join([header, *rows[:2]])),
        ("", "\n".join([header, *rows[2:4]])),
        ("", "\n".join([header, rows[4]])),
    ]


def test_a_long_paragraph_is_cut_at_sentences():
    sentences = [f"Sentence number {i} is here to be cut." for i in range(4)]
    assert pieces(" ".join(sentences), SMALL) == [("", " ".join(sentences[:2])), ("", " ".join(sentences[2:]))]


def test_a_sentence_without_spaces_is_cut_at_the_limit():
    assert [len(text) for _, text in pieces("x" * 250, SMALL)] == [100, 100, 50]


def test_an_id_depends_on_document_place_and_text_alone():
    one = chunk(Document("a.md", "Same text.", "1", "T"), SMALL)[0]
    again = chunk(Document("a.md", "Same text.", "2", "Other title", roles=("staff",)), SMALL)[0]
    elsewhere = chunk(Document("b.md", "Same text.", "1", "T"), SMALL)[0]
    assert one.id == again.id == "2e429670d11f9154"
    assert one.id != elsewhere.id
    assert text_hash(one) == text_hash(elsewhere) != text_hash(again)


def test_the_name_of_the_file_is_shown_and_searched_but_not_embedded():
    text = "Bare.\n\n## Wren\n\nUnder it."
    for title, headings in (("a > b", ["a > b", "a > b > Wren"]), ("wren", ["wren", "Wren"])):
        found = chunk(Document("x.txt", text, "1", title, is_titled=False), SMALL)
        assert [piece.heading for piece in found] == headings
        assert [piece.search_text for piece in found] == [f"{headings[0]}\nBare.", f"{headings[1]}\nUnder it."]
        assert [piece.embedded_text for piece in found] == ["Bare.", "Wren\nUnder it."]
    titled = chunk(Document("x.txt", text, "1", "wren"), SMALL)
    assert [piece.embedded_text for piece in titled] == ["wren\nBare.", "Wren\nUnder it."]


def test_collection_and_roles_are_those_of_the_document():
    piece = chunk(Document("hr/pay/bands.md", "Bands.", "1", roles=("people-team",)), SMALL)[0]
    assert (piece.collection, piece.roles) == ("hr", ("people-team",))


@pytest.mark.parametrize("blank", ["", " \n\t\n"])
def test_a_document_without_text_gives_nothing(blank: str):
    assert pieces(blank) == []


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab. \n#-|`=*1)é🙂"), max_size=400))
def test_whatever_the_text_no_letter_is_lost_and_no_piece_is_too_long(text: str):
    found = chunk(Document("x.md", text, "m"), SMALL)
    assert all(0 < len(piece.text) <= 100 for piece in found)
    assert [piece.ordinal for piece in found] == list(range(len(found)))
    shown = "".join(piece.heading + piece.text for piece in found)
    assert all(shown.count(letter) >= min(1, text.count(letter)) for letter in "ab1é🙂")
    assert found or not any(letter in text for letter in "ab1é🙂")


def test_a_row_that_fits_is_not_cut_at_its_full_stops():
    header = "| who | when |\n|---|---|"
    rows = [f"| Dr. Smith {i} | calls at 5 p.m. daily |" for i in range(4)]
    shown = [line for _, text in pieces("\n".join([header, *rows]), SMALL) for line in text.splitlines()]
    assert [line for line in shown if "Smith" in line] == rows


def test_a_fence_that_is_cut_keeps_its_lines():
    lines = ["```", *(f"step_{i} = run(number={i})  # and wait. Then go on." for i in range(5)), "```"]
    shown = [line for _, text in pieces("\n".join(lines), SMALL) for line in text.splitlines()]
    assert shown == lines


def test_a_heading_line_full_of_spaces_is_read_in_no_time():
    assert pieces("# a" + " " * 50_000 + "b\n\nText.")[0][1] == "Text."
