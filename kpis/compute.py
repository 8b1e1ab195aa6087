"""Answer what a metric is: for any period, cut by any of its dimensions, over any of its rows.

result = compute("close_rate", Period(date(2025, 1, 1), date(2025, 12, 31)), by="owner")
"""

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.formatting import format_count
from core.number_locale import current_locale
from core.periods import BadPeriod, Period, add_months, parse_day, preset_period
from crm.readable import ReadableRows
from facts import result_cache
from facts.engine import Facts, open_facts
from kpis.aggregation import FoldedTotals, compute_figures, fold_totals
from kpis.custom import custom_names
from kpis.dimensions import BLANK, CUSTOM, MODEL, MODEL_LABELS
from kpis.grains import GRAINS, Grain, grain_of
from kpis.models import Benchmark
from kpis.query import EVENING, Cut, PartTotals, is_converted
from kpis.registry import BadCut, Measure, Metric, get_metric
from kpis.result import Figures, Part, Result, round_to_cents
from kpis.rows import CashTerms, Scope
from kpis.shared_queries import SharedQueries, choose_basis, query_shared
from kpis.unrecorded import missing_records, without_values
from team.models import Company

CACHE_VERSION = "4"  # raise it when a remembered answer would mean something else
MAX_TREND_UNITS = 400
OPEN_TREND_MONTHS = 12  # of a stock's trend without a beginning


def compute_metric(
    metric: Metric | str,
    period: Period,
    *,
    by: str | None = None,
    where: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    shared: SharedQueries | None = None,
    within: ReadableRows | None = None,
) -> Result:
    """Return the metric for the period, whole and by parts, over the rows that all of `where` match.

    Without dates it covers all there is, undated rows included. With `within` only what a reader may read is counted.
    Pages and the API ask through `kpis.visibility`, which decides that.

    Raises:
        UnknownMetric, BadCut: with what exists.
    """
    metric = get_metric(metric) if isinstance(metric, str) else metric
    cut = Cut(by or "", dict(where or {}))
    check_cut(metric, cut)
    scope = scope_of(period, facts, shared, within)
    result = result_cache.cached_answer(question_key(scope, metric, cut), lambda: compute_uncached(scope, metric, cut))
    return _with_benchmark_gap(metric, result, shared)


def check_cut(metric: Metric, cut: Cut) -> None:
    """Refuse what the metric cannot be cut or filtered by.

    Raises:
        BadCut: with what it can.
    """
    for name in [*([cut.by] if cut.by else []), *(name for name in cut.where if name != MODEL)]:
        metric.check_dimension(name)
    if MODEL in cut.where:
        metric.check_model(cut.where[MODEL])


def scope_of(
    period: Period, facts: Facts | None = None, shared: SharedQueries | None = None, within: ReadableRows | None = None
) -> Scope:
    facts, company = facts or open_facts(), Company.get()
    today = (facts.as_of or timezone.now()).astimezone(company.zone).date()
    return Scope(
        facts, period, company.currency, today, converts=company.is_converting_amounts, shared=shared, within=within,
        model=company.attribution_model,
        cash=CashTerms(company.invoice_within_days, company.payment_term_days, company.live_within_days),
    )  # fmt: skip


def read_period(start: str | None, end: str | None, name: str | None) -> Period:
    """Return the period that two days or the name of a preset mean, by the company's fiscal calendar; without any, all.

    Raises:
        BadPeriod: they mean none, or are given together.
    """
    calendar = Company.get().fiscal_calendar
    if not name:
        return Period(parse_day(start, "from"), parse_day(end, "to"), calendar=calendar)
    if start or end:
        raise BadPeriod("Give either period, or from and to.")
    return preset_period(name, Company.today(), calendar)


def question_key(scope: Scope, metric: Metric, cut: Cut) -> str:
    """Name the question under which its answer is remembered; empty for facts without a snapshot."""
    snapshot = scope.facts.snapshot
    if snapshot is None:
        return ""
    money = (scope.currency, scope.converts)
    whose = scope.within.digest(metric.tables) if scope.within else ""
    state = (
        CACHE_VERSION,
        current_locale(),  # warnings hold written numbers
        snapshot.pk,
        snapshot.taken_at.isoformat(),
        money,
        scope.model if metric.is_credited else "",
        scope.cash,
        str(scope.today),
        scope.asked_evenings,
        whose,
    )
    question = (
        metric.key,
        str(scope.period.start),
        str(scope.period.end),
        scope.period.calendar,
        cut.by,
        sorted(cut.where.items()),
    )
    return "metric:" + hashlib.sha256(repr((state, question)).encode()).hexdigest()


def compute_uncached(scope: Scope, metric: Metric, cut: Cut) -> Result:
    """Ask the facts; nothing is remembered and nothing else is asked."""
    if metric.factors:
        return _combine_metrics(scope, metric, cut)
    measures = [choose_basis(scope, measure, cut) for measure in metric.measures]
    answers = [(measure, query_shared(scope, measure, cut)) for measure in measures]
    rows = [row for _measure, answer in answers for row in answer]
    _check_custom_names(scope, metric, cut, rows)
    whole = _fold_whole(scope, answers, cut)
    missing = missing_records(scope, metric, measures, whole)
    return without_values(
        Result(
            **_result_heading(scope, metric, cut),
            **compute_figures(metric, whole),
            basis=next((measure.basis for measure in measures if measure.basis), ""),
            warnings=tuple(_list_warnings(scope, whole, cut)),
            records=tuple(whole.total.records.items()),
            is_readable_only=scope.within is not None,
            flagged=sum(whole.total.checks.values()),
            parts=tuple(_build_parts(scope, metric, cut, rows)) if cut.by else (),
        ),
        missing,
    )


def _fold_whole(scope: Scope, answers: Iterable[tuple[Measure, list[PartTotals]]], cut: Cut) -> FoldedTotals:
    """Add up all rows. Cut by currency the parts stay in their own; the whole is in the company's all the same.

    A record that is divided over touches is in several parts, and counts once in the whole.
    """
    is_cut = bool(cut.by) and cut.by not in GRAINS
    if cut.by == "currency" and scope.converts:
        answers = [(measure, query_shared(scope, measure, replace(cut, by=""))) for measure, _answer in answers]
        cut = replace(cut, by="")
    elif is_cut:
        uncut = replace(cut, by="")
        answers = [
            (measure, query_shared(scope, measure, uncut) if measure.credits else answer) for measure, answer in answers
        ]
    rows = [row for _measure, answer in answers for row in answer]
    return fold_totals(rows, scope.currency, converts=is_converted(scope, cut))


def _result_heading(scope: Scope, metric: Metric, cut: Cut) -> dict[str, Any]:
    model = cut.where.get(MODEL, scope.model) if metric.is_credited else ""
    return {
        "key": metric.key,
        "name": f"{metric.name} ({MODEL_LABELS[model]})" if model else metric.name,
        "model": model,
        "unit": metric.unit,
        "per": metric.per,
        "is_money": metric.is_money,
        "period": scope.period,
        "as_of": scope.facts.as_of,
        "by": cut.by,
        "where": dict(cut.where),
    }


def _build_parts(scope: Scope, metric: Metric, cut: Cut, rows: list[PartTotals]) -> list[Part]:
    grouped: dict[str, list[PartTotals]] = {}
    for row in rows:
        grouped.setdefault(row.key, []).append(row)
    converts = is_converted(scope, cut)
    parts = [
        _build_part(metric, group, fold_totals(group, scope.currency, converts=converts)) for group in grouped.values()
    ]
    if cut.by in GRAINS:
        return sorted((part for part in parts if part.n), key=lambda part: (part.key == BLANK, part.key))
    return sorted(parts, key=_part_order)


def _build_part(metric: Metric, rows: list[PartTotals], folded: FoldedTotals) -> Part:
    first = rows[0]
    return Part(
        label=first.label,
        key=first.key,
        external_id=first.external_id,
        records=tuple(folded.total.records.items()),
        **compute_figures(metric, folded),
    )


def _part_order(part: Part) -> tuple[bool, bool, float, str]:
    """Largest first; what has no value after it, blank last."""
    return part.key == BLANK, part.value is None, -float(part.value or 0), part.label


def _list_warnings(scope: Scope, whole: FoldedTotals, cut: Cut) -> Iterable[str]:
    for message, count in whole.total.checks.items():
        if count:
            yield message.format(n=format_count(count))
    for currency, count in sorted(whole.left_out.items()):
        why = "there is no exchange rate for their day." if scope.converts else "there is no exchange rate for them."
        yield f"{format_count(count)} records in {currency or 'no currency'} are left out: {why}"
    if cut.where and not whole.total.n and not whole.left_out:
        yield f"No records match {' and '.join(f'{name} = {value}' for name, value in cut.where.items())}."


def _check_custom_names(scope: Scope, metric: Metric, cut: Cut, rows: list[PartTotals]) -> None:
    """Refuse a custom name that no row carries, which would look like an empty column.

    Raises:
        BadCut: with the names that exist.
    """
    requested = [name for name in [cut.by, *cut.where] if name.startswith(CUSTOM)]
    if not requested or any(row.n and row.key != BLANK for row in rows):
        return
    existing = sorted({name for table in metric.tables for name in custom_names(scope.facts, table)})
    for name in requested:
        if name.removeprefix(CUSTOM) not in existing:
            columns = ", ".join(CUSTOM + column for column in existing) or "none"
            raise BadCut(f"{metric.key} has no “{name}”. Custom fields of the source: {columns}.")


def _combine_metrics(scope: Scope, metric: Metric, cut: Cut) -> Result:
    """Make a metric of others: the whole of the wholes, each part of the parts with the same key."""
    assert metric.combine
    results = {key: compute_uncached(scope, get_metric(key), cut) for key in metric.factors}
    first = results[metric.factors[0]]
    keyed = {key: {part.key: part for part in result.parts} for key, result in results.items()}
    shared = [part for part in first.parts if all(part.key in parts for parts in keyed.values())]
    parts = [
        Part(
            label=part.label,
            key=part.key,
            external_id=part.external_id,
            records=part.records,
            **_combined_figures(metric, {key: parts[part.key] for key, parts in keyed.items()}),
        )
        for part in shared
    ]
    return Result(
        **_result_heading(scope, metric, cut),
        **_combined_figures(metric, results),
        warnings=tuple(dict.fromkeys(warning for result in results.values() for warning in result.warnings)),
        records=first.records,
        is_readable_only=first.is_readable_only,
        parts=tuple(sorted(parts, key=_part_order)),
    )


def _combined_figures(metric: Metric, figures_by_key: Mapping[str, Figures]) -> dict[str, Any]:
    assert metric.combine
    fraction = metric.combine(figures_by_key)
    n = next(iter(figures_by_key.values())).n
    currency = next((part.currency for part in figures_by_key.values() if part.currency), "")
    if fraction is None or not fraction[1]:
        return {"n": n, "currency": currency}
    numerator, denominator = fraction
    value = round_to_cents(numerator / denominator)
    return {
        "value": value,
        "numerator": round_to_cents(numerator),
        "denominator": float(denominator),
        "n": n,
        "currency": currency,
    }


def _with_benchmark_gap(metric: Metric, result: Result, shared: SharedQueries | None = None) -> Result:
    """Add what the distance to the benchmark is worth; it is not remembered, for the benchmark may be edited."""
    if not metric.gap or result.value is None:
        return result
    find = shared.find_reference if shared else Benchmark.reference_for
    reference = find(metric.benchmark_key)
    if reference is None:
        return result
    worth = metric.gap(Decimal(result.numerator or 0), Decimal(result.denominator or 0), reference.value)
    benchmark_fields = {
        "benchmark": reference.value,
        "benchmark_label": str(reference),
        "benchmark_source": reference.source,
    }
    return replace(result, gap=benchmark_fields | {name: round_to_cents(value) for name, value in worth.items()})


def compute_trend(
    metric: Metric | str,
    period: Period,
    *,
    grain: str = "month",
    where: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    shared: SharedQueries | None = None,
    within: ReadableRows | None = None,
) -> Result:
    """Return the metric with one part for every month (or other grain) of the period, also where nothing happened.

    A stock is counted on the last evening of each. What has not begun is left out; open ends are taken from what
    there is, for a stock from a year up to today.
    """
    metric = get_metric(metric) if isinstance(metric, str) else metric
    facts = facts or open_facts()
    if metric.factors:
        return _combined_trend(metric, period, grain, where, facts, shared, within)
    if metric.is_stock:
        return _stock_trend(metric, period, grain_of(grain, period), where, facts, shared, within)
    whole = compute_metric(metric, period, by=grain, where=where, facts=facts, shared=shared, within=within)
    parts_by_key = {part.key: part for part in whole.parts if part.key != BLANK}
    days = _days_of(period, list(parts_by_key), grain_of(grain, period), scope_of(period, facts).today)
    nothing = compute_figures(metric, FoldedTotals(whole.currency))
    keys = [key for key, _days in _trend_units(grain_of(grain, period), days)]
    return replace(whole, parts=tuple(parts_by_key.get(key) or Part(label=key, key=key, **nothing) for key in keys))


def _days_of(period: Period, keys: list[str], step: Grain, today: date) -> Period | None:
    """Close the ends that the period leaves open by the first and last part there is; nothing is after today."""
    start = period.start or (step.parse_key(keys[0]).start if keys else None)
    end = min(period.end or (step.parse_key(keys[-1]).end if keys else None) or today, today)
    return Period(start, end) if start and start <= end else None


def _trend_units(step: Grain, days: Period | None) -> Iterable[tuple[str, Period]]:
    """Return the units of the days, the last ones where there are too many to look at."""
    return deque(step.all_in(days), maxlen=MAX_TREND_UNITS) if days else ()


def evenings_of(period: Period, grain: str, today: date) -> dict[str, date]:
    """Return the last evening of each unit that a stock's trend is counted on, by the unit's key."""
    start = period.start or add_months(today.replace(day=1), 1 - OPEN_TREND_MONTHS)
    step = grain_of(grain, period)
    days = _days_of(Period(start, period.end, calendar=period.calendar), [], step, today)
    return {key: unit.end for key, unit in _trend_units(step, days) if unit.end}


def _stock_trend(
    metric: Metric,
    period: Period,
    step: Grain,
    where: Mapping[str, str] | None,
    facts: Facts,
    shared: SharedQueries | None,
    within: ReadableRows | None,
) -> Result:
    """Count a stock on the last evening of every unit, all in one question."""
    whole = compute_metric(metric, period, where=where, facts=facts, shared=shared, within=within)
    scope = scope_of(period, facts, shared, within)
    evenings = evenings_of(period, step.name, scope.today)
    if not evenings:
        return replace(whole, by=step.name)
    cut = Cut(EVENING, dict(where or {}))
    every = replace(scope, asked_evenings=tuple(evenings.values()))
    address = question_key(every, metric, cut)
    rows = result_cache.cached_answer(
        address, lambda: [row for measure in metric.all_measures for row in query_shared(every, measure, cut)]
    )
    converts = is_converted(scope, cut)
    folded_by_key = {
        key: fold_totals([row for row in rows if row.key == day.isoformat()], scope.currency, converts=converts)
        for key, day in evenings.items()
    }
    parts = tuple(
        Part(label=key, key=key, records=tuple(folded.total.records.items()), **compute_figures(metric, folded))
        for key, folded in folded_by_key.items()
    )
    return replace(whole, by=step.name, parts=parts)


def _combined_trend(
    metric: Metric,
    period: Period,
    grain: str,
    where: Mapping[str, str] | None,
    facts: Facts,
    shared: SharedQueries | None,
    within: ReadableRows | None,
) -> Result:
    """Make the trend of a metric of others from theirs, for the units that all of them have."""
    whole = compute_metric(metric, period, where=where, facts=facts, shared=shared, within=within)
    trends = {
        key: compute_trend(key, period, grain=grain, where=where, facts=facts, shared=shared, within=within)
        for key in metric.factors
    }
    keyed = {key: {part.key: part for part in result.parts} for key, result in trends.items()}
    keys = [part.key for part in trends[metric.factors[0]].parts if all(part.key in parts for parts in keyed.values())]
    figures_by_key = {
        key: _combined_figures(metric, {name: parts[key] for name, parts in keyed.items()}) for key in keys
    }
    records = {part.key: part.records for part in trends[metric.factors[0]].parts}
    parts = tuple(Part(label=key, key=key, records=records[key], **figures_by_key[key]) for key in keys)
    return replace(whole, by=grain, parts=parts)


def compare_periods(
    metric: Metric | str,
    period: Period,
    *,
    by: str | None = None,
    where: Mapping[str, str] | None = None,
    facts: Facts | None = None,
    within: ReadableRows | None = None,
) -> tuple[Result, Result | None]:
    """Return the metric now and in the period before; None before a period that is open on one side."""
    facts = facts or open_facts()
    query = {"by": by, "where": where, "facts": facts, "within": within}
    now = compute_metric(metric, period, **query)  # type: ignore[arg-type]
    try:
        before = period.before
    except (ValueError, OverflowError):  # nothing is before the year 1
        before = None
    return now, compute_metric(metric, before, **query) if before else None  # type: ignore[arg-type]
