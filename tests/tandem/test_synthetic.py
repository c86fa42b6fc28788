from random import Random

import pytest

from tandem.synthetic import ABSTAIN, Exercise, Mix, make_exercises, side_of
from tandem.synthetic.names import last_name, make_subject, near_duplicate
from tandem.synthetic.relations import all_relations
from tandem.synthetic.values import KINDS, make_value

PARAGRAPHS = (
    "The quick brown fox jumps over the lazy dog near the river bank. Every morning the miller opens the gate and lets the water run.",
    "A lighthouse keeper writes the weather into a thick green book. Ships that pass at night answer the lamp with two short blasts.",
)


def sheet(side, seed=0, n=300, n_passages=3, mix=None, paragraphs=()):
    rng = Random(seed)
    exercises = []
    while len(exercises) < n:
        exercises += make_exercises(rng, side, n_passages, 3, mix, paragraphs)
    return exercises[:n]


def test_the_same_seed_gives_the_same_exercises_and_another_seed_gives_others():
    assert sheet("train", seed=4, n=40) == sheet("train", seed=4, n=40)
    assert sheet("train", seed=4, n=40) != sheet("train", seed=5, n=40)


@pytest.mark.parametrize("side", ["train", "held_out"])
def test_every_answer_stands_verbatim_in_the_context_where_the_exercise_says(side):
    answered = [exercise for exercise in sheet(side, paragraphs=PARAGRAPHS) if exercise.copies]
    assert len(answered) > 200
    for exercise in answered:
        (copy,) = exercise.copies
        assert exercise.passages[copy.passage][copy.at : copy.at + copy.n_chars] == exercise.answer
        assert exercise.prompt[exercise.prompt_at(copy) :].startswith(exercise.answer)


def test_an_exercise_cites_the_passage_that_holds_its_answer():
    exercises = sheet("train", paragraphs=PARAGRAPHS)
    assert {exercise.cited for exercise in exercises} == {(), (1,), (2,), (3,)}
    for exercise in exercises:
        if not exercise.cited:
            assert exercise.answer == ABSTAIN
        else:
            assert exercise.answer in exercise.passages[exercise.cited[0] - 1]


def test_the_first_passage_holds_the_answer_more_often_where_the_mix_says_so():
    def share(first):
        cited = [exercise.cited for exercise in sheet("train", n=600, mix=Mix(absent=0.0, no_context=0.0, cloze=0.0, first=first))]
        return cited.count((1,)) / len(cited)

    assert 0.25 < share(0.0) < 0.42
    assert share(1.0) > 0.85


def test_held_out_families_never_appear_in_training_and_training_families_never_in_the_exam():
    trained = {family for exercise in sheet("train", n=2000) for family in exercise.families}
    examined = {family for exercise in sheet("held_out", n=600) for family in exercise.families}
    assert not trained & examined
    assert {side_of(family) for family in trained} == {"train"}
    assert {side_of(family) for family in examined} == {"held_out"}
    assert len(trained) > 250
    assert len(examined) > 30


def test_a_relation_is_held_out_whole_whatever_it_is_said_of():
    assert {side_of(f"relation:{name}") for name in {relation.name for relation in all_relations()}} == {"train", "held_out"}
    subjects_of = {relation.name: set() for relation in all_relations()}
    for relation in all_relations():
        subjects_of[relation.name].add(side_of(relation.family))
    assert all(len(sides) == 1 for sides in subjects_of.values())


def test_names_of_the_exam_are_never_names_of_the_training():
    rng = Random(1)
    assert {side_of(last_name(rng, "train")) for _ in range(300)} == {"train"}
    assert {side_of(last_name(rng, "held_out")) for _ in range(300)} == {"held_out"}


def test_abstentions_come_at_their_share_and_say_so_in_the_fixed_words():
    exercises = sheet("train", n=2000, mix=Mix(absent=0.12, no_context=0.02))
    silent = [exercise for exercise in exercises if not exercise.copies]
    assert {exercise.answer for exercise in silent} == {ABSTAIN} == {"I don't know"}
    assert 0.09 < len(silent) / len(exercises) < 0.18
    assert any(exercise.passages == () for exercise in silent)
    assert any(len(exercise.passages) == 3 for exercise in silent)


def test_a_context_mostly_holds_several_values_so_that_the_kind_alone_does_not_give_the_answer():
    answered = [exercise for exercise in sheet("train", n=400) if exercise.copies]
    with_rivals = [exercise for exercise in answered if sum(character.isdigit() for character in "".join(exercise.passages)) > 10]
    assert len(with_rivals) / len(answered) > 0.8


def test_cloze_questions_cut_their_answer_out_of_real_text():
    exercises = sheet("train", n=30, n_passages=2, mix=Mix(cloze=1.0), paragraphs=PARAGRAPHS)
    assert {family for exercise in exercises for family in exercise.families} == {"cloze"}
    assert all(any(exercise.answer in paragraph for paragraph in PARAGRAPHS) for exercise in exercises)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_value_has_text_without_braces_or_line_breaks(kind):
    rng = Random(kind)
    for _ in range(50):
        value = make_value(rng, kind, "train")
        assert value.strip() == value != ""
        assert not set("{}\n\x00") & set(value)


def test_a_near_duplicate_keeps_the_base_name_of_a_thing_and_differs():
    rng = Random(3)
    for _ in range(100):
        thing = make_subject(rng, "thing", "train")
        twin = near_duplicate(rng, thing, "train")
        assert twin.name != thing.name
        assert twin.noun == thing.noun


def test_no_template_braces_or_slots_leak_into_an_exercise():
    for exercise in sheet("train", n=500, paragraphs=PARAGRAPHS):
        assert isinstance(exercise, Exercise)
        assert not set("{}\x00\x01\x02") & set(exercise.prompt + exercise.answer)
