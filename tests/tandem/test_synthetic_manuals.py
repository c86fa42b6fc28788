from random import Random

import pytest

from tandem.synthetic import Mix, make_exercises, read_section, side_of
from tandem.synthetic.manuals import MAX_ANSWER_CHARS, ask_about_sentence, doing_of

TITLES = [f"Set the {noun}" for noun in ("timer", "alarm", "language", "volume", "clock", "colour", "sleep mode", "ring tone", "region")]
PAGE = """{title}

{title}

Choose how it starts in the morning. You can change this at any time.

YES

Was this content helpful?

To turn off the sound of it at night, open the menu, and then choose Silent."""
SECTIONS = [read_section(title, PAGE.format(title=title)) for title in TITLES]
MANUALS = Mix(manuals=1.0, absent=0.0, target_chars=(80, 300))


def test_a_section_is_its_sentences_without_title_shouts_and_asides():
    assert SECTIONS[0].sentences == (
        "Choose how it starts in the morning.",
        "You can change this at any time.",
        "To turn off the sound of it at night, open the menu, and then choose Silent.",
    )


def test_a_page_of_one_line_is_no_section():
    assert read_section("Contents", "Contents\n\nGetting started\n\nFor more information, visit") is None


@pytest.mark.parametrize(
    ("title", "doing"),
    [("Set the timer", "set the timer"), ("Setting the timer", "set the timer"), ("Managing apps", "manage apps"), ("Smart lock", None)],
)
def test_a_title_that_tells_what_to_do_becomes_an_infinitive(title, doing):
    assert doing_of(title) == doing


def test_a_sentence_is_asked_for_by_what_it_tells_to_do():
    question = ask_about_sentence(Random(0), SECTIONS[0], SECTIONS[0].sentences[2])
    assert "turn off the sound of it at night" in question
    assert ask_about_sentence(Random(0), SECTIONS[0], "Its colour is green.") is None


@pytest.mark.parametrize("seed", range(20))
def test_an_answer_is_whole_sentences_of_the_passage_that_is_cited(seed):
    side = "train" if any(side_of(f"section:{title}") == "train" for title in TITLES) else "held_out"
    for made in make_exercises(Random(seed), side, 3, 2, MANUALS, sections=SECTIONS):
        assert made.prompt[made.prompt_at(made.copies[0]) :].startswith(made.answer)
        assert made.answer in made.passages[made.cited[0] - 1]
        assert made.answer.endswith(".")
        assert len(made.answer) <= MAX_ANSWER_CHARS


def test_a_question_on_a_section_that_is_not_there_is_answered_by_abstaining():
    mix = Mix(manuals=1.0, absent=1.0, target_chars=(80, 300))
    made = [one for seed in range(20) for one in make_exercises(Random(seed), "train", 2, 1, mix, sections=SECTIONS)]
    assert made
    assert {one.answer for one in made} == {"I don't know"}
    assert not any(
        title.removeprefix("Set ").lower() in " ".join(one.passages).lower()
        for one in made
        for title in TITLES
        if title.lower() in one.question.lower()
    )
