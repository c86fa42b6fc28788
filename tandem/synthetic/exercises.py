"""Made-up exercises: a question, passages, and the answer copied from one of them, or "I don't know"."""

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from tandem.synthetic import manners, words
from tandem.synthetic.clauses import make_clause
from tandem.synthetic.deeds import make_deed
from tandem.synthetic.desk import Desk, Mix, Written, dossier, reports
from tandem.synthetic.exercise import Exercise, abstention, copied
from tandem.synthetic.manuals import Section, choose_sections, excerpt, make_question
from tandem.synthetic.phrasing import Fact, ask, finish_question
from tandem.synthetic.senses import may_confuse
from tandem.synthetic.split import Side

TURNED = 0.15  # tried in so many contexts; about a third of them hold rivals to choose among


def make_exercises(
    rng: Random,
    side: Side,
    n_passages: int,
    n_questions: int = 3,
    mix: Mix | None = None,
    paragraphs: Sequence[str] = (),
    vocabulary: Sequence[str] = (),
    sections: Sequence[Section] = (),
) -> list[Exercise]:
    """One context and up to `n_questions` questions over it; the shares of `mix` hold over many calls.

    `paragraphs` is real prose, for cloze questions, fillers and distractors; `vocabulary` is further nouns for invented attributes;
    `sections` are of real manuals, for questions that whole sentences answer.
    """
    desk = Desk(rng, side, mix or Mix(), paragraphs, vocabulary)
    if sections and rng.random() < desk.mix.manuals:
        return _manual(desk, sections, n_passages, n_questions)
    if paragraphs and rng.random() < desk.mix.cloze:
        return _cloze(desk, n_passages, n_questions)
    plan = reports if rng.random() < desk.mix.clauses else dossier
    written = [desk.write(sheet) for sheet in plan(desk, n_passages)]
    rng.shuffle(written)
    facts = [fact for passage in written for fact in passage.facts]
    turned = _turn_round(desk, written, facts) if rng.random() < TURNED else None
    exercises = [_set(desk, written, facts, fact, question) for fact, question in _pick_questions(desk, facts, n_questions)]
    return [exercise for exercise in [turned, *exercises] if exercise is not None][:n_questions]


def draw_exam(rng: Random, n: int, n_passages: int, mix: Mix) -> list[Exercise]:
    """`n` exercises of held-out wordings and names: where `mix.absent` is 1 none that its passages answer, otherwise only such."""
    found: list[Exercise] = []
    while len(found) < n:
        made = make_exercises(rng, "held_out", n_passages, 1, mix)
        found += [one for one in made if bool(one.copies) == (mix.absent < 1)]
    return found[:n]


def _set(desk: Desk, written: list[Written], facts: list[Fact], fact: Fact, question: str) -> Exercise | None:
    """The exercise over a fact; at the shares of the mix its context is left out, or a fact is asked that the context lacks."""
    texts = tuple(passage.text for passage in written)
    families = {other.relation.family for other in facts}
    if desk.rng.random() < desk.mix.no_context:
        return abstention(question, (), (fact.relation.family,))
    if desk.rng.random() >= desk.mix.absent:
        if desk.mix.first and desk.rng.random() < desk.mix.first:
            written = sorted(written, key=lambda passage: fact not in passage.facts)
            texts = tuple(passage.text for passage in written)
        i = next(i for i, passage in enumerate(written) if fact in passage.facts)
        return copied(question, texts, fact.value, i, written[i].offsets[fact.slot], tuple(sorted(families)))
    withheld = withhold(desk, facts)
    if withheld is None:
        return None
    mention = manners.own(desk.rng, withheld.subject, {other.subject.name for other in facts})
    question = ask(desk.rng, withheld, mention, desk.side, _another(desk.rng, withheld, facts))
    return abstention(question, texts, tuple(sorted(families | {withheld.relation.family})))


def _turn_round(desk: Desk, written: list[Written], facts: list[Fact]) -> Exercise | None:
    """A question from the value to the subject ("Which grinder weighs 12 kg?"), where the context holds rivals with other values."""
    told = "\n".join(passage.text for passage in written)
    names = {fact.subject.name for fact in facts}
    for fact in desk.rng.sample(facts, len(facts)):
        subject, rivals = fact.subject, [other for other in facts if other.relation.name == fact.relation.name and other is not fact]
        says = [say.removeprefix("{e} ") for say in fact.relation.says if say.startswith("{e} ") and say.count("{e}") == 1]
        alone = sum(subject.name in name for name in names) == 1 and told.count(fact.value) == 1
        if not says or not rivals or not alone or subject.qualifier or subject.kind in ("topic", "symptom", "clause", "post"):
            continue
        i = next(i for i, passage in enumerate(written) if fact in passage.facts)
        text, offset = written[i].text, written[i].offsets[fact.slot]
        at = text.rfind(subject.name, 0, offset)
        at = at if at >= 0 else text.find(subject.name)
        if at < 0:
            return None
        wh = "Who" if subject.kind == "person" else f"Which {subject.noun}"
        question = finish_question(desk.rng, f"{wh} {desk.rng.choice(says).format(v=fact.value)}")
        families = tuple(sorted({other.relation.family for other in facts}))
        return copied(question, tuple(passage.text for passage in written), subject.name, i, at, families)
    return None


def _pick_questions(desk: Desk, facts: list[Fact], n_questions: int) -> list[tuple[Fact, str]]:
    """Only facts with one value in the whole context; the subject stays unnamed only where its relation occurs once."""
    values: dict[tuple[str, str], set[str]] = {}
    for fact in facts:
        values.setdefault(fact.key, set()).add(fact.value)
    clear = [fact for fact in facts if len(values[fact.key]) == 1]
    names = {fact.subject.name for fact in facts}
    picked = []
    for fact in desk.rng.sample(clear, min(n_questions, len(clear))):
        rivals = [
            other for other in facts if other is not fact and fact.subject.kind != "clause" and may_confuse(fact.relation, other.relation)
        ]
        if any(other.subject.core == fact.subject.core and other.key != fact.key for other in rivals):
            continue
        unnamed = not rivals and fact.subject.kind not in ("symptom", "clause") and desk.rng.random() < 0.12
        mention = None if unnamed else manners.own(desk.rng, fact.subject, names)
        picked.append((fact, ask(desk.rng, fact, mention, desk.side, _another(desk.rng, fact, facts))))
    return picked


def _another(rng: Random, fact: Fact, facts: list[Fact]) -> str:
    """A subject of the same kind that the question may rule out, or nothing."""
    subject = fact.subject
    found = [other.subject for other in facts if other.subject.kind == subject.kind and subject.name not in other.subject.name]
    return rng.choice(found).mention if found and subject.kind not in ("clause", "symptom") else ""


def withhold(desk: Desk, facts: list[Fact]) -> Fact | None:
    """A fact that the context could hold but does not: a sibling's, or another side of a subject that is there."""
    known = {fact.key for fact in facts}
    for _ in range(8):
        seen = desk.rng.choice(facts)
        if seen.subject.kind == "clause":
            candidate = desk.rng.choice(make_clause(desk.rng, desk.side, desk.new_slot).facts)
        elif desk.rng.random() < 0.5:
            candidate = desk.fact(desk.sibling(seen.subject), seen.relation)
        elif seen.relation.family.startswith("doing:") and desk.rng.random() < 0.5:
            candidate = desk.fact(seen.subject, make_deed(desk.rng, desk.side, seen.subject.kind, seen.relation))
        else:
            candidate = desk.fact(seen.subject, desk.relation(seen.subject.kind))
        if candidate.key not in known and not any(_answers(fact, candidate) for fact in facts):
            return candidate
    return None


def _answers(fact: Fact, withheld: Fact) -> bool:
    """Whether a fact that is there might be taken for the one that is asked: of the same subject, or a rule that covers its case."""
    same = fact.subject.core in (withheld.subject.core, replace(withheld.subject, qualifier="").core)
    return same and may_confuse(fact.relation, withheld.relation)


def _manual(desk: Desk, sections: Sequence[Section], n_passages: int, n_questions: int) -> list[Exercise]:
    """Questions that sections of a manual answer in whole sentences; at the share of the mix, the section is not there."""
    rng, absent = desk.rng, desk.rng.random() < desk.mix.absent
    excerpts = [excerpt(rng, section, desk.mix.target_chars) for section in choose_sections(rng, sections, n_passages + absent)]
    asked = rng.sample(excerpts, 1) if absent or rng.random() < desk.mix.first else excerpts
    shown = [one for one in excerpts if one is not asked[0]] if absent else sorted(excerpts, key=lambda one: one is not asked[0])
    texts = tuple(one.text for one in shown)
    exercises: list[Exercise] = []
    for _ in range(n_questions * 3):
        about = rng.choice(asked)
        made = make_question(rng, desk.side, about)
        if made is None or len(exercises) == n_questions or not texts:
            continue
        question, answer, at = made
        if absent:
            exercises.append(abstention(question, texts, ("manual",)))
        else:
            exercises.append(copied(question, texts, answer, shown.index(about), at, ("manual",)))
    return exercises


def _cloze(desk: Desk, n_passages: int, n_questions: int) -> list[Exercise]:
    rng = desk.rng
    texts = tuple(rng.choice(desk.paragraphs)[: rng.randint(*desk.mix.target_chars)].rsplit(" ", 1)[0] for _ in range(n_passages))
    exercises: list[Exercise] = []
    for _ in range(n_questions * 3):
        i = rng.randrange(n_passages)
        made = _blank(rng, texts[i])
        if made and len(exercises) < n_questions:
            question, answer, at = made
            if sum(text.count(answer) for text in texts) == 1:
                exercises.append(copied(question, texts, answer, i, at, ("cloze",)))
    return exercises


def _blank(rng: Random, text: str) -> tuple[str, str, int] | None:
    """Turn a sentence into a question by cutting one to four words out of it."""
    matches = list(re.finditer(r"[^.!?]{30,260}[.!?]", text))
    if not matches:
        return None
    sentence = rng.choice(matches)
    tokens = [(m.group(), sentence.start() + m.start()) for m in re.finditer(r"\S+", sentence.group())]
    n_words = rng.choice([1, 1, 2, 2, 3, 4, 6])
    if len(tokens) < n_words + 5:
        return None
    first = rng.randrange(len(tokens) - n_words + 1)
    cut = tokens[first : first + n_words]
    raw = text[cut[0][1] : cut[-1][1] + len(cut[-1][0])]
    answer = raw.strip(",.;:()\"'*`")
    if len(answer) < 3 or any(edge[0].lower().strip(",.") in words.STOP_WORDS for edge in (cut[0], cut[-1])):
        return None
    keep = 0.85 if rng.random() < 0.6 else 1.0
    left = [word for word, _ in tokens[:first] if rng.random() < keep][-9:]
    right = [word for word, _ in tokens[first + n_words :] if rng.random() < keep][:9]
    wh = rng.choice(["what", "what", "which", "___"])
    question = " ".join([wh, *left, *right] if wh != "___" and rng.random() < 0.6 else [*left, wh, *right])
    return finish_question(rng, question.strip(".,;: ")), answer, cut[0][1] + raw.index(answer)
