"""What people look at after a comparison: one offline HTML file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from tandem.contrasts import contrasts
from tandem.freshness import lag_text
from tandem.grounding import VALIDATED
from tandem.params import Prices
from tandem.records import Decision, Interval, Scorecard
from tandem.scoring import MEASURES, STAGES, mean_tokens
from tandem.slices import worst_slices
from tandem.stats import mean_interval
from tasks import charts, costs, faults, questions
from tasks.faults import MISSES, QUOTATIONS

CONTRASTED = ("quality", "form", "grounding", "citation_precision", "citation_recall")
SHOWN_GAP = 0.005  # a slice nearer to the others would read as 0.00 below them


def write_report(path: Path, scorecards: Mapping[str, Scorecard], decision: Decision, context: Mapping[str, Any]) -> Path:
    """One self-contained HTML file at `path`, replaced whole; it loads nothing and escapes all text. Returns `path`.

    `context`, every key optional: `workspace` and `at` (title and time), `absent` (variant -> why it was not measured), `set_aside`
    (what -> number of examples: expired, straddling, trained on), `lineage` (label -> value: data version, index version, git commit,
    params hash, base model ..., and the counts of the `split`, the `expired` examples with their sources, the `adapters`),
    `prices` (Prices), `resamples` and `seed` of the intervals, `advice` (the record of `tandem advise`).
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    names = in_order(scorecards)
    intervals = {measure: {name: measure_interval(scorecards[name], measure, context) for name in names} for measure in CONTRASTED}
    env = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.filters["number"] = number
    env.filters["signed"] = lambda value: f"{value:+.3f}"
    env.filters["money"] = costs.money
    env.filters["about"] = costs.about
    env.filters["percentiles"] = percentiles
    env.filters["interval"] = _interval_text
    env.filters["lag"] = lag_text
    env.filters["commands"] = _with_commands
    page = env.get_template("report.html.jinja").render(
        title=f"Tandem: {context.get('workspace', 'comparison')}",
        at=context.get("at", ""),
        decision=decision,
        cards=[
            {"name": name, "card": scorecards[name], "intervals": {measure: found[name] for measure, found in intervals.items()}}
            for name in names
        ],
        colours={name: position % 6 for position, name in enumerate(names)},
        more_measures=faults.further_measures(scorecards),
        misses=faults.counted(scorecards, names, MISSES, lambda row: row.outcome),
        quotations=faults.counted(scorecards, names, QUOTATIONS, lambda row: row.quotation),
        judged=faults.judged(scorecards, names),
        closed_book=faults.closed_book(scorecards, names),
        stages=STAGES,
        grounding=VALIDATED,
        scatter=charts.scatter(scorecards, intervals["quality"]),
        forms=[_form(name, scorecards[name]) for name in names],
        right=questions.counted(scorecards, names),
        questions=[questions.side_by_side(rows) for rows in questions.telling(scorecards, names)],
        absent=context.get("absent") or {},
        set_aside=context.get("set_aside") or {},
        lineage={"split": {}, "expired": {}, "adapters": {}, **(context.get("lineage") or {})},
        contrasts=[one for measure in CONTRASTED for one in contrasts(scorecards, names, measure, *_draws(context))],
        slices=[one for one in worst_slices(scorecards, names, *_draws(context)) if -one.gap >= SHOWN_GAP],
        advice=context.get("advice"),
        money=_money(scorecards, names, context.get("prices") or Prices()),
        latency=charts.latency_bars(scorecards, names),
        milliseconds=lambda value: f"{value:,.0f} ms",
        plot=charts.PLOT,
        bars_area=charts.BARS,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(page, encoding="utf-8")
    draft.replace(path)
    return path


def number(value: float | None, digits: int = 2) -> str:
    """A figure for people: fixed decimals, a dash where it was not measured."""
    return "-" if value is None or not isfinite(value) else f"{value:,.{digits}f}"


def percentiles(latency_ms: Mapping[str, float | None], stage: str) -> str:
    """p50 / p95 / p99 of a stage (`retrieve_`; empty for the whole answer); a dash where the variant has no such stage."""
    values = [latency_ms.get(f"{stage}p{share}") for share in (50, 95, 99)]
    return " / ".join(number(value, 0) for value in values) if values[0] is not None else number(None)


def _money(scorecards: Mapping[str, Scorecard], names: Sequence[str], prices: Prices) -> dict[str, Any]:
    """What report_costs.html.jinja shows."""
    priced, sheet, sign = costs.priced(scorecards, names, prices), costs.price_sheet(prices), costs.sign_of(prices.currency)
    tables = costs.cost_tables(priced, prices)
    month = {row["name"]: row["amounts"] for row in tables["month"]["rows"]}
    return {
        "currency": prices.currency,
        "sign": sign,
        "unpriced": [name for name in names if name not in priced],
        "text": lambda value: f"{sign} {costs.money(value)}",
        "preset": prices.preset,
        "sheet": sheet,
        "given": sum(line["given"] for line in sheet),
        "volume": prices.queries_per_day,
        "tables": tables,
        "tokens": [{"name": name, "n": len(scorecards[name].rows), **mean_tokens(scorecards[name])} for name in names],
        "month_bars": charts.stacked(month, tables["month"]["parts"]),
        "lines": charts.cost_lines(priced, prices),
        "break_evens": costs.break_evens(priced),
        "never_even": costs.never_even(priced, prices.queries_per_day),
        "full": [{"name": name, "per_day": one.full_at} for name, one in priced.items() if one.reserved and isfinite(one.full_at)],
        "by_volume": costs.by_volume(priced, prices),
        "contexts": costs.CONTEXTS,
        "by_context": costs.by_context(scorecards, priced, prices),
        "context_lines": charts.context_lines(scorecards, priced, prices),
    }


def in_order(scorecards: Mapping[str, Scorecard]) -> list[str]:
    """Simplest first, then by name."""
    return sorted(scorecards, key=lambda name: (scorecards[name].simplicity, name))


def quality_interval(card: Scorecard, context: Mapping[str, Any]) -> Interval | None:
    """Mean quality with its interval; None where no question has one."""
    return measure_interval(card, "quality", context)


def measure_interval(card: Scorecard, measure: str, context: Mapping[str, Any]) -> Interval | None:
    """A measure's mean with its interval over the questions that it applies to; None where there is none."""
    values = [value for row in card.rows if (value := MEASURES[measure].of(row)) is not None]
    return mean_interval(values, *_draws(context)) if values else None


def _draws(context: Mapping[str, Any]) -> tuple[int, int]:
    """Resamples and seed of the page's intervals."""
    return context.get("resamples", 2_000), context.get("seed", 0)


def _with_commands(text: str) -> Any:
    """The text with what stands between backticks as code, all of it escaped."""
    from markupsafe import Markup, escape

    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def _interval_text(interval: Interval | None) -> str:
    return f"[{interval.low:.2f}, {interval.high:.2f}]" if interval and isfinite(interval.low) else ""


def _form(name: str, card: Scorecard) -> dict[str, Any]:
    """The share of outputs in the house form, and one output that has it and one that has not."""
    shown = [row for row in card.rows if not row.restricted]
    return {
        "name": name,
        "share": card.measures.get("form"),
        "n": card.counts.get("form", 0),
        "good": next((row.output for row in shown if row.form == 1), None),
        "bad": next((row.output for row in shown if row.form == 0), None),
    }
