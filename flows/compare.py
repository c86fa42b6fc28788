"""compare: measure all variants on the same held-out questions, decide, report, promote. Run: tandem compare [--dry-run] [--freshness]."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.approval import settled
from flows.engine import announce, link, note, step, tell
from flows.progress import REPORTER
from tasks.compare import decide_on, live_champion, publish
from tasks.evaluate import Comparison, evaluate, save_comparison
from tasks.freshness import measure_freshness
from tasks.versions import Recorded, record
from tasks.workspace import Workspace, open_workspace


@flow(name="compare", flow_run_name="compare {workspace}")
async def compare(workspace: str = ".", dry_run: bool = False, freshness: bool = False) -> dict[str, Any]:
    """One comparison on one version of the table. The promotion is one step without retries, and the last; it may wait for
    approval.

    With `freshness` the lag of each variant that retrieves is timed first; later comparisons show the same figures with their date.
    """
    opened = open_workspace(workspace)
    if freshness:
        REPORTER.get().say("Timing how soon an edit is in the answers, on a copy")
        await step(measure_freshness, opened, REPORTER.get())
    REPORTER.get().say("Comparing the variants on held-out questions")
    live = await step(live_champion, opened)
    comparison = await step(evaluate, opened, live.extra, REPORTER.get())
    decision = decide_on(opened, comparison, live)
    recorded = await step(record_comparison, opened, comparison, retries=2)
    tell(recorded.notes)
    outcome = {**await step(publish, opened, comparison, decision, live, dry_run), "notes": list(recorded.notes)}
    evidence = _markdown(opened, outcome)
    await note("compare", evidence)
    await link("report", outcome["report_link"], f"Report of {opened.name}")
    if outcome["waiting"]:
        outcome = await settled(opened, outcome, evidence)
    if outcome["decision"]["promoted"] and not dry_run:
        announce(
            "tandem.model.promoted", opened.name, {"model_version": outcome["model_version"], "variant": outcome["decision"]["variant"]}
        )
    return outcome


def record_comparison(workspace: Workspace, comparison: Comparison) -> Recorded:
    """Scorecards, metrics and plot data into DVC and git."""
    with workspace.writing():
        save_comparison(workspace, comparison)
    return record(workspace, ["evaluate"], f"Compare {len(comparison.scorecards)} variants on {comparison.n} questions")


def _markdown(workspace: Workspace, outcome: dict[str, Any]) -> str:
    measures = ("quality", "form", "citation_precision")
    rows = [
        " | ".join(["", name, *(_cell(card[measure]) for measure in measures), _cell(card["retrieval"]["hit@5"]), ""]).strip()
        for name, card in outcome["variants"].items()
    ]
    table = ["| variant | quality | form | citation precision | hit@5 |", "|---|---|---|---|---|", *rows]
    reasons = [f"- {reason}" for reason in [*outcome["decision"]["reasons"], *outcome["notes"]]]
    return "\n".join([f"# {workspace.name}", "", *table, "", *reasons, "", f"[Report]({outcome['report_link']})"])


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
