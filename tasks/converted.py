"""Converted text by the content of its file, in `.tandem/cache/converted`: a PDF is converted once, whoever reads it how often.

One small file a conversion, written whole, so that several processes may read and write at once. `maintain` drops what no served
document needs.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Collection
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tasks.convert import Converted, convert

MAKERS = ("markitdown", "markdownify", "pdfminer.six", "pdfplumber", "mammoth", "python-pptx")
STRUCTURE = 1  # raise it where `tasks.structure` makes other text of the same file


def convert_cached(store: Path, data: bytes, suffix: str, converter: str, timeout_s: float) -> Converted:
    """As `tasks.convert.convert`, from the store where it holds these bytes as today's converter makes them. Raises Unconvertible."""
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    path = store / f"{md5}-{converter}-{_makers()}.json"
    try:
        return Converted(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # not there, or damaged: it is made again
        converted = convert(data, suffix, converter, timeout_s)
    store.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    partial.write_text(json.dumps(asdict(converted), ensure_ascii=False), encoding="utf-8", errors="surrogatepass")
    os.replace(partial, path)
    return converted


def keep_only(store: Path, md5s: Collection[str]) -> int:
    """Drop every conversion of a file with another md5; how many."""
    stale = [path for path in store.glob("*") if path.name.split("-", 1)[0] not in md5s]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


@cache
def _makers() -> str:
    """Eight digits that change with the version of anything that takes part in a conversion."""
    versions = [f"structure {STRUCTURE}"]
    for name in MAKERS:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:8]
