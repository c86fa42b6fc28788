"""Advice for a folder or a workspace: facts measured, needs told, rules applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tandem.advice import advise
from tandem.claims import Measured
from tandem.facts import Facts
from tandem.params import CHAMPION, Advice, Params
from tandem.records import Decision
from tasks.facts import default_params, survey_folder, survey_workspace
from tasks.measured import last_measured
from tasks.workspace import Workspace


def advise_folder(folder: Path, examples: Path | None, told: Mapping[str, Any], queries_per_day: float | None) -> dict[str, Any]:
    """Advice on any folder of documents. What `told` names (None: nothing) takes the place of `advice` in params."""
    params = _told(default_params(), told, queries_per_day)
    return _record(survey_folder(folder.expanduser().resolve(), examples, params), params.advice, None)


def advise_workspace(
    workspace: Workspace, told: Mapping[str, Any], queries_per_day: float | None, measured: Measured | None = None
) -> dict[str, Any]:
    """Advice on a workspace; what was `measured` (default: its last comparison) confirms or overrules each rule."""
    params = _told(workspace.params, told, queries_per_day)
    told_so = Workspace(workspace.root, params, workspace.settings)
    return _record(survey_workspace(told_so), params.advice, measured or last_measured(told_so))


def set_against(advice: Mapping[str, Any], decision: Decision) -> str:
    """What was advised before anything was measured beside what was decided, in one sentence."""
    first, winner = advice["before_measuring"], decision.variant
    fit = "" if winner in (None, CHAMPION) else "; as advised" if winner == first else f"; {winner} instead of {first}"
    states = Counter(verdict["measured"].split(":")[0] for verdict in advice["verdicts"])
    rules = ", ".join(f"{states[state]} {state}" for state in ("confirmed", "overruled", "open", "not measured"))
    return f"Advised from the documents alone: {first}; measured: {decision.reasons[0]}{fit}; of the {states.total()} rules {rules}."


def _told(params: Params, told: Mapping[str, Any], queries_per_day: float | None) -> Params:
    advice = params.advice.model_copy(update={name: value for name, value in told.items() if value is not None})
    prices = params.prices.model_copy(update={"queries_per_day": queries_per_day or params.prices.queries_per_day})
    return params.model_copy(update={"advice": advice, "prices": prices})


def _record(facts: Facts, thresholds: Advice, measured: Measured | None) -> dict[str, Any]:
    """What `tandem advise --json` prints."""
    found = asdict(advise(facts, thresholds, measured))
    return {**found, "facts": asdict(facts)}
