# ruff: noqa: SIM905 - lists of words read better as text
"""Denser manners of writing: two or three facts in a sentence, sections whose title says what the text leaves out, rules with exceptions,
and the torn edges that chunks have."""

from random import Random

from tandem.synthetic import spans, words
from tandem.synthetic.passages import Filler, conditional, headed
from tandem.synthetic.phrasing import Fact, capitalise, refer, state
from tandem.synthetic.split import Side

JOINTS = (
    ", and |, and |; |; |, but |, while |, although |. At the same time, |, which is why |, so |: |, and as before, |, even though |"
    " - and |, with one addition: |; besides, |, whereas "
).split("|")
TERSE = (
    "{v}|{v}|That is {v}|Usually {v}|This comes to {v}|{v}, unless {s}|{v}, no matter what the {n} says|Normally {v}; ask if {s}|"
    "Not more and not less than what we wrote last year: {v}|{v} (the {n} is another matter)|{v}, because {r}|As {r}: {v}|"
    "{v}. Everything else is found in the {n}|In most cases {v}|Here the answer is simple: {v}"
).split("|")
RULE_FIRST = "As a rule: |In general, |Unless something else is said below, |Normally, |||For everyone else: ".split("|")
ASIDES = (
    ", because {r}| (because {r})|, since {r}|, which matters because {r}|, even if {r}|, as {r}, but only if {s}|, although {r}|"
    ", for a simple reason: {r}"
).split("|")


def _lowered(fact: Fact, sentence: str) -> str:
    """The sentence as it goes on after a comma: small unless it opens with a name or a value."""
    if sentence.startswith(("\x00", "I ", capitalise(fact.subject.name))) and not fact.subject.name[:1].islower():
        return sentence
    return sentence[:1].lower() + sentence[1:] if sentence[:1] != "\x00" else sentence


def aside(rng: Random) -> str:
    """A reason that nobody asks for, to stand behind a statement."""
    symptom = rng.choice(words.SYMPTOMS).format(o=rng.choice(words.OBJECTS))
    return rng.choice(ASIDES).format(r=rng.choice(spans.REASONS), s=symptom)


def dense_prose(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """Two or three facts to a sentence, with reasons in between."""
    subject = facts[0].subject
    heading = headed(rng, subject) if rng.random() < 0.7 else ""
    sentences, i, named = [], 0, bool(heading)
    while i < len(facts):
        group = facts[i : i + rng.choice([1, 2, 2, 2, 3])]
        said = [state(rng, fact, refer(rng, subject) if named or k else subject.mention, side, named) for k, fact in enumerate(group)]
        text = said[0] + "".join(rng.choice(JOINTS) + _lowered(fact, part) for fact, part in zip(group[1:], said[1:], strict=True))
        sentences.append(text + (aside(rng) if rng.random() < 0.15 else "") + ".")
        if rng.random() < 0.15:
            sentences.append(filler())
        i, named = i + len(group), True
    return heading, " ".join(sentences)


def sections(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """Small sections; the title names what is told, the text may give the bare value."""
    subject = facts[0].subject
    mark = rng.choice(["## ", "### ", "**", ""])
    parts = []
    for fact in facts:
        title = f"{mark}{capitalise(fact.label)}{'**' if mark == '**' else ''}{'.' if not mark else ''}"
        symptom = rng.choice(words.SYMPTOMS).format(o=rng.choice(words.OBJECTS))
        terse = rng.choice(TERSE).format(v=fact.slot, s=symptom, n=rng.choice(words.THINGS), r=rng.choice(spans.REASONS))
        text = terse if rng.random() < 0.6 else state(rng, fact, refer(rng, subject), side, True)
        parts.append(f"{title}{chr(10) if mark else ' '}{capitalise(text)}.")
    if len(parts) == 1 and rng.random() < 0.7:  # the chunker moves the only title into the heading
        title, _, text = parts[0].replace("**", "").removeprefix("### ").removeprefix("## ").partition("\n" if mark else ". ")
        return headed(rng, subject, title.rstrip(".")), text
    return headed(rng, subject), rng.choice(["\n", "\n", "\n\n"]).join(parts)


def rule_and_exceptions(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """The plain subject's fact first, then the same under conditions: "It lasts 3 days. For trainees, that means 5 days.\""""
    plain, *narrowed = facts
    heading = headed(rng, plain.subject) if rng.random() < 0.7 else ""
    mention = refer(rng, plain.subject) if heading and rng.random() < 0.6 else plain.subject.mention
    opening = rng.choice(RULE_FIRST)
    said = state(rng, plain, mention, side, bool(heading))
    first = (opening + (_lowered(plain, said) if opening.endswith((", ", ": ")) else said)) + "."
    rest = [conditional(rng, fact) for fact in narrowed]
    if rng.random() < 0.35 and len(rest) > 1:
        body = rest[0] + "; " + "; ".join(text[:1].lower() + text[1:] if text[:1] != "\x00" else text for text in rest[1:]) + "."
    else:
        body = " ".join(text + "." + (" " + filler() if rng.random() < 0.15 else "") for text in rest)
    return heading, f"{first} {body}"


def torn_start(rng: Random, sentence: str) -> str:
    """The end of a sentence whose beginning was left in the chunk before."""
    tokens = sentence.split()
    return " ".join(tokens[rng.randrange(1, max(2, len(tokens) - 1)) :])


def torn_end(rng: Random, sentence: str) -> str:
    """The beginning of a sentence that goes on in the next chunk."""
    tokens = sentence.split()
    return " ".join(tokens[: rng.randrange(1, max(2, len(tokens) - 1))])
