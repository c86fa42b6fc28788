"""What reaches a user: the one error, which says what was refused with every reason at once, and notices, which stop nothing."""

from __future__ import annotations

from collections.abc import Sequence


class Notice(UserWarning):
    """Something that a user should know of a result that is given all the same, such as what was left out. A command prints each once."""


class Refused(Exception):
    """A request that cannot be carried out. Each reason says what was wrong, the value seen, the limit and the next command."""

    def __init__(self, *reasons: str, hint: str | None = None):
        self.reasons: Sequence[str] = reasons
        self.hint = hint
        super().__init__(self.paragraph())

    def paragraph(self) -> str:
        """All reasons and the next command as one paragraph."""
        text = " ".join(reason if reason.endswith((".", "!", "?")) else f"{reason}." for reason in self.reasons)
        return f"{text} {self.hint}" if self.hint else text
