"""How often the decision is right: simulated A/A comparisons and a simulated true gain.

Run: python -m bench.decisions [--trials 1000]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

from tandem.params import Promotion
from tandem.promotion import decide
from tandem.records import Row, Scorecard
from tandem.scoring import scorecard

RESAMPLES = 1_000


def card(name: str, right: NDArray[np.bool_], simplicity: int) -> Scorecard:
    """A scorecard of answers that are right or wrong, `(n,)`, with nothing else to tell variants apart."""
    return scorecard(name, [row(i, bool(value)) for i, value in enumerate(right)], {}, {}, simplicity)


@cache
def row(i: int, right: bool) -> Row:
    """Question `i`, answered right or wrong."""
    return Row(
        f"q{i:04d}", "", "", "", "", (), quality=float(right), exact_match=None, token_f1=None, rouge_l=None, form=None,
        grounding=None, citation_precision=None, citation_recall=None, abstained=False, should_abstain=False,
        n_tokens_in=0, n_tokens_out=0, cost_usd=0.0,
    )  # fmt: skip


def promoted(cards: Mapping[str, Scorecard], seed: int) -> str | None:
    """Who replaces `champion`."""
    decision = decide(cards, "champion", Promotion(), RESAMPLES, seed)
    return decision.variant if decision.promoted else None


def aa_share(trials: int, n: int, challengers: int) -> float:
    """Share of trials that replace a champion by one of `challengers` variants that are as good (0.7) and as simple."""
    rng = np.random.default_rng(0)
    names = ["champion", *(f"challenger {i}" for i in range(challengers))]
    lineups = ({name: card(name, rng.random(n) < 0.7, 3) for name in names} for _ in range(trials))
    return float(np.mean([promoted(cards, trial) is not None for trial, cards in enumerate(lineups)]))


def gain_share(trials: int, n: int, gain: float, discordance: float, simplicity: int, challengers: int = 1) -> float:
    """Share of trials that promote the challenger that is truly better by `gain`, when a share `discordance` of the questions differs.

    `simplicity` is the challenger's; the champion's is 1. Further challengers are as good as the champion.
    """
    rng = np.random.default_rng(1)
    found = []
    for trial in range(trials):
        draw = rng.random(n)
        wins, losses = draw < (discordance + gain) / 2, draw > 1 - (discordance - gain) / 2
        live = np.where(wins, False, np.where(losses, True, rng.random(n) < 0.7))
        better = np.where(wins, True, np.where(losses, False, live))
        cards = {"champion": card("champion", live, 1), "better": card("better", better, simplicity)}
        cards |= {f"other {i}": card(f"other {i}", rng.random(n) < live.mean(), 3) for i in range(challengers - 1)}
        found.append(promoted(cards, trial) == "better")
    return float(np.mean(found))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=1_000)
    trials, started = parser.parse_args().trials, time.perf_counter()
    print(f"A/A, {trials} trials: share that replaces the champion")
    for n in (20, 100, 300):
        print(f"  n = {n:3d}: " + ", ".join(f"{k} challenger(s) {aa_share(trials, n, k):.3f}" for k in (1, 3)), flush=True)
    print(f"true gain of 10 points, n = 300, {trials} trials: share that is promoted")
    for discordance, simplicity, what in ((0.2, 1, "as simple"), (0.2, 3, "more complex"), (0.3, 1, "as simple")):
        shares = ", ".join(f"{k} challenger(s) {gain_share(trials, 300, 0.1, discordance, simplicity, k):.3f}" for k in (1, 3))
        print(f"  discordance {discordance}, {what}: {shares}", flush=True)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
