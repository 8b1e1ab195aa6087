"""What a reader may see of a metric. Every page and every address of the API asks here, never `kpis.compute`.

Anyone who may read every buyer sees everything except the achievement of colleagues that the company keeps to leaders.
Anyone else sees the company's figures of whole months, by what the whole company shares (campaign, territory,
product …), as long as at least FEWEST of the records they may not read are counted together. Everything else – cuts and
filters by what tells of a buyer, other periods, fewer records – is counted over the records that they may read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Q

from core.formatting import format_count
from core.periods import Period
from crm.models import Owner
from crm.readable import (
    ReadableRows,
    Reader,
    achieving_owners,
    check_achievement,
    few_keys,
    is_limited,
    is_published,
    is_too_few,
)
from facts import registry as facts_registry
from facts.engine import Facts, open_facts
from kpis import compute as company
from kpis.compute import scope_of
from kpis.dimensions import BLANK, MODEL
from kpis.dimensions import get_dimension as dimension
from kpis.query import ID, record_id
from kpis.registry import Metric, get_metric
from kpis.result import Part, Result
from kpis.shared_queries import SharedQueries

Where = Mapping[str, str] | None
READABLE_ONLY = "Counts only records that you have permission to see."
FEW_RECORDS = "Hidden: {n} parts with too few records that you have no permission to see."


def compute_for(
    user: Reader,
    metric: Metric | str,
    period: Period,
    *,
    by: str | None = None,
    where: Where = None,
    facts: Facts | None = None,
    readable_only: bool = False,
    rows: ReadableRows | None = None,
    shared: SharedQueries | None = None,
) -> Result:
    """Return the metric as the reader may know it; with `readable_only` counted over their own records in any case.

    `rows` are what the reader may read, where they were asked for before.

    Raises:
        UnknownMetric, BadCut: with what exists.
        PermissionDenied: a filter would show what a colleague achieved.
    """
    metric = get_metric(metric) if isinstance(metric, str) else metric
    facts, where = facts or open_facts(), dict(where or {})
    check_filters(user, where)
    rows, names = rows or ReadableRows(user), [*([by] if by else []), *where]
    if readable_only or _needs_reading(rows, metric, names):
        result = _compute_readable(metric, period, by, where, facts, rows, shared)
    else:
        result = company.compute_metric(metric, period, by=by, where=where, facts=facts, shared=shared)
        if is_limited(user):
            result = _limit_to_publishable(result, metric, period, facts, rows, shared)
    return _without_colleagues(user, result)


def compute_trend_for(
    user: Reader,
    metric: Metric | str,
    period: Period,
    *,
    grain: str = "month",
    where: Where = None,
    facts: Facts | None = None,
    rows: ReadableRows | None = None,
    shared: SharedQueries | None = None,
) -> Result:
    """Return the trend as the reader may know it: a unit with too few records that they may not read has no figure."""
    metric = get_metric(metric) if isinstance(metric, str) else metric
    facts, where = facts or open_facts(), dict(where or {})
    rows = rows or ReadableRows(user)
    whole = compute_for(user, metric, period, where=where, facts=facts, rows=rows, shared=shared)
    query: dict[str, Any] = {"grain": grain, "where": where, "facts": facts, "shared": shared}
    if whole.is_readable_only:
        return replace(company.compute_trend(metric, period, within=rows, **query), warnings=whole.warnings)
    result = company.compute_trend(metric, period, **query)
    if not is_limited(user):
        return result
    few = _few_parts(result, company.compute_trend(metric, period, within=rows, **query))
    parts = tuple(
        Part(label=part.label, key=part.key) if part.key in few else part.without_single_values()
        for part in result.parts
    )
    return replace(result.without_single_values(), parts=parts)


def compare_periods_for(
    user: Reader,
    metric: Metric | str,
    period: Period,
    *,
    where: Where = None,
    facts: Facts | None = None,
    rows: ReadableRows | None = None,
    shared: SharedQueries | None = None,
) -> tuple[Result, Result | None]:
    """Return the metric now and in the period before, both over the same records."""
    try:
        before = period.before
    except (ValueError, OverflowError):  # nothing is before the year 1
        before = None
    query: dict[str, Any] = {"where": where, "facts": facts, "rows": rows, "shared": shared}
    results = compute_spans_for(user, metric, [span for span in (period, before) if span], **query)
    return results[0], results[1] if before else None


def compute_spans_for(
    user: Reader,
    metric: Metric | str,
    periods: Sequence[Period],
    *,
    where: Where = None,
    facts: Facts | None = None,
    rows: ReadableRows | None = None,
    shared: SharedQueries | None = None,
) -> list[Result]:
    """Return the metric in each period, all over the same records."""
    rows = rows or ReadableRows(user)
    query: dict[str, Any] = {"where": where, "facts": facts or open_facts(), "rows": rows, "shared": shared}
    results = [compute_for(user, metric, period, **query) for period in periods]
    if len({result.is_readable_only for result in results}) > 1:
        return [compute_for(user, metric, period, readable_only=True, **query) for period in periods]
    return results


def may_see_parts(user: Reader, rows: ReadableRows, metric: Metric, name: str) -> bool:
    """Whether the reader may see all parts of a dimension, apart from those of too few records."""
    if _who_dimension_names(name) == "colleague":
        return achieving_owners(user) is None
    return not _needs_reading(rows, metric, [name])


def check_filters(user: Reader, where: Mapping[str, str]) -> None:
    """Refuse a filter that would tell what a colleague achieved.

    Raises:
        PermissionDenied: in words for the reader.
    """
    for name, value in where.items():
        if value != BLANK and _who_dimension_names(name) == "colleague":
            # The owners that a filter means: by part key, by name, or by the source's own id.
            number = record_id(value)
            check_achievement(
                user,
                Owner.objects.filter(pk=number)
                if number
                else Owner.objects.filter(Q(name=value) | Q(external_id=value)),
            )


def _who_dimension_names(name: str) -> str:
    try:
        return dimension(name).names
    except KeyError:  # what no metric knows is refused by the metric, with what it knows
        return ""


def _needs_reading(rows: ReadableRows, metric: Metric, names: Iterable[str]) -> bool:
    """Whether a cut or filter tells of single buyers, and the reader may not read all rows that it would tell of."""
    tells = any(_who_dimension_names(name) == "buyer" for name in names)
    return tells and not all(rows.is_whole(table) for table in metric.tables)


def _compute_readable(
    metric: Metric,
    period: Period,
    by: str | None,
    where: Mapping[str, str],
    facts: Facts,
    rows: ReadableRows,
    shared: SharedQueries | None,
) -> Result:
    result = company.compute_metric(metric, period, by=by, where=where, facts=facts, within=rows, shared=shared)
    return replace(result, warnings=(READABLE_ONLY, *result.warnings))


def _limit_to_publishable(
    result: Result, metric: Metric, period: Period, facts: Facts, rows: ReadableRows, shared: SharedQueries | None
) -> Result:
    """Return the company's figure without parts that would tell of single records; over the reader's own where it would itself."""
    by, where = result.by or None, result.where
    own = _compute_readable(metric, period, by, where, facts, rows, shared)
    if not is_published(period, scope_of(period, facts).today) or _is_few(result.records, own.records):
        return own
    for name in where:
        if name == MODEL:  # it takes no record away
            continue
        less = {other: value for other, value in where.items() if other != name}
        outer = company.compute_metric(metric, period, where=less, facts=facts)
        mine = company.compute_metric(metric, period, where=less, facts=facts, within=rows)
        if _is_few(_subtract_counts(outer.records, result.records), _subtract_counts(mine.records, own.records)):
            return own
    result = result.without_single_values()
    if not by:
        return result
    # The keys of the parts of which nothing counts, whose mere names come from records that the reader may not
    # read.
    own_keys = {part.key for part in own.parts}
    few = _few_parts(result, own) | {
        part.key for part in result.parts if part.key not in own_keys and not any(n for _, n in part.records)
    }
    parts = tuple(part.without_single_values() for part in result.parts if part.key not in few)
    note = (FEW_RECORDS.format(n=len(few)),) if few else ()
    return replace(result, parts=parts, warnings=(*result.warnings, *note))


Counts = Iterable[tuple[str, int]]


def _subtract_counts(outer: Counts, inner: Counts) -> list[tuple[str, int]]:
    less = dict(inner)
    return [(table, n - less.get(table, 0)) for table, n in outer]


def _count_hidden(counts: Counts, own: Counts) -> dict[str, int]:
    """Return how many of the counted records of buyers the reader may not read, table by table."""
    mine = dict(own)
    return {table: n - mine.get(table, 0) for table, n in counts if _is_of_buyers(table)}


def _is_of_buyers(table: str) -> bool:
    model = facts_registry.get_table(table).model
    return bool(getattr(model, "OWNED_THROUGH", True))


def _is_few(counts: Counts, own: Counts) -> bool:
    return any(is_too_few(n) for n in _count_hidden(counts, own).values())


def _few_parts(company: Result, own: Result) -> set[str]:
    """Return the keys of the parts that are held back."""
    return few_parts({part.key: part.records for part in company.parts}, {part.key: part.records for part in own.parts})


def few_parts(company: Mapping[str, Counts], own: Mapping[str, Counts]) -> set[str]:
    """Return the keys of the parts to hold back, by the records of each table that count in them for all and for the reader."""
    hidden = {key: _count_hidden(records, own.get(key, ())) for key, records in company.items()}
    tables = {table for counts in hidden.values() for table in counts}
    by_table = [few_keys({key: counts.get(table, 0) for key, counts in hidden.items()}) for table in tables]
    return set().union(*by_table)


def _without_colleagues(user: Reader, result: Result) -> Result:
    """Return the result without the parts of colleagues whose achievement the reader may not see; the whole stays."""
    allowed = achieving_owners(user) if _who_dimension_names(result.by) == "colleague" else None
    if allowed is None:
        return result
    keys = {BLANK, *(f"{ID}{pk}" for pk in allowed.values_list("pk", flat=True))}
    parts = tuple(part for part in result.parts if part.key in keys)
    hidden = len(result.parts) - len(parts)
    note = (f"Hidden parts that you have no permission to see: {format_count(hidden)}.",) if hidden else ()
    return replace(result, parts=parts, warnings=result.warnings + note)
