import re
from random import Random

import pytest

from tandem.synthetic.written import Asked, is_rivalled, make_written, read_manual_questions, read_organisation, shelves

ORGANISATION = """A line before the first document is left out.

=== products/pump.md
# Brine pump

The pump weighs 11.5 kg and moves **40 litres** a minute.

| Size | Price |
|---|---|
| Small | EUR 15 |
| Large | EUR 150 |

## Care

Rinse it with fresh water after every use. It must not freeze, or the housing cracks.
--- questions
Q: What does the pump weigh?
Q: how heavy is it to carry
A: 11.5 kg

Q: Price of the small one?
A: EUR 15

Q: May the pump freeze?
A: no
E: It must not freeze

Q: How heavy is it, and what does the large one cost?
A: 11.5 kg | EUR 150

Q: Who makes the pump?
A: -

=== policies/returns.md
# Returns

Send goods back within 30 days. Only the **buyer** may return them.
--- questions
Q: How long may I send things back?
A: within 30 days
"""
TEXTS = read_organisation(ORGANISATION)
LIBRARY = [shelves(TEXTS)]


def drawn(n_passages, n=400):
    made = (make_written(Random(seed), LIBRARY, n_passages) for seed in range(n))
    return [one for one in made if one is not None]


def test_a_file_is_read_as_documents_with_their_questions():
    assert [text.path for text in TEXTS] == ["products/pump.md", "policies/returns.md"]
    assert TEXTS[0].asked[0] == Asked(("What does the pump weigh?", "how heavy is it to carry"), ("11.5 kg",))
    assert TEXTS[0].asked[2] == Asked(("May the pump freeze?",), ("It must not freeze",), "No")
    assert TEXTS[0].asked[3].spans == ("11.5 kg", "EUR 150")
    assert TEXTS[0].asked[4].spans == ()
    assert "Q:" not in TEXTS[0].text


@pytest.mark.parametrize(
    ("document", "question", "nth"),
    [
        ("The Eider 20 starts in 9 seconds. The Eider 40 starts in 9 seconds, warm.", "How soon does the Eider 20 start?", 0),
        ("The Eider 20 starts in 9 seconds. The Eider 40 starts in 9 seconds, warm.", "How soon does the Eider 40 start?", 1),
        ("| | Eider 20 | Eider 40 |\n|---|---|---|\n| Start | 9 seconds | 9 seconds |", "How soon does the Eider 40 start?", 1),
        (
            "| | Start | Stop |\n|---|---|---|\n| Eider 20 | 9 seconds | 7 |\n| Eider 40 | 9 seconds | 8 |",
            "When does an Eider 40 start?",
            1,
        ),
        ("Times:\n| | Eider 20 | Eider 40 |\n|---|---|---|\n| Start | 9 seconds | 9 seconds |", "How soon does the Eider 40 start?", 1),
    ],
)
@pytest.mark.parametrize("title", ["Starting", "Eider 20 and Eider 40", "Ready in: 9 seconds"])
def test_of_several_places_the_one_answers_that_is_spoken_of(document, question, nth, title):
    text = read_organisation(f"=== a/b.md\n# {title}\n\n{document}\n--- questions\nQ: {question}\nA: 9 seconds\n")
    shelf = shelves(text)[400]
    ((i, at, n_chars),) = shelf.pieces[0].places
    assert shelf.passages[i][at : at + n_chars] == "9 seconds"
    assert shelf.passages[i][:at].count("9 seconds") == nth + title.count("9 seconds")


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("Q: How heavy?\nA: 12 kg", "'12 kg' does not stand in the document"),
        ("Q: How heavy?\nA: 1.5 kg", "'1.5 kg' does not stand in the document"),
        ("Q: How heavy?\nA: 5 kg", "'5 kg' does not stand in the document"),
        ("Q: Is it heavy?\nA: yes", "an `E:` line"),
        ("Q: How heavy?", "needs questions and one answer"),
        ("Question: How heavy?\nA: 11.5 kg", "none of `Q: ...`"),
    ],
)
def test_a_block_that_does_not_hold_is_named(block, said):
    with pytest.raises(ValueError, match=said):
        read_organisation(f"=== a/b.md\n# Pump\n\nIt weighs 11.5 kg.\n--- questions\n{block}\n")


def test_every_copied_part_of_an_answer_stands_in_its_passage():
    exercises = drawn(3)
    for one in exercises:
        for copy in one.copies:
            said = one.answer[copy.answer_at : copy.answer_at + copy.n_chars]
            assert one.passages[copy.passage][copy.at : copy.at + copy.n_chars] == said
            assert one.prompt[one.prompt_at(copy) :].startswith(said)
    answers = {one.answer for one in exercises}
    assert {"11.5 kg", "EUR 15", "No, It must not freeze", "11.5 kg and EUR 150", "within 30 days", "I don't know"} <= answers


def test_an_answer_is_never_part_of_a_longer_number():
    rows = [one for one in drawn(1) if one.answer == "EUR 15"]
    assert rows
    for one in rows:
        assert one.passages[0][one.copies[0].at :].startswith("EUR 15 ")


def test_where_the_reader_must_abstain_no_passage_holds_the_answer():
    silent = [one for one in drawn(2) if not one.copies and "weigh" in one.question]
    assert silent
    assert not any("11.5 kg" in passage for one in silent for passage in one.passages)


@pytest.mark.parametrize(
    ("answer", "rivalled"),
    [("45 seconds", True), ("93 °C", False), ("Two holes", False), ("EUR 15", True), ("a bare tip", False)],
)
def test_an_answer_has_a_rival_where_another_of_its_kind_stands_beside_it(answer, rivalled):
    passage = "It foams in 45 seconds, the small one in 70 seconds, at 93 °C. Two holes in a bare tip.\n| Tip | EUR 15 | bare |"
    assert is_rivalled(passage, passage.index(answer), len(answer)) is rivalled


def test_questions_without_a_rival_can_be_drawn_less_often():
    made = [make_written(Random(seed), LIBRARY, 2, plain_kept=0.0) for seed in range(300)]
    answers = [one.answer for one in made if one and one.copies]
    assert "EUR 15" in answers
    assert all(re.search(r"EUR \d\d", answer) for answer in answers)  # in whatever digits, of "EUR 150" too


def test_sentences_of_a_manual_are_answers_by_their_numbers():
    sections = {"tv#light": ("Light", ["Press the key.", "Turn it left.", "It goes out."])}
    lines = ["tv#light\t1-2\tHow do I dim it?", "tv#light\t0-0\tWho made it?", "tv#gone\t1-1\tWhere?"]
    (text,) = read_manual_questions(lines, sections)
    assert text.text == "# Light\n\nPress the key.\n\nTurn it left.\n\nIt goes out."
    assert text.asked == (Asked(("How do I dim it?",), ("Press the key. Turn it left.",)), Asked(("Who made it?",), ()))
    with pytest.raises(ValueError, match=r"tv#light: sentences 2-9 of 3"):
        read_manual_questions(["tv#light\t2-9\tHow?"], sections)
    sections["tv#sound"] = ("Sound", ["Who made the sound? Press the louder key.", "It is heard at once."])
    both = read_manual_questions([*lines, "tv#sound\t1-2\tHow do I hear it?"], sections)
    exercises = [made for seed in range(200) if (made := make_written(Random(seed), [shelves(both, repeats=True)], 3))]
    unanswered = [made for made in exercises if not made.copies]
    assert {made.question.rstrip("?") for made in unanswered} == {"Who made it"}  # in manuals that repeat each other nothing is withheld,
    assert all(passage.startswith("Light: ") for made in unanswered for passage in made.passages)  # nor is another section shown


def test_a_long_answer_that_a_passage_cuts_off_ends_at_a_sentence():
    sentences = [f"Step {n}: press the key number {n} until the lamp goes green again." for n in range(1, 8)]
    (text,) = read_manual_questions(["tv#keys\t1-6\tHow do I reset it?"], {"tv#keys": ("Keys", sentences)})
    (piece,) = shelves([text], sizes=[400])[400].pieces
    ((passage, at, n_chars),) = piece.places
    shown = shelves([text], sizes=[400])[400].passages[passage][at : at + n_chars]
    assert shown.startswith("Step 1")
    assert shown.endswith("again.")
    assert "Step 4" in shown
    assert "Step 6" not in shown
