# ruff: noqa: SIM905 - lists of words read better as text
"""Long answers: what a manual says to "How do I ...?" and "What is ...?", copied as whole sentences from one of its sections."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tandem.synthetic.phrasing import finish_question
from tandem.synthetic.split import Side, side_of

MAX_ANSWER_CHARS = 270  # about 65 tokens: with the house form around it, it fits `base.max_new_tokens`
VERBS = frozenset(
    "access activate add adjust allow answer apply assemble attach block browse calibrate call cancel capture change charge check "
    "choose clean clear close compare configure confirm connect control convert copy create customize cut deactivate define delete "
    "detach disable disconnect display download drag edit enable end enter erase exit export extend filter find fix format forward "
    "get give group hide identify import improve increase insert install join keep launch link listen load locate lock log "
    "make manage measure merge monitor move mute name navigate open order organize pair pause personalize pin place play prevent "
    "preview print protect put read receive record reduce refresh register reinstall remove rename repeat replace reply report "
    "request reset resize restart restore restrict retrieve return review rotate run save scan schedule scroll search secure "
    "select send set share show shut sign silence skip sort split start stop store stream swap swipe switch sync synchronize take "
    "test track transfer translate troubleshoot try turn type undo uninstall unlock unpair update upgrade upload use verify view "
    "wake watch write zoom".split()
)
ABOUT_DOING = (
    "How do I {x}|How can I {x}|How to {x}|How do you {x}|Can I {x}|Is it possible to {x}|Is there a way to {x}|What do I do to {x}|"
    "What should I do if I want to {x}|I want to {x}. How do I do that|What are the steps to {x}|Explain how to {x}|"
    "Show me how to {x}|I need to {x}. How does it work|Which steps does it take to {x}|Could you tell me how to {x}"
).split("|")
ABOUT_THING = (
    "What is {x}|What is the use of {x}|How do I use {x}|How can I use {x}|What does {x} do|How does {x} work|What can I do with {x}|"
    "Tell me about {x}|Explain {x}|Where do I find {x}|How do I get to {x}|What is {x} for|How do I set up {x}|"
    "What do I need to know about {x}|Can I use {x}|Please describe {x}|What is meant by {x}|How are {x} used|"
    "Is there something like {x}"
).split("|")
ASIDES = ("Was this content helpful?", "Visit for more information.", "For more information, visit", "For more information, visit .")
ROOTS = {"using": "use", "setting": "set", "getting": "get", "putting": "put", "running": "run", "stopping": "stop", "cutting": "cut"}


@dataclass(frozen=True)
class Section:
    """A titled section of a manual, sentence by sentence."""

    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Excerpt:
    """What the context shows of a section: `shown` sentences from `first` on; `begins` holds each one's offset in `text`."""

    section: Section
    first: int
    text: str
    begins: tuple[int, ...]

    def answer_from(self, i: int) -> tuple[str, int]:
        """Whole sentences from the i-th shown on, up to `MAX_ANSWER_CHARS`, with their offset; at least one."""
        end = begin = self.begins[i]
        for sentence, at in zip(self.section.sentences[self.first + i :], self.begins[i:], strict=False):
            if end > begin and at + len(sentence) - begin > MAX_ANSWER_CHARS:
                break
            end = at + len(sentence)
        return self.text[begin:end], begin


def read_section(title: str, text: str) -> Section | None:
    """None where fewer than two of its lines are sentences. A line that only repeats the title is left out."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    kept = [line for line in lines if line and line != title and not line.isupper() and line not in ASIDES]
    sentences = [sentence for line in kept for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", line)]
    whole = [sentence for sentence in sentences if 20 <= len(sentence) <= MAX_ANSWER_CHARS and len(sentence.split()) > 3]
    if len(whole) < 2 or not 3 <= len(title) <= 60:
        return None
    return Section(" ".join(title.split()), tuple(sentence for sentence in sentences if len(sentence) <= MAX_ANSWER_CHARS))


def doing_of(words_of_action: str) -> str | None:
    """ "Set the timer" and "Setting the timer" -> "set the timer"; None for what does not begin with a verb."""
    first, _, rest = words_of_action.partition(" ")
    verb = first.lower()
    if verb.endswith("ing"):
        stem = verb.removesuffix("ing")
        verb = ROOTS.get(verb) or next((root for root in (stem, stem + "e", stem[:-1]) if root in VERBS), "")
    return f"{verb} {rest}" if verb in VERBS and rest else None


def ask_about_section(rng: Random, section: Section) -> str:
    """A question that the section as a whole answers."""
    doing = doing_of(section.title)
    if doing is not None:
        return rng.choice(ABOUT_DOING).format(x=doing)
    title = section.title if rng.random() < 0.5 else section.title[:1].lower() + section.title[1:]
    return rng.choice(ABOUT_THING).format(x=f"{rng.choice(['', '', 'the ', 'the feature '])}{title}")


def ask_about_sentence(rng: Random, section: Section, sentence: str) -> str | None:
    """A question on what a sentence tells to do or says can be done; None where it tells neither."""
    said = re.match(r"(?:You can (?:also |now )?|To |(?:Press|Tap|Click) \w+ to )?(\w+ [^,.:;(>]{8,70})", sentence)
    doing = said and doing_of(said.group(1))
    if not doing:
        return None
    doing = re.sub(r"\byour\b", "my", re.split(r" (?:and|then|or|when|if|by|which|that|until) ", doing)[0])
    if len(doing.split()) < 3:
        return None
    where = f" in {section.title}" if rng.random() < 0.25 else ""
    return rng.choice(ABOUT_DOING).format(x=doing + where)


def excerpt(rng: Random, section: Section, target_chars: tuple[int, int]) -> Excerpt:
    """Some of the section under its title, as a search shows it; two times in three from its beginning."""
    longest = rng.randint(*target_chars)
    first = 0 if rng.random() < 0.67 else rng.randrange(max(1, len(section.sentences) - 1))
    text = f"{section.title}:"
    begins: list[int] = []
    for sentence in section.sentences[first:]:
        if begins and len(text) + len(sentence) > longest:
            break
        begins.append(len(text) + 1)
        text += f" {sentence}"
    return Excerpt(section, first, text, tuple(begins))


def make_question(rng: Random, side: Side, shown: Excerpt) -> tuple[str, str, int] | None:
    """(question, answer, offset of the answer in the excerpt), or None where this section allows none on this side."""
    if side_of(f"section:{shown.section.title}") != side:
        return None
    i = rng.randrange(len(shown.begins)) if rng.random() < 0.45 else 0
    question = ask_about_sentence(rng, shown.section, shown.section.sentences[shown.first + i]) if i or rng.random() < 0.2 else None
    if i and question is None:
        return None
    answer, at = shown.answer_from(i)
    return finish_question(rng, question or ask_about_section(rng, shown.section)), answer, at


def choose_sections(rng: Random, sections: Sequence[Section], n: int) -> list[Section]:
    """`n` sections none of whose titles holds another's: each question is then about one of them."""
    chosen: list[Section] = []
    for section in rng.sample(sections, min(len(sections), 6 * n)):
        title = section.title.lower()
        if len(chosen) < n and not any(title in other.title.lower() or other.title.lower() in title for other in chosen):
            chosen.append(section)
    return chosen
