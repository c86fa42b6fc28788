"""The presets of the price book, in one place. Every figure is a rounded assumption, to be replaced by the team's own in `prices`.

A key that a preset leaves out keeps the default of `tandem.params.Prices`. Nothing here is looked up: prices change, assumptions stay.
"""

from __future__ import annotations

from collections.abc import Mapping

PRESETS: Mapping[str, Mapping[str, float]] = {
    # A computer that is there anyway: its electricity and wear by the hour, nobody's hours.
    "this_machine": {"machine_per_hour": 0.1},
    # A mid-sized model, an embedder and a vector store, all billed by use.
    "hosted_api": {
        "input_per_1m_tokens": 2.5,
        "cached_input_per_1m_tokens": 1.25,
        "output_per_1m_tokens": 10,
        "fine_tuned_surcharge": 0.5,
        "embedding_per_1m_tokens": 0.02,
        "store_per_month": 25,
        "machine_per_hour": 0,
        "training_per_1m_tokens": 3,
        "training_tokens_per_month": 1_000_000,
        "curation_hours": 40,
        "curation_hours_per_month": 4,
        "curation_per_hour": 50,
        "refreshes_per_day": 24,
    },
    # One rented card that runs day and night, whether it answers or not; embedder and store run beside it.
    "self_hosted_gpu": {
        "machine_per_hour": 2,
        "machine_hours_per_month": 730,
        "training_hours_per_month": 4,
        "curation_hours": 40,
        "curation_hours_per_month": 4,
        "curation_per_hour": 50,
        "refreshes_per_day": 24,
    },
}


def filled(given: Mapping[str, object]) -> dict[str, object]:
    """The keys given, and those of `given["preset"]` (default: this_machine) where one is missing or null."""
    own = {name: value for name, value in given.items() if value is not None}
    return {**PRESETS.get(str(own.get("preset", "this_machine")), {}), **own}
