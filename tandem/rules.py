"""The decision table of `tandem advise`: RULES is the whole of it, a new rule is one entry. Thresholds are `advice` in params.yaml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tandem.claims import Claim, ahead, exceeds, lower, not_worth_both, reaches, worth_both
from tandem.facts import Facts
from tandem.params import Advice

Part = Literal["retrieve", "adapter", "both"]
Vote = Literal["for", "against", "bars"]


@dataclass(frozen=True)
class Rule:
    """One line of the table. `judge` gives a vote and the reason in words, or None where the rule has nothing to say.

    `claims` holds, for every vote that it can give, what this claims of the variants, or why no comparison can tell.
    """

    name: str
    part: Part
    judge: Callable[[Facts, Advice], tuple[Vote, str] | None]
    claims: Mapping[Vote, Claim | str]


def _size(facts: Facts, limits: Advice) -> tuple[Vote, str]:
    room = limits.whole_in_context_share * facts.n_context_tokens
    seen = f"{facts.n_documents:,} documents hold {facts.n_tokens:,} tokens, the base reads {facts.n_context_tokens:,} at once"
    if facts.n_tokens <= room:
        share = limits.whole_in_context_share
        return (
            "against",
            f"{seen}: write them into prompt.instruction (advice.whole_in_context_share {share:g})",
        )
    return "for", f"{seen}: what is not retrieved is not read"


def _change(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.changed_share_a_week is None or facts.changed_share_a_week < limits.changed_share_a_week:
        return None
    return (
        "for",
        f"{facts.changed_share_a_week:.1%} of the documents change a week (from {limits.changed_share_a_week:.1%}): an index keeps up",
    )


def _cite(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    return ("for", "answers must name their source, and only what was retrieved can be named") if facts.must_cite else None


def _roles(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if not facts.restricted_share or facts.restricted_share < limits.restricted_share:
        return None
    seen = f"{facts.restricted_share:.1%} of the documents are restricted (from {limits.restricted_share:.1%})"
    return "for", f"{seen}: an index filters by role, weights cannot"


def _latency_of_retrieval(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.max_latency_ms is None or facts.max_latency_ms >= limits.tight_latency_ms:
        return None
    return "against", f"{facts.max_latency_ms:g} ms an answer (tight below {limits.tight_latency_ms:g}): passages are more to read"


def _form(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.fixed_form is None:
        return None
    if facts.fixed_form:
        return "for", "answers must have a form or tone of their own, which tuning teaches"
    return "against", "any form of answer will do, and tuning teaches form and tone, not facts"


def _too_few(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.n_for_training >= facts.min_examples:
        return None
    seen = f"about {facts.n_for_training} of {facts.n_examples} labelled examples would train an adapter"
    return "bars", f"{seen} (answerable, unrestricted, not held out), at least {facts.min_examples} are needed (adapter.min_examples)"


def _enough_for_form(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.n_for_training < limits.examples_for_form:
        return None
    return "for", f"about {facts.n_for_training} training examples teach a form (from {limits.examples_for_form})"


def _thousands(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if not facts.min_examples <= facts.n_for_training < limits.examples_for_skill:
        return None
    return "against", f"about {facts.n_for_training} training examples teach no new skill (from {limits.examples_for_skill:,})"


def _consent(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    return ("bars", "the documents may not enter a model's weights (advice.may_train)") if facts.may_train is False else None


def _volume(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.queries_per_day < limits.scale_queries_per_day:
        return None
    return (
        "for",
        f"{facts.queries_per_day:,.0f} questions a day (from {limits.scale_queries_per_day:,.0f}): shorter prompts pay the training",
    )


def _stale(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.changed_share_a_week is None or facts.changed_share_a_week < limits.changed_share_a_week:
        return None
    return "against", f"{facts.changed_share_a_week:.1%} of the documents change a week: an adapter is out of date until it is retrained"


def _duplicates(facts: Facts, limits: Advice) -> tuple[Vote, str] | None:
    if facts.duplicate_share < limits.duplicate_share:
        return None
    return (
        "against",
        f"{facts.duplicate_share:.1%} of the documents are near-duplicates (from {limits.duplicate_share:.1%}): training repeats what they"
        " share and blurs where they differ; merge them first",
    )


def _hybrid_by_default(facts: Facts, limits: Advice) -> tuple[Vote, str]:
    return "for", "passages bring the facts, tuning the form and a better reading of them: each has what the other lacks"


def _hybrid_when_proven(facts: Facts, limits: Advice) -> tuple[Vote, str]:
    return "against", "two parts to keep up, and either may spoil the other: only where it is shown to beat rag and lora"


RULES: tuple[Rule, ...] = (
    Rule("size", "retrieve", _size, {"for": ahead("rag", "prompt", "quality"), "against": "a variant with `whole_context` would tell"}),
    Rule("change", "retrieve", _change, {"for": lower("rag", "lora", "freshness lag in s", " (tandem compare --freshness)")}),
    Rule("citations", "retrieve", _cite, {"for": reaches("rag", "citation_recall", lambda facts, limits: limits.cited_share)}),
    Rule("restricted", "retrieve", _roles, {"for": "a filter by role is a guarantee, whatever the scores"}),
    Rule(
        "latency", "retrieve", _latency_of_retrieval,
        {"against": exceeds("rag", "latency p95 in ms", lambda facts, limits: facts.max_latency_ms or limits.tight_latency_ms)},
    ),
    Rule("form", "adapter", _form, {"for": ahead("lora", "prompt", "form"), "against": "what is asked for is told, not measured"}),
    Rule("enough for form", "adapter", _enough_for_form, {"for": ahead("rag+lora", "rag", "form")}),
    Rule("thousands for skill", "adapter", _thousands, {"against": ahead("rag", "rag+lora", "quality")}),
    Rule("too few examples", "adapter", _too_few, {"bars": "no adapter can be trained to tell"}),
    Rule("consent", "adapter", _consent, {"bars": "a permission, whatever the scores"}),
    Rule("volume", "adapter", _volume, {"for": lower("lora", "rag", "cost of a month")}),
    Rule(
        "staleness", "adapter", _stale,  # one that was trained just now is not stale yet: that overrules nothing
        {"against": exceeds("lora", "staleness", lambda facts, limits: limits.changed_share_a_week, below="open")},
    ),
    Rule("duplicates", "adapter", _duplicates, {"against": ahead("rag", "rag+lora", "quality")}),
    Rule("hybrid by default", "both", _hybrid_by_default, {"for": worth_both}),
    Rule("hybrid when proven", "both", _hybrid_when_proven, {"against": not_worth_both}),
)  # fmt: skip
