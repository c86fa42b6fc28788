"""How stale an adapter is, and when a retraining is due: none yet, other params, text restricted or too much changed since, or too old."""

from __future__ import annotations

import time

from tandem.staleness import Staleness, staleness
from tasks.bases import revision_of
from tasks.restricted import named, taken_away
from tasks.train import Trained, load_trained, training_params
from tasks.workspace import Workspace


def retrain_reason(workspace: Workspace) -> str | None:
    """Why the adapter should be trained again; None where it need not be."""
    if not any(variant.adapter for variant in workspace.params.variants.values()):
        return None
    trained = load_trained(workspace)
    if trained is None:
        return "there is no adapter yet"
    if trained.params != training_params(workspace.params):
        changed = sorted(key for key, value in training_params(workspace.params).items() if trained.params.get(key) != value)
        return f"params changed since the last training: {', '.join(changed)}"
    if not trained.trained:
        return "the last training was refused"
    if restricted := taken_away(workspace, trained.lineage).restricted:
        return f"the adapter was trained on what is restricted now: {named(restricted)}"
    revision = revision_of(workspace.params.base)
    if trained.base_revision != revision:
        return f"the base {trained.base!r} is at revision {revision}, the adapter was trained on {trained.base_revision}"
    adapter = workspace.params.adapter
    share = adapter_staleness(workspace, trained).share
    if share is not None and share >= adapter.retrain_after_changed_share:
        limit = adapter.retrain_after_changed_share
        return f"{share:.0%} of what the adapter was trained on has changed (adapter.retrain_after_changed_share {limit:.0%})"
    age_days = (time.time() - (workspace.adapter_dir / "training.json").stat().st_mtime) / 86_400
    if age_days >= adapter.retrain_after_days:
        return f"the adapter is {age_days:.0f} days old (adapter.retrain_after_days {adapter.retrain_after_days:.0f})"
    return None


def adapter_staleness(workspace: Workspace, trained: Trained) -> Staleness:
    """What an adapter was trained on whose text has changed or gone since, by chunk."""
    from tandem.chunking import text_hash
    from tasks.refresh import all_chunks

    return staleness(trained.lineage["chunks"], {chunk.id: text_hash(chunk) for chunk in all_chunks(workspace)})
