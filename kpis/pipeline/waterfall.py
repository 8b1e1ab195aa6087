"""The waterfall of the pipeline as a reader may know it: its bars, its parts by any dimension, and the deals behind each bar.

Deals are cut and filtered by what they are now: the owner, territory or product of a deal is that of today.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from core.periods import Period
from crm.readable import ReadableRows, Reader, achieving_owners, is_limited
from facts import result_cache
from facts.engine import Facts
from facts.plain_rows import plain_rows
from forecast.states import read_states
from forecast.waterfall import movements as rules
from forecast.waterfall.movements import CHANGES, DEFINITIONS, END, LABELS, START, Window
from kpis import dimensions
from kpis.aggregation import fold_totals
from kpis.compute import scope_of
from kpis.dimensions import BLANK
from kpis.query import ID, Cut, PartTotals, is_converted, join_names, select_rows
from kpis.registry import BadCut, Measure, get_metric
from kpis.rows import Row, Scope
from kpis.visibility import check_filters

EARLIEST = date(1970, 1, 1)  # the first day of a period without a beginning
CACHE_VERSION = "1"  # raise it when a remembered answer would mean something else
CLOSING_INSIDE, ALL_OPEN = "period", "all"
CLOSES = {CLOSING_INSIDE: "Closing in the period", ALL_OPEN: "All open pipeline"}


@dataclass(frozen=True)
class PipelineQuestion:
    """The days looked at, filters and cut by dimension, and which deals count: by their close date, or all open ones."""

    period: Period
    where: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    closes: str = CLOSING_INSIDE

    def window(self, today: date) -> Window | None:
        """Return the days up to `today`; None where the period has not begun."""
        start, end = self.period.start or EARLIEST, min(self.period.end or today, today)
        if start > end:
            return None
        inside = (self.period.start, self.period.end) if self.closes == CLOSING_INSIDE else (None, None)
        return Window(start, end, *inside)


@dataclass(frozen=True)
class Bar:
    """One class of change: what it did to the open pipeline, and to how many deals."""

    key: str
    value: Decimal
    deals: int

    @property
    def label(self) -> str:
        return LABELS[self.key]

    @property
    def definition(self) -> str:
        return DEFINITIONS[self.key]

    @property
    def is_stock(self) -> bool:
        return self.key in (START, END)


@dataclass(frozen=True)
class WaterfallPart:
    """One part of a dimension, with its own bars."""

    key: str
    label: str
    bars: tuple[Bar, ...]

    @property
    def size(self) -> Decimal:
        return max(abs(self.bars[0].value), abs(self.bars[-1].value))


@dataclass(frozen=True)
class Waterfall:
    """Start, changes and end in one currency; `left_out` counts the deals in each currency that has no rate."""

    window: Window
    currency: str
    bars: tuple[Bar, ...]
    parts: tuple[WaterfallPart, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    assumed: int = 0  # deals whose amount or close date on those days is that of a later day
    is_readable_only: bool = False
    hidden_parts: int = 0

    def bar(self, key: str) -> Bar:
        return next(bar for bar in self.bars if bar.key == key)

    @property
    def used_keys(self) -> tuple[str, ...]:
        """The stocks, and the classes in which something happened."""
        return tuple(bar.key for bar in self.bars if bar.is_stock or bar.deals)

    @property
    def is_empty(self) -> bool:
        return not any(bar.deals for bar in self.bars)


@dataclass(frozen=True)
class Movement:
    """What one deal added to a bar, with its close date before and after."""

    deal_id: int
    amount: Decimal
    old_close_on: date | None
    new_close_on: date | None


def counted_day(row: Row) -> Any:
    return row["counted_on"]


def scope_for(user: Reader, period: Period, facts: Facts) -> Scope:
    """Return the scope in which a reader asks: someone who may not read every buyer counts their own deals alone."""
    return scope_of(period, facts, within=ReadableRows(user) if is_limited(user) else None)


def build_waterfall(user: Reader, question: PipelineQuestion, facts: Facts) -> Waterfall | None:
    """Return the waterfall as the reader may know it; None where the period has not begun.

    Raises:
        BadCut: with what it can be cut by.
        PermissionDenied: a filter would show what a colleague achieved.
    """
    check_question(user, question)
    scope = scope_for(user, question.period, facts)
    window = question.window(scope.today)
    if window is None:
        return None
    whole = _read_waterfall(scope, question, window)
    return _without_colleagues(user, question.by, whole)


def find_movements(user: Reader, question: PipelineQuestion, key: str, facts: Facts) -> tuple[list[Movement], str]:
    """Return what every deal added to a bar, the largest first, and the currency. Their sum is the bar.

    Raises:
        KeyError: there is no such bar.
    """
    check_question(user, question)
    LABELS[key]
    scope = scope_for(user, question.period, facts)
    window = question.window(scope.today)
    if window is None:
        return [], scope.currency
    waterfall = _read_waterfall(scope, question, window)
    return read_movements(scope, question, key, waterfall), waterfall.currency


def read_movements(scope: Scope, question: PipelineQuestion, key: str, waterfall: Waterfall) -> list[Movement]:
    """Return what every deal added to a bar of the waterfall, the largest first."""
    table, row = _select(scope, question, waterfall.window, key)
    chosen = table.filter(currency_of(row).fill_null(scope.currency) == waterfall.currency)
    sums = chosen.group_by("id").aggregate(
        total=chosen.amount.sum(), old_close_on=chosen.old_close_on.min(), new_close_on=chosen.new_close_on.max()
    )
    frame = scope.facts.execute(sums.order_by([sums.total.abs().desc(), sums.id]))
    return [
        Movement(int(line["id"]), Decimal(str(line["total"])), _day(line["old_close_on"]), _day(line["new_close_on"]))
        for line in plain_rows(frame)
    ]


def _day(value: Any) -> date | None:
    return value.date() if hasattr(value, "date") else value


def check_question(user: Reader, question: PipelineQuestion) -> None:
    metric = get_metric("open_pipeline")
    for name in [*([question.by] if question.by else []), *question.where]:
        metric.check_dimension(name)
        if name in dimensions.GRAINS:
            raise BadCut(f"The waterfall cannot be broken down by {name}. Choose the days as its period.")
    check_filters(user, question.where)


def _read_waterfall(scope: Scope, question: PipelineQuestion, window: Window) -> Waterfall:
    address = snapshot_address(
        "waterfall", scope, ("opportunities",), (window, question.by, sorted(question.where.items()))
    )
    return result_cache.cached_answer(address, lambda: _compute_waterfall(scope, question, window))


def snapshot_address(kind: str, scope: Scope, tables: tuple[str, ...], question: tuple[Any, ...]) -> str:
    """Name a question about deals under which its answer is remembered; empty for facts without a snapshot."""
    snapshot = scope.facts.snapshot
    if snapshot is None:
        return ""
    whose = scope.within.digest(tables) if scope.within else ""
    state = (CACHE_VERSION, snapshot.pk, snapshot.taken_at.isoformat(), scope.currency, scope.converts, whose)
    return f"{kind}:{hashlib.sha256(repr((state, question)).encode()).hexdigest()}"


def stock_measure(source: Any) -> Measure:
    return Measure("opportunities", day=counted_day, is_money=True, is_stock=True, source=source)


def _select(scope: Scope, question: PipelineQuestion, window: Window, key: str = "") -> tuple[Any, Row]:
    """Return the rows of the waterfall, or of one bar, inside the filters, in the company's currency as far as that is wanted."""
    cut = Cut(question.by, dict(question.where))
    converts = is_converted(scope, cut)

    def deals_with_movements(scope: Scope) -> Any:
        states = rules.overlapping_states(read_states(scope, scope.today, closed_since=window.first), window)
        states = scope.facts.materialize("deal_states", states)
        lines = rules.movements(states, window, scope.currency, converts=converts)
        lines = lines.filter(lines.movement == key) if key else lines
        deals = scope.table("opportunities")
        rest = deals.drop("amount", "currency", "cost")
        joined = rest.inner_join(lines, rest.id == lines.deal_id)
        return joined.mutate(cost=joined.amount.nullif(joined.amount))  # a waterfall has no cost to convert

    names = ("movement", "amount", "is_assumed", "old_close_on", "new_close_on")
    builds = [lambda row, name=name: row[name] for name in names]
    return select_rows(scope, stock_measure(deals_with_movements), cut, [*builds, currency_of])


def currency_of(row: Row) -> Any:
    return dimensions.dimensions_of("opportunities")["currency"](row)


def _compute_waterfall(scope: Scope, question: PipelineQuestion, window: Window) -> Waterfall:
    table, row = _select(scope, question, window)
    groups = {"movement": row["movement"], "currency": currency_of(row)}
    if question.by:
        groups["part"] = dimensions.dimension_build("opportunities", question.by)(row)
    sums = table.aggregate(
        by=[value.name(name) for name, value in groups.items()],
        total=row["amount"].sum(),
        deals=row["id"].nunique(),
        assumed=row["id"].nunique(where=row["is_assumed"]),
    )
    frame = scope.facts.execute(join_names(scope, sums, Cut(question.by)))
    lines = plain_rows(frame)
    totals = [
        PartTotals(currency=line["currency"] or scope.currency, n=int(line["deals"]), key=line["movement"])
        for line in lines
    ]
    folded = fold_totals(totals, scope.currency, converts=is_converted(scope, Cut(question.by, question.where)))
    own = [line for line, total in zip(lines, totals, strict=True) if total.currency == folded.currency]
    return Waterfall(
        window,
        folded.currency,
        _bars(own),
        _parts(question.by, own) if question.by else (),
        tuple(sorted(folded.left_out.items())),
        max((int(line["assumed"]) for line in own if line["movement"] in (START, END)), default=0),
        is_readable_only=scope.within is not None,
    )


def _bars(lines: Iterable[Mapping[str, Any]]) -> tuple[Bar, ...]:
    values: dict[str, Decimal] = {}
    deals: dict[str, int] = {}
    for line in lines:
        key = line["movement"]
        values[key] = values.get(key, Decimal(0)) + Decimal(str(line["total"] or 0))
        deals[key] = deals.get(key, 0) + int(line["deals"])
    return tuple(
        Bar(key, values.get(key, Decimal(0)).quantize(Decimal("0.01")), deals.get(key, 0))
        for key in (START, *CHANGES, END)
    )


def _parts(by: str, lines: Iterable[Mapping[str, Any]]) -> tuple[WaterfallPart, ...]:
    declared = dimensions.get_dimension(by)
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    labels: dict[str, str] = {}
    for line in lines:
        value = line["part"]
        if value is None:
            key = label = BLANK
        elif declared.lookup:
            key = f"{ID}{int(value)}"
            label = line.get("name") or line.get("external_id") or key
        else:
            key, label = str(value), declared.label_of(str(value))
        grouped.setdefault(key, []).append(line)
        labels[key] = label
    parts = (WaterfallPart(key, labels[key], _bars(rows)) for key, rows in grouped.items())
    return tuple(sorted(parts, key=lambda part: (-part.size, part.label)))


def _without_colleagues(user: Reader, by: str, waterfall: Waterfall) -> Waterfall:
    """Return the waterfall without the parts of colleagues whose achievement the reader may not see; the whole stays."""
    allowed = achieving_owners(user) if by and dimensions.get_dimension(by).names == "colleague" else None
    if allowed is None:
        return waterfall
    keys = {BLANK, *(f"{ID}{pk}" for pk in allowed.values_list("pk", flat=True))}
    parts = tuple(part for part in waterfall.parts if part.key in keys)
    return replace(waterfall, parts=parts, hidden_parts=len(waterfall.parts) - len(parts))
