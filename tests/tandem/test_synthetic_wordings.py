from random import Random

import pytest

from tandem.synthetic import Mix, side_of
from tandem.synthetic.deeds import Wording, deeds, facets, gerund, make_deed, participle
from tandem.synthetic.desk import Desk, dossier
from tandem.synthetic.exercises import withhold
from tandem.synthetic.manners import keywords, mistype, own, rule_out
from tandem.synthetic.names import KINDS, Subject, near_duplicate
from tandem.synthetic.paraphrases import of_attributes, of_relations
from tandem.synthetic.relations import Relation, all_attributes, all_relations
from tandem.synthetic.senses import may_confuse, neighbours
from tandem.synthetic.situations import in_first_person, reword_symptom
from tandem.synthetic.spans import KINDS as SPAN_KINDS
from tandem.synthetic.values import KINDS as VALUE_KINDS


def named(name):
    return next(relation for relation in all_relations() if relation.name == name)


def attribute(noun, kind="duration"):
    return Relation(f"attribute:{noun}", "thing", kind, (noun,), family=f"attribute:{noun}")


@pytest.mark.parametrize(
    ("verb", "doing", "done"),
    [
        ("clean", "cleaning", "cleaned"),
        ("take", "taking", "taken"),
        ("put", "putting", "put"),
        ("wrap", "wrapping", "wrapped"),
        ("cancel", "cancelling", "cancelled"),
        ("dry", "drying", "dried"),
    ],
)
def test_verbs_are_inflected(verb, doing, done):
    assert (gerund(verb), participle(verb)) == (doing, done)


def test_a_deed_is_named_with_its_subject_and_its_label_without():
    fields = Wording("take off", "the lid of {e}").fields()
    assert fields["doing"] == "taking off the lid of {e}"
    assert (fields["ing"], fields["pp"], fields["ob"]) == ("taking off the lid", "taken off", "the lid of {e}")
    assert Wording("apply for", "{e}").fields()["ing"] == "applying"
    assert Wording("restore", "{e}", "to factory settings").fields()["pp"] == "restored to factory settings"


@pytest.mark.parametrize("side", ["train", "held_out"])
def test_deeds_and_their_facets_lie_on_the_side_of_their_own_hash(side):
    assert {side_of(f"deed:{name}") for found in deeds(side).values() for name, _ in found} == {side}
    assert {side_of(f"doing:{facet.name}") for found in facets(side).values() for facet in found} == {side}


def test_document_and_question_mostly_name_a_deed_in_different_words():
    rng = Random(1)
    alike = 0
    for _ in range(300):
        deed = make_deed(rng, "train", "thing")
        ask = rng.choice(deed.asks)
        name = deed.name.removeprefix("doing:").rpartition(":")[0]
        told = next(wordings for other, wordings in deeds("train")["thing"] if other == name)
        phrases = {form for wording in told for form in (wording.fields()["do"], wording.fields()["doing"], wording.fields()["done"])}
        alike += any(phrase in ask and any(phrase in say for say in deed.says) for phrase in phrases)
    assert alike < 90


def test_a_rival_deed_keeps_the_deed_or_the_facet():
    rng = Random(2)
    for _ in range(100):
        deed = make_deed(rng, "train", "thing")
        rival = make_deed(rng, "train", "thing", deed)
        name, facet = deed.name.rsplit(":", 1)
        assert rival.name.startswith(name) or rival.name.endswith(f":{facet}")


def test_every_paraphrase_belongs_to_a_relation_or_attribute_that_exists():
    assert set(of_relations()) <= {relation.name for relation in all_relations()}
    assert set(of_attributes()) <= {(noun, kind) for kind, nouns in all_attributes().items() for noun in nouns}
    assert all("{e}" in ask for asks in [*of_relations().values(), *of_attributes().values()] for ask in asks)


def test_every_relation_has_a_known_kind_of_subject_and_value_and_holes_for_both():
    for relation in all_relations():
        assert relation.subject in KINDS
        assert relation.value in VALUE_KINDS
        assert all(say.count("{v}") == 1 and "{e}" in say for say in relation.says)
        assert all("{e}" in ask and "{v}" not in ask for ask in relation.asks)


def test_long_values_are_among_the_kinds():
    assert set(SPAN_KINDS) <= set(VALUE_KINDS)


def test_what_one_question_could_mean_is_confusable_and_what_it_could_not_is_not():
    assert may_confuse(named("lead_time"), named("processing"))
    assert may_confuse(named("weight"), attribute("gross weight", "mass"))
    assert not may_confuse(named("weight"), named("price"))
    assert not may_confuse(named("owner_person"), named("event_date"))


def test_all_that_may_be_confused_is_there():
    told = {facet.name for side in ("train", "held_out") for several in facets(side).values() for facet in several}
    nouns = {noun for several in all_attributes().values() for noun in several}
    assert neighbours().keys() <= {relation.name for relation in all_relations()} | nouns | told


def test_two_sides_of_one_deed_are_confusable_only_where_their_questions_are():
    def side(deed, facet):
        return Relation(f"doing:{deed}:{facet}", "thing", "step", (facet,), family=f"doing:{facet}")

    assert may_confuse(side("clean lid", "latest"), side("clean lid", "within"))
    assert not may_confuse(side("clean lid", "how"), side("clean lid", "fee"))
    assert not may_confuse(side("clean lid", "latest"), side("clean tank", "within"))


def test_what_is_asked_in_vain_cannot_be_taken_for_anything_that_the_context_says():
    rng = Random(5)
    for _ in range(200):
        desk = Desk(rng, "train", Mix(), (), ())
        facts = [fact for sheet in dossier(desk, 2) for fact in sheet.facts]
        withheld = withhold(desk, facts)
        for fact in facts if withheld else ():
            if fact.subject.core == withheld.subject.core:
                assert not may_confuse(fact.relation, withheld.relation)


def test_conditions_are_told_as_situations():
    rng = Random(0)
    assert {in_first_person(rng, "for trainees") for _ in range(60)} >= {"I am one of the trainees. ", "We are trainees. "}
    assert {in_first_person(rng, "without a receipt") for _ in range(30)} >= {"The receipt is gone. "}
    assert in_first_person(rng, "number 7") is None


def test_symptoms_are_reworded_and_keep_their_object():
    assert reword_symptom(Random(0), "the lid leaks").startswith("the lid ")
    assert reword_symptom(Random(0), "the lid leaks") != "the lid leaks"


def test_keywords_leave_out_what_a_search_box_does_not_need():
    kept = {keywords(Random(seed), "How often do I have to clean the lid of the Wren") for seed in range(9)}
    assert kept == {"how often clean lid Wren", "clean lid Wren how often"}


def test_a_slip_changes_one_longer_word_and_no_name():
    for seed in range(30):
        slipped = mistype(Random(seed), "How often should Wren be cleaned")
        assert slipped.split()[:2] + slipped.split()[3:5] == ["How", "often", "Wren", "be"] or slipped.startswith("How ")
        assert "Wren" in slipped


def test_a_name_is_not_shortened_to_that_of_a_rival():
    subject = Subject("thing", "Wren S grinder", "grinder", article=True)
    told = {own(Random(seed), subject, {"Wren S"}) for seed in range(200)}
    assert not {"Wren S", "the Wren S"} & told
    assert {"Wren S", "the Wren S"} <= {own(Random(seed), subject, {"Heron"}) for seed in range(200)}


def test_a_rival_is_ruled_out_by_name():
    texts = [rule_out(Random(seed), "How heavy is the Wren", "the Wren", "the Heron") for seed in range(20)]
    assert all("the Wren" in text and "the Heron" in text and not text.endswith("?") for text in texts)


def test_a_near_duplicate_differs_in_more_than_its_noun():
    rng = Random(8)
    wren = Subject("thing", "Wren", "grinder")
    assert wren.core == Subject("thing", "Wren grinder", "grinder").core == "wren"
    assert all(near_duplicate(rng, wren, "train").core != "wren" for _ in range(100))
