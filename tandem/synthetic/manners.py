# ruff: noqa: SIM905 - lists of words read better as text
"""How people ask: with a story in front, in keywords, with a slip of the finger, with "my" for "the", with the rival ruled out."""

import re
from collections.abc import Iterable
from random import Random

from tandem.synthetic import words
from tandem.synthetic.names import Subject, invent
from tandem.synthetic.split import Side

GOT = (
    "I bought {e} last {w}|we got {e} from a relative|our trainee has been given {e}|a friend lent me {e}|I have inherited {e}|"
    "my office has had {e} since {m}|I am thinking about {e}|we are going to use {e} in {m}|a neighbour swears by {e}|"
    "my sister told me about {e}|I have been using {e} for years|we unpacked {e} this morning|somebody left {e} on my desk|"
    "I am about to sell {e}|we have had trouble with {e} since {w}|I am comparing {e} with others|I am writing a page on {e}"
).split("|")
HEARD = (
    "I have to give a short talk on {e}|a new colleague asked me about {e}|we are talking about {e} in the team|my boss brought up {e}|"
    "I have never dealt with {e} before|since {w} I look after {e}|there was a call about {e} this morning|"
    "I am preparing a sheet on {e}|I found an old note on {e}|we had a dispute over {e} last {w}|I am filling in a form on {e}|"
    "two customers want to know about {e}|{e} came up at lunch|I start here in {m} and hear a lot about {e}|we plan {m} around {e}"
).split("|")
AND = (
    "and nobody can tell me one thing|and now I wonder|and the papers are gone|but one thing is not clear to me|and I am not sure|"
    "and I need one figure or name|but I forgot what was said|and I have read far too much already|so I need to be certain|"
    "and the others all say something different|and my notes are at home|and I would rather ask than guess|and I want to do it right"
).split("|")
ENDS = (
    " Thanks| Thank you!| It is urgent.| I could not find it.| I only need a short answer.| Many thanks in advance| Please help.|"
    " That is all I need.| Nobody here knows.| I keep forgetting it.| Sorry for asking.| Cheers"
).split("|")
RULED_OUT = (
    "I mean {e}, not {o}. {q}|Not {o} but {e}: {q}|I know the answer for {o}, but not for {e}. {q}|I am not asking about {o}. {q}|"
    "We have both {e} and {o}. My question is about the first one. {q}|It is about {e} (do not mix it up with {o}). {q}|"
    "Unlike {o}, which I know well, {e} is new to me. {q}|Somebody told me about {o}, but I need it for {e}. {q}"
).split("|")
DROPPED = frozenset(
    "a an the is are do does did i me my we our you your it to of for in on at with must should can could may will would have has had be "
    "been that this there tell give know need please if from so and much many how what which when where who".split()
)
EXTRAS = (
    "at the moment|exactly|these days|normally|by the rules|at our place|with you|at {org}|here at {org}|with {org}|in our company|"
    "according to the handbook|according to your website|this year|as far as you know|if all goes well|in real life|roughly speaking|"
    "in our case|for a normal customer|as things stand|for sure|again|then|actually|in general|on paper"
).split("|")
_KEPT_FIRST = frozenset("how when where who why".split())


def extra(rng: Random, side: Side) -> str:
    """Words at the end of a question that stand in no document and change nothing."""
    return rng.choice(EXTRAS).format(org=invent(rng, side) + rng.choice(["", "", " Ltd", " Group", " & Sons", " Works"]))


def own(rng: Random, subject: Subject, rivals: Iterable[str] = ()) -> str:
    """The subject as a question names it: in full, without its noun or with it, or "my", "our", "your" in front of a thing's.

    A name is shortened or lengthened only where that could not mean one of the `rivals`.
    """
    if subject.kind in ("thing", "service", "project") and not subject.qualifier and rng.random() < 0.25:
        if subject.noun in subject.name:
            name = f"the {subject.name.replace(subject.noun, '').strip()}"
        else:
            name = f"the {subject.name} {subject.noun}"
        core = subject.name.replace(subject.noun, "").strip()
        if core[:1].isupper() and not any(core in rival or rival in name for rival in rivals if rival != subject.name):
            return name.removeprefix("the ") if rng.random() < 0.3 else name
    if subject.kind == "thing" and rng.random() < 0.3:
        return f"{rng.choice(['my', 'my', 'our', 'a', 'your'])} {subject.full_name}"
    return subject.mention if rng.random() < 0.85 else subject.full_name


def story(rng: Random, subject: Subject, mention: str) -> str:
    """A sentence or two that lead up to a question."""
    openings = GOT if subject.kind == "thing" else HEARD
    text = rng.choice(openings).format(e=mention, w=rng.choice(words.WEEKDAYS), m=rng.choice(words.MONTHS))
    text = text[:1].upper() + text[1:]
    return f"{text}, {rng.choice(AND)}. " if rng.random() < 0.55 else f"{text}. "


def rule_out(rng: Random, question: str, mention: str, other: str) -> str:
    """The question with a rival named that it is not about; `question` is a whole sentence without its mark."""
    text = rng.choice(RULED_OUT).format(e=mention, o=other, q=f"{question}?" if rng.random() < 0.9 else question)
    return text.rstrip("?")


def keywords(rng: Random, question: str) -> str:
    """What one types into a search box: "clean lid Wren S how often"."""
    tokens = re.findall(r"[^\s?,.:!]+(?:[.,:]\d+)*", question)
    kept = [token for token in tokens if token.lower() not in DROPPED]
    first = tokens[0].lower()
    if first in _KEPT_FIRST:
        asked = (
            f"{first} {tokens[1].lower()}" if first == "how" and len(tokens) > 2 and tokens[1].lower() not in ("do", "can", "is") else first
        )
        kept = [token for token in kept if token.lower() not in asked.split()]
        kept = [asked, *kept] if rng.random() < 0.7 else [*kept, asked]
    return " ".join(kept) if len(kept) > 2 else question


def mistype(rng: Random, text: str) -> str:
    """One slip in one longer word that is no name: a letter doubled, dropped or swapped with its neighbour."""
    spots = list(re.finditer(r"\b[a-z]{5,}\b", text))
    if not spots:
        return text
    match = rng.choice(spots)
    word, i = match.group(), rng.randrange(1, len(match.group()) - 2)
    slipped = rng.choice([word[:i] + word[i] + word[i:], word[:i] + word[i + 1 :], word[:i] + word[i + 1] + word[i] + word[i + 2 :]])
    return text[: match.start()] + slipped + text[match.end() :]
