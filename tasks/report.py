"""What people look at after a comparison: one offline HTML file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import chain, zip_longest
from math import isfinite
from pathlib import Path
from typing import Any

from tandem.contrasts import contrasts
from tandem.freshness import lag_text
from tandem.params import Prices
from tandem.records import Decision, Interval, Row, Scorecard
from tandem.scoring import STAGES
from tandem.slices import worst_slices
from tandem.stats import mean_interval
from tandem.words import normalise
from tasks import charts, costs, faults
from tasks.faults import MISSES, QUOTATIONS

N_QUESTIONS = 10
SHOWN_GAP = 0.005  # a slice nearer to the others would read as 0.00 below them


def write_report(path: Path, scorecards: Mapping[str, Scorecard], decision: Decision, context: Mapping[str, Any]) -> Path:
    """One self-contained HTML file at `path`, replaced whole; it loads nothing and escapes all text. Returns `path`.

    `context`, every key optional: `workspace` and `at` (title and time), `absent` (variant -> why it was not measured), `set_aside`
    (what -> number of examples: expired, straddling, trained on), `lineage` (label -> value: data version, index version, git commit,
    params hash, base model ...), `prices` (Prices), `resamples` and `seed` of the intervals, `advice` (the record of `tandem advise`).
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    names = in_order(scorecards)
    intervals = {name: quality_interval(scorecards[name], context) for name in names}
    env = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.filters["number"] = number
    env.filters["signed"] = lambda value: f"{value:+.3f}"
    env.filters["money"] = costs.money
    env.filters["about"] = costs.about
    env.filters["percentiles"] = percentiles
    env.filters["interval"] = _interval_text
    env.filters["lag"] = lag_text
    page = env.get_template("report.html.jinja").render(
        title=f"Tandem: {context.get('workspace', 'comparison')}",
        at=context.get("at", ""),
        decision=decision,
        cards=[{"name": name, "card": scorecards[name], "interval": intervals[name]} for name in names],
        colours={name: position % 6 for position, name in enumerate(names)},
        more_measures=faults.further_measures(scorecards),
        misses=faults.counted(scorecards, names, MISSES, lambda row: row.outcome),
        quotations=faults.counted(scorecards, names, QUOTATIONS, lambda row: row.quotation),
        judged=faults.judged(scorecards, names),
        closed_book=faults.closed_book(scorecards, names),
        stages=STAGES,
        scatter=charts.scatter(scorecards, intervals),
        forms=[_form(name, scorecards[name]) for name in names],
        questions=[_question(rows) for rows in questions_that_differ(scorecards)],
        absent=context.get("absent") or {},
        set_aside=context.get("set_aside") or {},
        lineage=context.get("lineage") or {},
        contrasts=[one for measure in ("quality", "form") for one in contrasts(scorecards, names, measure, *_draws(context))],
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


def questions_that_differ(scorecards: Mapping[str, Scorecard], n: int = N_QUESTIONS) -> list[dict[str, Row]]:
    """Up to `n` questions on which the variants differ in quality or in abstaining, as variant -> row; restricted ones are not shown.

    The widest gaps first, taken in turn from each set of variants that did best, so that no variant's wins fill the page.
    """
    by_question: dict[str, dict[str, Row]] = {}
    for name in in_order(scorecards):
        for row in scorecards[name].rows:
            if row.restricted:
                continue
            by_question.setdefault(row.example_id, {})[name] = row
    by_best: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    for question, rows in by_question.items():
        values = {name: _rightness(row) for name, row in rows.items()}
        gap = max(values.values()) - min(values.values())
        if gap > 0:
            best = tuple(name for name, value in values.items() if value == max(values.values()))
            by_best.setdefault(best, []).append((-gap, question))
    in_turn = chain.from_iterable(zip_longest(*(sorted(found) for _, found in sorted(by_best.items()))))
    return [by_question[entry[1]] for entry in in_turn if entry is not None][:n]


def highlighted(passage: str, quotes: Iterable[str]) -> list[tuple[str, bool]]:
    """The passage cut into (text, marked): marked are runs of three words or more shared with a quote, a number, or the whole quote."""
    words = [(word, found.start(), found.end()) for found in re.finditer(r"\S+", passage) for word in normalise(found.group()).split()]
    spans = []
    for quote in quotes:
        wanted = normalise(quote).split()
        for block in SequenceMatcher(None, [word for word, _, _ in words], wanted, autojunk=False).get_matching_blocks():
            run = words[block.a : block.a + block.size]
            if run and (block.size >= 3 or block.size == len(wanted) or any(any(map(str.isdigit, word)) for word, _, _ in run)):
                spans.append((run[0][1], run[-1][2]))
    pieces, position = [], 0
    for start, end in _merged(spans):
        pieces += [(passage[position:start], False), (passage[start:end], True)]
        position = end
    return [(text, marked) for text, marked in [*pieces, (passage[position:], False)] if text]


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, end in sorted(spans):
        if current and start <= current[1] + 1:
            current = (current[0], max(current[1], end))
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current


def _rightness(row: Row) -> float:
    if row.should_abstain:
        return float(row.abstained)
    return row.quality or 0.0


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
    values = [row.quality for row in card.rows if row.quality is not None]
    return mean_interval(values, *_draws(context)) if values else None


def _draws(context: Mapping[str, Any]) -> tuple[int, int]:
    """Resamples and seed of the page's intervals."""
    return context.get("resamples", 2_000), context.get("seed", 0)


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


def _question(rows: Mapping[str, Row]) -> dict[str, Any]:
    any_row = next(iter(rows.values()))
    passages = next((row.passages for row in rows.values() if row.passages), ())
    quotes = [any_row.expected, *(row.answer for row in rows.values() if not row.abstained)]
    return {
        "row": any_row,
        "answers": [{"name": name, "row": row, "right": _rightness(row)} for name, row in rows.items()],
        "passages": [highlighted(re.sub(r"\n\s*\n", "\n", passage), quotes) for passage in passages],
    }
