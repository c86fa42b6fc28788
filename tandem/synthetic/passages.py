# ruff: noqa: SIM905 - lists of words read better as text
"""Manners of writing: the same facts as prose, bullets, a specification table, questions and answers, a notice, steps."""

import re
from collections.abc import Callable
from random import Random

from tandem.synthetic import spans, words
from tandem.synthetic.names import Subject
from tandem.synthetic.phrasing import Fact, capitalise, embed, noun_of, refer, state
from tandem.synthetic.split import Side, on_side

Filler = Callable[[], str]

SECTIONS = (
    "Overview|Technical data|At a glance|Details|Facts|Specifications|Summary|Key figures|General|Good to know|Conditions|"
    "What applies|In short|Policy|Rules|Data sheet|Notes|Basics|Everything you need|Guide|Costs|Care|Cleaning|Upkeep|Before you start|"
    "Who to ask|Exceptions|Handling|Delivery|Returns|Storage|Installation|Moving|Payment|Dates|People|How it works|Daily use|After use|"
    "Problems|Step by step|Responsibilities|Changes|Background|Safety|Settings|Materials|Requests"
).split("|")
FILLERS = (
    "Please {vb} the {w} before the {w2}|Contact {p} if the {w} is {j}|All staff should {vb} the {j} {w}|"
    "This {w} replaces the {j} {w2}|See the {w} for details|Thank you for reading this {w}|"
    "Do not {vb} the {w} during the {w2}|Any {j} {w} must be reported|Changes to the {w} are announced in the {w2}|"
    "The {j} {w} and the {w2} are handled together|Ask the {w} team about the {w2}|"
    "We hope that this {w} answers most questions|The {w} has been checked by the {w2} team|Nothing else changes for the {w}|"
    "A {j} {w} is not the same as a {j} {w2}|There is no {w} without a {w2}|"
    "If in doubt, {vb} the {w}|The {w2} remains {j}|Older versions of this {w} are no longer valid|"
    "Everyone is welcome to {vb} the {j} {w}|The {w} applies to all sites|For the {w2}, other rules apply|"
    "The {j} {w} is described in another chapter|Comments on the {w} are welcome|Keep the {w} and the {w2} apart|"
    "This does not concern the {w}|The reasons are found in the {w2}"
).split("|")


ASIDES = (
    "We know that {r}|It has happened that {c}|Not everybody likes it, but {r}|Some colleagues remember that {c}|Keep in mind that {r}|"
    "There is one reason for all this: {r}|It is a common mistake to think that {c}|In the past {c}|As everyone knows, {r}|"
    "Many ask about this, since {r}|Nobody wants to see that {c}|Our experience is that {r}|Others report that {c}"
).split("|")


def synthetic_filler(rng: Random) -> str:
    """A sentence that says nothing anybody asks for."""
    if rng.random() < 0.3:
        return rng.choice(ASIDES).format(r=rng.choice(spans.REASONS), c=rng.choice(spans.CONSEQUENCES)) + "."
    return (
        capitalise(
            rng.choice(FILLERS).format(
                w=rng.choice(words.THINGS),
                w2=rng.choice(words.THINGS),
                j=rng.choice(words.ADJECTIVES),
                vb=rng.choice(words.VERBS).replace("_", " "),
                p=rng.choice(words.FIRST_NAMES),
            )
        )
        + "."
    )


def fill_slots(text: str, facts: list[Fact]) -> tuple[str, dict[str, int]]:
    """Put the values in; returns the text and the character offset of each slot's first value."""
    values = {fact.slot: fact.value for fact in facts}
    pieces: list[str] = []
    offsets: dict[str, int] = {}
    length = 0
    for part in re.split("(\x00\\d+\x00)", text):
        if part in values:
            offsets.setdefault(part, length)
            part = values[part]
        pieces.append(part)
        length += len(part)
    return "".join(pieces), offsets


def headed(rng: Random, subject: Subject | None, title: str = "") -> str:
    """A heading path such as "Wren S > Technical data", or none."""
    joint = rng.choice([" > ", " > ", " / ", " - ", " | ", ": "])
    parts = [capitalise(subject.name)] if subject else []
    if rng.random() < 0.3:
        parts.insert(
            0,
            capitalise(
                f"{rng.choice(words.THINGS)} {rng.choice(['handbook', 'manual', 'guide', 'policy', 'catalogue', 'notes', 'rules', 'FAQ'])}"
            ),
        )
    if title or rng.random() < 0.5:
        parts.append(title or rng.choice(SECTIONS))
    if rng.random() < 0.12:
        parts.insert(len(parts) - 1 if title else len(parts), rng.choice(SECTIONS))
    return joint.join(parts)


# --- one subject, several facts
def prose(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """Sentences about one subject; once it is named, mostly pronouns."""
    subject = facts[0].subject
    heading = headed(rng, subject) if rng.random() < 0.65 else ""
    named = bool(heading)
    sentences = []
    for fact in facts:
        mention = refer(rng, subject) if named and rng.random() < 0.7 else subject.mention
        sentences.append(state(rng, fact, mention, side, named) + ".")
        named = True
        if rng.random() < 0.25:
            sentences.append(filler())
    return heading, " ".join(sentences)


def merged_sentence(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """Several facts in one sentence: "The Wren S weighs 2 kg, costs 90 EUR and is made in Tor."""
    subject = facts[0].subject
    heading = headed(rng, subject) if rng.random() < 0.5 else ""
    said = [state(rng, fact, "\x01", side) for fact in facts]
    predicates = [text[2:] for text in said if text.startswith("\x01 ")]
    others = [text.replace("\x01", refer(rng, subject)) for text in said if not text.startswith("\x01 ")]
    sentences = [capitalise(text) + "." for text in others]
    if predicates:
        joined = (
            predicates[0]
            if len(predicates) == 1
            else rng.choice([", ", ", ", "; it "]).join(predicates[:-1]) + rng.choice([" and ", ", and ", " but "]) + predicates[-1]
        )
        sentences.insert(0, capitalise(subject.mention if not heading or rng.random() < 0.5 else refer(rng, subject)) + " " + joined + ".")
    return heading, " ".join(sentences)


def bullets(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """ "- Boiler: 1.8 litres", or a list of sentences."""
    subject = facts[0].subject
    heading = headed(rng, subject)
    mark, colon = rng.choice(["- ", "- ", "* ", "• ", "-- "]), rng.choice([": ", ": ", " - ", " = ", ": "])
    full = rng.random() < 0.3
    bold = rng.random() < 0.15
    lines = []
    for fact in facts:
        label = f"**{capitalise(fact.label)}**" if bold else capitalise(fact.label)
        lines.append(mark + (state(rng, fact, refer(rng, subject), side, True) if full else embed(rng, label + colon + fact.slot)))
    lead = f"{capitalise(subject.mention)}:\n" if rng.random() < 0.3 else f"{filler()}\n" if rng.random() < 0.3 else ""
    return heading, lead + "\n".join(lines)


def spec_table(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """ "| Weight | 12 kg |", with or without a head."""
    heading = headed(rng, facts[0].subject)
    head = rng.choice(
        ["| Property | Value |", "| | |", "| Item | Specification |", "| Feature | Data |", "| Topic | Rule |", "| What | How much |", ""]
    )
    lines = [head, "|---|---|"] if head else []
    lines += [f"| {capitalise(fact.label)} | {embed(rng, fact.slot)} |" for fact in facts]
    return heading, "\n".join(lines)


def key_values(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """All on one line."""
    subject, colon = facts[0].subject, rng.choice([": ", " ", " = ", ": "])
    body = rng.choice(["; ", ", ", " | ", ". ", " · "]).join(
        (capitalise(fact.label) if rng.random() < 0.7 else fact.label) + colon + fact.slot for fact in facts
    )
    return (
        (headed(rng, subject), body)
        if rng.random() < 0.5
        else ("", f"{capitalise(subject.name)}{rng.choice([': ', ' - ', ' | ', ', '])}{body}")
    )


def questions_answers(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """A page of frequent questions; some answers are bare, some beat about the bush."""
    subject = facts[0].subject
    style = rng.choice(["**{q}** {a}", "Q: {q} A: {a}", "{q}\n{a}", "### {q}\n{a}"])
    parts = []
    for fact in facts:
        templates = fact.relation.asks or (f"What is the {fact.label} of {{e}}", f"What about the {fact.label} of {{e}}")
        mention = rng.choice([subject.mention, refer(rng, subject)])
        answer = fact.slot if rng.random() < 0.35 else state(rng, fact, refer(rng, subject), side, True)
        if rng.random() < 0.3:
            answer = rng.choice(["That depends on the case, but as a rule: ", "Good question. ", "Yes and no. ", "In short: "]) + answer
        parts.append(style.format(q=capitalise(rng.choice(templates).format(e=mention)) + "?", a=answer + "."))
    return headed(rng, subject, rng.choice(["FAQ", "Questions and answers", "Frequently asked questions", ""])), "\n".join(parts)


def notice(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """A letter, an announcement, minutes."""
    subject = facts[0].subject
    opening = rng.choice(
        [
            "Dear colleagues, there is news about {e}.",
            "Hello everyone, a short word on {e}.",
            "We are pleased to announce {e}.",
            "Update on {e}.",
            "A reminder about {e}:",
            "From today, some things change for {e}.",
            "Dear customers, thank you for your interest in {e}.",
            "Minutes: we talked about {e}.",
            "Several people asked about {e}.",
            "Last week we looked at {e} again.",
        ]
    ).format(e=subject.mention)
    body = [state(rng, fact, refer(rng, subject), side, True) for fact in facts]
    body = [
        rng.choice(["", "", "Also, ", "In addition, ", "Please note: ", "As before, ", "New: ", "Remember that "]) + text for text in body
    ]
    closing = rng.choice(["", f"Kind regards, {rng.choice(words.FIRST_NAMES)}", "Thank you.", "Any questions? Just ask.", filler()])
    return rng.choice(["", headed(rng, subject), "Announcement", "Newsletter", "Note"]), " ".join(
        [opening, *(text + "." for text in body), closing]
    ).strip()


def steps(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """A numbered list; some steps say nothing anybody asks for."""
    subject = facts[0].subject
    lines = [
        filler() if rng.random() < 0.3 else capitalise(f"{rng.choice(words.VERBS).replace('_', ' ')} the {rng.choice(words.OBJECTS)}") + "."
        for _ in range(rng.randint(1, 3))
    ]
    lines += [state(rng, fact, refer(rng, subject), side, True) + "." for fact in facts]
    rng.shuffle(lines)
    return headed(rng, subject, rng.choice(["Steps", "Procedure", "How it works", "Instructions", ""])), "\n".join(
        f"{i}. {line}" for i, line in enumerate(lines, 1)
    )


# --- one relation, several subjects
def roundup_prose(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """The same of several subjects, or of one subject under several conditions."""
    shared = facts[0].subject.qualifier != "" and len({fact.subject.name for fact in facts}) == 1
    if shared and rng.random() < 0.6:
        sentences = [conditional(rng, fact) + "." for fact in facts]
        return headed(rng, facts[0].subject, capitalise(facts[0].label)), " ".join(sentences)
    sentences = [state(rng, fact, fact.subject.mention, side) + "." for fact in facts]
    while rng.random() < 0.3:
        sentences.insert(rng.randint(0, len(sentences)), filler())
    return (headed(rng, None, capitalise(facts[0].label)) if rng.random() < 0.5 else ""), " ".join(sentences)


CONDITIONALS = (
    "{Q} it is {v}|{Q}, it is {v}|{Q}: {v}|It is {v} {q}|The {a} is {v} {q}|{Q} the {a} comes to {v}|{Q} we go by {v}|"
    "{Q} you get {v}|{v} {q}|{Q}, {v} applies|If it is {q}, count on {v}|{v} is the {a} {q}|{Q} the {a} changes to {v}|"
    "{q} ({v})|{Q} that means {v}|{Q}, however, {v}|The exception is {q}: {v}|{Q} there are {v}|{Q} the rule is {v}|Only {q} is it {v}"
).split("|")


def conditional(rng: Random, fact: Fact) -> str:
    """What holds under a condition, without saying of what: "For trainees that means 3 days"."""
    qualifier = fact.subject.qualifier
    return capitalise(rng.choice(CONDITIONALS).format(q=qualifier, Q=capitalise(qualifier), a=fact.label, v=fact.slot))


def roundup_list(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """ "- Wren S: 12 kg" under a heading that says what is listed."""
    mark, colon = rng.choice(["- ", "* ", ""]), rng.choice([": ", " - ", ", ", ": ", " (", " | "])
    shared = len({fact.subject.name for fact in facts}) == 1
    if shared:  # one subject under several conditions: the heading names it, the lines give the condition
        lead_name = facts[0].subject.name
        lines = [f"{mark}{capitalise(fact.subject.short)}{colon}{fact.slot}{')' if colon == ' (' else ''}" for fact in facts]
        lead = rng.choice(["", f"{capitalise(facts[0].label)}:\n"])
        heading = headed(rng, Subject("topic", lead_name), "" if lead else capitalise(facts[0].label))
        return heading, lead + rng.choice(["\n", "\n", "; "]).join(lines)
    lines = [f"{mark}{capitalise(fact.subject.name)}{colon}{fact.slot}{')' if colon == ' (' else ''}" for fact in facts]
    lead = rng.choice(
        [
            f"{capitalise(facts[0].label)}:",
            f"This list shows the {facts[0].label}:",
            f"{capitalise(facts[0].label)} by {facts[0].subject.noun}:",
            "",
        ]
    )
    heading = headed(rng, None, capitalise(facts[0].label)) if not lead or rng.random() < 0.5 else ""
    return heading, (lead + "\n" if lead else "") + rng.choice(["\n", "\n", "; "]).join(lines)


PAIRS = (
    "The {a} is {v1} for {e1} and {v2} for {e2}|{a}: {v1} ({e1}), {v2} ({e2})|For {e1} the {a} is {v1}, for {e2} {v2}|"
    "{e1} has {v1} as its {a}, {e2} {v2}|The {a} comes to {v1} on {e1} and {v2} on {e2}|"
    "With {v1} for {e1} and {v2} for {e2}, the {a} is settled|"
    "{e1} and {e2} differ in the {a}: {v1} for the first, {v2} for the second|The {a} of {e1} and {e2}: {v1} and {v2}|"
    "Write down {v1} ({e1}) or {v2} ({e2}) as the {a}|Where {e1} has {v1}, {e2} has {v2} as the {a}|{a}: {e1} {v1}, {e2} {v2}|"
    "{v1} is the {a} of {e1}, {v2} that of {e2}|The {a} of {e1} is {v1} and not {v2}, which belongs to {e2}|"
    "In the column of the {a} we find {v1} with {e1} and {v2} with {e2}|{e1} comes with {v1} and {e2} with {v2} ({a})|"
    "The {a}, {v1} with {e1}, rises to {v2} with {e2}|Unlike {e2} with {v2}, {e1} has {v1} as its {a}|"
    "{v1} in the case of {e1} and {v2} in the case of {e2}: that is the {a}|As the {a}, {e1} needs {v1} and {e2} needs {v2}|"
    "If it is {e1}, the {a} is {v1}; if it is {e2}, it is {v2}|We give {v1} as the {a} to {e1} and {v2} to {e2}"
).split("|")
JOINED = (
    ", {e} {v}|, and {v} for {e}|, {v} for {e}| ({e}: {v})|; {e} {v}|, against {v} for {e}|, while for {e} it is {v}|; for {e} it is {v}|"
    ", but {v} in the case of {e}|, whereas {e} has {v}|, with {e} {v}| and {v} with {e}|, compared with {v} for {e}|"
    ", {e}, on the other hand, {v}| or {v} ({e})|; with {e}, {v}|, and {e} comes to {v}|, where {e} has {v}| ({v} on {e})|; {v} on {e}"
).split("|")


def roundup_pairs(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """Two or three in one sentence, so that only its build tells which value is whose: "66 dB on the Wren and 69 dB on the Rill"."""
    alike: dict[str, list[Fact]] = {}
    for fact in facts:
        alike.setdefault(fact.relation.name, []).append(fact)
    sentences = []
    for group in alike.values():
        left = rng.sample(group, len(group))
        while left:
            n = rng.choice([2, 2, 3])
            sentences.append(_told_together(rng, left[:n], side) + ".")
            left = left[n:]
    rng.shuffle(sentences)
    if rng.random() < 0.2:
        sentences.insert(rng.randint(0, len(sentences)), filler())
    return (headed(rng, None, capitalise(facts[0].label)) if rng.random() < 0.4 else ""), " ".join(sentences)


def _told_together(rng: Random, facts: list[Fact], side: Side) -> str:
    first, *others = facts
    if others and rng.random() < 0.5:
        second, *others = others
        text = rng.choice(on_side(side, PAIRS, "pair:")).format(
            a=noun_of(first), e1=first.subject.mention, v1=first.slot, e2=second.subject.mention, v2=second.slot
        )
    else:
        text = state(rng, first, first.subject.mention, side)
    joints = on_side(side, JOINED, "joined:")
    return capitalise(text + "".join(rng.choice(joints).format(e=fact.subject.mention, v=fact.slot) for fact in others))


def roundup_table(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """Two columns when all facts share one relation, more when each subject has several (a comparison table)."""
    labels = {fact.relation.name: fact.label for fact in facts}
    shared = facts[0].subject.qualifier != "" and len({fact.subject.name for fact in facts}) == 1
    subjects = list(dict.fromkeys(fact.subject.short for fact in facts))
    cells = {(fact.subject.short, fact.relation.name): fact.slot for fact in facts}
    name = rng.choice(["Name", facts[0].subject.noun.capitalize(), "Item", "", "Type"])
    if len(labels) > 1 and rng.random() < 0.35:
        rows = [[name, *map(capitalise, subjects)]] + [[capitalise(label), *(cells[s, r] for s in subjects)] for r, label in labels.items()]
    else:
        rows = [[name, *map(capitalise, labels.values())]] + [[capitalise(s), *(cells[s, r] for r in labels)] for s in subjects]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    if rng.random() < 0.75:
        lines.insert(1, "|" + "---|" * len(rows[0]))
    title = rng.choice(["Comparison", "Overview", "Table", capitalise(facts[0].label), "Models", "List"])
    lead = filler() + "\n" if rng.random() < 0.3 else ""
    return headed(rng, facts[0].subject if shared else None, title), lead + "\n".join(lines)


PROFILE_LAYOUTS = {
    "prose": prose,
    "merged_sentence": merged_sentence,
    "bullets": bullets,
    "spec_table": spec_table,
    "key_values": key_values,
    "questions_answers": questions_answers,
    "notice": notice,
    "steps": steps,
}
PROFILE_WEIGHTS = {
    "prose": 5,
    "merged_sentence": 2,
    "bullets": 3,
    "spec_table": 1.5,
    "key_values": 1,
    "questions_answers": 2,
    "notice": 1.5,
    "steps": 1,
}
ROUNDUP_LAYOUTS = {
    "roundup_prose": roundup_prose,
    "roundup_pairs": roundup_pairs,
    "roundup_list": roundup_list,
    "roundup_table": roundup_table,
}
ROUNDUP_WEIGHTS = {"roundup_prose": 2, "roundup_pairs": 4, "roundup_list": 1, "roundup_table": 1.3}


# --- unrelated facts under one roof
def mixed_bullets(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """A list whose lines have nothing to do with each other."""
    mark = rng.choice(["- ", "* ", "• "])
    return "", "\n".join(mark + state(rng, fact, fact.subject.mention, side) + rng.choice([".", ".", ""]) for fact in facts)


def mixed_questions(rng: Random, facts: list[Fact], side: Side, filler: Filler) -> tuple[str, str]:
    """Frequent questions on different subjects."""
    parts = [questions_answers(rng, [fact], side, filler)[1] for fact in facts]
    return "FAQ", "\n".join(parts)
