"""Ask one measure of the facts: one query, grouped by part and currency, summed exactly."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import ibis

from core.periods import Period
from core.request_values import read_id
from crm.rates.conversion import in_company_currency
from facts.plain_rows import plain_rows
from kpis import dimensions
from kpis.dimensions import BLANK, OWNERS
from kpis.grains import GRAINS, grain_of
from kpis.registry import BadCut, Measure
from kpis.rows import Build, Row, Scope, join_paths, row_of

EVENING = "evening"  # the cut of a stock by the days it is counted on
ID = "id:"  # how a part of records is written: the id of the record


@dataclass(frozen=True)
class Cut:
    """By which dimension to group, and which rows to keep, by dimension and value."""

    by: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    edges: tuple[date, ...] = ()  # first days of the sections that time is divided into, in order


@dataclass
class PartTotals:
    """What one part adds up to in one currency."""

    key: str = ""
    label: str = ""
    external_id: str = ""
    currency: str = ""
    numerator: Decimal = Decimal(0)
    denominator: Decimal = Decimal(0)
    n: int = 0
    values: Counter[int] = field(default_factory=Counter)
    checks: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    section: int | None = None  # how many edges of the cut are not after its day; None without a day or edges


def select_rows(scope: Scope, measure: Measure, cut: Cut, builds: Iterable[Build] = ()) -> tuple[Any, Row]:
    """Return the rows of the measure inside period and filters, joined to all that the expressions name."""
    scope = replace(scope, model=cut.where.get(dimensions.MODEL, scope.model), converts=is_converted(scope, cut))
    conditions = [_in_period(scope, measure), *(_filter_condition(scope, measure, *item) for item in cut.where.items())]
    wanted = [condition for condition in conditions if condition]
    rows = measure.rows(scope)
    if scope.within:
        rows = scope.within.only(measure.table, rows)
    converts = measure.is_money and is_converted(scope, cut)
    table, _ = join_paths(
        scope,
        in_company_currency(scope, measure.table, rows) if converts else rows,
        [*wanted, *builds, _group_key(scope, measure, cut)],
        keep=("id",),
    )
    for condition in wanted:
        table = table.filter(condition(row_of(scope, table)))
    return table, row_of(scope, table)


def is_converted(scope: Scope, cut: Cut) -> bool:
    """Whether money is computed in the company's currency: not where a person asks for a currency by name."""
    return scope.converts and cut.by != "currency" and "currency" not in cut.where


def _in_period(scope: Scope, measure: Measure) -> Build | None:
    if measure.is_stock:
        return None
    return _day_in_period(measure.day, scope.period)


def _day_in_period(day: Build, period: Period) -> Build | None:
    """Return the test for a day in the period; undated rows pass only when the period is open on both sides."""
    start, end = period.start, period.end
    if not (start or end):
        return None

    def test(row: Row) -> Any:
        value = day(row)
        after = value >= ibis.literal(start) if start else ibis.literal(True)
        before = value <= ibis.literal(end) if end else ibis.literal(True)
        return after & before

    return test


def _group_key(scope: Scope, measure: Measure, cut: Cut) -> Build:
    if not cut.by:
        return lambda row: row["id"]
    if cut.by == EVENING:
        return lambda row: row["counted_on"]
    if cut.by in GRAINS:
        grain = grain_of(cut.by, scope.period)
        return lambda row: grain.first_day(measure.day(row), scope.period)
    return dimensions.dimension_build(measure.dimension_table, cut.by)


def _filter_condition(scope: Scope, measure: Measure, name: str, value: str) -> Build | None:
    """Return the test for one filter: by the key of a part, the name on screen, or the source's own id."""
    if name == dimensions.MODEL:
        return None
    if name in GRAINS:
        return _in_grain(scope, measure, name, value)
    build, dimension = dimensions.dimension_build(measure.dimension_table, name), dimensions.get_dimension(name)
    if value == BLANK:
        return lambda row: build(row).isnull()
    if name == "stage":  # a name alone is the stage of that name in every pipeline
        return lambda row: (build(row) == value) | (row["stage"] == value)
    if not dimension.lookup:
        return lambda row: build(row).isin(dimension.stored_values(value))
    if dimension.lookup == OWNERS:
        return lambda row: _is_of_person(scope, build(row), value)
    return lambda row: build(row).isin(_ids_matching(scope, dimension.lookup, value))


def _is_of_person(scope: Scope, owner_id: Any, value: str) -> Any:
    """Tell whether an owner is the person that a filter means, by any of the person's records."""
    number, owners = record_id(value), scope.owners
    if number:
        return (owner_id == number) | owner_id.isin(owners.filter(owners.id == number).person_id)
    return owner_id.isin(owners.filter((owners.name == value) | (owners.external_id == value)).person_id)


def _in_grain(scope: Scope, measure: Measure, name: str, value: str) -> Build | None:
    if value == BLANK:
        return lambda row: measure.day(row).isnull()
    try:
        return _day_in_period(measure.day, grain_of(name, scope.period).parse_key(value))
    except ValueError as error:
        raise BadCut(str(error)) from None


def _ids_matching(scope: Scope, table: str, value: str) -> Any:
    """Return the ids that a filter means: the one it names, or all records of that name or source id."""
    if number := record_id(value):
        return [number]
    records = scope.table(table)
    return records.filter((records.name == value) | (records.external_id == value)).id


def record_id(value: str) -> int | None:
    """Return the id in the key of a part of records, as in id:12; None for any other text."""
    return read_id(value.removeprefix(ID)) if value.startswith(ID) else None


def is_counted(measure: Measure, row: Row) -> Any:
    return measure.keep(row).fill_null(False) if measure.keep else row["id"].notnull()


def query_measure(scope: Scope, measure: Measure, cut: Cut) -> list[PartTotals]:
    """Return the sums of the measure for every part and currency that has rows."""
    return query_measures(scope, (measure,), cut)[0]


def query_measures(scope: Scope, measures: Sequence[Measure], cut: Cut) -> list[list[PartTotals]]:
    """Return the sums of each measure, all by one question; they share their table, source and day, and have no spread.

    One measure alone may have a spread.
    """
    main = next((measure for measure in measures if measure.is_money), measures[0])
    builds = [
        build
        for measure in measures
        for build in (measure.keep, measure.numerator, measure.denominator, measure.spread)
        if build
    ]
    checks = [check.condition for measure in measures for check in measure.checks]
    currency = dimensions.dimensions_of(main.dimension_table).get("currency") if main.is_money else None
    days = [main.day] if cut.edges else []
    table, row = select_rows(scope, main, cut, [*builds, *checks, *days, *([currency] if currency else [])])
    groups = {"part": _group_key(scope, main, cut)(row)} if cut.by else {}
    groups |= {"currency": currency(row)} if currency else {}
    groups |= {"section": _section(main.day(row), cut.edges)} if cut.edges else {}
    groups |= {"spread": is_counted(main, row).ifelse(main.spread(row), None)} if main.spread else {}
    aggregates: dict[str, Any] = {}
    for position, measure in enumerate(measures):
        aggregates |= {
            _aggregate_name(position, name): value for name, value in _build_aggregates(measure, row).items()
        }
    sums = table.aggregate(by=[value.name(name) for name, value in groups.items()], **aggregates)
    lines = plain_rows(scope.facts.execute(join_names(scope, sums, cut)))
    return [_read_totals(scope, measure, cut, lines, position) for position, measure in enumerate(measures)]


def _section(day: Any, edges: tuple[date, ...]) -> Any:
    """Return how many of the edges are not after the day; NULL without a day."""
    branches = [(day < ibis.literal(edge), number) for number, edge in enumerate(edges)]
    return day.isnull().ifelse(None, ibis.cases(*branches, else_=len(edges)))


def _aggregate_name(position: int, name: str) -> str:
    return f"{name}_of_{position}"


def _build_aggregates(measure: Measure, row: Row) -> dict[str, Any]:
    """Return the sums to take; no rows at all give 0, not NULL."""
    keep = is_counted(measure, row)
    is_summed = keep & measure.spread(row).notnull() if measure.spread else keep
    sums = {"n": _count_records(measure, row, is_summed)}
    for name, build in (("numerator", measure.numerator), ("denominator", measure.denominator)):
        if build:
            value = build(row)
            sums[name] = keep.ifelse(value.fill_null(0), 0).sum().fill_null(0)
    for position, check in enumerate(measure.checks):
        sums[f"check_{position}"] = _count_records(
            measure, row, (~keep if check.is_left_out else keep) & check.condition(row).fill_null(False)
        )
    return sums


def _count_records(measure: Measure, row: Row, condition: Any) -> Any:
    """Return how many records fulfil the condition; one that is divided over touches is one record."""
    if measure.credits:
        return condition.ifelse(row["id"], None).nunique()
    return condition.cast("int64").sum().fill_null(0)


def join_names(scope: Scope, sums: Any, cut: Cut) -> Any:
    """Give ids their names and the source's own ids, in the same query."""
    lookup = dimensions.get_dimension(cut.by).lookup if cut.by and cut.by != EVENING else ""
    if not lookup:
        return sums
    records = scope.table(lookup)
    names = records.select(part_id=records.id, name=records.name, external_id=records.external_id)
    return sums.left_join(names, sums.part == names.part_id).drop("part_id")


def _read_totals(
    scope: Scope, measure: Measure, cut: Cut, lines: list[dict[str, Any]], position: int
) -> list[PartTotals]:
    totals: dict[tuple[str, str, int | None], PartTotals] = {}
    for line in lines:
        key, label = _part_key_and_label(scope, cut, line)
        currency = line.get("currency") or scope.currency if measure.is_money else ""
        section = None if line.get("section") is None else int(line["section"])
        first = PartTotals(key, label, line.get("external_id") or "", currency, section=section)
        sums = totals.setdefault((key, currency, section), first)
        _add_line(sums, measure, line, position)
    return list(totals.values())


def _add_line(sums: PartTotals, measure: Measure, line: dict[str, Any], position: int) -> None:
    n = int(line[_aggregate_name(position, "n")])
    sums.n += n
    sums.numerator += _to_decimal(line.get(_aggregate_name(position, "numerator")))
    sums.denominator += _to_decimal(line.get(_aggregate_name(position, "denominator")))
    sums.records[measure.table] = sums.records.get(measure.table, 0) + n
    if measure.spread and line["spread"] is not None:
        sums.values[int(line["spread"])] += n
    for number, check in enumerate(measure.checks):
        count = int(line[_aggregate_name(position, f"check_{number}")])
        sums.checks[check.message] = sums.checks.get(check.message, 0) + count


def add_totals(total: PartTotals, row: PartTotals) -> None:
    """Add a row's sums to those of others."""
    total.numerator += row.numerator
    total.denominator += row.denominator
    total.n += row.n
    total.values.update(row.values)
    for mine, its in ((total.checks, row.checks), (total.records, row.records)):
        for name, count in its.items():
            mine[name] = mine.get(name, 0) + count


def _to_decimal(number: Any) -> Decimal:
    return Decimal(str(number)) if number is not None else Decimal(0)


def _part_key_and_label(scope: Scope, cut: Cut, line: dict[str, Any]) -> tuple[str, str]:
    """Return key and label of the part that a line belongs to."""
    value = line.get("part")
    if not cut.by:
        return "", ""
    if value is None:
        return BLANK, BLANK
    if cut.by in GRAINS or cut.by == EVENING:
        key = grain_of(cut.by if cut.by in GRAINS else "day", scope.period).key_of(
            value.date() if hasattr(value, "date") else value
        )
        return key, key
    dimension = dimensions.get_dimension(cut.by)
    if dimension.lookup:
        key = f"{ID}{int(value)}"
        return key, line.get("name") or line.get("external_id") or key
    return str(value), dimension.label_of(str(value))


def has_rows(scope: Scope, measure: Measure, cut: Cut) -> bool:
    """Tell whether the basis exists at all: any row of the asked source, dated when the period is."""
    rows = measure.rows(scope)
    if source := cut.where.get("source_system"):
        rows = rows.filter(rows.source_system == source)
    builds = [measure.day]
    table, row = join_paths(scope, rows, builds, keep=("id",))
    if scope.period.start or scope.period.end:
        table = table.filter(measure.day(row).notnull())
    return bool(len(scope.facts.execute(table.limit(1))))


def counted_ids(
    scope: Scope, measure: Measure, cut: Cut, currency: str, first: int = 0, last: int | None = None
) -> list[int]:
    """Return the ids of the rows that count in the currency, the latest day first: all, or those from place to place."""
    matches = _counted_rows(scope, measure, cut, currency)
    latest_first = [matches.day.isnull(), matches.day.desc(), matches.id.desc()]
    ordered = matches.order_by(latest_first)
    chosen = ordered if last is None else ordered.limit(last - first, offset=first)
    return [int(pk) for pk in scope.facts.execute(chosen)["id"]]


def count_counted(scope: Scope, measure: Measure, cut: Cut, currency: str) -> int:
    """Return how many rows count in the currency."""
    return int(scope.facts.execute(_counted_rows(scope, measure, cut, currency).count()).to_numpy()[0, 0])


def _counted_rows(scope: Scope, measure: Measure, cut: Cut, currency: str) -> Any:
    own_currency = dimensions.dimensions_of(measure.dimension_table).get("currency") if measure.is_money else None
    builds = [build for build in (measure.keep, measure.spread, measure.day, own_currency) if build]
    table, row = select_rows(scope, measure, cut, builds)
    counts = is_counted(measure, row)
    if measure.spread:
        counts &= measure.spread(row).notnull()
    if own_currency:
        counts &= own_currency(row) == currency if currency else own_currency(row).isnull()
    matches = table.filter(counts).select(id=row["id"], day=measure.day(row))
    return matches.distinct() if measure.credits else matches


def counted_credits(scope: Scope, measure: Measure, cut: Cut, currency: str) -> dict[int, Decimal]:
    """Return what each record that counts is credited with, by its id; its whole value without a filter by touch."""
    build = measure.numerator or measure.denominator
    assert measure.credits
    assert build
    own_currency = dimensions.dimensions_of(measure.dimension_table).get("currency") if measure.is_money else None
    builds = [candidate for candidate in (measure.keep, build, own_currency) if candidate]
    table, row = select_rows(scope, measure, cut, builds)
    counts = is_counted(measure, row)
    if own_currency:
        counts &= own_currency(row) == currency if currency else own_currency(row).isnull()
    rows = table.filter(counts).select(id=row["id"], value=build(row).fill_null(0))
    sums = plain_rows(scope.facts.execute(rows.group_by("id").aggregate(value=rows.value.sum())))
    return {int(line["id"]): _to_decimal(line["value"]) for line in sums}
