"""Prompts, training targets and what is read back from an output: the words around a question, nothing that loads a model."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tandem.form import form_ok
from tandem.params import Form, Prompt
from tandem.records import Generation, Passage
from tandem.tables import told

APART = " [SEP] [CLS] "  # how BERT's tokenizer ends one input and begins the next
_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+|_|[^\w\s]")  # as BERT's tokenizer cuts: `_` stands alone, accents belong to their letter
_THOUGHT = re.compile(r"\s*<think>.*?(?:</think>|\Z)|(?:(?!<think>).)*?</think>", re.DOTALL)  # some templates write the opening mark
_FENCED = re.compile(r"```(?:json)?\s(.*)```", re.DOTALL | re.IGNORECASE)
_CITED = re.compile(r"\[(\d+)\]")
_NO_SPACE_BEFORE = set(".,;:!?)]}%'’")
_NO_SPACE_AFTER = set("([{$€£'’")
_REASON_FIRST = 'First write your reasoning, step by step. Then write "{marker}" and behind it nothing but the answer, as told above.'


@dataclass(frozen=True, slots=True)
class Shot:
    """An answered question that is shown before the one asked. `answer` is in the house form; `documents` are those that it quotes."""

    example_id: str
    question: str
    passages: tuple[str, ...]
    answer: str
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What an output says: the bare answer, the numbers of the passages it cites (from 1), and whether it abstains."""

    answer: str
    cited: tuple[int, ...]
    abstained: bool


def numbered(passages: Sequence[str]) -> str:
    """Passages behind their numbers, as every kind of prompt shows them: `[1] ... [2] ...`."""
    return " ".join(f"[{number}] {' '.join(text.split())}" for number, text in enumerate(passages, start=1))


def seq2seq_prompt(question: str, passages: Sequence[str]) -> str:
    """The input of a sequence-to-sequence model that reads all passages at once: `question [SEP] [1] passage [2] passage`."""
    return f"{' '.join(question.split())} [SEP] {numbered(passages)}".rstrip()


def apart_prompt(question: str, passages: Sequence[str]) -> str:
    """The input of one that reads each passage apart, the question before each: `question [SEP] [1] passage` and, behind `APART`, the
    next; tables are told row by row. Without passages `question [SEP]`."""
    return (
        APART.join(f"{question} [SEP] [{number}] {told(text).text}" for number, text in enumerate(passages, start=1)) or f"{question} [SEP]"
    )


def chat_messages(question: str, passages: Sequence[str], prompt: Prompt, shots: Sequence[Shot] = ()) -> list[dict[str, str]]:
    """The same question for a chat model: the instruction as the system's message, each shot as a turn, then passages and question.

    With reasoning the instruction asks for it; a shot, which has none, shows its answer behind the marker.
    """
    reasoned = f"{prompt.instruction}\n\n{_REASON_FIRST.format(marker=prompt.reasoning_marker)}"
    messages = [{"role": "system", "content": reasoned if prompt.reasoning else prompt.instruction}]
    for shot in shots:
        answer = f"{prompt.reasoning_marker} {shot.answer}" if prompt.reasoning else shot.answer
        messages += [{"role": "user", "content": _asked(shot.question, shot.passages)}, {"role": "assistant", "content": answer}]
    return [*messages, {"role": "user", "content": _asked(question, passages)}]


def without_system(messages: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """The same messages for a chat template that knows no system: what it says begins the first question."""
    system, first, *others = messages
    return [{**first, "content": f"{system['content']}\n\n{first['content']}"}, *others]


def plain_prompt(question: str, passages: Sequence[str], prompt: Prompt, shots: Sequence[Shot] = ()) -> str:
    """The same question for a causal model without a chat template; the answer follows the last line break, as in each shot."""
    texts = [message["content"] for message in chat_messages(question, passages, prompt, shots)]
    answered = [f"{asked}\n{answer}" for asked, answer in zip(texts[1:-1:2], texts[2:-1:2], strict=True)]
    return "\n\n".join([texts[0], *answered, texts[-1]]) + "\n"


def generation(text: str, n_tokens_in: int, n_tokens_out: int, prompt: Prompt) -> Generation:
    """What a model said as a generation, without the thoughts that it begins with of its own accord; with reasoning, only what follows
    the last marker is its text, nothing where there is none. All tokens are counted."""
    text = _THOUGHT.sub("", text, count=1) if _THOUGHT.match(text) else text
    if prompt.reasoning:
        text = (re.split(re.escape(prompt.reasoning_marker), text, flags=re.IGNORECASE)[1:] or [""])[-1]
    return Generation(text.strip(), n_tokens_in, n_tokens_out)


def _asked(question: str, passages: Sequence[str]) -> str:
    context = "\n\n".join(f"[{number}] {text}" for number, text in enumerate(passages, start=1))
    return f"{context}\n\nQuestion: {question}" if context else f"Question: {question}"


def shortened(answer: str, max_chars: int | None) -> str:
    """The answer's first whole sentences within `max_chars`; of a longer first sentence its words. None: all of it."""
    if max_chars is None or len(answer) <= max_chars:
        return answer
    ends = [found.end() for found in re.finditer(r"[.!?](?=\s)", answer[: max_chars + 1])]
    return answer[: ends[-1]] if ends else answer[: max_chars + 1].rsplit(" ", 1)[0][:max_chars]


def target(answer: str, cited: Sequence[int], form: Form) -> str:
    """How a training answer is written: `form.answer` with the answer and the numbers of the passages that hold it.

    In JSON a `{source}` outside of quotes is a list of numbers. An answer of several lines that is out of form is written on one.
    """
    if form.json_schema:
        is_quoted = form.answer.partition("{source}")[0].count('"') % 2
        source = " ".join(f"[{number}]" for number in cited) if is_quoted else json.dumps(list(cited))
        return _written(json.dumps(answer, ensure_ascii=False)[1:-1], source if cited else form.no_source, form)
    source = " ".join(f"[{number}]" for number in cited) or form.no_source
    written = _written(answer, source, form)
    return written if form_ok(written, form) is not False else _written(" ".join(answer.split()), source, form)


def _written(answer: str, source: str, form: Form) -> str:
    return form.answer.replace("{source}", source).replace("{answer}", answer)


def parse(output: str, form: Form, prompt: Prompt, n_passages: int) -> Parsed:
    """The answer inside an output. One that is not in the house form counts whole; citations of passages never shown are dropped."""
    text = output.strip()
    answer, source = _from_json(text) if form.json_schema else _from_template(text, form.answer)
    cited = tuple(dict.fromkeys(number for number in map(int, _CITED.findall(source)) if 1 <= number <= n_passages))
    bare = answer if form.json_schema or answer != text else _CITED.sub("", answer).strip()
    abstained = not bare or _words(bare)[: len(_words(prompt.abstention))] == _words(prompt.abstention)
    return Parsed(bare, () if abstained else cited, abstained)


def quote(answer: str, passage: str) -> str:
    """The sentence of a passage that holds the answer, else the one that shares most words with it."""
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", passage) if part.strip()]
    if not sentences:
        return passage.strip()
    wanted = set(_words(answer))
    return max(sentences, key=lambda sentence: (answer.lower() in sentence.lower(), len(wanted & set(_words(sentence)))))


def restore(output: str, texts: Sequence[str]) -> str:
    """An output of an uncased tokenizer in the casing and spacing of the texts it was copied from.

    From left to right, the longest run of words that stands in one of `texts` is copied from there (the earlier text wins a tie);
    words found nowhere stay as they are. So a copied answer becomes a verbatim quote.
    """
    words = _WORD.findall(output)
    folded = [_fold(word) for word in words]
    sources = [[(match.start(), match.end(), _fold(match.group())) for match in _WORD.finditer(text)] for text in texts]
    pieces: list[str] = []
    at = 0
    while at < len(words):
        piece, length = _longest_run(folded, at, sources, texts) or (words[at], 1)
        glue = "" if not pieces or piece[0] in _NO_SPACE_BEFORE or pieces[-1][-1] in _NO_SPACE_AFTER else " "
        pieces.append(glue + piece)
        at += length
    return "".join(pieces)


def _longest_run(folded: list[str], at: int, sources: list[list[tuple[int, int, str]]], texts: Sequence[str]) -> tuple[str, int] | None:
    best: tuple[str, int] | None = None
    for tokens, text in zip(sources, texts, strict=True):
        for start, (_, _, word) in enumerate(tokens):
            if word != folded[at]:
                continue
            length = 1
            while (
                at + length < len(folded) and start + length < len(tokens) and tokens[start + length][2] == folded[at + length]
            ):  # a run may not jump over a line break: that would glue two paragraphs into one quote
                if "\n\n" in text[tokens[start + length - 1][1] : tokens[start + length][0]]:
                    break
                length += 1
            if best is None or length > best[1]:
                best = (text[tokens[start][0] : tokens[start + length - 1][1]], length)
    return best


def _from_template(text: str, template: str) -> tuple[str, str]:
    pattern = re.escape(" ".join(template.split())).replace(r"\{answer\}", "(?P<answer>.+?)").replace(r"\{source\}", "(?P<source>.*)")
    match = re.fullmatch(pattern.replace(r"\ ", r"\s+"), text, flags=re.DOTALL | re.IGNORECASE)
    if match is None:
        return text, text
    groups = match.groupdict()
    return groups["answer"].strip(), groups.get("source", text)


def _from_json(text: str) -> tuple[str, str]:
    fenced = _FENCED.fullmatch(text)
    try:
        loaded = json.loads(fenced.group(1) if fenced else text)
    except ValueError:
        return text, text
    if not isinstance(loaded, dict) or not isinstance(loaded.get("answer"), str):
        return text, text
    return loaded["answer"], " ".join(_texts(loaded))


def _texts(value: Any) -> Iterator[str]:
    """The texts in a JSON value; of a whole number in a list, its citation."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from [f"[{one}]"] if type(one) is int else _texts(one)


def _fold(word: str) -> str:
    """As an uncased BERT tokenizer sees it: lower case, no accents."""
    return "".join(char for char in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(char) != "Mn")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def shown(passages: Sequence[Passage]) -> list[str]:
    """What the generator reads of each passage."""
    return [passage.shown_text for passage in passages]
