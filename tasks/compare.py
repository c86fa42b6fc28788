"""From measured variants to a decision, a report and the registry: what comes before and after `tasks.evaluate`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tandem.params import CHAMPION
from tandem.promotion import decide
from tandem.records import Decision
from tandem.scoring import summary
from tasks import registry, runs
from tasks.candidates import Candidate, candidates_of
from tasks.evaluate import Comparison
from tasks.report import plot_quality, write_report
from tasks.workspace import Workspace


@dataclass(frozen=True)
class Live:
    """The champion as it enters a comparison: under a variant's name where it answers like it, else as a candidate of its own."""

    name: str | None
    version: str | None
    extra: Candidate | None


def live_champion(workspace: Workspace) -> Live:
    """Who is in production now, ready to be measured again on the same questions."""
    version = registry.champion(workspace)
    if version is None:
        return Live(None, None, None)
    behaviour = version.behaviour
    simplicity = int(behaviour["retrieve"]) + 2 * int(behaviour["adapter"])
    candidate = Candidate(CHAMPION, behaviour, version.adapter_path if behaviour["adapter"] else None, simplicity)
    for one in candidates_of(workspace)[0]:
        if one.identity == candidate.identity:
            return Live(one.name, version.version, None)
    return Live(CHAMPION, version.version, candidate)


def decide_on(workspace: Workspace, comparison: Comparison, live: Live) -> Decision:
    """The decision of the params' policy."""
    params = workspace.params
    return decide(comparison.scorecards, live.name, params.promotion, params.evaluation.resamples, params.seed)


def publish(workspace: Workspace, comparison: Comparison, decision: Decision, live: Live, dry_run: bool) -> dict[str, Any]:
    """Report, MLflow run, challenger, and last of all the champion's alias. A dry run stops before the registry.

    Returns what `tandem compare --json` prints.
    """
    report, plot = write_reports(workspace, comparison, decision)
    run_id = runs.log_comparison(workspace, comparison.scorecards, decision, comparison.lineage, report, plot)
    model_version = live.version
    if not dry_run and decision.variant is not None and decision.variant != live.name:
        winner = next(one for one in candidates_of(workspace)[0] if one.name == decision.variant)
        card = summary(comparison.scorecards[winner.name])
        challenger = registry.register(workspace, winner.behaviour, winner.adapter_dir, card, decision, run_id)
        if decision.promoted:
            registry.promote(workspace, challenger)
            model_version = challenger
    return outcome_of(comparison, decision, model_version, report)


def write_reports(workspace: Workspace, comparison: Comparison, decision: Decision) -> tuple[Path, Path]:
    """The HTML report and the plot of this comparison, under a name that sorts by time."""
    stem = time.strftime("%Y%m%dT%H%M%S")
    context = {
        "workspace": workspace.name,
        "at": time.strftime("%Y-%m-%d %H:%M"),
        "absent": comparison.absent,
        "set_aside": {
            "expired": comparison.n_expired,
            "unfit": comparison.n_unfit,
            "straddling": comparison.n_straddling,
            "in training lineage": comparison.n_in_lineage,
        },
        "lineage": comparison.lineage,
        "prices": workspace.params.prices,
        "resamples": workspace.params.evaluation.resamples,
        "seed": workspace.params.seed,
    }
    report = write_report(workspace.reports_dir / f"{stem}.html", comparison.scorecards, decision, context)
    plot = workspace.reports_dir / f"{stem}.png"
    plot_quality(plot, comparison.scorecards)
    return report, plot


def outcome_of(comparison: Comparison, decision: Decision, model_version: str | None, report: Path) -> dict[str, Any]:
    """The documented keys of `compare` and `run`."""
    interval = asdict(decision.interval) if decision.interval else None
    return {
        "variants": {name: summary(card) for name, card in comparison.scorecards.items()},
        "absent": comparison.absent,
        "decision": {
            "promoted": decision.promoted,
            "variant": decision.variant,
            "reasons": list(decision.reasons),
            "n": decision.n,
            "interval": [interval["low"], interval["high"]] if interval else None,
            "violations": {name: list(reasons) for name, reasons in decision.violations.items()},
        },
        "set_aside": {
            "expired": comparison.n_expired,
            "unfit": comparison.n_unfit,
            "straddling": comparison.n_straddling,
            "in_training_lineage": comparison.n_in_lineage,
        },
        "data_version": comparison.lineage["data_version"],
        "index_version": comparison.lineage["index_version"],
        "model_version": model_version,
        "report": str(report),
    }
