"""How well grounding tells supported sentences from others: precision and recall on labelled pairs, by the kind of error.

Run: python -m bench.grounding   (the pairs, written by hand on what retrieval found in the sample: bench/grounding.jsonl)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tandem.grounding import THRESHOLD, clauses, evidence_of, likeness_by_words, support
from tandem.params import Embedder as EmbedderParams
from tandem.stats import mean_interval, paired_bootstrap
from tandem.words import content_words, has_digit, normalise
from tasks.embed import load_embedder
from tasks.workspace import Settings

PAIRS = Path(__file__).with_name("grounding.jsonl")
IN_USE = "closest by words, must agree (in use)"
STEPS = np.arange(0.05, 1.001, 0.05)


@dataclass(frozen=True)
class Pair:
    """A sentence, the passages that it is said of, and whether they support it."""

    context: str
    kind: str
    supported: bool
    sentence: str
    passages: tuple[str, ...]

    @property
    def is_for_choosing(self) -> bool:
        """Half of the contexts serve to choose thresholds, by a hash of their name; the other half to measure."""
        return hashlib.sha256(self.context.encode()).digest()[0] % 2 == 0


def read_pairs() -> list[Pair]:
    """Every labelled pair."""
    contexts = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    return [Pair(one["id"], **pair, passages=tuple(one["passages"])) for one in contexts for pair in one["pairs"]]


def rules(vectors: Mapping[str, np.ndarray]) -> dict[str, Callable[[Pair], float]]:
    """Rule -> the score of a pair, to be held against a threshold."""

    def cosines(claim: str, evidence: Sequence[str]) -> list[float]:
        return list(np.stack([vectors[text] for text in evidence]) @ vectors[claim])

    return {
        "words of one passage, no number new": words_held,
        "cosine to a sentence": lambda pair: max(cosines(pair.sentence, evidence_of(pair.passages))),
        "both: closest by cosine, must agree": lambda pair: support(pair.sentence, pair.passages, cosines),
        IN_USE: lambda pair: support(pair.sentence, pair.passages, likeness_by_words),
    }


def words_held(pair: Pair) -> float:
    """Share of the content words that one passage holds; 0 with a number that none holds."""
    bags = [set(normalise(text).split()) for text in pair.passages]
    wanted = content_words(normalise(pair.sentence).split())
    if any(has_digit(word) and not any(word in bag for bag in bags) for word in wanted):
        return 0.0
    return max(sum(word in bag for word in wanted) for bag in bags) / len(wanted)


def best_threshold(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """The step of the highest F1, the strictest of equals."""
    found = [2 * ((scores >= step) & labels).sum() / ((scores >= step).sum() + labels.sum()) for step in STEPS]
    return float(STEPS[int(np.flatnonzero(np.isclose(found, np.max(found)))[-1])])


def share(right: Sequence[bool] | NDArray[np.bool_]) -> str:
    """A share with its 95 % interval and n."""
    interval = mean_interval(np.asarray(right, dtype=float), 2_000, 0)
    return f"{interval.mean:.2f} [{interval.low:.2f}, {interval.high:.2f}] n {interval.n}"


def main() -> None:
    """Thresholds from one half of the contexts, figures from the other, over all pairs and by kind."""
    pairs = read_pairs()
    vectors = embedded(pairs)
    labels = np.array([pair.supported for pair in pairs])
    choosing = np.array([pair.is_for_choosing for pair in pairs])
    kinds = np.array([pair.kind for pair in pairs])[~choosing]
    print(f"{len(pairs)} pairs; thresholds chosen on {choosing.sum()}, figures on the other {(~choosing).sum()}; in use: {THRESHOLD}")
    right = {}
    for name, rule in rules(vectors).items():
        scores = np.array([rule(pair) for pair in pairs])
        threshold = best_threshold(scores[choosing], labels[choosing])
        said, true = (scores >= threshold - 1e-9)[~choosing], labels[~choosing]
        right[name] = said == true
        print(f"\n{name}, from {threshold:.2f}\n  precision {share(true[said])}, recall {share(said[true])}, right {share(said == true)}")
        for kind in dict.fromkeys(kinds):
            print(f"  {kind:11} told right {share(right[name][kinds == kind])}", flush=True)
    for name in [name for name in right if name != IN_USE]:
        gain = paired_bootstrap(right[name].astype(float), right[IN_USE].astype(float), 2_000, 0)
        print(f"\n{name} minus {IN_USE}, right: {gain.mean:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]")


def embedded(pairs: Sequence[Pair]) -> dict[str, np.ndarray]:
    """Every text that a rule compares, by the default embedder."""
    texts = {text for pair in pairs for text in (pair.sentence, *clauses(pair.sentence), *evidence_of(pair.passages))}
    ordered = sorted(texts)
    return dict(zip(ordered, load_embedder(EmbedderParams(), Settings()).embed(ordered), strict=True))


if __name__ == "__main__":
    main()
