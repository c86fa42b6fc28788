"""From measured variants to a decision, a report and the registry: what comes before and after `tasks.evaluate`."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tandem.errors import Refused
from tandem.params import CHAMPION
from tandem.promotion import decide
from tandem.records import Decision
from tandem.scoring import summary
from tasks import approval, registry, runs
from tasks.advise import advise_workspace, set_against
from tasks.candidates import Candidate, candidates_of, training_digest
from tasks.evaluate import Comparison
from tasks.measured import measured_by
from tasks.plots import write_figures
from tasks.registration import register
from tasks.report import write_report
from tasks.restricted import named, restricted_in
from tasks.tracking import page_of
from tasks.workspace import Workspace


@dataclass(frozen=True)
class Live:
    """The champion as it enters a comparison: under a variant's name where it answers like it, else as a candidate of its own.

    `successor` is the variant that takes its place unless it is measurably worse: the same one, on the layout that params name now.
    `restricted`: what its adapter learned and may not be told to everyone now; then it is not measured, and the best of the others
    takes its place as a first champion would.
    """

    name: str | None
    version: str | None
    extra: Candidate | None
    successor: str | None = None
    restricted: tuple[str, ...] = ()


def live_champion(workspace: Workspace) -> Live:
    """Who is in production now, ready to be measured again on the same questions."""
    version = registry.champion(workspace)
    if version is None:
        return Live(None, None, None)
    behaviour = version.behaviour
    if restricted := restricted_in(workspace, version):
        return Live(None, version.version, None, restricted=restricted)
    simplicity = int(behaviour["retrieve"]) + 2 * int(behaviour["adapter"])
    adapter = version.adapter_path if behaviour["adapter"] else None
    candidate = Candidate(CHAMPION, behaviour, adapter, simplicity, training_digest(adapter))
    variants = candidates_of(workspace)[0]
    for one in variants:
        if one.identity == candidate.identity:
            return Live(one.name, version.version, None)
    successor = next((one.name for one in variants if one.name == version.variant and _is_relaid(one, candidate)), None)
    return Live(CHAMPION, version.version, candidate, successor)


def _is_relaid(variant: Candidate, champion: Candidate) -> bool:
    """Whether a variant answers as the champion does, but from a table of another layout; its adapter may be another training."""
    now, then = variant.answers_by, champion.answers_by
    return variant.behaviour["retrieve"] and now.pop("layout", None) != then.pop("layout", None) and now == then


def decide_on(workspace: Workspace, comparison: Comparison, live: Live) -> Decision:
    """The decision of the params' policy."""
    params = workspace.params
    decision = decide(comparison.scorecards, live.name, params.promotion, params.evaluation.resamples, params.seed, live.successor)
    if not live.restricted:
        return decision
    why = f"version {live.version} is not measured: its adapter was trained on what is restricted now: {named(live.restricted)}"
    return replace(decision, reasons=(*decision.reasons, why))


def publish(workspace: Workspace, comparison: Comparison, decision: Decision, live: Live, dry_run: bool) -> dict[str, Any]:
    """Report, MLflow run, challenger, and last of all the champion's alias, or the mark that it waits for approval. A dry run
    stops before the registry.

    Returns what `tandem compare --json` prints. Raises Refused where what was measured is no longer what would be registered.
    """
    would_promote = decision.promoted
    winner = comparison.candidates[decision.variant] if decision.variant not in (None, live.name) and not dry_run else None
    is_held = winner is not None and decision.promoted and workspace.params.promotion.approve == "manual"
    shown = rehearsed(decision) if dry_run else held(decision) if is_held else decision
    if winner:
        _check_unchanged(workspace, winner, live)
    report, plots = write_reports(workspace, comparison, shown)
    run_id = runs.log_comparison(workspace, comparison.scorecards, shown, comparison.lineage, report, plots)
    model_version, waiting = live.version, None
    if not dry_run:
        approval.withdraw(workspace)
    if winner:
        card = summary(comparison.scorecards[winner.name])
        with workspace.writing():
            _check_unchanged(workspace, winner, live)
            challenger = register(workspace, winner.behaviour, winner.adapter_dir, card, decision, run_id)
            if is_held:
                approval.hold(workspace, challenger, live.version)
                waiting = challenger
            elif decision.promoted:
                registry.promote(workspace, challenger)
                model_version = challenger
    outcome = outcome_of(comparison, shown, model_version, report, would_promote)
    link = page_of(workspace, run_id, report.name) or report.as_uri()
    return {**outcome, "report_link": link, "waiting": waiting, "currency": workspace.params.prices.currency}


def rehearsed(decision: Decision) -> Decision:
    """The decision of a dry run: what it would be, and nothing promoted."""
    reasons = (f"dry run, nothing is changed; else: {decision.reasons[0]}", *decision.reasons[1:])
    return replace(decision, promoted=False, reasons=reasons) if decision.promoted else decision


def held(decision: Decision) -> Decision:
    """The decision while it waits for approval: what it would be, and nothing promoted."""
    return replace(decision, promoted=False, reasons=(f"waits for approval: {decision.reasons[0]}", *decision.reasons[1:]))


def _check_unchanged(workspace: Workspace, winner: Candidate, live: Live) -> None:
    """Raises Refused where a training or a promotion ended while the variants were being measured."""
    version = registry.champion_version(workspace)
    reasons = []
    if version != live.version:
        reasons.append(f"the champion is version {version or 'none'} now, {live.version or 'none'} was measured")
    if training_digest(winner.adapter_dir) != winner.training:
        reasons.append(f"the adapter of {winner.name} has been trained again since it was measured")
    if reasons:
        raise Refused(*reasons, hint="Run `tandem compare` again.")


def write_reports(workspace: Workspace, comparison: Comparison, decision: Decision) -> tuple[Path, list[Path]]:
    """The HTML report and the plots of this comparison, under a name that sorts by time."""
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
            "beyond max_examples": comparison.n_not_sampled,
        },
        "lineage": comparison.lineage,
        "prices": workspace.params.prices,
        "resamples": workspace.params.evaluation.resamples,
        "seed": workspace.params.seed,
        "advice": _advice(workspace, comparison, decision),
    }
    report = write_report(workspace.reports_dir / f"{stem}.html", comparison.scorecards, decision, context)
    return report, write_figures(workspace.reports_dir / stem, comparison.scorecards, workspace.params.prices)


def _advice(workspace: Workspace, comparison: Comparison, decision: Decision) -> dict[str, Any] | None:
    """None where no document can be read just now: what was measured is published all the same."""
    measured = measured_by(comparison.scorecards, workspace.params.prices)
    try:
        advice = advise_workspace(workspace, {}, None, measured)
    except Refused:
        return None
    return {**advice, "outcome": set_against(advice, decision)}


def outcome_of(comparison: Comparison, decision: Decision, model_version: str | None, report: Path, would_promote: bool) -> dict[str, Any]:
    """The documented keys of `compare` and `run`."""
    interval = asdict(decision.interval) if decision.interval else None
    return {
        "variants": {name: summary(card) for name, card in comparison.scorecards.items()},
        "absent": comparison.absent,
        "decision": {
            "promoted": decision.promoted,
            "would_promote": would_promote,
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
            "not_sampled": comparison.n_not_sampled,
        },
        "expired": comparison.lineage.get("expired", {}),
        "data_version": comparison.lineage["data_version"],
        "index_version": comparison.lineage["index_version"],
        "model_version": model_version,
        "report": str(report),
    }
