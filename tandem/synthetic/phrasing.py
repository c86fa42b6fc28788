# ruff: noqa: SIM905 - lists of words read better as text
"""From a fact to a sentence, a label line or a question; wordings come from the relation or from general frames."""

import re
from dataclasses import dataclass
from functools import cache
from random import Random

from tandem.synthetic import manners, situations, words
from tandem.synthetic.names import Subject
from tandem.synthetic.relations import Relation
from tandem.synthetic.split import Side, on_side
from tandem.synthetic.values import CONTRASTABLE, make_value

SAY_FRAMES = (
    "The {a} of {e} is {v}|{e} has a {a} of {v}|For {e}, the {a} is {v}|{v} is the {a} of {e}|The {a} for {e} was set to {v}|"
    "{e}: {a} {v}|{e} comes with a {a} of {v}|"
    "Note that {e} uses {v} as its {a}|As of this {n}, the {a} for {e} is {v}|We list {v} as the {a} of {e}|"
    "When it comes to {e}, the {a} equals {v}|The {a} ({e}): {v}|"
    "According to the {n}, {e} has {v} as {a}|The {a} of {e} = {v}|The current {a} of {e} remains {v}|"
    "{e} - {a} is now {v}, as agreed in the {n}|The {n} for {e} states a {a} of {v}|"
    "In the case of {e} we apply {v} as the {a}|Regarding the {a}, {e} is listed with {v}|{e} is offered with {v} ({a})|"
    "The {a} that applies to {e} is {v} at present|"
    "Since the last {n}, {e} has had {v} as {a}|{e} stands at {v} for the {a}|If you ask for the {a} of {e}, it is {v}|"
    "The {a} on {e} was raised to {v}|The {a} on {e} has been cut to {v}|"
    "Unlike other cases, {e} has a {a} of {v}|Please remember the {a} of {e}: {v}|With {e}, the {a} changed to {v} after the {n}|"
    "{e} ({a}: {v}) is part of the {j} {n}|"
    "Under the {j} {n}, {e} falls under a {a} of {v}|{v} applies as {a} to {e}|Everyone should know that the {a} of {e} is {v}|"
    "We agreed on {v} as the {a} for {e}|"
    "For {e} the {n} names {v} as {a}|The {a} given for {e} in the {n} is {v}|{e} now goes with {v} as its {a}|"
    "On {e}: the {a} is {v}, not more and not less|The {n} sets the {a} of {e} at {v}"
).split("|")
BARE_SAY_FRAMES = (
    "The {a} is {v}|{a}: {v}|With a {a} of {v}, it is a {j} choice|The {a} was set to {v}|The {a} comes to {v}|Its {a} is {v}|"
    "Here the {a} is {v}|We use {v} as the {a}|The {a} has been {v} since the last {n}|"
    "{a} - {v}|It has a {a} of {v}|There is a {a} of {v}|{v} is the {a}|The {a} now stands at {v}|As {a} we apply {v}|"
    "{v} is given as the {a} in the {n}|It comes with a {a} of {v}"
).split("|")
ASK_FRAMES = (
    "What is the {a} of {e}|What {a} does {e} have|Which {a} applies to {e}|{a} of {e}|Tell me the {a} for {e}|"
    "What is the {a} for {e}|{e}: what is the {a}|Please give the {a} of {e}|"
    "Do you know the {a} for {e}|I need the {a} of {e}|{w} is the {a} of {e}|Can you tell me what {a} {e} has|"
    "Could you look up the {a} that belongs to {e}|For {e}, what {a} is listed|{e} {a}|"
    "{w} is the {a} for {e}|What is the {a} when it comes to {e}|What does the document say about the {a} of {e}|"
    "What {a} do we have for {e}|What should I know about the {a} of {e}|What's the {a} of {e}|"
    "Which {a} is given for {e}|Remind me of the {a} of {e}|What is the current {a} of {e}"
).split("|")
BARE_ASK_FRAMES = "What is the {a}|{w} is the {a}|Which {a} applies|What {a} is given|What is the {a} here|What {a} does it have|{a}".split(
    "|"
)
WH = {
    "person": "Who",
    "role": "Who",
    "org": "Who",
    "place": "Where",
    "room": "Where",
    "date": "When",
    "clock": "When",
    "weekday": "When",
    "hours": "When",
    "year": "When",
    "duration": "How long",
    "money": "How much",
    "mass": "How much",
    "volume": "How much",
    "count": "How many",
    "people": "How many",
    "days": "How many",
    "frequency": "How often",
    "length": "How long",
    "size": "How big",
    "temperature": "How high",
    "percent": "How high",
    "pressure": "How high",
    "speed": "How high",
    "noise": "How high",
}


@dataclass(frozen=True)
class Fact:
    """`slot` marks where the value lands in a text until the passage is finished; see `passages.fill_slots`."""

    subject: Subject
    relation: Relation
    label: str
    value: str
    slot: str

    @property
    def key(self) -> tuple[str, str]:
        return self.subject.full_name.lower(), self.relation.name


def capitalise(text: str) -> str:
    """The first letter large, the rest as it is."""
    return text[:1].upper() + text[1:]


@cache
def _frames(side: Side, kind: str) -> list[str]:
    frames = {"say": SAY_FRAMES, "bare say": BARE_SAY_FRAMES, "ask": ASK_FRAMES, "bare ask": BARE_ASK_FRAMES}[kind]
    return on_side(side, frames, f"{kind.removeprefix('bare ')}:")


def refer(rng: Random, subject: Subject) -> str:
    """How a text speaks of its own topic once the heading or an earlier sentence has named it."""
    if subject.kind in ("symptom", "topic"):
        return subject.mention
    if subject.kind == "person":
        return rng.choice(["she", "he", "they", subject.name.split()[0], subject.name.split()[-1]])
    return rng.choice(["it", "it", "it", f"the {subject.noun}", f"this {subject.noun}", f"our {subject.noun}", subject.mention])


def noun_of(fact: Fact) -> str:
    """The label in a sentence: the first is always a noun, the others may only do in a table ("made in")."""
    return fact.relation.labels[0]


OPENINGS = (
    "As a rule, |In general, |By the way, |As agreed, |In practice, |From experience, |Normally, |In addition, |However, |"
    "Since the last {n}, |After the {j} {n}, |"
    "Although {s}, |Unless {s}, |As far as the {n} goes, |To be clear, |Until further notice, |For the time being, |By law, |"
    "On top of the {n}, |Despite the {n}, "
).split("|")
TAILS = (
    ", counted from the {n}| unless {s}| as long as the {n} is {j}|, whatever the {n}|, provided that the {n} is {j}| (see {n})|"
    ", as in the year before| if the {n} allows|, which surprised many|"
    ", including the {n}|, without the {n}| (not the {j} {n})|, not the {n}|, just like the {n}| because {s}|"
    ", so that the {n} stays {j}|, even if {s}|; the {n} is extra|, which covers the {n}| rather than the {n}| while {s}|"
    " (with the {j} {n})|, according to the {n}|, after which the {n} is {j}| and the {n} is {j}| but {s}"
).split("|")


CONTRASTS = (
    ", no longer {o}|, not {o}| (previously {o})|, not {o} as some believe|; until last {m} it was {o}| instead of {o} as in the past|"
    ", whereas it used to be {o}| rather than {o}| (not {o})|, while elsewhere it is {o}| since {m}; before that it was {o}|, up to now {o}"
).split("|")


def contrast(rng: Random, fact: Fact, sentence: str, side: Side) -> str:
    """The statement with a value that does not hold behind it: the old one, or one that people wrongly believe."""
    other = make_value(rng, fact.relation.value, side)
    if other in fact.value or fact.value in other:
        return sentence
    return sentence + rng.choice(CONTRASTS).format(o=other, m=rng.choice(words.MONTHS))


def smooth(text: str) -> str:
    """ "the lid of it" -> "its lid"."""
    return re.sub(r"\bthe ([a-z]+(?: [a-z]+)?) of it\b", r"its \1", text) if " of it" in text else text


def embed(rng: Random, sentence: str) -> str:
    """A statement in running text: now and then with an opening, more often with an afterthought behind it."""
    roll = rng.random()
    if roll < 0.82:
        return sentence
    noun, adjective = rng.choice(words.THINGS), rng.choice(words.ADJECTIVES)
    symptom = rng.choice(words.SYMPTOMS).format(o=rng.choice(words.THINGS))
    if roll < 0.87:
        return rng.choice(OPENINGS).format(n=noun, j=adjective, s=symptom) + sentence
    return sentence + rng.choice(TAILS).format(n=noun, j=adjective, s=symptom)


def state(rng: Random, fact: Fact, mention: str, side: Side, named_above: bool = False) -> str:
    """One sentence without its final stop."""
    parts = {"a": noun_of(fact), "e": mention, "v": fact.slot, "n": rng.choice(words.THINGS), "j": rng.choice(words.ADJECTIVES)}
    if named_above and rng.random() < 0.2 and fact.subject.kind != "symptom":
        template = rng.choice(_frames(side, "bare say"))
    elif fact.relation.says and (rng.random() < 0.8 or fact.relation.family.startswith("doing:")):
        template = rng.choice(fact.relation.says)
    else:
        template = rng.choice(_frames(side, "say"))
    if named_above and fact.relation.family.startswith("doing:") and rng.random() < 0.5:
        template = template.replace(" of {e}", "")
    sentence = smooth(template.format(**parts))
    if fact.relation.value in CONTRASTABLE and template.endswith("{v}") and rng.random() < 0.07:
        return capitalise(contrast(rng, fact, sentence, side))
    return capitalise(embed(rng, sentence))


def ask(rng: Random, fact: Fact, mention: str | None, side: Side, other: str = "") -> str:
    """A question about the fact; `mention=None` asks without naming the subject, `other` is a rival that may be ruled out by name."""
    if fact.subject.kind == "clause":
        return finish_question(rng, rng.choice(fact.relation.asks))
    pronoun = rng.choice(["it", "it", "this", "that" if fact.subject.noun == "case" else f"the {fact.subject.noun}"])
    if mention is None:
        return finish_question(rng, _ask_about(rng, fact, pronoun if rng.random() < 0.5 else None, side))
    if fact.subject.kind == "symptom" and rng.random() < 0.4:
        mention = situations.reword_symptom(rng, mention)
    situation = situations.in_first_person(rng, fact.subject.qualifier) if fact.subject.qualifier and rng.random() < 0.4 else None
    if situation:
        question = capitalise(_ask_about(rng, fact, mention.removesuffix(fact.subject.qualifier).rstrip(), side))
        return finish_question(rng, situation + question)
    if other and rng.random() < 0.12:
        return finish_question(rng, manners.rule_out(rng, capitalise(_ask_about(rng, fact, mention, side)), mention, other))
    if fact.subject.kind != "symptom" and rng.random() < 0.08:
        label = rng.choice(fact.relation.labels) if fact.relation.asks and rng.random() < 0.5 else noun_of(fact)
        return finish_question(rng, rng.choice(ELLIPSES).format(A=capitalise(label), a=label, e=mention))
    if fact.subject.kind == "fault" and rng.random() < 0.2:
        told = rng.choice(["it", "it", "this", mention])
        return finish_question(rng, situations.fault_story(rng, mention) + capitalise(_ask_about(rng, fact, told, side)))
    if fact.subject.kind not in ("symptom", "person") and rng.random() < 0.12:
        if rng.random() < 0.4:
            told = rng.choice([pronoun, pronoun, mention])
            return finish_question(rng, manners.story(rng, fact.subject, mention) + capitalise(_ask_about(rng, fact, told, side)))
        setting = capitalise(rng.choice(SETTINGS).format(e=mention))
        question = _ask_about(rng, fact, pronoun, side)
        own_sentence = setting.endswith((". ", "? "))
        return finish_question(rng, setting + (capitalise(question) if own_sentence else question[:1].lower() + question[1:]))
    return finish_question(rng, _ask_about(rng, fact, mention, side))


def _ask_about(rng: Random, fact: Fact, mention: str | None, side: Side) -> str:
    label, wh = noun_of(fact), WH.get(fact.relation.value, "What")
    if mention is None:
        return rng.choice(_frames(side, "bare ask")).format(a=label, w=wh)
    if fact.relation.asks and (rng.random() < 0.85 or fact.relation.family.startswith("doing:")):
        question = smooth(rng.choice(fact.relation.asks).format(e=mention))
        return f"{question} {manners.extra(rng, side)}" if rng.random() < 0.06 else question
    return rng.choice(_frames(side, "ask")).format(a=label, e=mention, w=wh)


LEAD_INS = (
    "Please tell me: |Hi, |Hello, |Quick question: |I would like to know: |Sorry, |Do you know: |One more thing: |A customer asks: |"
    "For my notes: |I forgot: |Can you help me? |Just to be sure: |We are not certain: |As {g}: |I am one of the {g}. |I work in {d}. |"
    "I am the {d} lead. |It is {w} and I am in a hurry. |My boss wants to know: |We had a call about this. |"
    "I have looked everywhere. |Somebody from {d} asked me: |"
    "Since last {w} I have been wondering: |The {t} is on my desk. |I need this for a {t}. |Apart from the {t}: |Never mind the {t}. "
).split("|")
SETTINGS = (
    "We have {e} here. |About {e}: |{e}: |Regarding {e}, |I am asking about {e}. |This is about {e}. |My colleague asks about {e}. |"
    "I am new here and need help with {e}. |We are looking into {e}. |Question on {e}: |As for {e}, |"
    "With {e}, |For {e}: |I just read about {e}. |Take {e}. |A visitor wants to know about {e}. |I have {e} in front of me. |"
    "Somebody mentioned {e}. |You know {e}? |In the case of {e}, "
).split("|")
ELLIPSES = "{A} of {e}|{A} for {e}|{e}, {a}|{A} {e}|And the {a} of {e}|{e} - {a}|{A} ({e})|{A} with {e}|{A}, {e}".split("|")


def finish_question(rng: Random, question: str) -> str:
    """Everyday variation: other words for the same thing, small letters, no question mark, a lead-in."""
    if rng.random() < 0.25:
        question = swap_words(rng, question)
    if rng.random() < 0.04:
        question = manners.mistype(rng, question)
    elif rng.random() < 0.05 and "?" not in question and ". " not in question:
        question = manners.keywords(rng, question)
    if rng.random() < 0.1:
        lead_in = rng.choice(LEAD_INS).format(
            g=rng.choice(words.GROUPS), d=rng.choice(words.TEAMS), w=rng.choice(words.WEEKDAYS), t=rng.choice(words.THINGS)
        )
        question = lead_in + (capitalise(question) if lead_in.endswith((". ", "? ")) else question[:1].lower() + question[1:])
    question = capitalise(question) + ("" if rng.random() < 0.08 else "?" + (rng.choice(manners.ENDS) if rng.random() < 0.06 else ""))
    return question.lower() if rng.random() < 0.05 else question


def swap_words(rng: Random, text: str) -> str:
    """Some words replaced by everyday synonyms."""
    parts = [
        rng.choice(words.SYNONYMS[word].split()).replace("-", " ") if word in words.SYNONYMS and rng.random() < 0.7 else word
        for word in text.split()
    ]
    return " ".join(parts)
