# ruff: noqa: SIM905 - lists of words read better as text
"""Questions that tell a situation where the document states a condition: "for trainees" becomes "I am a trainee", a symptom other words."""

import re
from random import Random

from tandem.synthetic import words

# pattern of a qualifier -> what somebody says to whom it applies; \1 is the group of the pattern
_CONDITIONS = (
    (
        r"for (full-time staff|part-time staff|trainees|interns|contractors|new hires|shift workers|managers|parents|members|students|"
        r"pensioners|visitors|"
        r"field engineers|drivers|night staff|residents|first-time buyers|business customers|premium members|volunteers)",
        r"I am one of the \1.|I belong to the \1.|I ask on behalf of the \1.|My brother is one of the \1.|We are \1.|I count among the \1.",
    ),
    (
        r"in (January|February|March|April|May|June|July|August|September|October|November|December)",
        r"It will be in \1.|We are talking about \1.|I need it in \1.|My plan is for \1.|It is \1 now.",
    ),
    (
        r"on (Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)s",
        r"Today is \1.|It will be a \1.|I only have time on a \1.|Next \1, maybe.",
    ),
    (r"in winter", "It is snowing outside.|We have winter now.|It is the cold season.|My plan is for the cold months."),
    (r"in summer", "It is the hot season.|We have summer now.|My plan is for the warm months."),
    (r"in ([A-Z]\w+)", r"I live in \1.|I am based in \1.|My desk is in \1.|We are talking about \1.|I am calling from \1."),
    (r"at the ([A-Z]\w+) site", r"I work in \1.|My desk is in \1.|We are at the place in \1."),
    (r"on public holidays", "Tomorrow is a public holiday.|It falls on a bank holiday.|It is for a day when all shops are shut."),
    (r"at night", "It is after midnight.|I work while others sleep.|It happens long after dark."),
    (r"at weekends", "I only have time on Saturday or Sunday.|It is not a working day.|It is for Saturday and Sunday."),
    (r"abroad", "I am in another country.|I am travelling far from home.|It is across the border."),
    (r"at home", "I do it from my own flat.|It happens within my own four walls.|I am not in the office but in my kitchen."),
    (r"online", "I use the website for it.|I do it on the internet.|I click instead of calling."),
    (r"by post", "I put it into an envelope.|I mail it.|It goes into the letter box."),
    (r"by express", "It has to go the fastest way.|I am in a great hurry and pay for speed."),
    (r"without a receipt", "I have lost the receipt.|The receipt is gone.|I threw away the receipt."),
    (r"without notice", "I did not tell anybody beforehand.|Nobody was told in advance."),
    (r"without an? (\w+)", r"I have no \1.|The \1 is missing.|We do not own a \1.|There is no \1."),
    (r"with an? (\w+)", r"I have a \1.|There is a \1.|We own a \1.|A \1 is part of it."),
    (r"after the first year", "I have been here for more than a year.|Over a year has passed."),
    (r"in the first year", "It has not been a year yet.|I started a few months ago."),
    (r"during probation", "I am still on trial.|My trial months are not over."),
    (r"outdoors", "It stands in the garden.|It is under the open sky.|We are outside."),
    (r"indoors", "It stands in my living room.|We have a roof over our heads.|It is inside the house."),
    (r"for large (\w+)", r"My \1 are big.|We have huge \1.|Our \1 are anything but little."),
    (r"for small (\w+)", r"My \1 are tiny.|We have little \1.|Our \1 are not big at all."),
    (r"for new (\w+)", r"My \1 have just been bought.|The \1 have never been touched.|Our \1 are straight from the factory."),
    (r"for used (\w+)", r"My \1 are second-hand.|The \1 had an owner before me.|Our \1 are not in their first life."),
    (r"above (\d+) EUR", r"It is more than \1 EUR.|The sum is beyond \1 EUR.|I paid over \1 EUR."),
    (r"below (\d+) EUR", r"It is less than \1 EUR.|The sum is under \1 EUR.|I paid not even \1 EUR."),
)
CONDITIONS = tuple((re.compile(f"^{pattern}$"), texts.split("|")) for pattern, texts in _CONDITIONS)

# end of a symptom -> other words for it
_SYMPTOMS = {
    "is stuck": "is jammed|has got wedged|sits tight and will not budge",
    "does not move": "stays where it is|stands still|has no motion at all",
    "leaks": "drips|lets liquid through|loses liquid",
    "stays dark": "does not light up|gives no light|is black",
    "makes a loud noise": "is terribly loud|roars|makes a racket",
    "is missing": "is not there|is nowhere to be found|cannot be found",
    "gets too hot": "overheats|burns my fingers|becomes hotter than it should",
    "is full": "has no room left|cannot take any more|is filled to the brim",
    "is empty": "has nothing left in it|has run out",
    "is blocked": "is clogged|lets nothing through",
    "flashes red": "blinks in red|shows a red blinking light",
    "smells burnt": "has a smell of burning|smells as if it were on fire",
    "arrives damaged": "was broken when it came|came in pieces",
    "is lost": "has gone astray|has vanished",
    "has expired": "is out of date|is past its date",
    "does not respond": "does not react|gives no answer",
    "shows a warning": "displays a warning sign|puts up an alert",
    "vibrates": "shakes|trembles",
    "has come loose": "is no longer tight|wobbles",
    "is wet": "is soaked|got damp",
    "freezes": "hangs|stands still in the middle of work",
    "is overdue": "is late|should have been done long ago",
    "has been stolen": "was taken by a thief|was stolen from me",
    "is refused": "is turned down|is not accepted",
    "will not start": "cannot be started|does not come on",
    "keeps beeping": "beeps all the time|does not stop beeping",
}
_WHOLE_SYMPTOMS = {
    "there is a power cut": "the electricity is gone|all the lights went out|there is no current in the building",
    "the alarm goes off": "the siren sounds|the alarm is ringing",
    "someone is injured": "somebody got hurt|a person is bleeding",
    "the network is down": "nothing is connected any more|the internet is gone",
    "water comes out underneath": "there is a puddle below it|it is wet on the floor under it",
    "the temperature rises too far": "it gets much too warm|the thermometer climbs too high",
    "a customer complains": "a client is unhappy|a buyer is angry",
    "the delivery is late": "the parcel has not come in time|the goods are behind schedule",
    "no receipt is available": "the receipt cannot be found|nobody has the receipt",
}
FAULT_STORIES = (
    "I was about to {vb} the {o} when {e} came up. |A customer calls about {e}. |Since this morning the {g} reads {e}. |"
    "Every time I {vb} the {o}, I get {e}. |The {g} stopped and says {e}. |My {g} will not go on because of {e}. |"
    "We moved the {g} last {w} and now there is {e}. |I have just seen {e} for the first time. |Our {g} shows {e} again and again. "
).split("|")


def in_first_person(rng: Random, qualifier: str) -> str | None:
    """What somebody says to whom a condition applies, or None for conditions without such words."""
    for pattern, texts in CONDITIONS:
        if pattern.match(qualifier):
            return pattern.sub(rng.choice(texts), qualifier) + " "
    return None


def reword_symptom(rng: Random, symptom: str) -> str:
    """The same trouble in other words."""
    if symptom in _WHOLE_SYMPTOMS:
        return rng.choice(_WHOLE_SYMPTOMS[symptom].split("|"))
    for end, others in _SYMPTOMS.items():
        if symptom.endswith(end):
            return symptom.removesuffix(end) + rng.choice(others.split("|"))
    return symptom


def fault_story(rng: Random, mention: str) -> str:
    """How somebody came to see a fault."""
    verb, thing = rng.choice(words.VERBS).replace("_", " "), rng.choice(words.OBJECTS)
    return rng.choice(FAULT_STORIES).format(vb=verb, o=thing, e=mention, g=rng.choice(words.GADGETS), w=rng.choice(words.WEEKDAYS))
