"""Ask measures for all their parts by several dimensions at once: one question for all measures of the same rows.

Each dimension is added up by itself inside the question, so the answer grows with the parts of each dimension and not with
their combinations. Days are put into slots: the periods of a comparison, or the units of a calendar grain.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd

from core.periods import Period
from kpis import dimensions
from kpis.compute import evenings_of
from kpis.dimensions import BLANK
from kpis.grains import GRAINS, grain_of
from kpis.query import ID, Cut, PartTotals, is_counted, join_names, select_rows
from kpis.registry import Measure, Metric
from kpis.rows import Build, Row, Scope
from kpis.shared_queries import rows_of

Slot = int | str  # the position of a period, or the key of a unit of the grain
UNBOUNDED = frozenset({"account", "city", "product_as_written"})  # may have as many parts as there are records
WHOLE = ""


@dataclass(frozen=True)
class Slots:
    """How days are put into slots, and what is asked for that."""

    scope: Scope
    build: Build
    slot_of: Callable[[Any], Slot]


@dataclass(frozen=True)
class Sums:
    """The answer for measures of the same rows: a line for each dimension, part, slot and currency."""

    measures: tuple[Measure, ...]
    lines: pd.DataFrame


@dataclass(frozen=True)
class Cube:
    """The sums of measures by every dimension that was asked for, and as a whole."""

    dimensions: tuple[str, ...]
    sums: tuple[Sums, ...]

    def lines_of(self, measure: Measure, dimension: str = WHOLE) -> pd.DataFrame:
        """Return slot, key, label, external_id, currency, n, numerator and denominator of each part."""
        for sums in self.sums:
            if measure in sums.measures:
                position = sums.measures.index(measure)
                own = {_column(position, name): name for name in ("n", "numerator", "denominator")}
                lines = sums.lines[sums.lines["dimension"] == dimension]
                lines = lines[["slot", "key", "label", "external_id", "currency", *own]].rename(columns=own)
                return lines if measure.is_money else lines.assign(currency="")
        raise KeyError("This measure was not asked for.")

    def totals(self, measure: Measure, dimension: str, slot: Slot) -> list[PartTotals]:
        """Return the sums of every part and currency that has rows in the slot, as a question by one dimension does."""
        lines = self.lines_of(measure, dimension)
        rows: list[dict[str, Any]] = lines[lines["slot"] == slot].drop(columns="slot").to_dict("records")  # type: ignore[assignment]
        return [PartTotals(**row, records={measure.table: row["n"]}) for row in rows]


def cube_dimensions(metric: Metric) -> tuple[list[str], list[str]]:
    """Return the dimensions that may be asked together, and those that are left out or asked alone.

    Days are in slots already; amounts of several currencies are not added.
    """
    names = [name for name in metric.dimensions if name not in GRAINS]
    left_out = [name for name in names if name in UNBOUNDED or (name == "currency" and metric.is_money)]
    return [name for name in names if name not in left_out], left_out


def query_cube(
    scope: Scope,
    measures: Iterable[Measure],
    names: Sequence[str],
    *,
    where: Mapping[str, str] | None = None,
    periods: Sequence[Period] = (),
    grain: str = "",
) -> Cube:
    """Return the sums of measures by each dimension and slot; no measure may have a spread.

    Args:
        names: the dimensions; each must be one of every measure's table.
        periods: closed periods without a day in common; slot 0 is the first of them.
        grain: instead of periods, the calendar unit; slots are the keys of its units in the scope's period.
    """
    groups: dict[tuple[Any, ...], list[Measure]] = {}
    for measure in measures:
        if measure.spread:
            raise ValueError("A spread has no sums.")
        groups.setdefault(rows_of(measure), []).append(measure)
    cut = Cut(where=dict(where or {}))
    sums = tuple(
        _query_sums(scope, tuple(dict.fromkeys(group)), names, cut, periods, grain) for group in groups.values()
    )
    return Cube(tuple(names), sums)


def _query_sums(
    scope: Scope, measures: tuple[Measure, ...], names: Sequence[str], cut: Cut, periods: Sequence[Period], grain: str
) -> Sums:
    main = next((measure for measure in measures if measure.is_money), measures[0])
    slots = _slots_of_grain(scope, main, grain) if grain else _slots_of_periods(scope, main, periods)
    currency = dimensions.dimensions_of(main.dimension_table).get("currency") if main.is_money else None
    columns: dict[str, Build] = {"slot": slots.build, "currency": currency or (lambda row: ibis.literal(""))}
    columns |= {
        f"part_{position}": dimensions.dimension_build(main.dimension_table, name)
        for position, name in enumerate(names)
    }
    for position, measure in enumerate(measures):
        columns |= _value_columns(position, measure)
    builds = [*columns.values(), *(measure.keep for measure in measures if measure.keep)]
    table, row = select_rows(slots.scope, main, cut, builds)
    values = table.select(**{name: build(row) for name, build in columns.items()})
    values = values.filter(values.slot.notnull())
    by = [(WHOLE, -1), *((name, position) for position, name in enumerate(names))]
    pieces = [_add_up(slots.scope, values, name, position, measures) for name, position in by]
    frame = scope.facts.execute(ibis.union(*pieces) if len(pieces) > 1 else pieces[0])
    return Sums(measures, _read_lines(frame, scope, names, len(measures), slots.slot_of))


def _value_columns(position: int, measure: Measure) -> dict[str, Build]:
    """Return what a row adds to each sum; nothing where it does not count."""

    def counted(build: Build | None) -> Build:
        def value(row: Row) -> Any:
            amount = build(row).fill_null(0) if build else ibis.literal(0, type="int64")
            return is_counted(measure, row).ifelse(amount, 0)

        return value

    return {
        # a record that is divided over touches is counted by its id
        _column(position, "n"): (lambda row: is_counted(measure, row).ifelse(row["id"], None))
        if measure.credits
        else counted(lambda row: ibis.literal(1, type="int64")),
        _column(position, "numerator"): counted(measure.numerator),
        _column(position, "denominator"): counted(measure.denominator),
    }


def _column(position: int, name: str) -> str:
    return f"{name}_of_{position}"


def _slots_of_periods(scope: Scope, measure: Measure, periods: Sequence[Period]) -> Slots:
    if measure.is_stock:
        evenings = [min(period.end or scope.today, scope.today) for period in periods]
        return Slots(
            replace(scope, period=periods[-1], asked_evenings=tuple(sorted(set(evenings)))),
            lambda row: row["counted_on"],
            lambda value: evenings.index(_as_date(value)),
        )
    spans = [(period.start, period.end) for period in periods if period.start and period.end]
    first, last = min(start for start, _ in spans), max(end for _, end in spans)

    def build(row: Row) -> Any:
        day = measure.day(row)
        return ibis.cases(
            *(
                ((day >= ibis.literal(start)) & (day <= ibis.literal(end)), slot)
                for slot, (start, end) in enumerate(spans)
            )
        )

    return Slots(replace(scope, period=Period(first, last, calendar=periods[0].calendar)), build, int)


def _slots_of_grain(scope: Scope, measure: Measure, name: str) -> Slots:
    grain = grain_of(name, scope.period)
    if measure.is_stock:
        keys = {day: key for key, day in evenings_of(scope.period, name, scope.today).items()}
        return Slots(
            replace(scope, asked_evenings=tuple(keys)),
            lambda row: row["counted_on"],
            lambda value: keys[_as_date(value)],
        )
    return Slots(
        scope,
        lambda row: grain.first_day(measure.day(row), scope.period),
        lambda value: grain.key_of(_as_date(value)),
    )


def _as_date(value: Any) -> date:
    return value.date() if hasattr(value, "date") else value


def _add_up(scope: Scope, values: Any, name: str, position: int, measures: Sequence[Measure]) -> Any:
    """Return the sums by one dimension, in the columns that all dimensions share."""
    part = values[f"part_{position}"] if name else ibis.null("string")
    totals = {
        _column(index, sum_name): values[_column(index, sum_name)].nunique()
        if sum_name == "n" and measure.credits
        else values[_column(index, sum_name)].sum()
        for index, measure in enumerate(measures)
        for sum_name in ("n", "numerator", "denominator")
    }
    sums = values.aggregate(by=[part.name("part"), values.slot, values.currency], **totals)
    has_lookup = bool(name and dimensions.get_dimension(name).lookup)
    joined = join_names(scope, sums, Cut(name)) if has_lookup else sums
    return joined.select(
        position=ibis.literal(position, type="int64"),
        part=joined.part.cast("string"),
        name=joined.name if has_lookup else ibis.null("string"),
        external_id=joined.external_id if has_lookup else ibis.null("string"),
        slot=joined.slot,
        currency=joined.currency,
        **{column: joined[column] for column in totals},
    )


def _read_lines(
    frame: pd.DataFrame, scope: Scope, names: Sequence[str], size: int, slot_of: Callable[[Any], Slot]
) -> pd.DataFrame:
    """Return the lines in plain values: keys as filters take them, labels as people read them, sums exact."""
    plain = frame.astype(object).where(frame.notna(), None)
    parts = [
        _key_and_label(names[position] if position >= 0 else WHOLE, part, name, external_id)
        for position, part, name, external_id in zip(
            plain["position"], plain["part"], plain["name"], plain["external_id"], strict=True
        )
    ]
    columns: dict[str, Any] = {
        "dimension": [names[position] if position >= 0 else WHOLE for position in plain["position"]],
        "slot": [slot_of(value) for value in plain["slot"]],
        "key": [key for key, _ in parts],
        "label": [label for _, label in parts],
        "external_id": plain["external_id"].map(lambda value: value or ""),
    }
    lines = pd.DataFrame(columns, index=plain.index, dtype=object)
    lines["currency"] = plain["currency"].map(lambda value: value or scope.currency)
    for index in range(size):
        lines[_column(index, "n")] = plain[_column(index, "n")].map(int)
        for name in ("numerator", "denominator"):
            lines[_column(index, name)] = plain[_column(index, name)].map(lambda value: Decimal(str(value or 0)))
    return lines


def _key_and_label(dimension: str, part: Any, name: Any, external_id: Any) -> tuple[str, str]:
    if dimension == WHOLE:
        return "", ""
    if part is None:
        return BLANK, BLANK
    declared = dimensions.get_dimension(dimension)
    if not declared.lookup:
        return str(part), declared.label_of(str(part))
    key = f"{ID}{int(part)}"
    return key, name or external_id or key
