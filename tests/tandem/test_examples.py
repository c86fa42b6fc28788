"""Examples: reading, near-duplicate groups, sides, labels."""

from __future__ import annotations

import json
import random
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.errors import Refused
from tandem.examples import (
    Sides,
    expired_sources,
    near_duplicate_groups,
    parse_examples,
    share_of_groups,
    split,
    untaught,
    usable_examples,
)
from tandem.params import Split
from tandem.records import Example
from tandem.split_record import split_record

DOCUMENTS = ("products/wren.md", "support/descale.md")
HALF = Split(held_out=0.5)


def line(**entry: object) -> str:
    return json.dumps({"question": "How many boilers has the Wren?", "answer": "one", **entry})


def example(id: str, *sources: str, question: str | None = None, labelled: dict[str, str] | None = None) -> Example:
    return Example(id=id, question=question or f"question {id}?", answer="a", sources=sources, labelled=labelled or {})


def ids(examples: tuple[Example, ...] | list[Example]) -> list[str]:
    return [one.id for one in examples]


# --- parsing ---------------------------------------------------------------------------------------------------------------


def test_a_full_line_keeps_every_key_also_unknown_ones() -> None:
    entry = {"id": "pro-1", "question": "Q?", "answer": "A", "sources": ["products/wren.md"], "facts": ["one"], "author": "Ines"}
    [parsed] = parse_examples(json.dumps(entry) + "\n\n", DOCUMENTS)
    assert parsed.model_dump(exclude_defaults=True) == {**entry, "sources": ("products/wren.md",), "facts": ("one",)}


def test_a_missing_id_is_made_from_the_words_of_the_question() -> None:
    [first] = parse_examples(line(), ())
    [same] = parse_examples(line(question="how many boilers has the  WREN", answer="1"), ())
    [other] = parse_examples(line(question="How many boilers has the Heron?"), ())
    assert (first.id, same.id == first.id, other.id == first.id) == ("ex-c9adf95c3e49", True, False)


def test_one_string_will_do_for_a_list_and_a_source_may_be_a_path() -> None:
    text = "\n".join(line(id=str(number), sources=source, facts="one") for number, source in enumerate(PATHS))
    assert [(one.sources, one.facts) for one in parse_examples(text, DOCUMENTS)] == [(("products/wren.md",), ("one",))] * 3


PATHS = ("products/wren.md", "data/documents/products/wren.md", "./data/documents/products/wren.md")


def test_an_unanswerable_question_needs_no_answer() -> None:
    [parsed] = parse_examples('{"question": "Who?", "answerable": false}', ())
    assert (parsed.answer, parsed.answerable) == ("", False)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    assert len(parse_examples("\ufeff" + line(id="a") + "\r\n" + line(id="b") + "\r\n", ())) == 2


def test_lines_that_hold_are_read_past_those_that_do_not():
    lines = ["no json", "", line(id="a", sources="data/documents/x.md"), line(id="b", question=""), line(id="c", sources=["y.md"])]
    assert [(one.id, one.sources) for one in usable_examples("\n".join(lines))] == [("a", ("x.md",)), ("c", ("y.md",))]
    lines += [line(id="a", sources=["y.md"]), line(id="c", sources=["x.md"])]
    assert [(one.id, one.sources) for one in usable_examples("\n".join(lines), ["x.md"])] == [("a", ("x.md",)), ("c", ("x.md",))]


def test_a_line_separator_inside_a_string_does_not_split_the_line() -> None:
    [parsed] = parse_examples('{"question": "a\u2028b?", "answer": "x"}', ())
    assert parsed.question == "a\u2028b?"


def test_every_bad_line_is_named_with_what_is_wrong() -> None:
    lines = [
        line(id="good"),
        "{not json",
        "[1, 2]",
        '{"answer": "x"}',
        '{"question": "Q?", "answer": "  "}',
        line(id="gone", sources=["products/wren.md", "products/osprey.md"]),
        line(id="good"),
        line(id="typed", answer=42),
        line(id="typed too", facts={"a": 1}),
    ]
    with pytest.raises(Refused) as refused:
        parse_examples("\n".join(lines), DOCUMENTS)
    assert list(refused.value.reasons) == [
        "data/examples.jsonl line 2: not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        'data/examples.jsonl line 3: holds a list, not an object like {"question": ..., "answer": ...}',
        "data/examples.jsonl line 4: no question",
        "data/examples.jsonl line 5: no answer",
        "data/examples.jsonl line 6: names a source that is no document: products/osprey.md",
        "data/examples.jsonl line 7: id 'good' is already used on line 1",
        "data/examples.jsonl line 8: answer is a number (42): input should be a valid string",
        'data/examples.jsonl line 9: facts is an object ({"a": 1}): input should be a valid tuple',
    ]
    assert refused.value.hint == "Mend these 8 lines and run again."


def test_several_faults_of_one_line_are_named_together() -> None:
    with pytest.raises(Refused, match=r"mine.jsonl line 1: no question; no answer; names sources that are no document: a.md, b.md"):
        parse_examples('{"sources": ["a.md", "b.md"]}', (), where="mine.jsonl")


def test_after_twenty_bad_lines_the_others_are_counted() -> None:
    with pytest.raises(Refused) as refused:
        parse_examples("\n".join(["nonsense"] * 23), ())
    assert (len(refused.value.reasons), refused.value.reasons[-1]) == (21, "and 3 more")
    assert str(refused.value).endswith("and 3 more. Mend these 23 lines and run again.")


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_whatever_a_line_holds_it_is_read_or_refused(value: object) -> None:
    entry = {"id": value, "question": value, "answer": value, "sources": value, "labelled": value}
    for text in (json.dumps(value), json.dumps(entry)):
        with suppress(Refused):
            assert all(isinstance(one, Example) for one in parse_examples(text, ()))


# --- near-duplicates -------------------------------------------------------------------------------------------------------

WREN = "The Wren is an espresso machine with one boiler and a copper lid for small homes"


def test_a_copied_document_with_a_changed_word_joins_its_original() -> None:
    texts = {
        "b/wren-s.md": WREN + " and offices",
        "a/wren.md": WREN,
        "kettle.md": "The Rill is a kettle that boils one litre in two minutes",
    }
    assert near_duplicate_groups(texts, 0.5) == {"a/wren.md": "a/wren.md", "b/wren-s.md": "a/wren.md", "kettle.md": "kettle.md"}


def test_a_short_text_inside_a_long_one_is_a_near_duplicate() -> None:
    long = " ".join(f"word{number}" for number in range(200))
    assert set(near_duplicate_groups({"short": WREN, "long": f"{long} {WREN} {long}"}, 0.5).values()) == {"long"}


def test_groups_are_closed_over_a_chain() -> None:
    words = [f"w{number}" for number in range(60)]
    texts = {str(start): " ".join(words[start * 10 : start * 10 + 30]) for start in range(4)}
    assert near_duplicate_groups(texts, 0.5) == dict.fromkeys("0123", "0")


def test_the_threshold_must_be_exceeded_not_met() -> None:
    texts = {"a": "one two three four five", "b": "one two three four six"}  # one of two 4-grams is shared
    assert len(set(near_duplicate_groups(texts, 0.5).values())) == 2
    assert len(set(near_duplicate_groups(texts, 0.49).values())) == 1


def test_empty_documents_and_short_ones_are_alone_unless_equal() -> None:
    assert near_duplicate_groups({"a": "", "b": "", "c": "two words", "d": "Two words!", "e": "other words"}, 0.5) == {
        "a": "a", "b": "b", "c": "c", "d": "c", "e": "e",
    }  # fmt: skip


def brute_force(texts: dict[str, str], threshold: float) -> dict[str, str]:
    grams = {
        id: {tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))} for id, words in ((i, t.split()) for i, t in texts.items())
    }
    group = {id: id for id in texts}
    for a in sorted(texts):
        for b in sorted(texts):
            if a < b and len(grams[a] & grams[b]) > threshold * min(len(grams[a]), len(grams[b])):
                old, new = max(group[a], group[b]), min(group[a], group[b])
                group = {id: new if root == old else root for id, root in group.items()}
    return group


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 0.8, 0.95])
def test_groups_equal_those_of_comparing_every_pair(threshold: float) -> None:
    rng = random.Random(7)
    sentences = [" ".join(rng.choice("abcdefghij") for _ in range(rng.randint(3, 9))) for _ in range(40)]
    texts = {f"d{number:02}": " ".join(rng.choice(sentences) for _ in range(rng.randint(1, 5))) for number in range(60)}
    assert near_duplicate_groups(texts, threshold) == brute_force(texts, threshold)


# --- sides -----------------------------------------------------------------------------------------------------------------


def corpus(n: int) -> tuple[list[Example], dict[str, str]]:
    documents = [f"products/doc-{number}.md" for number in range(n)]
    return [example(f"e{number}", document) for number, document in enumerate(documents)], {id: id for id in documents}


def test_about_the_wanted_share_is_held_out_and_nothing_is_lost() -> None:
    examples, groups = corpus(1_000)
    sides = split(examples, groups, Split(held_out=0.4), seed=0)
    assert (len(sides.train), len(sides.held_out), len(sides.straddling)) == (607, 393, 0)


def test_another_seed_is_another_split() -> None:
    examples, groups = corpus(100)
    assert split(examples, groups, HALF, seed=0) != split(examples, groups, HALF, seed=1)


def test_nothing_or_everything_is_held_out_at_the_ends() -> None:
    examples, groups = corpus(50)
    assert len(split(examples, groups, Split(held_out=0), 0).train) == 50
    assert len(split(examples, groups, Split(held_out=1), 0).held_out) == 50


def test_examples_of_one_group_are_on_one_side() -> None:
    examples, groups = corpus(40)
    joined = dict.fromkeys(groups, "products/doc-0.md")
    sides = split(examples, joined, HALF, seed=0)
    assert sorted([len(sides.train), len(sides.held_out)]) == [0, 40]


def test_an_example_with_sources_on_both_sides_straddles() -> None:
    examples, groups = corpus(20)
    sides = split(examples, groups, HALF, seed=0)
    both = example("both", sides.train[0].sources[0], sides.held_out[0].sources[0])
    one = example("one", sides.train[0].sources[0], sides.train[1].sources[0])
    again = split([*examples, both, one], groups, HALF, seed=0)
    assert (ids(again.straddling), ids(again.held_out)) == (["both"], ids(sides.held_out))
    assert ids(again.train) == [*ids(sides.train), "one"]


def test_without_sources_the_words_of_the_question_decide() -> None:
    plain = [example(str(number), question=f"What is {number}?") for number in range(200)]
    sides = split(plain, {}, HALF, seed=0)
    shouted = [one.model_copy(update={"question": one.question.upper()}) for one in plain]
    assert ids(split(shouted, {}, HALF, seed=0).held_out) == ids(sides.held_out)
    assert 80 < len(sides.held_out) < 120


def test_the_side_stays_when_documents_and_examples_are_reordered() -> None:
    examples, groups = corpus(100)
    before = split(examples, groups, HALF, seed=0)
    after = split(examples[::-1], dict(reversed(groups.items())), HALF, seed=0)
    assert set(ids(after.held_out)) == set(ids(before.held_out))


def test_the_side_stays_when_a_near_duplicate_is_added_that_no_example_cites() -> None:
    examples, groups = corpus(100)
    before = split(examples, groups, HALF, seed=0)
    grown = {"a/copy.md": "a/copy.md"}  # a smaller id, so every group gets another representative
    for number, document in enumerate(groups):
        grown[document] = f"a/copy-{number}.md"
        grown[f"a/copy-{number}.md"] = f"a/copy-{number}.md"
    assert split(examples, grown, HALF, seed=0) == before


def test_the_side_stays_when_every_document_moves_to_another_folder() -> None:
    examples, groups = corpus(100)
    before = split(examples, groups, HALF, seed=0)
    moved = [one.model_copy(update={"sources": tuple(s.replace("products/", "archive/2026/") for s in one.sources)}) for one in examples]
    after = split(moved, {s: s for one in moved for s in one.sources}, HALF, seed=0)
    assert ids(after.held_out) == ids(before.held_out)


def test_equal_file_names_are_told_apart_by_their_folders() -> None:
    examples = [example(str(number), f"phones/model-{number}/manual.pdf") for number in range(100)]
    sides = split(examples, {}, HALF, seed=0)
    assert 35 < len(sides.held_out) < 65
    moved = [one.model_copy(update={"sources": (one.sources[0].replace("phones", "archive"),)}) for one in examples]
    assert ids(split(moved, {}, HALF, seed=0).held_out) == ids(sides.held_out)


def test_merged_groups_take_the_side_of_one_of_them() -> None:
    examples, groups = corpus(100)
    held_out = set(ids(split(examples, groups, HALF, seed=0).held_out))
    for number in range(0, 100, 2):
        first, second = f"products/doc-{number}.md", f"products/doc-{number + 1}.md"
        merged = set(ids(split(examples, {**groups, second: first}, HALF, seed=0).held_out))
        assert len({f"e{number}", f"e{number + 1}"} & merged) in (0, 2)
        assert len(merged ^ held_out) <= 1  # the others stay, and of the two at most one moves


# --- labels ----------------------------------------------------------------------------------------------------------------


def test_an_example_expires_when_a_source_changes_or_goes() -> None:
    labelled = [example("kept", "a", labelled={"a": "1"}), example("changed", "a", "b", labelled={"a": "1", "b": "2"})]
    labelled += [example("gone", "c", labelled={"c": "3"}), example("unlabelled", "b"), example("no longer cited", labelled={"b": "2"})]
    found = {one.id: expired_sources(one, {"a": "1", "b": "9"}) for one in [*labelled, example("never there", "d")]}
    assert {name: sources for name, sources in found.items() if sources} == {
        "changed": {"b": "changed"},
        "gone": {"c": "gone"},
        "never there": {"d": "gone"},
    }


def test_the_record_of_a_split_counts_its_sides_and_groups_and_would_tell_of_a_leak() -> None:
    groups = {"a": "a", "b": "a", "c": "c"}
    one, two, other = example("one", "a"), example("two", "b"), example("other", "c")
    sound = split_record(Sides((one, two), (other,), ()), groups)
    assert sound == {
        "train": 2, "held_out": 1, "straddling": 0, "on_near_duplicates": 2, "documents": 3, "near_duplicate_documents": 2,
        "near_duplicate_groups": 1, "groups_on_both_sides": 0,
    }  # fmt: skip
    assert split_record(Sides((one,), (two, other), ()), groups)["groups_on_both_sides"] == 1


def test_a_share_of_groups_parts_no_document_and_comes_close_to_the_share():
    rng = random.Random(0)
    examples = [
        Example(id=f"e{n}", question="?", answer="a", sources=tuple(f"{rng.randint(0, 60)}.md" for _ in range(rng.choice((0, 1, 1, 1, 2)))))
        for n in range(100)
    ]
    inside = share_of_groups(examples, 0.2, seed=3, groups={})
    cited = [{source for one in examples if (one.id in inside) is side for source in one.sources} for side in (True, False)]
    assert cited[0].isdisjoint(cited[1])
    assert 15 <= len(inside) <= 25
    assert inside == share_of_groups(examples[::-1], 0.2, seed=3, groups={})
    assert share_of_groups(examples, 0.0, seed=3, groups={}) == set()


def test_a_group_of_all_examples_stays_outside():
    chained = [Example(id=f"e{n}", question="?", answer="a", sources=(f"{n}.md", f"{n + 1}.md")) for n in range(10)]
    assert share_of_groups(chained, 0.3, seed=0, groups={}) == set()


def test_a_share_of_groups_parts_no_near_duplicates():
    examples = [Example(id=f"e{n}", question="?", answer="a", sources=(f"{n}.md",)) for n in range(20)]
    groups = {f"{n}.md": f"{n // 2 * 2}.md" for n in range(20)}
    inside = share_of_groups(examples, 0.3, seed=0, groups=groups)
    assert len(inside) == 6
    assert all((f"e{n}" in inside) == (f"e{n + 1}" in inside) for n in range(0, 20, 2))


def test_what_an_adapter_learned_another_way_is_not_asked():
    learned = Example(id="a1", question="How heavy is it?", answer="9 kg", sources=("a.md",))
    anew = Example(id="a2", question="What does it weigh?", answer="9 kg", sources=("a.md",))
    other = Example(id="b1", question="What does it cost?", answer="9 euros", sources=("b.md",))
    nowhere = Example(id="c1", question="Who made it?", answer="", sources=())
    examples = [learned, anew, other, nowhere]
    assert untaught([anew, other, nowhere], examples, {"a1"}, {}) == [other, nowhere]
    assert untaught([anew, other, nowhere], examples, {"a1"}, {"a.md": "a.md", "b.md": "a.md"}) == [nowhere]
    assert untaught(examples, examples, set(), {}) == examples
