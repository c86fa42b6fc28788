"""The desk where a context is written: which subjects and relations it holds, in which passages, beside which rivals."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from tandem.synthetic import density, paraphrases, words
from tandem.synthetic import passages as layouts
from tandem.synthetic.clauses import Clause, make_clause
from tandem.synthetic.deeds import has_deeds, make_deed
from tandem.synthetic.names import KINDS as SUBJECT_KINDS
from tandem.synthetic.names import Subject, make_subject, near_duplicate, qualify
from tandem.synthetic.phrasing import Fact
from tandem.synthetic.relations import Relation, all_attributes, all_relations
from tandem.synthetic.split import Side, side_of
from tandem.synthetic.values import make_value

UNQUALIFIED_KINDS = frozenset({"symptom", "fault", "person", "release"})
COUNT_SAYS = ("{e} has {v}", "There are {v} in {e}", "{e} comes with {v}", "{e} counts {v}", "{v} belong to {e}", "We gave {e} {v}")
COUNT_ASKS = ("How many {n} does {e} have", "How many {n} are there in {e}", "How many {n} belong to {e}", "Number of {n} of {e}")
PROFILE_LAYOUTS = {**layouts.PROFILE_LAYOUTS, "dense_prose": density.dense_prose, "sections": density.sections}
PROFILE_WEIGHTS = {**layouts.PROFILE_WEIGHTS, "dense_prose": 3.5, "sections": 1.5}
DEEDS = 0.25  # the share of what is said of a subject that is about doing something with it
KIND_WEIGHTS = {"thing": 5, "topic": 5, "service": 2, "team": 2, "fault": 2, "symptom": 2}


@dataclass(frozen=True)
class Mix:
    """Shares of the exercises; what they leave over is ordinary questions over synthetic facts."""

    absent: float = 0.12
    no_context: float = 0.02
    cloze: float = 0.12
    manuals: float = 0.15  # questions that whole sentences answer, where sections of manuals are at hand
    clauses: float = 0.15
    qualified: float = 0.2
    first: float = 0.0  # contexts whose first passage holds the answer, beyond chance: a search's best hit comes first
    target_chars: tuple[int, int] = (300, 700)
    chars_a_fact: int = 75


@dataclass(frozen=True)
class Sheet:
    """A passage before its values are filled in: slots stand for them."""

    heading: str
    text: str
    facts: list[Fact]


@dataclass(frozen=True)
class Written:
    """A finished passage and the character offset of each slot in it."""

    text: str
    offsets: dict[str, int]
    facts: list[Fact]


@cache
def relations_of(side: Side) -> dict[str, list[Relation]]:
    """Subject kind -> relations of one side. The split is by relation, whatever its values or subjects are."""
    table: dict[str, list[Relation]] = {}
    for relation in all_relations():
        if side_of(relation.family) == side:
            table.setdefault(relation.subject, []).append(relation)
    return table


@cache
def attributes_of(side: Side) -> list[tuple[str, str]]:
    """(noun, kind of value) pairs of one side; the split is by noun."""
    pairs = [(noun, kind) for kind, nouns in all_attributes().items() for noun in nouns]
    return [(noun, kind) for noun, kind in pairs if side_of(f"attribute:{noun}") == side]


def _attribute(rng: Random, side: Side, subject_kind: str, vocabulary: Sequence[str] = ()) -> Relation:
    """A relation without wordings of its own, or (one in six) a count of something."""
    part = rng.choice(vocabulary) if vocabulary and rng.random() < 0.4 else rng.choice(words.THINGS)
    if rng.random() < 0.16 and side_of(f"counting:{part}") == side:
        return _counting(rng, subject_kind, words.plural(part), f"counting:{part}")
    noun, kind = rng.choice(attributes_of(side))
    asks = paraphrases.of_attributes().get((noun, kind), ())
    if asks and rng.random() < 0.4:
        return Relation(f"attribute:{noun}", subject_kind, kind, (noun,), (), asks, f"attribute:{noun}")
    if rng.random() < 0.25:  # any kind of value may stand behind any noun, so the kind alone must not decide
        kind = rng.choice(list(all_attributes()))
    forms = [f"{part} {noun}", f"{part} {noun}", f"{noun} of the {part}", f"{noun} per {part}", f"{noun} for {words.plural(part)}"]
    full = rng.choice([noun, noun, f"{rng.choice(words.ADJECTIVES)} {noun}", *forms])
    return Relation(f"attribute:{full}", subject_kind, kind, (full,), family=f"attribute:{noun}")


def _counting(rng: Random, subject_kind: str, nouns: str, family: str) -> Relation:
    asks = tuple(text.replace("{n}", nouns) for text in COUNT_ASKS)
    if rng.random() < 0.4:  # as a table has it: the label names what is counted, the value is bare
        return Relation(family, subject_kind, "number", (nouns,), (), asks, family)
    return Relation(family, subject_kind, f"counted:{nouns}", (f"number of {nouns}",), COUNT_SAYS, asks, family)


class Desk:
    """Holds one exercise sheet while it is written: which facts exist and which slot is next."""

    def __init__(self, rng: Random, side: Side, mix: Mix, paragraphs: Sequence[str], vocabulary: Sequence[str]) -> None:
        self.rng, self.side, self.mix, self.paragraphs, self.vocabulary = rng, side, mix, paragraphs, vocabulary
        self.n_slots = 0

    def relation(self, subject_kind: str) -> Relation:
        if has_deeds(self.side, subject_kind) and self.rng.random() < DEEDS:
            return make_deed(self.rng, self.side, subject_kind)
        known = relations_of(self.side).get(subject_kind)
        if subject_kind == "symptom" or (known and self.rng.random() < 0.72):
            return self.rng.choice(known) if known else self.rng.choice(relations_of(self.side)["topic"])
        return _attribute(self.rng, self.side, subject_kind, self.vocabulary)

    def subject_kind(self) -> str:
        kinds = [kind for kind in SUBJECT_KINDS if kind in relations_of(self.side)]
        return self.rng.choices(kinds, [KIND_WEIGHTS.get(kind, 1.2) for kind in kinds])[0]

    def new_slot(self) -> str:
        self.n_slots += 1
        return f"\x00{self.n_slots}\x00"

    def fact(self, subject: Subject, relation: Relation, label: str | None = None) -> Fact:
        value = make_value(self.rng, relation.value, self.side)
        return Fact(subject, relation, label or self.rng.choice(relation.labels), value, self.new_slot())

    def filler(self) -> str:
        if self.paragraphs and self.rng.random() < 0.5:
            sentence = self.rng.choice(re.split(r"(?<=[.!?]) ", self.rng.choice(self.paragraphs)))
            if 20 < len(sentence) < 200:
                return sentence
        return layouts.synthetic_filler(self.rng)

    def n_facts(self) -> int:
        """As many as fill a passage of the wanted length, since real documents are dense; now and then fewer, with filler."""
        most = max(1, self.rng.randint(*self.mix.target_chars) // self.mix.chars_a_fact)
        return most if self.rng.random() < 0.6 else self.rng.randint(1, most)

    def profile(self, subject: Subject, relations: list[Relation]) -> Sheet:
        facts = [self.fact(subject, relation) for relation in relations]
        weights = PROFILE_WEIGHTS
        layout = self.rng.choices(list(weights), list(weights.values()))[0]
        if subject.kind == "symptom" and layout not in ("prose", "steps"):
            layout = "prose"
        heading, text = PROFILE_LAYOUTS[layout](self.rng, facts, self.side, self.filler)
        return Sheet(heading, text, facts)

    def roundup(self, subjects: list[Subject], relations: list[Relation]) -> Sheet:
        labels = {relation.name: self.rng.choice(relation.labels) for relation in relations}
        facts = [self.fact(subject, relation, labels[relation.name]) for subject in subjects for relation in relations]
        weights = layouts.ROUNDUP_WEIGHTS if len(relations) == 1 else {"roundup_table": 2, "roundup_pairs": 1}
        layout = self.rng.choices(list(weights), list(weights.values()))[0]
        if subjects[0].kind == "symptom":
            layout = "roundup_prose"
        heading, text = layouts.ROUNDUP_LAYOUTS[layout](self.rng, facts, self.side, self.filler)
        return Sheet(heading, text, facts)

    def mixture(self, subject: Subject, relation: Relation, n_facts: int) -> Sheet:
        """Unrelated facts under one roof, one of them the given one: handbook chapters, FAQ pages, minutes."""
        pairs = [(subject, relation)]
        while len(pairs) < n_facts:
            kind = self.rng.choice([subject.kind, self.subject_kind()])
            pairs.append((make_subject(self.rng, kind, self.side), self.relation(kind)))
        facts = [self.fact(s, r) for s, r in pairs]
        self.rng.shuffle(facts)
        layout = self.rng.choice([layouts.roundup_prose, layouts.roundup_prose, layouts.mixed_bullets, layouts.mixed_questions])
        heading, text = layout(self.rng, facts, self.side, self.filler)
        return Sheet(heading if self.rng.random() < 0.3 else self.rng.choice(["", *layouts.SECTIONS]), text, facts)

    def report(self, n_clauses: int, like: Clause | None = None) -> tuple[Sheet, Clause]:
        """Sentences about who does what; about half of them are sisters of the first, with other people, things or times."""
        rng = self.rng
        clauses = [make_clause(rng, self.side, self.new_slot, like, self.vocabulary)]
        while len(clauses) < n_clauses:
            clauses.append(make_clause(rng, self.side, self.new_slot, clauses[0] if rng.random() < 0.5 else None, self.vocabulary))
        first = clauses[0]
        rng.shuffle(clauses)
        facts = [fact for clause in clauses for fact in clause.facts]
        if rng.random() < 0.2:
            text = "\n".join(rng.choice(["- ", "* "]) + clause.text for clause in clauses)
        else:
            text = " ".join(clause.text + "." + (" " + self.filler() if rng.random() < 0.2 else "") for clause in clauses)
        heading = rng.choice(
            [
                "",
                "",
                rng.choice(layouts.SECTIONS),
                f"{rng.choice(words.THINGS).capitalize()} {rng.choice(words.THINGS)}s",
                f"{rng.choice(words.TOPICS).capitalize()} > {rng.choice(layouts.SECTIONS)}",
            ]
        )
        return Sheet(heading, text, facts), first

    def passage(self, subject: Subject, relation: Relation) -> Sheet:
        """The given fact among others: of the same subject, of rival subjects, or of anything."""
        n_facts, roll = self.n_facts(), self.rng.random()
        if roll < 0.35:
            return self.profile(subject, self.relations_beside(relation, subject.kind, n_facts))
        if roll < 0.8:
            return self.rivals(subject, relation, n_facts)
        return self.mixture(subject, relation, n_facts + 1)

    def relations_beside(self, relation: Relation, subject_kind: str, n_others: int) -> list[Relation]:
        like = relation if relation.family.startswith("doing:") else None
        drawn = (
            make_deed(self.rng, self.side, subject_kind, like) if like and self.rng.random() < 0.4 else self.relation(subject_kind)
            for _ in range(n_others)
        )
        others = {other.name: other for other in drawn}
        others.pop(relation.name, None)
        chosen = [relation, *others.values()]
        self.rng.shuffle(chosen)
        return chosen

    def rivals(self, subject: Subject, relation: Relation, n_facts: int) -> Sheet:
        """The same relation of near duplicates, or of one subject under several conditions; a table may add more columns."""
        rng = self.rng
        if rng.random() < self.mix.qualified and subject.kind not in UNQUALIFIED_KINDS:
            subject = qualify(rng, subject, self.side)
            if rng.random() < 0.35:
                return self.exceptions(subject, relation, n_facts)
        rows = {subject.core: subject}
        for _ in range(n_facts + 1):
            other = self.sibling(subject) if subject.qualifier or rng.random() < 0.6 else make_subject(rng, subject.kind, self.side)
            rows.setdefault(other.core, other)
        columns = {relation.name: relation}
        while rng.random() < 0.35 and len(columns) < 4 and subject.kind != "symptom":
            extra = self.relation(subject.kind)
            columns.setdefault(extra.name, extra)
        chosen = list(rows.values())[: max(2, 2 * n_facts // (len(columns) + 1))]
        rng.shuffle(chosen)
        return self.roundup(chosen, list(columns.values()))

    def exceptions(self, subject: Subject, relation: Relation, n_facts: int) -> Sheet:
        """A rule for the plain subject and what holds under one to three conditions."""
        narrowed = {other.full_name: other for other in (qualify(self.rng, subject, self.side) for _ in range(min(3, max(1, n_facts - 1))))}
        facts = [self.fact(other, relation) for other in (replace(subject, qualifier=""), subject, *narrowed.values())]
        facts = list({fact.key: fact for fact in facts}.values())
        return Sheet(*density.rule_and_exceptions(self.rng, facts, self.side, self.filler), facts)

    def sibling(self, subject: Subject) -> Subject:
        """What is easily taken for the subject: the same under another condition, or a near duplicate."""
        return qualify(self.rng, subject, self.side) if subject.qualifier else near_duplicate(self.rng, subject, self.side)

    def write(self, sheet: Sheet) -> Written:
        """Pad with filler to the target length, fill in the values, put the heading in front."""
        heading, text = sheet.heading, sheet.text
        target = self.rng.randint(*self.mix.target_chars)
        before: list[str] = []
        after: list[str] = []
        while len(text) + sum(len(part) for part in before + after) < target - 60:
            (before if self.rng.random() < 0.4 else after).append(self.filler())
        if self.rng.random() < 0.12:
            before.insert(0, density.torn_start(self.rng, self.filler()))
        if self.rng.random() < 0.12:
            after.append(density.torn_end(self.rng, self.filler()))
        joint = "\n" if "\n" in text else " "
        text = joint.join([part for part in (" ".join(before), text, " ".join(after)) if part])
        joined = f"{heading}{self.rng.choice([': ', ': ', ': ', ' '])}{text}" if heading else text
        return Written(*layouts.fill_slots(joined, sheet.facts), sheet.facts)


def dossier(desk: Desk, n_passages: int) -> list[Sheet]:
    """One subject and its surroundings: rivals, other facts, other things, real prose."""
    subject = make_subject(desk.rng, desk.subject_kind(), desk.side)
    relation = desk.relation(subject.kind)
    return [desk.passage(subject, relation), *(_distractor(desk, subject, relation) for _ in range(n_passages - 1))]


def _distractor(desk: Desk, subject: Subject, relation: Relation) -> Sheet:
    roll = desk.rng.random()
    if roll < 0.4:
        return desk.passage(desk.sibling(subject), relation)
    if roll < 0.65:
        others = [other for other in desk.relations_beside(relation, subject.kind, desk.n_facts() + 1) if other.name != relation.name]
        return desk.profile(subject, others or [_attribute(desk.rng, desk.side, subject.kind)])
    if roll < 0.72 and desk.paragraphs:
        return Sheet("", desk.rng.choice(desk.paragraphs)[: desk.mix.target_chars[1]], [])
    return _stranger(desk)


def _stranger(desk: Desk) -> Sheet:
    other = make_subject(desk.rng, desk.subject_kind(), desk.side)
    return desk.passage(other, desk.relation(other.kind))


def reports(desk: Desk, n_passages: int) -> list[Sheet]:
    """Who does what, with sister sentences across the passages."""
    sheet, clause = desk.report(desk.n_facts() + 1)
    others = [desk.report(desk.n_facts() + 1, clause)[0] if desk.rng.random() < 0.75 else _stranger(desk) for _ in range(n_passages - 1)]
    return [sheet, *others]
