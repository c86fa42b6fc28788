"""Which token may come next where an answer is to be copied: a non-deterministic automaton over token ids.

    output := [opening] answer (end | closing anything)
    answer := abstention | span (joint span)*          span: tokens that follow each other in the passages

`opening` and `closing` are the words of the house form around the answer; a model is free to use them or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

State = tuple[str, int]
START: frozenset[State] = frozenset({("opening", 0), ("answer", 0)})


@dataclass(frozen=True)
class Grammar:
    """Token ids of what an output may hold. `passages` is the text that is copied from; `inner` tokens go on with a word."""

    passages: Sequence[int]
    opening: Sequence[int]
    closing: Sequence[int]
    abstention: Sequence[int]
    joints: Collection[int]
    inner: Collection[int]
    end: int

    def allowed(self, states: Collection[State]) -> set[int] | None:
        """The tokens that may come next; None: any."""
        return None if ("free", 0) in states else {token for state in states for token, _ in self._moves(state)}

    def after(self, states: Collection[State], token: int) -> frozenset[State]:
        """The states that a token leads to; empty where it is not allowed."""
        if ("free", 0) in states:
            return frozenset({("free", 0)})
        return frozenset(to for state in states for label, to in self._moves(state) if label == token)

    def _moves(self, state: State) -> Iterator[tuple[int, State]]:
        kind, at = state
        if kind == "opening" and self.opening:
            last = at + 1 == len(self.opening)
            yield self.opening[at], ("answer", 0) if last else ("opening", at + 1)
        elif kind == "answer":
            for place, token in enumerate(self.passages):
                if token not in self.inner:
                    yield token, ("span", place)
            yield self.abstention[0], ("abstention", 1)
        elif kind == "span":
            if at + 1 < len(self.passages):
                yield self.passages[at + 1], ("span", at + 1)
            if at + 1 == len(self.passages) or self.passages[at + 1] not in self.inner:
                yield from ((joint, ("answer", 0)) for joint in self.joints)
                yield from self._leave()
        elif kind == "abstention":
            if at < len(self.abstention):
                yield self.abstention[at], ("abstention", at + 1)
            else:
                yield from self._leave()
        elif kind == "closing":
            yield self.closing[at], ("free", 0) if at + 1 == len(self.closing) else ("closing", at + 1)

    def _leave(self) -> Iterator[tuple[int, State]]:
        yield self.end, ("end", 0)
        if self.closing:
            yield self.closing[0], ("free", 0) if len(self.closing) == 1 else ("closing", 1)
