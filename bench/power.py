"""How often a truly better challenger is promoted: the power curve of the decision, beside what the formula of the report predicts.

Run: python -m bench.power [--trials 200] [--challengers 1] [--out docs/images]   (with --out: power.csv and power.png)
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm

from bench.decisions import gain_share

EFFECTS = (0.0, 0.02, 0.05, 0.08, 0.10, 0.15)
SIZES = (100, 300, 600)
DISCORDANCES = (0.2, 0.3)


@dataclass(frozen=True)
class Point:
    """`promoted`: share of the simulated trials; `predicted`: by the formula behind `minimum_detectable_effect`."""

    discordance: float
    n: int
    effect: float
    promoted: float
    predicted: float


def predicted_power(effect: float, n: int, discordance: float, alpha: float = 0.05) -> float:
    """P(z(1 - alpha/2) is passed) for paired differences of -1, 0, 1 whose spread is sqrt(discordance - effect^2)."""
    return float(norm.cdf(effect * np.sqrt(n / (discordance - effect**2)) - norm.ppf(1 - alpha / 2)))


def curve(trials: int, challengers: int = 1) -> Iterator[Point]:
    """Every effect at every n and discordance, seeded: an equally simple challenger, the others as good as the champion.

    With several, the prediction is the least that is to be expected: as if none of the others fell measurably behind.
    """
    for discordance in DISCORDANCES:
        for n in SIZES:
            for effect in EFFECTS:
                share = gain_share(trials, n, effect, discordance, simplicity=1, challengers=challengers)
                yield Point(discordance, n, effect, share, predicted_power(effect, n, discordance, 0.05 / challengers))


def write(points: list[Point], out: Path) -> None:
    """The figures and their plot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with (out / "power.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(asdict(points[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**asdict(point), "predicted": round(point.predicted, 3)} for point in points)
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, discordance in zip(figure.subplots(1, len(DISCORDANCES), sharey=True), DISCORDANCES, strict=True):
        effects = np.linspace(0, max(EFFECTS), 61)
        for number, n in enumerate(SIZES):
            shown = [point for point in points if (point.discordance, point.n) == (discordance, n)]
            axes.plot([point.effect for point in shown], [point.promoted for point in shown], "o", color=f"C{number}", label=f"n = {n}")
            axes.plot(effects, [predicted_power(float(one), n, discordance) for one in effects], color=f"C{number}", linewidth=1)
        axes.axhline(0.8, color="grey", linewidth=0.6, linestyle="--")
        axes.set(title=f"{discordance:.0%} of answers differ", xlabel="true gain", ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("share promoted")
    figure.axes[0].legend()
    figure.savefig(out / "power.png", dpi=90)


def main() -> None:
    """Print a row an n and discordance: promoted (predicted) at each effect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--challengers", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    started, points = time.process_time(), []
    print(f"share of {options.trials} trials that promote a true gain (predicted by the formula)")
    print("discordance    n" + "".join(f"{effect:>14.2f}" for effect in EFFECTS))
    for point in curve(options.trials, options.challengers):
        points.append(point)
        if point.effect == EFFECTS[-1]:
            row = points[-len(EFFECTS) :]
            cells = "".join(f"{f'{one.promoted:.3f} ({one.predicted:.2f})':>14}" for one in row)
            print(f"{point.discordance:11.1f}  {point.n:3d}{cells}", flush=True)
    print(f"{time.process_time() - started:.0f} CPU s")
    if options.out:
        write(points, options.out)


if __name__ == "__main__":
    main()
