"""What a scorecard tells beside its measures: interference of its parts, how fresh its answers are, how many parts it moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from tandem.interference import effects
from tandem.moving_parts import moving_parts
from tandem.records import Scorecard
from tasks.candidates import Candidate, settings_of
from tasks.freshness import freshness_of
from tasks.workspace import Workspace


def with_evidence(workspace: Workspace, candidates: Sequence[Candidate], cards: Mapping[str, Scorecard]) -> dict[str, Scorecard]:
    """The scorecards with `interference` (of the variant that has both parts), `freshness` and `moving_parts` in their `extra`."""
    params = workspace.params
    settings = {candidate.name: settings_of(candidate) for candidate in candidates}
    found = effects(cards, settings, params.evaluation.resamples, params.seed)
    return {
        one.name: replace(
            cards[one.name],
            extra={
                **cards[one.name].extra,
                "moving_parts": list(moving_parts(one.behaviour)),
                "freshness": freshness_of(workspace, one),
                "interference": [{**asdict(effect), "sentence": effect.sentence} for effect in found if effect.both == one.name],
            },
        )
        for one in candidates
    }
