"""Texts as words and sentences: what every measure compares."""

from __future__ import annotations

import re
import unicodedata

# English words that carry no claim. In another language they simply count as content.
_FUNCTION_WORDS = """
a an the and or but if so of to in on at by for from with as into per than that this these those it its is are was were be been being do
does did has have had not no there here which who whom whose what when where you your we our they their he she his her i my me us them
can could will would shall should may might must also
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
_THOUSANDS = re.compile("(?<=\\d)[,\u00a0\u2009\u202f](?=\\d{3}(?!\\d))")
_APOSTROPHES = re.compile("(?<=\\w)['\u2019](?=\\w)")
_NOISE = re.compile(r"(?!(?<=\d)\.(?=\d))(?!(?<![^\s(\[])-(?=\d))[^\w\s%$€£¥]|_")  # keeps 2.5 and -5
_STANDS_ALONE = re.compile("([%$€£¥]|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")  # units, and scripts without spaces
_CITATION = re.compile(r"\[\d+\]")
_SENTENCE_END = re.compile("(?<=[.!?])\\s+|(?<=[\u3002\uff01\uff1f])|\n+")


def normalise(text: str) -> str:
    """Words joined by single spaces: case, punctuation and apostrophes gone; numbers kept whole.

    `1,200` becomes `1200`, `2.5` and `-5` stay, `5%` and `5 %` both become `5 %`; CJK characters stand alone.
    """
    text = _THOUSANDS.sub("", text.replace("\u2212", "-"))
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(_STANDS_ALONE.sub(r" \1 ", _NOISE.sub(" ", text)).split())


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text that hold a word, without citation marks."""
    return [part.strip() for part in _SENTENCE_END.split(_CITATION.sub(" ", text)) if normalise(part)]


def holds(text: str, words: str) -> bool:
    """Whether normalised `words` stand in a normalised text as one run."""
    return f" {words} " in f" {text} "


def content_words(words: list[str]) -> list[str]:
    """Those that carry a claim; all of them where none does."""
    return [word for word in words if word not in FUNCTION_WORDS] or words


def has_digit(word: str) -> bool:
    """Whether a word is or holds a number."""
    return any(map(str.isdigit, word))
