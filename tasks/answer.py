"""Question -> Answer: one variant's behaviour, with its index and generator held open."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tandem import prompts
from tandem.economics import cost_of_answer
from tandem.errors import Refused
from tandem.form import form_ok
from tandem.grounding import grounding
from tandem.params import Base, Embedder, Form, Prices, Prompt, Retrieval, Variant
from tandem.records import MAX_QUESTION_CHARS, Answer, Generation, Passage, Source, Usage
from tasks.generate import Generator, load_generator
from tasks.inputs import Request
from tasks.rerank import Reranker, load_reranker, rerank
from tasks.workspace import Settings, Workspace

if TYPE_CHECKING:
    from tasks.index import Index

MIN_SUPPORT = 0.5  # share of an answer's sentences that its passages must support, for a failed form to be repaired


def behaviour_of(workspace: Workspace, name: str, variant: Variant, shots: Sequence[prompts.Shot] = ()) -> dict[str, Any]:
    """All that answering needs, as plain JSON: what a registered version carries and `open_answerer` takes. The shots go in by their
    text, so that the version shows the same ones whatever becomes of the examples."""
    from tasks.data_version import data_version
    from tasks.index import layout_of, read_pointer

    params, pointer = workspace.params, read_pointer(workspace)
    return {
        "variant": name,
        "retrieve": variant.retrieve,
        "adapter": variant.adapter,
        "whole_context": variant.whole_context,
        "shots": json.loads(json.dumps([asdict(shot) for shot in shots])),
        "base": (variant.base or params.base).model_dump(),
        "prompt": (variant.prompt or params.prompt).model_dump(),
        "retrieval": (variant.retrieval or params.retrieval).model_dump(),
        "form": params.form.model_dump(),
        "embedder": params.embedder.model_dump(),
        "chunking": params.chunking.model_dump(),
        "layout": layout_of(params),
        "prices": params.prices.model_dump(),
        "table": pointer["table"],
        "index_uri": workspace.index_uri,
        "index_version": pointer["version"],
        "data_version": data_version(workspace),
        "model_name": workspace.name,
        "workspace": str(workspace.root),
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what its asker may see, and where to look."""

    question: str
    roles: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()


class Answerer:
    """One behaviour, ready to answer: the index stays open, the generator loaded."""

    def __init__(
        self,
        behaviour: Mapping[str, Any],
        index: Index | None,
        generator: Generator,
        model_version: str | None = None,
        reranker: Reranker | None = None,
    ):
        self.behaviour, self.index, self.generator, self.model_version = behaviour, index, generator, model_version
        self.reranker, self.is_whole = reranker, bool(behaviour.get("whole_context"))
        self.form, self.prompt = Form(**behaviour["form"]), Prompt(**behaviour["prompt"])
        self.retrieval, self.prices = Retrieval(**behaviour["retrieval"]), Prices(**behaviour["prices"])

    def answer(self, question: str, roles: Sequence[str] = (), collections: Sequence[str] = ()) -> Answer:
        """Retrieve, generate, cite. Raises Refused for a question that is empty, too long or full of control characters."""
        return self.answer_all([Asked(checked_question(question), tuple(roles), tuple(collections))])[0]

    def answer_all(self, asked: Sequence[Asked]) -> list[Answer]:
        """One answer a question, in order: one search for those who may see the same, one generation for all.

        An answer's latency is that of all of them, its machine time an equal share of it.
        """
        started = time.perf_counter()
        passages = self._passages_of(asked)
        requests = [self.request(one.question, found) for one, found in zip(asked, passages, strict=True)]
        generations = self.generator.generate(requests, self.prompt, self.behaviour["adapter"])
        seconds = time.perf_counter() - started
        return [
            replace(
                self.finish(generation, found, seconds / len(asked), self.count_embedded(one.question)),
                latency_ms=round(seconds * 1000, 1),
            )
            for one, found, generation in zip(asked, passages, generations, strict=True)
        ]

    def _passages_of(self, asked: Sequence[Asked]) -> list[list[Passage]]:
        passages: list[list[Passage]] = [[] for _ in asked]
        alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = defaultdict(list)
        for at, one in enumerate(asked):
            alike[one.roles, one.collections].append(at)
        for (roles, collections), places in alike.items():
            for at, found in zip(places, self.retrieve([asked[at].question for at in places], roles, collections), strict=True):
                passages[at] = found
        return passages

    def request(self, question: str, passages: Sequence[Passage]) -> Request:
        """What the generator is given for a question."""
        return request_of(self.behaviour, question, passages)

    def count_embedded(self, question: str) -> int:
        """Tokens of a question that searching for it embeds; 0 where nothing is searched, or with full-text search alone."""
        if self.index is None or self.is_whole or not self.retrieval.vector_weight:
            return 0
        return self.index.count_tokens([question])

    def retrieve(
        self, questions: Sequence[str], roles: Sequence[str] = (), collections: Sequence[str] = (), retrieval: Retrieval | None = None
    ) -> list[list[Passage]]:
        """The passages of each question, by its own retrieval unless told another; every document where the whole knowledge base is read,
        none for a variant that has no context."""
        return self.rerank(questions, self.search(questions, roles, collections, retrieval), retrieval)

    def search(
        self, questions: Sequence[str], roles: Sequence[str] = (), collections: Sequence[str] = (), retrieval: Retrieval | None = None
    ) -> list[list[Passage]]:
        """The first part of `retrieve`: what the store finds, and lets this caller see."""
        if self.index is None:
            return [[] for _ in questions]
        if self.is_whole:
            documents = self.index.documents(roles, collections)
            return [documents for _ in questions]
        return self.index.search(questions, (retrieval or self.retrieval).searched, roles=roles, collections=collections)

    def rerank(self, questions: Sequence[str], found: list[list[Passage]], retrieval: Retrieval | None = None) -> list[list[Passage]]:
        """The second part of `retrieve`: the order in which passages are read, and how many."""
        return rerank(self.reranker, questions, found, retrieval or self.retrieval) if self.reranker else found

    def finish(self, generation: Generation, passages: Sequence[Passage], seconds: float, n_embedding_tokens: int = 0) -> Answer:
        """The record of an output: answer, sources with quotes, cost; what fails the house form is repaired or replaced, and marked."""
        passages = passages[: generation.n_read]
        parsed, fallback = self._guarded(generation.text, passages)
        sources = tuple(
            Source(passage.doc_id, passage.chunk_id, prompts.quote(parsed.answer, passage.text), round(passage.score, 6))
            for passage in (passages[number - 1] for number in _shown_sources(parsed, passages))
        )
        usage = Usage(
            n_tokens_in=generation.n_tokens_in,
            n_tokens_out=generation.n_tokens_out,
            n_cached_tokens=generation.n_cached_tokens,
            n_embedding_tokens=n_embedding_tokens,
            seconds=seconds,
        )
        return Answer(
            answer=parsed.answer,
            text=generation.text if fallback is None else prompts.target(parsed.answer, parsed.cited, self.form),
            sources=sources,
            abstained=parsed.abstained,
            variant=self.behaviour["variant"],
            model_version=self.model_version,
            data_version=self.behaviour["data_version"],
            index_version=self.index.version if self.index else None,
            latency_ms=round(seconds * 1000, 1),
            cost_usd=cost_of_answer(self.prices, usage, self.behaviour["adapter"]),
            fallback=fallback,
        )

    def _guarded(self, text: str, passages: Sequence[Passage]) -> tuple[prompts.Parsed, str | None]:
        """What an output says, and why it was not taken as it is.

        Out of form, an answer that the passages support is put into it; one that they do not support, or that cannot be put into it,
        gives way to the best passage, and without passages, or where no quotation fits the form, to the abstention.
        """
        parsed = prompts.parse(text, self.form, self.prompt, len(passages))
        if text.strip() and form_ok(text, self.form) is not False:
            return parsed, None
        unknown = prompts.Parsed(self.prompt.abstention, (), True)
        if text.strip() and parsed.abstained:
            return unknown, "out of form: repaired"
        if text.strip() and (grounding(parsed.answer, passages) or 0.0) >= MIN_SUPPORT:
            repaired = replace(parsed, cited=parsed.cited or _uncited(parsed, passages))
            if self._fits(repaired):
                return repaired, "out of form: repaired"
        why = "out of form" if text.strip() else "empty output"
        quoted = prompts.Parsed(prompts.quote(parsed.answer, passages[0].text), (1,), False) if passages else unknown
        if quoted is unknown or not self._fits(quoted):
            return unknown, f"{why}: abstained"
        return quoted, f"{why}: quoted the best passage"

    def _fits(self, parsed: prompts.Parsed) -> bool:
        return form_ok(prompts.target(parsed.answer, parsed.cited, self.form), self.form) is not False


def open_answerer(behaviour: Mapping[str, Any], adapter_dir: Path | None, settings: Settings, model_version: str | None = None) -> Answerer:
    """An answerer from a behaviour alone, as the registered model does it. `TANDEM_INDEX_URI` overrides the index's place."""
    generator = load_generator(
        Base(**behaviour["base"]), Form(**behaviour["form"]), settings, adapter_dir if behaviour["adapter"] else None
    )
    index = open_behaviour_index(behaviour, settings)
    return Answerer(behaviour, index, generator, model_version, behaviour_reranker(behaviour, index, settings))


def reads_index(behaviour: Mapping[str, Any]) -> bool:
    """Whether answers are written from the table: from what is found in it, or from all of it."""
    return bool(behaviour["retrieve"] or behaviour.get("whole_context"))


def request_of(behaviour: Mapping[str, Any], question: str, passages: Sequence[Passage]) -> Request:
    """What a variant of this behaviour gives its generator for a question."""
    shots = tuple(shot_from(shot) for shot in behaviour.get("shots", ()))
    return Request(question, tuple(prompts.shown(passages)), shots, uncut=bool(behaviour.get("whole_context")))


def behaviour_reranker(behaviour: Mapping[str, Any], index: Index | None, settings: Settings) -> Reranker | None:
    """What puts its passages in order anew; None where nothing does. Raises Refused where it cannot be loaded."""
    return load_reranker(Retrieval(**behaviour["retrieval"]), index, settings) if behaviour["retrieve"] else None


def open_behaviour_index(behaviour: Mapping[str, Any], settings: Settings) -> Index | None:
    """The table that a behaviour searches or reads; None for a variant without context. A layout that does not match is refused."""
    if not reads_index(behaviour):
        return None
    from tasks.embed import load_embedder
    from tasks.index import open_table_at

    embedder = load_embedder(Embedder(**behaviour["embedder"]), settings) if behaviour["retrieve"] else None
    uri = settings.index_uri or behaviour["index_uri"]
    return open_table_at(uri, behaviour["table"], embedder, Retrieval(**behaviour["retrieval"]))


def champion_answerer(workspace: Workspace) -> Answerer:
    """The production answerer. Raises Refused where there is no champion yet."""
    from tasks.registry import champion

    version = champion(workspace)
    if version is None:
        raise Refused(f"{workspace.name} has no champion yet", hint="Run `tandem run` first.")
    answerer = open_answerer(version.behaviour, version.adapter_path, workspace.settings, version.version)
    return with_live_data(workspace, answerer)


def with_live_data(workspace: Workspace, answerer: Answerer) -> Answerer:
    """The same answerer, naming the data that it reads now instead of the data that it was registered on."""
    from tasks.data_version import data_version

    answerer.behaviour = {**answerer.behaviour, "data_version": data_version(workspace)}
    return answerer


def checked_question(question: str) -> str:
    """A question fit to be asked. Raises Refused with the length seen and the limit."""
    text = " ".join("".join(c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs") else " " for c in question).split())
    if not text:
        raise Refused("the question is empty", hint='Ask as `tandem ask "..."`.')
    if len(text) > MAX_QUESTION_CHARS:
        raise Refused(f"the question has {len(text):,} characters, the limit is {MAX_QUESTION_CHARS:,}", hint="Shorten it and ask again.")
    return text


def shot_from(loaded: Mapping[str, Any]) -> prompts.Shot:
    """A shot as a behaviour holds it."""
    lists = {name: tuple(loaded[name]) for name in ("passages", "documents")}
    return prompts.Shot(**{**loaded, **lists})


def with_trace(answer: Answer, trace_id: str | None) -> Answer:
    """The answer with the id that feedback refers to."""
    return replace(answer, trace_id=trace_id)


def _shown_sources(parsed: prompts.Parsed, passages: Sequence[Passage]) -> tuple[int, ...]:
    """The passages quoted beside an answer: those cited, or the first that holds it word for word where none of the cited does.

    A single word ("no", "2") stands in too many passages to overrule a citation. Citations are measured as the model gives them.
    """
    holding = _holding(parsed, passages)
    is_overruled = holding and not set(parsed.cited) & set(holding) and (len(parsed.answer.split()) > 1 or not parsed.cited)
    return holding[:1] if is_overruled else parsed.cited


def _uncited(parsed: prompts.Parsed, passages: Sequence[Passage]) -> tuple[int, ...]:
    """An answer without a citation is traced to the first passage that holds it word for word, if any."""
    return _holding(parsed, passages)[:1]


def _holding(parsed: prompts.Parsed, passages: Sequence[Passage]) -> tuple[int, ...]:
    if parsed.abstained or not parsed.answer:
        return ()
    wanted = re.compile(rf"(?<!\w){re.escape(' '.join(parsed.answer.split()))}(?!\w)", re.IGNORECASE)
    return tuple(n for n, passage in enumerate(passages, start=1) if wanted.search(" ".join(passage.shown_text.split())))
