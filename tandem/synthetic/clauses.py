# ruff: noqa: SIM905 - lists of words read better as text
"""Plain sentences about who does what, where, when and why, with a question for every part: the open-ended share of the exercises."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from tandem.synthetic import names, values, words
from tandem.synthetic.names import Subject
from tandem.synthetic.phrasing import Fact, capitalise
from tandem.synthetic.relations import Relation
from tandem.synthetic.split import Side, side_of

# base, third person, past, participle where it differs from the past
_VERBS = (
    "deliver delivers delivered|collect collects collected|check checks checked|clean cleans cleaned|print prints printed|"
    "sign signs signed|send sends sent|store stores stored|order orders ordered|"
    "repair repairs repaired|replace replaces replaced|count counts counted|weigh weighs weighed|pack packs packed|"
    "label labels labelled|inspect inspects inspected|test tests tested|book books booked|"
    "pay pays paid|refund refunds refunded|approve approves approved|reject rejects rejected|review reviews reviewed|"
    "update updates updated|archive archives archived|delete deletes deleted|scan scans scanned|"
    "lock locks locked|open opens opened|close closes closed|empty empties emptied|fill fills filled|measure measures measured|"
    "paint paints painted|build builds built|buy buys bought|sell sells sold|"
    "rent rents rented|lend lends lent|borrow borrows borrowed|return returns returned|receive receives received|"
    "present presents presented|discuss discusses discussed|plan plans planned|cancel cancels cancelled|"
    "move moves moved|load loads loaded|unload unloads unloaded|wash washes washed|dry dries dried|heat heats heated|"
    "cool cools cooled|mix mixes mixed|cut cuts cut|bake bakes baked|serve serves served|"
    "grow grows grew grown|harvest harvests harvested|feed feeds fed|water waters watered|plant plants planted|teach teaches taught|"
    "train trains trained|translate translates translated|write writes wrote written|"
    "edit edits edited|publish publishes published|record records recorded|photograph photographs photographed|film films filmed|"
    "announce announces announced|hand_out hands_out handed_out|put_up puts_up put_up|"
    "take_down takes_down took_down taken_down|drop_off drops_off dropped_off|pick_up picks_up picked_up|"
    "look_after looks_after looked_after|switch_off switches_off switched_off|set_up sets_up set_up|"
    "exchange exchanges exchanged|recycle recycles recycled|monitor monitors monitored|back_up backs_up backed_up|"
    "restore restores restored|encrypt encrypts encrypted|install installs installed|"
    "calibrate calibrates calibrated|lubricate lubricates lubricated|sharpen sharpens sharpened|assemble assembles assembled|"
    "sort sorts sorted|distribute distributes distributed|escort escorts escorted"
)
VERBS = [tuple(form.replace("_", " ") for form in verb.split()) for verb in _VERBS.split("|")]
AGENTS = (
    "couriers|drivers|the night crew|the caretaker|the nurses|two technicians|the gardener|the front desk|volunteers|the chef|"
    "our partner|the auditors|the students|the cleaning crew|the trainee|the warehouse staff|"
    "the shop|the supplier|customers|members|the librarian|the coach|the guard|our engineers|the accountant|the bookkeeper|"
    "the printer|the bakery|the farm|the museum|the agency|the landlord|the board|the system|the robot|the script"
).split("|")
PLURAL_AGENTS = frozenset(
    (
        "couriers|drivers|volunteers|customers|members|the nurses|two technicians|the auditors|the students|the warehouse staff|"
        "our engineers"
    ).split("|")
)


@dataclass(frozen=True)
class _Act:
    verb: tuple[str, ...]
    agent: str
    thing: str
    tense: str

    @property
    def plural(self) -> bool:
        return self.agent in PLURAL_AGENTS or " and " in self.agent

    def active(self) -> str:
        if self.tense == "past":
            return self.verb[2]
        if self.tense in ("must", "may", "should", "will", "can"):
            return f"{self.tense} {self.verb[0]}"
        return self.verb[0] if self.plural else self.verb[1]

    def helper(self) -> str:
        if self.tense == "past":
            return "did"
        return self.tense if self.tense != "present" else "do" if self.plural else "does"

    def passive(self) -> str:
        many = self.thing.endswith("s")
        was = {"past": "were" if many else "was", "present": "are" if many else "is"}.get(self.tense, f"{self.tense} be")
        return f"{was} {self.verb[-1]}"

    def passive_question(self, wh: str) -> str:
        was, _, rest = self.passive().partition(" ")
        return f"{wh} {was} {self.thing} {rest}"


@dataclass(frozen=True)
class Clause:
    """A sentence whose parts are slots, without its final stop, and the facts that fill them."""

    text: str
    facts: tuple[Fact, ...]
    act: _Act


# role -> (preposition, kind of value, question words)
_ADJUNCTS = {
    "place": ("in", "room", "Where|In what place"),
    "town": ("in", "place", "Where|In which town"),
    "day": ("on", "weekday", "When|On which day|What day"),
    "date": ("on", "date", "When|On what date"),
    "clock": ("at", "clock", "When|At what time|What time"),
    "span": ("for", "duration", "How long|For how long"),
    "limit": ("within", "duration", "How fast|Within what time|How soon"),
    "rhythm": ("", "frequency", "How often|How frequently"),
    "means": ("with", "phrase", "With what|Using what|By means of what"),
    "price": ("for", "money", "For how much|At what price|For what amount"),
    "cause": ("because of", "cause", "Why|For what reason|What is the reason that"),
    "receiver": ("for", "group", "For whom|For which people"),
    "partner": ("together with", "org", "With whom|Together with whom"),
    "condition": ("when", "symptom", "When|In which case|Under what condition"),
    "channel": ("through", "channel", "Through what|How|Via what"),
    "depot": ("from", "org", "From whom|From where"),
}


def _thing(rng: Random, side: Side, vocabulary: Sequence[str]) -> str:
    noun = rng.choice(vocabulary) if vocabulary and rng.random() < 0.3 else rng.choice(words.THINGS)
    described = rng.choice(
        [
            words.plural(noun),
            words.plural(noun),
            f"{rng.choice(words.ADJECTIVES)} {words.plural(noun)}",
            f"{rng.choice(words.THINGS)} {words.plural(noun)}",
            f"{rng.choice(words.ADJECTIVES)} {noun}",
            f"{noun} of {names.invent(rng, side)}",
        ]
    )
    return f"{rng.choice(['the', 'the', 'all', 'the', 'our'])} {described}"


def _agent(rng: Random, side: Side) -> str:
    return rng.choice(
        [
            rng.choice(AGENTS),
            rng.choice(AGENTS),
            values.make_value(rng, "person", side),
            f"the {rng.choice(words.TEAMS)} team",
            values.make_value(rng, "org", side),
        ]
    )


@cache
def _verbs(side: Side) -> list[tuple[str, ...]]:
    return [verb for verb in VERBS if side_of(f"clause:{verb[0]}") == side]


def make_clause(rng: Random, side: Side, new_slot: Callable[[], str], like: Clause | None = None, vocabulary: Sequence[str] = ()) -> Clause:
    """A sentence with one to three adjuncts; `like` gives verb, tense and half of the rest, for a confusable sister sentence."""
    if like is None:
        act = _Act(
            rng.choice(_verbs(side)),
            _agent(rng, side),
            _thing(rng, side, vocabulary),
            rng.choice("present present past past must may should will can".split()),
        )
        roles = rng.sample(sorted(_ADJUNCTS), rng.choice([1, 1, 2, 2, 3]))
    else:
        act, roles = like.act, [fact.label for fact in like.facts if fact.label in _ADJUNCTS]
        keep_agent = rng.random() < 0.5
        act = _Act(
            act.verb,
            act.agent if keep_agent else _agent(rng, side),
            _thing(rng, side, vocabulary) if keep_agent or rng.random() < 0.3 else act.thing,
            act.tense,
        )
    return _write(rng, side, act, roles, new_slot)


def _write(rng: Random, side: Side, act: _Act, roles: list[str], new_slot: Callable[[], str]) -> Clause:
    subject = Subject("clause", f"{act.verb[0]} {act.agent} {act.thing}", "case")
    passive = rng.random() < 0.35
    facts, adjuncts = [], {}

    def add(role: str, kind: str, value: str, questions: list[str]) -> Fact:
        relation = Relation(f"clause:{act.verb[0]}:{role}", "clause", kind, (role,), (), tuple(questions), f"clause:{act.verb[0]}")
        facts.append(Fact(subject, relation, role, value, new_slot()))
        return facts[-1]

    for role in roles:
        preposition, kind, whs = _ADJUNCTS[role]
        fact = add(
            role,
            kind,
            values.make_value(rng, kind, side),
            [q for wh in whs.split("|") for q in (f"{wh} {act.helper()} {act.agent} {act.verb[0]} {act.thing}", act.passive_question(wh))],
        )
        adjuncts[role] = f"{preposition} {fact.slot}".strip()
    told = [text for role, text in adjuncts.items() if rng.random() < 0.5 and role not in ("cause", "condition")][:1]
    rest = {fact.label: fact.value for fact in facts}
    hint = f" {_ADJUNCTS[roles[0]][0]} {rest[roles[0]]}".rstrip() if told and len(roles) > 1 else ""
    agent = add(
        "agent",
        "person",
        act.agent,
        [
            f"Who {act.active() if not act.plural else _singular(act)} {act.thing}{hint}",
            f"By whom {act.passive_question('').strip()}{hint}",
            act.passive_question("By whom") + hint,
        ],
    )
    thing = add(
        "thing",
        "phrase",
        act.thing,
        [f"What {act.helper()} {act.agent} {act.verb[0]}{hint}", f"What is it that {act.agent} {act.active()}{hint}"],
    )
    tail = list(adjuncts.values())
    rng.shuffle(tail)
    front = capitalise(tail.pop()) + ", " if tail and rng.random() < 0.3 else ""
    core = (
        f"{thing.slot} {act.passive()}" + (f" by {agent.slot}" if rng.random() < 0.8 else "")
        if passive
        else f"{agent.slot} {act.active()} {thing.slot}"
    )
    told_facts = tuple(fact for fact in facts if fact.slot in core or fact.label in adjuncts)
    return Clause(capitalise(f"{front}{core} {' '.join(tail)}".strip()), told_facts, act)


def _singular(act: _Act) -> str:
    return act.verb[1] if act.tense == "present" else act.active()
