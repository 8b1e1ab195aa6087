"""The records behind a number: exactly the rows that were counted, as far as the reader may see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from core.periods import Period
from crm.readable import ReadableRows
from crm.record_kind import Column
from facts.engine import Facts, open_facts
from kpis import visibility
from kpis.compute import scope_of
from kpis.dimensions import MODEL_LABELS
from kpis.query import Cut, count_counted, counted_credits, counted_ids
from kpis.record_tables import Cell, columns_of
from kpis.registry import BadCut, Measure, Metric, get_metric
from kpis.result import Result
from kpis.rows import Scope
from kpis.shared_queries import choose_basis
from team.models import User


@dataclass(frozen=True)
class CountedRows:
    """The rows of a measure that were counted; asked for as far as they are shown."""

    scope: Scope
    measure: Measure
    cut: Cut
    currency: str

    def read_ids(self, first: int = 0, last: int | None = None) -> list[int]:
        return counted_ids(self.scope, self.measure, self.cut, self.currency, first, last)

    def count(self) -> int:
        return count_counted(self.scope, self.measure, self.cut, self.currency)


@dataclass(frozen=True)
class Drill:
    """The counted rows of one fact table, newest first: `n` in the number, of which this reader may see some."""

    table: str
    tables: tuple[tuple[str, int], ...]  # all that the number was counted from, with how many rows of each
    counted: CountedRows
    seen: QuerySet[Any]  # the records of this kind that the reader may see
    result: Result

    columns: tuple[Column, ...] = ()  # how the records are listed
    credits: Mapping[int, Decimal] | None = None  # of records that are divided over touches: what counts of each
    credit_kind: str = "money"

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Return the columns of the kind and, of records that are divided over touches, what counts of each."""
        if self.credits is None:
            return self.columns
        credit = Column(f"Credit ({MODEL_LABELS[self.result.model]})", "", self.credit_kind)
        return self.columns[0], credit, *self.columns[1:]

    def cells_of(self, record: Any) -> list[Cell]:
        cells = [Cell.of(column, record) for column in self.columns]
        if self.credits is None:
            return cells
        currency = self.result.currency or getattr(record, "currency", "")
        return [cells[0], Cell(self.all_columns[1], self.credits.get(record.pk), currency), *cells[1:]]

    @property
    def sees_all(self) -> bool:
        return not self.seen.query.has_filters()

    @cached_property
    def ids(self) -> list[int]:
        return self.counted.read_ids()

    @cached_property
    def n(self) -> int:
        return self.counted.count() if self.sees_all else len(self.ids)

    @cached_property
    def visible_ids(self) -> list[int]:
        """Return the counted ids that the reader may see, in their order."""
        if self.sees_all:
            return self.ids
        allowed = set(self.seen.filter(pk__in=_ids_as_set(self.ids)).values_list("pk", flat=True))
        return [pk for pk in self.ids if pk in allowed]

    @property
    def visible_count(self) -> int:
        return self.n if self.sees_all else len(self.visible_ids)

    @property
    def hidden(self) -> int:
        return self.n - self.visible_count

    @property
    def rows(self) -> QuerySet[Any]:
        """Return the visible records; a record deleted since the count is no longer among them."""
        return self.seen.filter(pk__in=_ids_as_set(self.ids))

    def page(self, first: int, last: int, *related: str) -> list[Any]:
        """Return the visible records from place `first` up to, not including, `last`."""
        return self.load(
            self.counted.read_ids(first, last) if self.sees_all else self.visible_ids[first:last], *related
        )

    def load(self, wanted: Sequence[int], *related: str) -> list[Any]:
        """Return the visible records of these ids, in their order."""
        records = self.seen.select_related(*related).in_bulk(wanted) if wanted else {}
        return [records[pk] for pk in wanted if pk in records]


def _ids_as_set(ids: list[int]) -> RawSQL:
    """Return the set of ids as one array parameter, however many there are."""
    return RawSQL("SELECT unnest(%s::bigint[])", [ids])


def find_records(
    metric: Metric | str,
    period: Period,
    *,
    user: User | AnonymousUser,
    where: Mapping[str, str] | None = None,
    by: str | None = None,
    part: str | None = None,
    table: str | None = None,
    facts: Facts | None = None,
) -> Drill:
    """Return the rows that were counted: `n` of them, like the number says, from one of its tables.

    A metric made of others shows the records of its first.

    Raises:
        UnknownMetric, BadCut: with what exists.
        PermissionDenied: a filter would show what a colleague achieved.
    """
    metric = get_metric(metric) if isinstance(metric, str) else metric
    if metric.factors:
        metric = get_metric(metric.factors[0])
    facts = facts or open_facts()
    conditions = {**(where or {}), **({by: part} if by and part else {})}
    rows = ReadableRows(user)
    result = visibility.compute_for(user, metric, period, where=conditions, facts=facts, rows=rows)
    cut, scope = Cut("", conditions), scope_of(period, facts, within=rows if result.is_readable_only else None)
    measures = {measure.table: measure for measure in (choose_basis(scope, bases, cut) for bases in metric.measures)}
    measure = _choose_measure(metric, measures, table)
    counts = dict(result.records)
    tables = tuple((name, counts.get(name, 0)) for name in measures)
    columns = columns_of(measure.table, is_stock=measure.is_stock)
    credits = counted_credits(scope, measure, cut, result.currency) if measure.credits else None
    kind = "money" if measure.is_money else "count"
    counted = CountedRows(scope, measure, cut, result.currency)
    return Drill(measure.table, tables, counted, rows.visible(measure.table), result, columns, credits, kind)


def _choose_measure(metric: Metric, measures: Mapping[str, Measure], table: str | None) -> Measure:
    if not table:
        return next(iter(measures.values()))
    if table not in measures:
        raise BadCut(f"{metric.key} is not counted from “{table}”. Use one of: {', '.join(measures)}.")
    return measures[table]
