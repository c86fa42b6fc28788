"""Advice before money is spent: from facts about a knowledge base to prompt, RAG, fine-tuning or both, rule by rule.

The rules are `tandem.rules.RULES`. A measured comparison confirms or overrules what they claim, and decides whether both are better
than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tandem.claims import Measured, worth_both
from tandem.facts import Facts
from tandem.params import Advice
from tandem.rules import RULES, Part, Rule, Vote

Stage = Literal["proof of concept", "product", "scale"]
VARIANTS: dict[tuple[bool, bool], str] = {(False, False): "prompt", (True, False): "rag", (False, True): "lora", (True, True): "rag+lora"}


@dataclass(frozen=True)
class Verdict:
    """What a rule said. `measured`: confirmed, overruled, open or not measured, with the figures or why; empty before a comparison."""

    rule: str
    part: Part
    vote: Vote
    reason: str
    measured: str = ""


@dataclass(frozen=True)
class Recommendation:
    """The variant to start with, and the one that the rules named `before_measuring`. `conflicts` name the rules that contradict each
    other, and which way it went."""

    variant: str
    before_measuring: str
    verdicts: tuple[Verdict, ...]
    conflicts: tuple[str, ...]
    stage: Stage
    next_step: str


def advise(facts: Facts, thresholds: Advice, measured: Measured | None = None) -> Recommendation:
    """Apply every rule."""
    said = {part: _said(part, facts, thresholds, measured) for part in ("retrieve", "adapter")}
    parts = {part: _carried(verdicts) for part, verdicts in said.items()}
    conflicts = [line for part, verdicts in said.items() for line in _conflicts(verdicts, _outcome(verdicts, parts[part]))]
    verdicts = [verdict for one in said.values() for verdict in one]
    before = variant = VARIANTS[parts["retrieve"], parts["adapter"]]
    shown = worth_both(measured, facts, thresholds).state if measured else "not measured"
    is_barred = any(verdict.vote == "bars" for verdict in said["adapter"])
    if parts["retrieve"] and not is_barred and (parts["adapter"] or shown != "not measured"):
        if before == "rag+lora" and thresholds.hybrid == "proven":
            before = "rag"
        is_open = shown == "not measured"
        variant = before if is_open else "rag+lora" if shown == "confirmed" else "rag"
        both = _said("both", facts, thresholds, measured)
        verdicts += both
        conflicts += _conflicts(both, f"{f'advice.hybrid: {thresholds.hybrid}' if is_open else 'the comparison'} decides for {variant}")
    stage, next_step = _stage(facts, thresholds, measured is not None)
    return Recommendation(variant, before, tuple(verdicts), tuple(conflicts), stage, next_step)


def _said(part: str, facts: Facts, thresholds: Advice, measured: Measured | None) -> list[Verdict]:
    verdicts = []
    for rule in RULES:
        said = rule.judge(facts, thresholds) if rule.part == part else None
        if said is not None:
            vote, reason = said
            answered = _answered(rule, vote, facts, thresholds, measured) if measured else ""
            verdicts.append(Verdict(rule.name, rule.part, vote, reason, answered))
    return verdicts


def _answered(rule: Rule, vote: Vote, facts: Facts, thresholds: Advice, measured: Measured) -> str:
    claim = rule.claims[vote]
    if isinstance(claim, str):
        return f"not measured: {claim}"
    found = claim(measured, facts, thresholds)
    return f"{found.state}: {found.said}"


def _carried(verdicts: Sequence[Verdict]) -> bool:
    votes = [verdict.vote for verdict in verdicts]
    return "bars" not in votes and votes.count("for") > votes.count("against")


def _outcome(verdicts: Sequence[Verdict], carried: bool) -> str:
    bars = [verdict.rule for verdict in verdicts if verdict.vote == "bars"]
    return f"{' and '.join(bars)} decides" if bars else "the majority is for it" if carried else "in doubt the simpler one"


def _conflicts(verdicts: Sequence[Verdict], outcome: str) -> list[str]:
    wanted = [verdict.rule for verdict in verdicts if verdict.vote == "for"]
    opposed = [verdict.rule for verdict in verdicts if verdict.vote != "for"]
    if not wanted or not opposed:
        return []
    return [f"{verdicts[0].part}: {' and '.join(wanted)} say yes, {' and '.join(opposed)} say no; {outcome}"]


def _stage(facts: Facts, thresholds: Advice, is_measured: bool) -> tuple[Stage, str]:
    if not is_measured:
        lacking = max(0, thresholds.questions_to_compare - facts.n_examples)
        write = f"write {lacking} more questions with answers and sources, then " if lacking else ""
        return "proof of concept", f"{write}`tandem run`: it measures all four variants on held-out questions"
    if facts.queries_per_day < thresholds.scale_queries_per_day:
        return "product", "`tandem deploy`: refresh on each change, retrain and monitor on a schedule"
    return "scale", "move index, registry and runs to servers (docs/GUIDE.md), and read the costs of the report at your volume"
