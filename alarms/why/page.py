"""An explanation as a page, a sheet and the API show it: figures rounded so that what is listed adds up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from alarms.why.explain import Explanation
from alarms.why.parts import ChangePart, DimensionChange, Totals, limit_parts, round_parts
from alarms.why.sentences import describe_change
from core.formatting import format_by_unit, format_count, format_decimal, format_money, with_sign
from core.periods import Period
from kpis import url_params
from kpis.dashboard import Question
from kpis.dimensions import BLANK

MOST_PARTS = 12
EXACT_STEPS = {"money": Decimal("0.01"), "percent": Decimal("0.00000001")}
BAR_HALF = 50.0  # a bar goes to the left or to the right of the middle


@dataclass(frozen=True)
class Row:
    """A part as a line of the table, ready to be read."""

    label: str
    before: str
    now: str
    total: str
    rate: str = ""
    mix: str = ""
    worth: str = ""
    bar_start: float = BAR_HALF
    bar_width: float = 0.0
    is_up: bool = False
    filtered: str = ""
    records_before: str = ""
    records_now: str = ""
    n_before: int = 0
    n_now: int = 0


@dataclass(frozen=True)
class WhyTable:
    """The parts of one dimension, and the change that they add up to."""

    dimension: DimensionChange
    rows: tuple[Row, ...]
    total: Row

    @property
    def is_split(self) -> bool:
        """Whether each part is split into the group's own figure and the mix."""
        return bool(self.total.rate)


@dataclass(frozen=True)
class LinkRow:
    label: str
    before: str
    now: str
    part: str
    url: str = ""


@dataclass(frozen=True)
class MovementRow:
    label: str
    n: int | None
    part: str


def period_before(period: Period, against: str) -> Period | None:
    """Return what a period is compared with: the one before, or the same a year before."""
    try:
        return period.year_before if against == "year" else period.before
    except (ValueError, OverflowError):  # nothing is before the year 1
        return None


def has_year_before(period: Period) -> bool:
    """Whether the same period a year before is another one than the period before, and over when this begins."""
    year = period_before(period, "year")
    return bool(year and year.end and period.start and year.end < period.start and year != period_before(period, ""))


def build_table(explanation: Explanation, dimension: DimensionChange, question: Question) -> WhyTable:
    """Return the parts as rows; the rounded columns add up to the rounded change."""
    listed = limit_parts(dimension, MOST_PARTS)
    largest = max((abs(part.total) for part in listed.parts), default=Fraction(0))
    write = _part_writer(explanation, largest)
    totals = round_parts([part.total for part in listed.parts], write.step)
    rates = round_parts([part.rate or Fraction(0) for part in listed.parts], write.step)
    worths = _worths(explanation, listed)
    is_split = explanation.is_rate and not dimension.is_shared
    rows = [
        replace(
            _build_row(explanation, listed, part, question),
            total=write(total),
            rate=write(rate) if is_split else "",
            mix=write(total - rate) if is_split else "",
            worth=_write_money(explanation, worth) if worth is not None else "",
            is_up=part.total > 0,
            bar_width=_bar_width(part.total, largest),
            bar_start=BAR_HALF - (_bar_width(part.total, largest) if part.total < 0 else 0),
        )
        for part, total, rate, worth in zip(listed.parts, totals, rates, worths, strict=True)
    ]
    whole = explanation.whole
    assert whole
    zero = Decimal(0)
    last = Row(
        "Change",
        write_value(explanation, whole.before.value(explanation.is_rate)),
        write_value(explanation, whole.now.value(explanation.is_rate)),
        total=write(sum(totals, zero)),
        rate=write(sum(rates, zero)) if is_split else "",
        mix=write(sum(totals, zero) - sum(rates, zero)) if is_split else "",
        worth=_write_money(explanation, sum((worth or zero for worth in worths), zero)) if explanation.worth else "",
        n_before=whole.before.n,
        n_now=whole.now.n,
    )
    return WhyTable(listed, tuple(rows), last)


def _build_row(explanation: Explanation, dimension: DimensionChange, part: ChangePart, question: Question) -> Row:
    group, (before, now) = part.group, group_values(explanation, dimension, part)
    row = Row(
        "None" if group.key == BLANK else group.label,
        write_value(explanation, before),
        write_value(explanation, now),
        total="",
        n_before=group.before.n,
        n_now=group.now.n,
    )
    if part.is_others:
        return row
    key, changes = explanation.metric.key, {"by": None, dimension.name: group.key}
    earlier = replace(question, period=explanation.before.period)
    return replace(
        row,
        filtered=url_params.metric_url(key, question, **changes),
        records_before=url_params.records_url(key, earlier, **changes),
        records_now=url_params.records_url(key, question, **changes),
    )


def group_values(
    explanation: Explanation, dimension: DimensionChange, part: ChangePart
) -> tuple[Fraction | None, Fraction | None]:
    """Return the figure of a group before and now; its share in the whole rate where groups have no rates of their own."""
    group, whole = part.group, explanation.whole
    if dimension.is_shared and whole:
        return group.before.numerator / whole.before.denominator, group.now.numerator / whole.now.denominator
    return group.before.value(explanation.is_rate), group.now.value(explanation.is_rate)


def write_value(explanation: Explanation, value: Fraction | None) -> str:
    """Write a figure of a group in the metric's unit; a rate of nothing has none."""
    number = None if value is None else Decimal(value.numerator) / Decimal(value.denominator)
    return format_by_unit(number, explanation.metric.unit, explanation.currency)


def _bar_width(part: Fraction, largest: Fraction) -> float:
    return round(float(abs(part) / largest) * BAR_HALF, 1) if largest else 0.0


@dataclass(frozen=True)
class PartWriter:
    """Writes rounded parts with their sign; `step` is what they are rounded to."""

    step: Decimal
    write: Callable[[Decimal], str]

    def __call__(self, value: Decimal) -> str:
        return with_sign(self.write(value))


def _part_writer(explanation: Explanation, largest: Fraction) -> PartWriter:
    """Return how parts are written: fine enough for the largest of them."""
    unit, currency = explanation.metric.unit, explanation.currency
    if unit == "percent":
        places = 1 if largest >= Fraction(5, 1000) or not largest else 2 if largest >= Fraction(5, 10000) else 3
        return PartWriter(Decimal(1).scaleb(-places - 2), lambda value: format_decimal(value * 100, places))
    if unit == "money":
        places = 0 if largest >= 100 else 2
        return PartWriter(Decimal(1).scaleb(-places), lambda value: format_money(value, currency, places))
    return PartWriter(Decimal(1), format_count)


def _worths(explanation: Explanation, dimension: DimensionChange) -> Sequence[Decimal | None]:
    """Return what each part is worth in money, where the rate is one of money."""
    worth = explanation.worth
    if worth is None:
        return [None] * len(dimension.parts)
    return list(round_parts([part.total * worth for part in dimension.parts], Decimal(1)))


def _write_money(explanation: Explanation, value: Decimal) -> str:
    return with_sign(format_money(value, explanation.currency))


def link_rows(explanation: Explanation, question: Question) -> list[LinkRow]:
    """Return the links as rows, the change that they add up to as the last."""
    links = explanation.links
    if not links:
        return []
    write = _link_writer(explanation)
    rounded = round_parts([Fraction(link.part) for link in links], write.step)
    rows = [
        LinkRow(
            link.link.label,
            _write_link(explanation, link.before, link.link.unit),
            _write_link(explanation, link.now, link.link.unit),
            write(part),
            url_params.metric_url(link.link.metric, question, by=None) if link.link.metric else "",
        )
        for link, part in zip(links, rounded, strict=True)
    ]
    return [*rows, LinkRow("Change", "", "", write(sum(rounded, Decimal(0))))]


def _link_writer(explanation: Explanation) -> PartWriter:
    if explanation.metric.unit == "count":
        return PartWriter(Decimal("0.1"), lambda value: format_decimal(value, 1))
    return _part_writer(explanation, max((abs(Fraction(link.part)) for link in explanation.links), default=Fraction(0)))


def _write_link(explanation: Explanation, value: Fraction, unit: str) -> str:
    return format_by_unit(Decimal(value.numerator) / Decimal(value.denominator), unit, explanation.currency)


def movement_rows(explanation: Explanation) -> list[MovementRow]:
    """Return how many records came, left and changed, and what that did; the last row is the change."""
    movements = explanation.movements
    if not movements:
        return []
    write = _part_writer(explanation, max(abs(movement.total) for movement in movements))
    rounded = round_parts([movement.total for movement in movements], write.step)
    rows = [
        MovementRow(movement.label, movement.n, write(part)) for movement, part in zip(movements, rounded, strict=True)
    ]
    return [*rows, MovementRow("Change", None, write(sum(rounded, Decimal(0))))]


def as_json(explanation: Explanation, name: str) -> dict[str, Any]:
    """Return what the API answers: the change, and one dimension's parts, which add up to it to the last digit."""
    dimension = explanation.dimension(name)
    metric, now, before = explanation.metric, explanation.now, explanation.before
    step = EXACT_STEPS.get(metric.unit, Decimal("0.000001"))
    change = None if explanation.change is None else round_parts([explanation.change], step)[0]
    return {
        "key": metric.key,
        "name": metric.name,
        "unit": metric.unit,
        "currency": explanation.currency if metric.is_money else "",
        "from": now.period.start,
        "to": now.period.end,
        "from_before": before.period.start,
        "to_before": before.period.end,
        "value": None if now.value is None else str(now.value),
        "value_before": None if before.value is None else str(before.value),
        "change": None if change is None else f"{change:f}",
        "sentence": describe_change(explanation, dimension),
        "dimension": dimension.name if dimension else explanation.median_dimension,
        "dimensions": [row.name for row in explanation.dimensions],
        "asked_alone": list(explanation.asked_alone),
        "parts": list(_part_documents(explanation, dimension, step)) if dimension else [],
        "links": [
            {
                "label": link.link.label,
                "unit": link.link.unit,
                "before": float(link.before),
                "now": float(link.now),
                "part": f"{link.part:f}",
            }
            for link in explanation.links
        ],
        "rows": [
            {"name": movement.name, "n": movement.n, "part": f"{part:f}"}
            for movement, part in zip(
                explanation.movements, round_parts([row.total for row in explanation.movements], step), strict=True
            )
        ],
        "medians": [
            {
                "key": row.key,
                "label": row.label,
                "before": None if row.before is None or row.before.value is None else float(row.before.value),
                "now": None if row.now is None or row.now.value is None else float(row.now.value),
                "n_before": row.before.n if row.before else 0,
                "n": row.now.n if row.now else 0,
            }
            for row in explanation.medians
        ],
        "notes": list(explanation.notes),
        "readable_only": now.is_readable_only,
        "as_of": now.as_of,
    }


def _part_documents(explanation: Explanation, dimension: DimensionChange, step: Decimal) -> Iterator[dict[str, Any]]:
    is_split = explanation.is_rate and not dimension.is_shared
    totals = round_parts([part.total for part in dimension.parts], step)
    rates = round_parts([part.rate or Fraction(0) for part in dimension.parts], step)
    for part, total, rate in zip(dimension.parts, totals, rates, strict=True):
        before, now = group_values(explanation, dimension, part)
        yield {
            "key": part.group.key,
            "label": part.group.label,
            "before": None if before is None else float(before),
            "now": None if now is None else float(now),
            "n_before": part.group.before.n,
            "n": part.group.now.n,
            "rate": f"{rate:f}" if is_split else None,
            "mix": f"{total - rate:f}" if is_split else None,
            "part": f"{total:f}",
        }


def _as_float(totals: Totals, is_rate: bool) -> float | None:
    value = totals.value(is_rate)
    return None if value is None else float(value)


def csv_rows(explanation: Explanation, dimension: DimensionChange | None) -> Iterator[list[Any]]:
    """Yield the parts as rows of a sheet; the last is the change that they add up to."""
    if dimension is None:
        yield ["link", "before", "now", "part"]
        for link in explanation.links:
            yield [link.link.label, float(link.before), float(link.now), link.part]
        return
    is_split = explanation.is_rate and not dimension.is_shared
    columns = ["before", "now", "n_before", "n", *(["rate", "mix"] if is_split else []), "part"]
    step = EXACT_STEPS.get(explanation.metric.unit, Decimal("0.000001"))
    documents = list(_part_documents(explanation, dimension, step))
    yield [dimension.name, "key", *columns]
    numbers = {"rate", "mix", "part"}
    for document in documents:
        values = [Decimal(document[name]) if name in numbers else document[name] for name in columns]
        yield [document["label"], document["key"], *values]
    whole = explanation.whole
    assert whole
    sums = {name: sum((Decimal(row[name]) for row in documents), Decimal(0)) for name in numbers if name in columns}
    figures = {
        "before": _as_float(whole.before, explanation.is_rate),
        "now": _as_float(whole.now, explanation.is_rate),
        "n_before": whole.before.n,
        "n": whole.now.n,
    }
    yield ["Change", "", *((figures | sums)[name] for name in columns)]
