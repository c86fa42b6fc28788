"""Canary questions: what was found before a change of the index must be found after it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

from tandem.examples import usable_examples
from tandem.params import Params
from tandem.records import Example
from tandem.retrieval import best_per_document
from tasks.index import Index
from tasks.labels import label_key, read_labels
from tasks.workspace import Workspace

CHUNKS_PER_DOCUMENT = 5  # so many passages are asked for, to hear of enough documents


def lost(workspace: Workspace, settled_md5: Callable[[str], str | None], after: Index, before: Callable[[], Index | None]) -> list[Example]:
    """Examples that `before` answered and `after` does not: of the first `index.canaries` that either answers.

    Only examples count whose sources are all settled (served, and not touched by this change: `settled_md5`, else None), and as they were
    when the example was labelled: an expired one may be found by chance alone. They are taken in the order of a hash of their id: the same
    ones each time. `before` is opened only where `after` misses one, so that a good change costs one search each.
    """
    n = workspace.params.index.canaries
    fit = _fit(workspace, settled_md5) if n else iter(())
    judged, found_lost = 0, []
    while judged < n and (tried := list(islice(fit, n - judged))):
        missed = missing(tried, after, workspace.params)
        earlier = before() if missed else None
        missed_before = {example.id for example in missing(missed, earlier, workspace.params)} if earlier else {one.id for one in missed}
        found_lost += [example for example in missed if example.id not in missed_before]
        judged += len(tried) - len(missed_before)
    return found_lost


def missing(examples: Sequence[Example], index: Index, params: Params) -> list[Example]:
    """Those examples of which no source is among the first `index.canary_depth` documents."""
    depth = params.index.canary_depth
    absent: list[Example] = []
    for roles in sorted({example.roles for example in examples}):
        group = [example for example in examples if example.roles == roles]
        found = index.search([example.question for example in group], params.retrieval, k=depth * CHUNKS_PER_DOCUMENT, roles=roles)
        for example, passages in zip(group, found, strict=True):
            documents = {passage.doc_id for passage in best_per_document(passages, depth)}
            if not documents & set(example.sources):
                absent.append(example)
    return absent


def _fit(workspace: Workspace, settled_md5: Callable[[str], str | None]) -> Iterator[Example]:
    """The questions to ask, in their order; of several lines with one id the first that is fit.

    Lines that are no example, or name another source, are passed over: other gates refuse them, and searching must not wait for that.
    """
    path = workspace.examples_path
    if not path.is_file():
        return
    stat = path.stat()
    labels, asked = read_labels(workspace), set[str]()
    for example in _answerable(path, stat.st_mtime_ns, stat.st_size, stat.st_ino):
        labelled = labels.get(label_key(example), {})
        md5s = {source: settled_md5(source) for source in example.sources}
        if example.id not in asked and all(md5 is not None and labelled.get(source, md5) == md5 for source, md5 in md5s.items()):
            asked.add(example.id)
            yield example


@lru_cache(maxsize=4)
def _answerable(path: Path, mtime_ns: int, size_bytes: int, inode: int) -> tuple[Example, ...]:
    """By a hash of their id. Read once as long as the file looks the same."""
    usable = usable_examples(path.read_text(encoding="utf-8", errors="replace"))
    fit = [example for example in usable if example.answerable and example.sources]
    return tuple(sorted(fit, key=lambda example: (hashlib.sha256(example.id.encode()).digest(), example.id)))
