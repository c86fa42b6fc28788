"""Advice before money is spent: from facts about a knowledge base to prompt, RAG, fine-tuning or both, rule by rule.

RULES is the whole decision table; a new rule is one entry. Thresholds are `advice` in params.yaml. A measured comparison confirms or
overrules every rule that makes a claim about the variants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tandem.params import Advice
from tandem.stats import paired_bootstrap

Part = Literal["retrieve", "adapter"]
Vote = Literal["for", "against", "bars"]
Measured = Mapping[str, Mapping[str, Sequence[float | None]]]
VARIANTS: dict[tuple[bool, bool], str] = {(False, False): "prompt", (True, False): "rag", (False, True): "lora", (True, True): "rag+lora"}


@dataclass(frozen=True)
class Facts:
    """What was measured and what was said. None: not known, and the rules about it keep silent.

    `n_tokens` of all documents, `n_context_tokens` that the base reads at once; shares are 0-1, `changed_share_a_week` of the documents.
    `n_for_training`: those of the examples that would train an adapter, as far as can be told; `n_passed_over`: lines that do not hold.
    """

    n_documents: int
    n_tokens: int
    n_context_tokens: int
    n_examples: int
    n_passed_over: int
    n_for_training: int
    min_examples: int
    restricted_share: float
    duplicate_share: float
    changed_share_a_week: float | None
    queries_per_day: float
    must_cite: bool | None
    fixed_form: bool | None
    may_train: bool | None
    max_latency_ms: float | None


@dataclass(frozen=True)
class Claim:
    """What a rule says of the variants when it gives this `vote`, so that it can be measured: `better` beats `worse` on `measure`."""

    better: str
    worse: str
    measure: Literal["quality", "form"]
    vote: Vote = "for"


@dataclass(frozen=True)
class Rule:
    """One line of the table. `judge` gives a vote and the reason in words, or None where the rule has nothing to say."""

    name: str
    part: Part
    judge: Callable[[Facts, Advice], tuple[Vote, str] | None]
    claim: Claim | None = None


@dataclass(frozen=True)
class Verdict:
    """What a rule said. `measured`: confirmed, overruled or open, with the interval; empty before a comparison."""

    rule: str
    part: Part
    vote: Vote
    reason: str
    measured: str = ""


@dataclass(frozen=True)
class Recommendation:
    """The variant to start with. `conflicts` name the rules that contradict each other, and which way it went."""

    variant: str
    verdicts: tuple[Verdict, ...]
    conflicts: tuple[str, ...]
    stage: Literal["proof of concept", "product", "scale"]
    next_step: str


def advise(facts: Facts, thresholds: Advice, measured: Measured | None = None) -> Recommendation:
    """Apply every rule. `measured`: variant -> measure -> one value a question, in the same order for all (None: does not apply)."""
    verdicts = []
    for rule in RULES:
        said = rule.judge(facts, thresholds)
        if said is not None:
            vote, reason = said
            claim = rule.claim if rule.claim and rule.claim.vote == vote else None
            verdicts.append(Verdict(rule.name, rule.part, vote, reason, _measured(claim, measured or {})))
    parts = {part: _carried([one for one in verdicts if one.part == part]) for part in ("retrieve", "adapter")}
    variant = VARIANTS[parts["retrieve"], parts["adapter"]]
    conflicts = [line for part, carried in parts.items() for line in _conflicts([one for one in verdicts if one.part == part], carried)]
    stage, next_step = _stage(facts, thresholds, bool(measured))
    return Recommendation(variant, tuple(verdicts), tuple(conflicts), stage, next_step)


def _carried(verdicts: Sequence[Verdict]) -> bool:
    votes = [verdict.vote for verdict in verdicts]
    return "bars" not in votes and votes.count("for") > votes.count("against")


def _conflicts(verdicts: Sequence[Verdict], carried: bool) -> list[str]:
    wanted = [verdict.rule for verdict in verdicts if verdict.vote == "for"]
    opposed = [verdict.rule for verdict in verdicts if verdict.vote != "for"]
    if not wanted or not opposed:
        return []
    bars = [verdict.rule for verdict in verdicts if verdict.vote == "bars"]
    outcome = f"{' and '.join(bars)} decides" if bars else "the majority is for it" if carried else "in doubt the simpler one"
    return [f"{verdicts[0].part}: {' and '.join(wanted)} say yes, {' and '.join(opposed)} say no; {outcome}"]


def _measured(claim: Claim | None, measured: Measured) -> str:
    """Whether the paired difference that the claim names has an interval above 0, below it, or around it."""
    if claim is None or claim.better not in measured or claim.worse not in measured:
        return ""
    values = zip(measured[claim.better][claim.measure], measured[claim.worse][claim.measure], strict=True)
    pairs = [(a, b) for a, b in values if a is not None and b is not None]
    if len(pairs) < 2:
        return ""
    found = paired_bootstrap([a for a, _ in pairs], [b for _, b in pairs], resamples=2_000, seed=0)
    verdict = "confirmed" if found.low > 0 else "overruled" if found.high < 0 else "open"
    said = f"{claim.better} - {claim.worse} in {claim.measure} {found.mean:+.2f} [{found.low:+.2f}, {found.high:+.2f}], n = {found.n}"
    return f"{verdict}: {said}"


def _stage(facts: Facts, thresholds: Advice, is_measured: bool) -> tuple[Literal["proof of concept", "product", "scale"], str]:
    if not is_measured:
        lacking = max(0, thresholds.questions_to_compare - facts.n_examples)
        write = f"write {lacking} more questions with answers and sources, then " if lacking else ""
        return "proof of concept", f"{write}`tandem run`: it measures all four variants on held-out questions"
    if facts.queries_per_day < thresholds.scale_queries_per_day:
        return "product", "`tandem deploy`: refresh on each change, retrain and monitor on a schedule"
    return "scale", "move index, registry and runs to servers (docs/GUIDE.md), and read the costs of the report at your volume"


# --- the table
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
    if not facts.restricted_share:
        return None
    return "for", f"{facts.restricted_share:.1%} of the documents are restricted: an index filters by role, weights cannot"


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


RULES: tuple[Rule, ...] = (
    Rule("size", "retrieve", _size, Claim("rag", "prompt", "quality")),
    Rule("change", "retrieve", _change),
    Rule("citations", "retrieve", _cite),
    Rule("restricted", "retrieve", _roles),
    Rule("latency", "retrieve", _latency_of_retrieval),
    Rule("form", "adapter", _form, Claim("lora", "prompt", "form")),
    Rule("enough for form", "adapter", _enough_for_form, Claim("rag+lora", "rag", "form")),
    Rule("thousands for skill", "adapter", _thousands, Claim("rag", "rag+lora", "quality", "against")),
    Rule("too few examples", "adapter", _too_few),
    Rule("consent", "adapter", _consent),
    Rule("volume", "adapter", _volume),
    Rule("staleness", "adapter", _stale),
)
