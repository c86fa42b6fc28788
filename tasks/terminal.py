"""What a person reads on the terminal after a comparison: the table of the variants, the decision, where to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.costs import sign_of

COLUMNS = ("variant", "quality", "form", "grounding", "citations", "hit@5", "p50 ms", "p95 ms")


def outcome_text(name: str, outcome: Mapping[str, Any]) -> str:
    """The outcome of `compare` or `run` as aligned text; a dash where a measure does not apply."""
    head = (*COLUMNS, f"{sign_of(outcome['currency'])} per 1k")
    rows = [head, *(_row(variant, card) for variant, card in outcome["variants"].items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    table = [
        "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    absent = [f"{variant}: absent, {reason}" for variant, reason in outcome["absent"].items()]
    decision = outcome["decision"]
    verdict = f"{decision['variant']} is promoted" if decision["promoted"] else _unpromoted(outcome)
    lines = [f"{name}, {decision['n']} held-out questions, data version {outcome['data_version']}", "", *table, *absent, ""]
    return "\n".join([*lines, f"{verdict}:", *(f"  - {reason}" for reason in decision["reasons"]), f"Report: {outcome['report']}"])


def _unpromoted(outcome: Mapping[str, Any]) -> str:
    if outcome.get("waiting"):
        return f"{outcome['decision']['variant']} waits for approval (`tandem promote {outcome['waiting']}`)"
    would = outcome["decision"]["would_promote"]
    return f"Dry run: {outcome['decision']['variant']} would be promoted" if would else "Nothing is promoted"


def _row(variant: str, card: Mapping[str, Any]) -> tuple[str, ...]:
    shares = (card["quality"], card["form"], card["grounding"], card["citation_precision"], card["retrieval"]["hit@5"])
    return (
        variant,
        *(_figure(value, 3) for value in shares),
        _figure(card["latency_ms"]["p50"], 0),
        _figure(card["latency_ms"]["p95"], 0),
        _figure(card["cost_usd_per_1k"], 4),
    )


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def advice_text(advice: Mapping[str, Any]) -> str:
    """What `tandem advise` prints: the variant, each rule with its vote and reason, the conflicts, the next step."""
    facts = advice["facts"]
    rate = facts["changed_share_a_week"]
    changing = "no history of changes" if rate is None else f"{rate:.1%} changed a week"
    passed_over = f" ({facts['n_passed_over']} lines passed over)" if facts["n_passed_over"] else ""
    is_moved = advice["variant"] != advice["before_measuring"]
    lines = [
        f"Start with {advice['variant']}" + (f" (before measuring: {advice['before_measuring']})." if is_moved else "."),
        "",
        f"{facts['n_documents']:,} documents, {facts['n_tokens']:,} tokens, {facts['duplicate_share']:.0%} near-duplicates, "
        f"{facts['restricted_share']:.0%} restricted, {changing}, {facts['n_examples']:,} labelled examples{passed_over}",
        "",
    ]
    for verdict in advice["verdicts"]:
        lines.append(f"{verdict['part']:9} {verdict['vote']:8} {verdict['rule']}: {verdict['reason']}")
        lines += [f"{'':18} {verdict['measured']}"] if verdict["measured"] else []
    lines += ["", *(f"conflict  {line}" for line in advice["conflicts"])] if advice["conflicts"] else []
    return "\n".join([*lines, "", f"Stage: {advice['stage']}. Next: {advice['next_step']}"])


def findings_text(findings: Sequence[Mapping[str, Any]], n_checks: int) -> str:
    """What `tandem doctor` found, each with what was done about it or what to do, and the verdict."""
    lines = []
    for one in findings:
        lines.append(f"{'mended' if one['mended'] else '!'} {one['check']}: {one['problem']}: {one['value']}")
        lines += [f"    {one['done']}"] if one["done"] else []
        lines += [] if one["mended"] else [f"    next: {one['next']}"]
    verdict = "healthy" if all(one["mended"] for one in findings) else "not healthy"
    return "\n".join([*lines, f"{verdict}: {n_checks} checks, {len(findings)} findings"])


def forgotten_text(outcome: Mapping[str, Any]) -> str:
    """What `tandem forget` did, which adapters learned it, and what still holds it."""
    dropped = f"{outcome['vectors_dropped']} vectors and {outcome['objects_removed']} DVC objects were dropped"
    lines = [f"forgotten: {', '.join(outcome['forgotten'])}; {outcome['rows']} rows are left, {dropped}"]
    for adapter in outcome["adapters"]:
        aliases = ", ".join(adapter["aliases"]) or "no alias"
        named = f"version {adapter['model_version']} ({aliases})" if adapter["model_version"] else "in place"
        lines.append(f"the adapter {named} was trained on {', '.join(adapter['documents'])}; next: {adapter['next']}")
    return "\n".join([*lines, *(f"still there: {line}" for line in outcome["still"]), *outcome["notes"]])


def history_text(events: Sequence[Mapping[str, Any]]) -> str:
    """Who was champion, when and why, oldest first; the last one is in production."""
    lines = []
    for event in events:
        figures = [f"{event['n']} questions"] if event["n"] is not None else []
        if event["interval"]:
            figures.append("difference [{:+.2f}, {:+.2f}]".format(*event["interval"]))
        figures += [f"data version {event['data_version']}"] if event["data_version"] else []
        at = f"{event['at'][:16].replace('T', ' ')} UTC"
        here = "  (in production)" if event is events[-1] else ""
        lines.append(f"{at}  version {event['model_version']}: {event['variant']}{here}")
        lines += [f"    {', '.join(figures)}"] if figures else []
        lines += [f"    {reason}" for reason in event["reasons"]]
    return "\n".join(lines) or "no promotion yet: tandem run"


def rollback_text(name: str, outcome: Mapping[str, Any]) -> str:
    """Which version answers again, and what that changes for those who ask."""
    live = f"documents are those of {outcome['data']}" if outcome["data"] else "documents stay as they are"
    lines = [f"{name}: version {outcome['to']} ({outcome['variant']}) answers again; {live}."]
    if outcome["changed"] is None:
        lines.append(f"  what changes is not known: the files of version {outcome['from']} cannot be read")
    elif not outcome["changed"]:
        lines.append(f"  it answers by the same settings as version {outcome['from']}")
    else:
        lines += [f"  {key}: {_value(before)} -> {_value(now)}" for key, (before, now) in outcome["changed"].items()]
    return "\n".join([*lines, f"Back to version {outcome['from']}: tandem rollback"])


def _value(value: Any) -> str:
    return "none" if value is None else ("no", "yes")[value] if isinstance(value, bool) else str(value)
