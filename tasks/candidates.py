"""Who takes part in a comparison: the variants that exist, those that do not and why, and what their adapters were trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tandem.params import Base, Form, Prompt, Retrieval, Section
from tasks.answer import behaviour_of
from tasks.bases import revision_of
from tasks.contexts import Context, Contexts
from tasks.restricted import named, taken_away
from tasks.train import Trained, load_trained, read_trained
from tasks.workspace import Workspace

_SECTIONS: dict[str, type[Section]] = {"base": Base, "prompt": Prompt, "form": Form}


@dataclass(frozen=True)
class Candidate:
    """One way of answering to be measured: a behaviour and the adapter that goes with it, as `training_digest` knew it then."""

    name: str
    behaviour: dict[str, Any]
    adapter_dir: Path | None
    simplicity: int
    training: str | None = None

    @property
    def identity(self) -> str:
        """What makes two candidates answer alike: everything but where the index stands and what it held."""
        return json.dumps([self.answers_by, self.training], sort_keys=True)

    @property
    def answers_by(self) -> dict[str, Any]:
        """All settings that its answers follow from, the adapter's weights aside."""
        behaviour = {"whole_context": False, "shots": [], **self.behaviour}
        said = {key: behaviour[key] for key in ("retrieve", "adapter", "whole_context", "shots")}
        for section, model in _SECTIONS.items():  # through the model: a version registered before a setting existed has its default
            said[section] = model(**behaviour[section]).model_dump()
        if behaviour["retrieve"]:
            said |= {"retrieval": Retrieval(**behaviour["retrieval"]).model_dump(), "layout": behaviour.get("layout")}
        return said


def candidates_of(workspace: Workspace) -> tuple[list[Candidate], dict[str, str]]:
    """The rows of `params.variants` that exist, and the others with the reason why not."""
    trained = load_trained(workspace) if any(variant.adapter for variant in workspace.params.variants.values()) else None
    restricted = taken_away(workspace, trained.lineage).restricted if trained and trained.trained else ()
    contexts = Contexts(workspace)
    present, absent = [], {}
    for name, variant in workspace.params.variants.items():
        reason = _absence(variant.base or workspace.params.base, trained, restricted) if variant.adapter else None
        context = Context(reason=reason) if reason else contexts.of(variant)
        if context.reason:
            absent[name] = context.reason
        else:
            adapter = workspace.adapter_dir if variant.adapter else None
            behaviour = behaviour_of(workspace, name, variant, context.shots)
            present.append(Candidate(name, behaviour, adapter, variant.simplicity, training_digest(adapter)))
    return present, absent


def settings_of(candidate: Candidate) -> dict[str, Any]:
    """What a candidate answers by besides its flags: two that agree here differ in the flags alone."""
    behaviour = candidate.behaviour
    said = {section: model(**behaviour[section]).model_dump() for section, model in _SECTIONS.items() if section in behaviour}
    return said | {key: behaviour.get(key) for key in ("retrieval", "layout", "whole_context", "shots")}


def training_digest(adapter_dir: Path | None) -> str | None:
    """What tells one training from another: its losses and what it was trained on. None without an adapter."""
    trained = read_trained(adapter_dir / "training.json") if adapter_dir else None
    if trained is None:
        return None
    return hashlib.sha256(json.dumps([trained.history, trained.lineage], sort_keys=True).encode()).hexdigest()


def trained_on(candidates: Sequence[Candidate]) -> set[str]:
    """Ids of the examples in the training lineage of any of these candidates' adapters, and of those that are shown as shots."""
    seen = {shot["example_id"] for candidate in candidates for shot in candidate.behaviour.get("shots", ())}
    for folder in {candidate.adapter_dir for candidate in candidates if candidate.adapter_dir}:
        trained = read_trained(folder / "training.json")
        seen.update(trained.lineage["examples"] if trained else ())
    return seen


def adapters_of(candidates: Sequence[Candidate]) -> dict[str, dict[str, Any]]:
    """Name of each candidate with an adapter -> which training that is, on what data and which base."""
    found = {}
    for one in candidates:
        trained = read_trained(one.adapter_dir / "training.json") if one.adapter_dir else None
        if trained:
            found[one.name] = {
                "training": (one.training or "")[:12],
                "data_version": trained.lineage.get("data_version"),
                "n_examples": len(trained.lineage.get("examples", ())),
                "n_rows": trained.n_rows,
                "continued": trained.continued,
                "base": trained.base,
                "base_revision": trained.base_revision,
            }
    return found


def _absence(base: Base, trained: Trained | None, restricted: Sequence[str]) -> str | None:
    if trained is None:
        return "no adapter has been trained: run `tandem retrain`"
    if not trained.trained:
        return "; ".join(trained.reasons)
    if restricted:
        return f"the adapter was trained on what is restricted now: {named(restricted)}: run `tandem retrain`"
    if trained.base != base.model:
        return f"the adapter was trained on {trained.base!r}, the variant's base is {base.model!r}: run `tandem retrain`"
    if trained.base_revision != (revision := revision_of(base)):
        then = trained.base_revision
        return f"the adapter was trained on revision {then} of {base.model!r}, which is now at {revision}: run `tandem retrain`"
    return None
