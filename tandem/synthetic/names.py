# ruff: noqa: SIM905 - lists of words read better as text
"""Invented names and the things that bear them: products, teams, sites, events, topics; and near duplicates of each."""

from dataclasses import dataclass, replace
from random import Random

from tandem.synthetic import words
from tandem.synthetic.split import Side, side_of


@dataclass(frozen=True)
class Subject:
    """What a fact is about. `noun` is its common word ("grinder"), for headings and references; `qualifier` narrows it ("for trainees")."""

    kind: str
    name: str
    noun: str = ""
    article: bool = False
    qualifier: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.name} {self.qualifier}".rstrip()

    @property
    def core(self) -> str:
        """The name without its noun and with its qualifier: "Wren" and "Wren grinder" are one thing to a reader."""
        bare = self.name.replace(self.noun, "").strip() if self.noun else self.name
        return f"{bare or self.name} {self.qualifier}".strip().lower()

    @property
    def mention(self) -> str:
        return f"the {self.full_name}" if self.article else self.full_name

    @property
    def short(self) -> str:
        """How a list names it under a heading that already holds the name."""
        return self.qualifier or self.name


def invent(rng: Random, side: Side) -> str:
    """A capitalised invented or borrowed word whose hash lies on `side`."""
    while True:
        if rng.random() < 0.35:
            word = rng.choice(words.NAME_WORDS)
        else:
            word = "".join(rng.choice(words.ONSETS) + rng.choice(words.VOWELS) for _ in range(rng.choice([1, 2, 2, 3])))
            word = (word + (rng.choice(words.CODAS) if rng.random() < 0.6 else "")).capitalize()
        if len(word) > 3 and side_of(word) == side:
            return word


def last_name(rng: Random, side: Side) -> str:
    """A family name whose hash lies on `side`; three in ten are invented."""
    if rng.random() < 0.3:
        return invent(rng, side)
    while True:
        name = rng.choice(words.LAST_NAMES)
        if side_of(name) == side:
            return name


def _model(rng: Random) -> str:
    return rng.choice(
        [
            str(rng.choice([2, 3, 4, 5, 7, 10, 40, 100, 200, 300, 500, 900, 2000])),
            rng.choice(words.SUFFIXES),
            rng.choice(words.SUFFIXES),
            f"{rng.choice('ABCDEFGHKLMNPRSTVX')}{rng.randint(1, 99)}",
            f"{rng.randint(1, 9)}00{rng.choice(['', 'X', 'S'])}",
            f"Model {rng.randint(1, 9)}",
            f"Series {rng.randint(1, 9)}",
        ]
    )


def make_subject(rng: Random, kind: str, side: Side) -> Subject:
    """A subject of one of the kinds in `KINDS`; raises KeyError for another."""
    return KINDS[kind](rng, side)


def _thing(rng: Random, side: Side) -> Subject:
    noun, base = rng.choice(words.GADGETS).replace("_", " "), invent(rng, side)
    name = rng.choice(
        [
            base,
            base,
            f"{base} {_model(rng)}",
            f"{base} {_model(rng)}",
            f"{base} {noun}",
            f"{base} {_model(rng)} {noun}",
            f"{base}-{rng.choice('ABCDEFGHKLMNPRSTVX')}{rng.randint(1, 99)}",
            f"{noun} {base}",
        ]
    )
    return Subject("thing", name, noun, article=noun in name or rng.random() < 0.5)


def _service(rng: Random, side: Side) -> Subject:
    noun, base = rng.choice(words.SERVICES), invent(rng, side)
    name = rng.choice(
        [
            f"{base} {noun}",
            f"{base} {noun}",
            f"{base} {rng.choice(words.SUFFIXES)}",
            f"{rng.choice(['Basic', 'Business', 'Family', 'Student', 'Team', 'Starter', 'Gold', 'Silver', 'Enterprise'])} {noun}",
            f"{base} {rng.choice(['Cloud', 'Desk', 'Mail', 'Pay', 'Care', 'Box'])}",
        ]
    )
    return Subject("service", name, noun, article=noun in name)


def _team(rng: Random, side: Side) -> Subject:
    noun = rng.choice(["team", "department", "team", "division", "unit", "group"])
    first = rng.choice([rng.choice(words.TEAMS), rng.choice(words.TEAMS), invent(rng, side)])
    return Subject("team", f"{first} {noun}", noun, article=True)


def _person(rng: Random, side: Side) -> Subject:
    return Subject("person", f"{rng.choice(words.FIRST_NAMES)} {last_name(rng, side)}", "person")


def _site(rng: Random, side: Side) -> Subject:
    noun, base = rng.choice(words.SITES), invent(rng, side)
    return Subject(
        "site",
        rng.choice(
            [
                f"{base} {noun}",
                f"{base} {noun}",
                f"{noun} {base}",
                f"{rng.choice(['north', 'south', 'main', 'central', 'old', 'new', 'city'])} {noun}",
                f"{noun} in {base}",
            ]
        ),
        noun,
        article=True,
    )


def _org(rng: Random, side: Side) -> Subject:
    return Subject(
        "org",
        invent(rng, side)
        + rng.choice([" GmbH", " Ltd", " Inc", " & Sons", " Group", " Logistics", " Systems", " Labs", "", " Foods", " Bakery", " Travel"]),
        "company",
    )


def _event(rng: Random, side: Side) -> Subject:
    noun = rng.choice(words.EVENTS)
    return Subject(
        "event",
        rng.choice(
            [
                f"{invent(rng, side)} {noun}",
                f"{rng.choice(words.ADJECTIVES)} {noun}",
                f"{rng.choice(words.MONTHS)} {noun}",
                f"{rng.choice(words.THINGS)} {noun}",
                noun,
            ]
        ),
        noun,
        article=True,
    )


def _topic(rng: Random, side: Side) -> Subject:
    if rng.random() < 0.7:
        return Subject("topic", rng.choice(words.TOPICS), "case")
    return Subject("topic", f"{rng.choice(words.ADJECTIVES)} {words.plural(rng.choice(words.THINGS))}", "case")


def _paper(rng: Random, side: Side) -> Subject:
    noun = rng.choice(words.PAPERS)
    return Subject(
        "paper",
        rng.choice([noun, f"{noun} {rng.choice('ABCDEFG')}{rng.randint(1, 99)}", f"{invent(rng, side)} {noun}"]),
        noun.split()[-1],
        article=True,
    )


def _project(rng: Random, side: Side) -> Subject:
    base = invent(rng, side)
    return Subject(
        "project",
        rng.choice([f"project {base}", f"Project {base}", f"{base} project", f"{base} programme", f"{base} initiative"]),
        "project",
        article=rng.random() < 0.1,
    )


def _fault(rng: Random, side: Side) -> Subject:
    tag = rng.choice(
        [
            f"{rng.choice(['KI', 'AL', 'FX', 'P', 'G'])}-{rng.randint(1, 199)}",
            f"E{rng.randint(1, 99):02d}",
            f"E-{rng.randint(1, 60)}",
            f"F{rng.randint(1, 30)}",
            f"ERR-{rng.randint(100, 999)}",
            str(rng.randint(400, 599)),
            f"{rng.choice('ABCHLPTW')}{rng.randint(1, 40)}",
        ]
    )
    return Subject("fault", rng.choice([tag, f"error {tag}", f"code {tag}", f"error code {tag}"]), "error")


def _release(rng: Random, side: Side) -> Subject:
    tag = rng.choice([f"{rng.randint(1, 12)}.{rng.randint(0, 20)}", f"{rng.randint(1, 9)}.{rng.randint(0, 20)}.{rng.randint(0, 9)}"])
    return Subject("release", rng.choice([f"version {tag}", f"release {tag}", f"{invent(rng, side)} {tag}"]), "release")


def _symptom(rng: Random, side: Side) -> Subject:
    return Subject("symptom", rng.choice(words.SYMPTOMS).format(o=rng.choice(words.OBJECTS[:54] + words.THINGS)), "case")


def _post(rng: Random, side: Side) -> Subject:
    while True:
        job = rng.choice(words.JOBS)
        if side_of(f"post:{job}") == side:
            name = job if rng.random() < 0.35 else f"{rng.choice(words.GRADES)} {job}"
            return Subject("post", name, "post", article=True)


KINDS = {
    "post": _post,
    "thing": _thing,
    "service": _service,
    "team": _team,
    "person": _person,
    "site": _site,
    "org": _org,
    "event": _event,
    "topic": _topic,
    "paper": _paper,
    "project": _project,
    "fault": _fault,
    "release": _release,
    "symptom": _symptom,
}


def near_duplicate(rng: Random, subject: Subject, side: Side) -> Subject:
    """A sibling that is easily confused: Wren -> Wren S, Model 2 -> Model 3; one of the same noun where names have no base."""
    if subject.kind == "thing":
        base = subject.name.split()[0].split("-")[0]
        base = base if base[0].isupper() else subject.name.split()[-1]
        while True:
            name = rng.choice([f"{base} {_model(rng)}", f"{base} {_model(rng)} {subject.noun}", f"{base} {subject.noun}", base])
            other = replace(subject, name=name)
            if other.core != subject.core:
                return other
    while True:
        other = make_subject(rng, subject.kind, side)
        if subject.kind in ("site", "event", "service") and rng.random() < 0.6:
            other = replace(other, name=other.name.replace(other.noun, subject.noun), noun=subject.noun)
        if other.name != subject.name:
            return other


QUALIFIERS = (
    "for {group}|for {group}|in {town}|in {town}|in {month}|on {weekday}s|on public holidays|at night|at weekends|in winter|"
    "in summer|abroad|at home|online|by post|by express|above {amount} EUR|below {amount} EUR|"
    "without a receipt|without notice|with a {noun}|without a {noun}|after the first year|in the first year|during probation|"
    "outdoors|indoors|for large {nouns}|for small {nouns}|for new {nouns}|for used {nouns}|"
    "on the {noun} line|in the {noun} room|before the {noun}|after the {noun}|of the {noun}|of the {noun}|for the {noun}|"
    "in the {adjective} {noun}|of the {adjective} {noun}|number {amount}|at the {town} site|per {noun}"
).split("|")


def qualify(rng: Random, subject: Subject, side: Side) -> Subject:
    """The same subject under another condition; conditions of one kind make rows that only the condition tells apart."""
    noun = rng.choice(words.THINGS)
    text = rng.choice(QUALIFIERS).format(
        group=rng.choice(words.GROUPS),
        town=invent(rng, side),
        month=rng.choice(words.MONTHS),
        weekday=rng.choice(words.WEEKDAYS),
        amount=rng.choice([rng.randint(1, 12), rng.randint(1, 50) * 100]),
        noun=noun,
        nouns=words.plural(noun),
        adjective=rng.choice(words.ADJECTIVES),
    )
    return replace(subject, qualifier=text)
