"""What a variant sets before the question besides what it finds (shots, the whole knowledge base), and why it cannot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from tandem.params import Base, Prompt, Variant
from tandem.prompts import Shot, shown
from tandem.records import Passage
from tasks.examples import read_examples
from tasks.inputs import Request, is_seq2seq, unread
from tasks.shots import Candidates, choose_shots, shot_candidates
from tasks.workspace import Workspace


@dataclass(frozen=True)
class Context:
    """The shots of a variant, or the reason why there can be no such variant."""

    shots: tuple[Shot, ...] = ()
    reason: str | None = None


class Contexts:
    """The contexts of a workspace's variants; examples and documents are read once, and only where a variant asks for them."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace

    def of(self, variant: Variant) -> Context:
        """Raises Refused where the base that it depends on cannot be loaded."""
        params = self._workspace.params
        base, prompt = variant.base or params.base, variant.prompt or params.prompt
        settings = [name for name, is_on in (("prompt.shots", prompt.shots), ("prompt.reasoning", prompt.reasoning)) if is_on]
        if settings and is_seq2seq(base, self._workspace.settings):
            return Context(reason=f"{' and '.join(settings)}: {base.model!r} reads question and passages only; it takes a causal base")
        shots = choose_shots(self._workspace, variant, self._candidates, prompt.shots) if prompt.shots else []
        if len(shots) < prompt.shots:
            n_usable = len(self._candidates.examples)
            seen = f"{len(shots)} of {n_usable} usable training examples can be shown"
            return Context(reason=f"{seen}, prompt.shots is {prompt.shots}: add examples, or lower it")
        if shots or variant.whole_context:
            return Context(tuple(shots), self._too_long(variant, base, prompt, shots))
        return Context()

    def _too_long(self, variant: Variant, base: Base, prompt: Prompt, shots: list[Shot]) -> str | None:
        """Counted for the longest question, and for a caller who may see every document."""
        longest = max((shot.passages for shot in shots), key=lambda passages: sum(map(len, passages)), default=())
        passages = tuple(shown(self._documents)) if variant.whole_context else longest
        question = max((example.question for example in read_examples(self._workspace)), key=len, default="")
        seen = unread(base, self._workspace.settings, Request(question, passages, tuple(shots)), prompt)
        if seen is None:
            return None
        what = [f"the whole knowledge base ({len(passages)} documents)"] if variant.whole_context else []
        what += [f"{len(shots)} shots"] if shots else []
        return f"{' and '.join(what)} with the longest question take {seen}: raise it, where the model reads as many"

    @cached_property
    def _candidates(self) -> Candidates:
        return shot_candidates(self._workspace)

    @cached_property
    def _documents(self) -> list[Passage]:
        from tasks.index import open_index
        from tasks.refresh import read_manifest

        entries = read_manifest(self._workspace)["documents"].values()
        return open_index(self._workspace).documents(sorted({role for entry in entries for role in entry["roles"]}))
