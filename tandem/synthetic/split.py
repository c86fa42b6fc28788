"""Which wordings and names are held out: decided by a hash of the family or name alone, before any value is chosen."""

import zlib
from functools import lru_cache
from typing import Literal

Side = Literal["train", "held_out"]


@lru_cache(maxsize=65_536)
def side_of(text: str) -> Side:
    """One in eight is held out; sticky when lists grow, because nothing but the text is hashed."""
    return "held_out" if zlib.crc32(text.encode()) % 8 == 0 else "train"


def on_side(side: Side, items: tuple[str, ...] | list[str], prefix: str = "") -> list[str]:
    """The items of one side, or all of them where a short list leaves a side empty (the caller's family is split then, not the item)."""
    kept = [item for item in items if side_of(prefix + item) == side]
    return kept or list(items)
