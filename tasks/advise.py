"""Advice for a folder or a workspace: facts measured, needs told, rules applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tandem.advice import Facts, Measured, advise
from tandem.params import Advice, Params
from tasks.facts import default_params, measured_values, survey_folder, survey_workspace
from tasks.workspace import Workspace


def advise_folder(folder: Path, examples: Path | None, told: Mapping[str, Any], queries_per_day: float | None) -> dict[str, Any]:
    """Advice on any folder of documents. What `told` names (None: nothing) takes the place of `advice` in params."""
    params = _told(default_params(), told, queries_per_day)
    return _record(survey_folder(folder.expanduser().resolve(), examples, params), params.advice, {})


def advise_workspace(
    workspace: Workspace, told: Mapping[str, Any], queries_per_day: float | None, measured: Measured | None = None
) -> dict[str, Any]:
    """Advice on a workspace; what was `measured` (default: its last comparison) confirms or overrules each rule."""
    params = _told(workspace.params, told, queries_per_day)
    facts = survey_workspace(Workspace(workspace.root, params, workspace.settings))
    return _record(facts, params.advice, measured_values(workspace) if measured is None else measured)


def _told(params: Params, told: Mapping[str, Any], queries_per_day: float | None) -> Params:
    advice = params.advice.model_copy(update={name: value for name, value in told.items() if value is not None})
    prices = params.prices.model_copy(update={"queries_per_day": queries_per_day or params.prices.queries_per_day})
    return params.model_copy(update={"advice": advice, "prices": prices})


def _record(facts: Facts, thresholds: Advice, measured: Measured) -> dict[str, Any]:
    """What `tandem advise --json` prints."""
    found = asdict(advise(facts, thresholds, measured))
    return {**found, "facts": asdict(facts)}
