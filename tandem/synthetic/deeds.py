"""What is done with a subject, and what is said about doing it: how long, how often, with what, by when, why and so on.

The document says it in one word for the deed ("take off the lid"), the question mostly in another ("remove the cover").
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from random import Random

from tandem.synthetic import deed_words
from tandem.synthetic.relations import Relation
from tandem.synthetic.split import Side, side_of

DOUBLED = frozenset(
    ["set", "put", "get", "cut", "let", "swap", "wrap", "trim", "top", "shut", "quit", "fit", "submit", "drop", "log", "tag"]
)
_PARTICIPLES = (
    "take taken|get got|give given|make made|bring brought|send sent|pay paid|build built|buy bought|beat beaten|"
    "grind ground|"
    "wind wound|withdraw withdrawn|write written|break broken|hold held|lead led|keep kept|come come|go gone|lend lent|lay laid|"
    "run run|do done|undo undone|leave left|throw thrown|shake shaken|shine shone|try tried|dry dried|apply applied|supply supplied|"
    "tidy tidied|carry carried|set set|put put|let let|cut cut|quit quit|shut shut"
)
PREPOSITION = r" (?:up )?(?:for|to|in|at|from|with|of|into|on)$"  # "applying", not "applying for", where nothing follows
IRREGULAR = dict(pair.split() for pair in _PARTICIPLES.split("|"))

# Facets: `# name: kinds of subject -> kind of value`. {do} "clean the lid of {e}", {doing} "cleaning the lid of {e}", {done} "cleaned the
# lid of {e}", {ob} "the lid of {e}", {pp} "cleaned"; {ing} "cleaning the lid", for labels; {s} what is used up. Lines `pass:` are said
# only where the deed has an object for the passive voice.
_FACETS = """
# takes: any -> duration
label: time for {ing} | {ing} takes | duration of {ing} | {ing}
say: {doing} takes {v} | Plan {v} for {doing} | It takes {v} to {do} | You can {do} in {v} | Set aside {v} if you want to {do}
pass: {ob} is {pp} in {v}
ask: How long does it take to {do} | How much time should I plan for {doing} | I have to {do} today. How long will that take
ask: How long will I be busy if I {do} | How much time goes into {doing} | How quickly can one {do} | When will I be finished if I {do} now

# pause_after: thing -> duration
label: pause after {ing} | waiting time after {ing} | rest after {ing}
say: After {doing}, wait {v} | Leave {e} alone for {v} after {doing} | Give it {v} of rest once you have {done}
say: Do not use {e} for {v} after {doing} | Allow {v} to pass between {doing} and the next use
ask: I have just {done}. When may I go on | How long must I wait after {doing} | How soon after {doing} is it ready for use
ask: We have only just {done}. How much patience do we need before we touch it | How much of a break is needed after {doing}

# interval: thing site topic paper -> frequency
label: interval for {ing} | {ing} | {ing} is due | rhythm of {ing}
say: {doing} is due {v} | {do} {v} | Remember to {do} {v} | It is enough to {do} {v} | {doing} should be done {v}
pass: {ob} must be {pp} {v} | {ob} is {pp} {v} | {ob} has to be {pp} {v}
ask: How often do I have to {do} | How regularly should I {do} | When is it time again to {do} | How frequently is {doing} necessary
ask: What rhythm is recommended for {doing} | How many times do I have to {do}

# after_use: thing -> usage
label: limit before {ing} | {ing} due after | {ing} after
say: After {v} you have to {do} | {doing} is due after {v} | {do} once it has done {v} | It asks for {doing} after {v}
pass: {ob} lasts for {v} and is then {pp} | {ob} wants to be {pp} after {v}
ask: How much use until I must {do} | When does it need {doing} | How far does it go before I have to {do}
ask: After how much work is {doing} due | How much can it do before {doing} is needed

# tools: thing -> tools
label: tools for {ing} | needed for {ing} | {ing} with
say: {do} with {v} | You need {v} to {do} | For {doing}, have {v} ready | Use nothing but {v} for {doing} | {doing} is best done with {v}
pass: {ob} is {pp} with {v}
ask: What do I need to {do} | What tool should I take for {doing} | With what should I {do} | What must be at hand for {doing}
ask: I would like to {do}. What equipment do I get out | What do you use for {doing}

# not_with: thing -> tools
label: taboo for {ing} | never for {ing} | harmful for {ing}
say: Do not use {v} for {doing} | Never {do} with {v} | {v} would do damage, so keep away from it when {doing}
ask: What must I not use for {doing} | What would do damage when I {do} | What should be avoided when {doing}
ask: Which things are unsuitable for {doing}

# before: any -> action
label: preparation for {ing} | before {ing} | first, for {ing}
say: Before {doing}, {v} | {v} before you {do} | Nobody should {do} without a first step: {v} | First of all when {doing}, {v}
ask: What do I have to do before {doing} | I am about to {do}. What comes first | What should be done prior to {doing}
ask: What is needed before I may {do} | What preparation does {doing} call for

# after: any -> action
label: last step of {ing} | after {ing} | then, after {ing}
say: After {doing}, {v} | When you have {done}, {v} | {v} after {doing} | The job of {doing} ends like this: {v}
ask: What comes after {doing} | I have {done}. What now | What must be done once I have {done} | What do I do at the end of {doing}
ask: What follows when I have {done}

# how: thing -> step
label: way of {ing} | how to {short} | {ing} | steps for {ing} | {ing}, in short
say: To {do}, {v} | {doing}: {v} | If you want to {do}, {v} | You {do} like this: {v} | {v} to {do} | In order to {do}, just {v}
pass: {ob} is {pp} like this: {v}
ask: How do I {do} | What is the way to {do} | How does {doing} work | I want to {do}. What do I press | How can one {do} | How to {do}
ask: Please explain {doing} | What has to happen so that I can {do}

# menu: thing service -> menu
label: menu for {ing} | {ing} in the menu | setting for {ing}
say: The option for {doing} is under {v} | You can {do} in {v} | Go to {v} to {do} | {doing} is hidden in {v} | Open {v} and {do}
ask: Where in the menu can I {do} | Where do I find the setting for {doing} | Which menu do I open to {do} | Where must I click to {do}
ask: Under what heading can I {do} | Where is the option that lets me {do}

# who: any -> role
label: person for {ing} | who may {short} | {ing} by | responsible for {ing}
say: Only {v} may {do} | {doing} is a job for {v} | Leave {doing} to {v} | Ask {v} to {do} | {doing} is up to {v} | It is {v} who will {do}
pass: {ob} is {pp} by {v} | {ob} may only be {pp} by {v}
ask: Who is allowed to {do} | Whose job is {doing} | Who do I ask to {do} | Who takes charge of {doing} | Who has the say about {doing}
ask: I am not permitted to {do} myself. Who is

# fee: any -> payment
label: price of {ing} | {ing} | fee for {ing} | charge for {ing}
say: {doing} costs {v} | We charge {v} for {doing} | It is {v} to {do} | {v} is due for {doing} | Whoever wants to {do} pays {v}
pass: {ob} is {pp} for {v}
ask: How much is it to {do} | What do you charge for {doing} | What will {doing} set me back | What would I pay to {do}
ask: What is the bill if I {do} | How expensive is {doing} | How much money does {doing} cost me

# heat: thing -> temperature
label: temperature for {ing} | {ing} at | right warmth for {ing}
say: {do} at {v} | The right temperature for {doing} is {v} | {doing} works best at {v} | Keep to {v} when you {do}
ask: How warm should it be when I {do} | At how many degrees do I {do}
ask: What temperature is right for {doing} | How hot may it be for {doing}

# signal: thing -> code
label: signal for {ing} | message before {ing} | shown when {ing} is due
say: When it is time to {do}, the display shows {v} | {v} on the display means that you have to {do} | {v} reminds you to {do}
say: It calls for {doing} with the message {v}
ask: What does the display show when I have to {do} | Which message tells me to {do} | How will I see that {doing} is due
ask: Which code stands for {doing}

# neglect: any -> consequence
label: risk without {ing} | without {ing} | if {ing} is forgotten
say: If you do not {do}, {v} | Forget to {do} and {v} | Without {doing}, {v} | Whoever fails to {do} will find that {v}
ask: What happens if I do not {do} | What is the risk of not {doing}
ask: I forgot to {do}. What can happen | What are the results of skipping {doing}
ask: What if nobody {doings}

# why: any -> reason
label: reason for {ing} | why {ing} | background of {ing}
say: {do} because {v} | {doing} is necessary because {v} | Since {v}, you should {do} | {v}, so please {do} | We ask you to {do}, as {v}
ask: Why do I have to {do} | What is the reason for {doing} | Why is {doing} necessary | What is {doing} good for | Why bother {doing}

# latest: any -> latest
label: last day for {ing} | {ing} by | cut-off for {ing} | latest {ing}
say: You can {do} until {v} | {do} by {v}
say: {v} is the last chance to {do} | The time for {doing} runs out on {v} | {doing} must be done by {v}
pass: {ob} must be {pp} by {v}
ask: By when must I {do} | Until when can I {do}
ask: What is the last day for {doing} | When is the cut-off for {doing} | When is it too late to {do}
ask: What date must I not miss if I want to {do}

# within: any -> window
label: period for {ing} | {ing} within | time limit for {ing}
say: You have {v} to {do} | {do} within {v} | {doing} is possible within {v} | The right to {do} ends {v} | {v} remain for {doing}
pass: {ob} must be {pp} within {v}
ask: How long do I have to {do} | How soon must I {do} | How much time is left to {do}
ask: How many days do I get to {do} | How quickly do I need to {do}

# papers: service event topic site paper -> papers
label: papers for {ing} | {ing} needs | required for {ing} | bring for {ing}
say: To {do}, show {v} | {doing} requires {v} | Nobody can {do} without {v} | Have {v} ready when you {do} | We need {v} before you can {do}
ask: What papers do I need to {do} | What should I bring if I want to {do} | What has to be shown for {doing}
ask: What do you want to see before I can {do} | Which documents go with {doing}

# where: thing site event topic paper -> room
label: place for {ing} | {ing} in | where {ing} happens
say: {do} in {v} | {doing} takes place in {v} | Please {do} only in {v} | Come to {v} to {do} | There is a spot for {doing} in {v}
ask: Where can I {do} | Where do I go to {do} | In which place does one {do} | Which room is meant for {doing}

# via: service event topic paper org -> channel
label: {ing} via | {ing} through | channel for {ing}
say: {do} through {v} | {doing} works only through {v} | Use {v} to {do} | If you want to {do}, turn to {v} | {v} is the place for {doing}
ask: Through what can I {do} | Where do I have to turn to {do} | Which channel do I use to {do} | Where is the right place for {doing}

# times: any -> times
label: limit on {ing} | how many times {ing}
say: You may {do} {v} | {doing} is possible {v} | {v} is the limit for {doing}
ask: How many times may I {do} | How many times in all is {doing} allowed | What is the limit on {doing}

# part_code: thing -> code
label: part number for {ing} | set for {ing} | order code for {ing}
say: Order {v} if you want to {do} | The set for {doing} is listed as {v} | For {doing} there is part {v} | Get article {v} before {doing}
ask: What do I order if I want to {do} | What is the part number for {doing} | Which article do I need for {doing}
ask: Under what number is the set for {doing} sold

# refund: service event site thing -> percent
label: money back after {ing} | refund for {ing} | share repaid after {ing}
say: We pay back {v} if you {do} | You get {v} back when you {do} | {doing} brings you {v} of the price | Those who {do} are repaid {v}
ask: How much do I get back if I {do} | What share of the price is returned when I {do} | What part of my money do I lose or keep if I {do}

# tell: any -> role
label: person to be told of {ing} | told about {ing} | notice of {ing} to
say: Tell {v} before you {do} | Let {v} know if you want to {do} | {v} must hear of it when you {do} | Inform {v} about {doing}
ask: Whom must I tell before I {do} | Who should hear about {doing} | Who has to be informed if I {do} | Who wants to know when I {do}

# room: thing -> length
label: clearance for {ing} | free space for {ing} | room for {ing}
say: Leave {v} of space for {doing} | {doing} needs {v} of free room | Keep {v} clear when you {do} | There must be {v} around it to {do}
ask: How much space do I need to {do} | How much room should I leave for {doing} | How far away must things be when I {do}

# noted: topic paper thing site -> channel
label: record of {ing} | {ing} noted in | log of {ing}
say: Note in {v} that you have {done} | {doing} is entered in {v}
say: Each time you {do}, write it into {v} | We keep a record of {doing} in {v}
ask: Where do I write down that I have {done} | Where is {doing} recorded | Where do I make a note when I {do}

# amount: thing -> quantity
label: {s} for {ing} | {ing}: {s} | amount of {s} for {ing}
say: Use {v} of {s} for {doing} | To {do}, take {v} of {s} | {doing} needs {v} of {s} | {v} of {s} are enough to {do}
ask: How much {s} do I need to {do} | What quantity of {s} goes into {doing} | I want to {do}. How much {s} do I take
ask: How much {s} is used for {doing}

# broken_off: thing service -> step
label: help with broken-off {ing} | if {ing} is interrupted | {ing} stopped halfway
say: If {doing} is interrupted, {v} | Should something stop you when {doing}, {v} | {v} if {doing} breaks off halfway
ask: What do I do if {doing} is cut short | {doing} stopped halfway. What now | How do I go on if {doing} was interrupted

# weekday: site topic event team -> weekday
label: day for {ing} | {ing} on | weekday of {ing}
say: {doing} is only possible on {v} | You can {do} on {v} | Our day for {doing} is {v} | We {do} on {v}
ask: On which day can I {do} | What day of the week is for {doing} | When in the week do we {do}

# people: thing site event -> people
label: people for {ing} | hands needed for {ing} | crew for {ing}
say: It takes {v} to {do} | {doing} is a job for {v} | Call {v} together to {do} | Do not try to {do} with fewer than {v}
ask: How many people does it take to {do} | How many of us are needed for {doing} | How large a crew do I need to {do}

# sign_of_success: thing -> symptom_ok
label: sign that {ing} worked | end of {ing} | {ing} is complete when
say: You have {done} correctly when {v} | {doing} is complete as soon as {v} | If {v}, {doing} has worked
ask: How can I tell that I have {done} properly | How do I know that {doing} is complete | What shows me that {doing} worked

# learn: thing site event -> duration
label: training for {ing} | course before {ing} | briefing for {ing}
say: Before you may {do}, you are trained for {v} | The course on {doing} lasts {v} | Training for {doing} goes on for {v}
ask: How long is the training before I may {do} | How long do I have to learn until I can {do} | How long is the course on {doing}
"""


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to name a deed, with {e} for the subject: clean | the lid of {e}."""

    verb: str
    thing: str
    rest: str = ""

    def fields(self) -> dict[str, str]:
        """The forms that a facet's templates ask for; `short` and `ing` leave the subject out."""
        tail = f" {self.rest}" if self.rest else ""
        bare = self.thing.replace(" of {e}", "").replace(" on {e}", "").replace(" for {e}", "").replace(" with {e}", "").replace("{e}", "")
        short = f"{self.verb} {bare}".rstrip() + tail
        label = f"{re.sub(PREPOSITION, '', self.verb)}{tail}" if not bare.strip() else short
        full = f"{self.verb} {self.thing}{tail}"
        return {
            "do": full,
            "doing": _inflect(full, gerund),
            "doings": _inflect(full, third),
            "done": _inflect(full, participle),
            "ob": self.thing,
            "pp": _inflect(self.verb, participle) + tail,
            "short": label,
            "ing": _inflect(label, gerund),
        }


@dataclass(frozen=True)
class Facet:
    """One side of doing something, with its kinds of subject and its templates."""

    name: str
    kinds: tuple[str, ...]
    value: str
    labels: tuple[str, ...]
    says: tuple[str, ...]
    passives: tuple[str, ...]
    asks: tuple[str, ...]


def _inflect(phrase: str, form: Callable[[str], str]) -> str:
    verb, _, rest = phrase.partition(" ")
    return f"{form(verb)} {rest}".rstrip()


def gerund(verb: str) -> str:
    """take -> taking, put -> putting."""
    if verb in DOUBLED:
        return verb + verb[-1] + "ing"
    return (verb[:-1] if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) else "cancell" if verb == "cancel" else verb) + "ing"


def participle(verb: str) -> str:
    """take -> taken, clean -> cleaned."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    if verb in DOUBLED:
        return verb + verb[-1] + "ed"
    return verb + "d" if verb.endswith("e") else "cancelled" if verb == "cancel" else verb + "ed"


def third(verb: str) -> str:
    """try -> tries, wash -> washes."""
    if verb.endswith("y") and verb[-2] not in "aeou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "x", "ch", "sh", "z", "o")) else "s")


@cache
def facets(side: Side) -> dict[str, tuple[Facet, ...]]:
    """Kind of subject -> facets of one side."""
    table: dict[str, list[Facet]] = {}
    for block in _FACETS.split("\n# ")[1:]:
        head, *lines = block.strip().splitlines()
        name, kinds, value = re.split(": | -> ", head)
        if side_of(f"doing:{name}") != side:
            continue
        told: dict[str, list[str]] = {"label": [], "say": [], "pass": [], "ask": []}
        for line in filter(None, lines):
            key, _, rest = line.partition(": ")
            told[key] += [part.strip() for part in rest.split(" | ")]
        kinds = list(deeds("train")) if kinds == "any" else kinds.split()
        made = Facet(name, tuple(kinds), value, *(tuple(told[key]) for key in ("label", "say", "pass", "ask")))
        for kind in made.kinds:
            table.setdefault(kind, []).append(made)
    return {kind: tuple(found) for kind, found in table.items()}


@cache
def deeds(side: Side) -> dict[str, tuple[tuple[str, tuple[Wording, ...]], ...]]:
    """Kind of subject -> (name, wordings) of the deeds of one side."""
    sources = {"service": deed_words.SERVICE, "paper": deed_words.PAPER, "event": deed_words.EVENT, "topic": deed_words.TOPIC}
    sources |= {"thing": deed_words.THING, "site": deed_words.SITE, "org": deed_words.ORG}
    table = {kind: [_whole(kind, line) for line in text.strip().splitlines()] for kind, text in sources.items()}
    table["thing"] += _on_parts()
    return {kind: tuple(deed for deed in found if side_of(f"deed:{deed[0]}") == side) for kind, found in table.items()}


def _whole(kind: str, line: str) -> tuple[str, tuple[Wording, ...]]:
    wordings = tuple(Wording(*variant.strip().split("|")) for variant in line.split(" = "))
    return f"{kind}:{wordings[0].verb}", wordings


def _on_parts() -> list[tuple[str, tuple[Wording, ...]]]:
    verbs = {line.split(" = ")[0].strip(): [verb.strip() for verb in line.split(" = ")] for line in deed_words.VERBS.strip().splitlines()}
    found = []
    for line in deed_words.PARTS.strip().splitlines():
        names, _, suited = line.partition(": ")
        for verb in re.findall("|".join(sorted(verbs, key=len, reverse=True)), suited):
            wordings = [Wording(word, f"the {name.strip()} of {{e}}") for word in verbs[verb] for name in names.split(" = ")]
            found.append((f"{verb} {names.split(' = ')[0]}", tuple(wordings)))
    return found


def has_deeds(side: Side, subject_kind: str) -> bool:
    """Whether anything can be done with such a subject on this side."""
    return bool(deeds(side).get(subject_kind)) and bool(facets(side).get(subject_kind))


def make_deed(rng: Random, side: Side, subject_kind: str, like: Relation | None = None) -> Relation:
    """A relation such as "how often to clean the lid"; `like` gives either the deed or the facet, for a rival that differs in the other."""
    deed = rng.choice(deeds(side)[subject_kind])
    facet = rng.choice(facets(side)[subject_kind])
    if like is not None:
        name, _, facet_name = like.name.removeprefix("doing:").rpartition(":")
        if rng.random() < 0.6:
            deed = next((other for other in deeds(side)[subject_kind] if other[0] == name), deed)
        else:
            facet = next((other for other in facets(side)[subject_kind] if other.name == facet_name), facet)
    return _relation(rng, subject_kind, deed, facet)


def _relation(rng: Random, subject_kind: str, deed: tuple[str, tuple[Wording, ...]], facet: Facet) -> Relation:
    name, wordings = deed
    told = rng.choice(wordings)
    others = _others(wordings, told)
    asked = [rng.choice(others) if rng.random() < 0.75 else told for _ in range(2)]
    stuff = rng.choice(deed_words.STUFF).split(" = ")
    says = facet.says + (facet.passives if told.thing == "{e}" or told.thing.startswith("the ") else ())
    return Relation(
        f"doing:{name}:{facet.name}",
        subject_kind,
        facet.value,
        tuple(_fill(label, told, stuff[0]) for label in facet.labels),
        tuple(_fill(say, told, stuff[0]) for say in rng.sample(says, min(3, len(says)))),
        tuple(
            _fill(ask, wording, stuff[-1] if wording is asked[0] else stuff[0])
            for wording in asked
            for ask in rng.sample(facet.asks, min(3, len(facet.asks)))
        ),
        f"doing:{facet.name}",
    )


@lru_cache(maxsize=20_000)
def _others(wordings: tuple[Wording, ...], told: Wording) -> tuple[Wording, ...]:
    return tuple(wording for wording in wordings if wording.verb != told.verb) or wordings


@lru_cache(maxsize=200_000)
def _fill(template: str, wording: Wording, stuff: str) -> str:
    fields = {**_fields(wording), "s": stuff}
    return re.sub(r"\{(\w+)\}", lambda match: fields.get(match.group(1), match.group()), template)


@cache
def _fields(wording: Wording) -> dict[str, str]:
    return wording.fields()
