"""Fold sums into figures: one currency, or the company's with a word on what is left out; never two added as one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.intervals import wilson
from kpis.query import Sums, add
from kpis.registry import Bases, Measure, Metric
from kpis.result import Number, cents, quartiles


@dataclass
class Folded:
    """The sums of several rows taken together in one currency."""

    currency: str = ""
    total: Sums = field(default_factory=Sums)
    left_out: dict[str, int] = field(default_factory=dict)  # currency and rows


def fold(rows: Iterable[Sums], company: str, *, converts: bool = False) -> Folded:
    """Add up what shares one currency; with several, or where it converts, only what is in the company's counts."""
    rows = list(rows)
    found = {row.currency for row in rows if row.n}
    is_one = len(found) == 1 and (not converts or found == {""})  # counts of rows have no currency
    currency = found.pop() if is_one else company
    folded = Folded(currency)
    for row in rows:
        if row.currency == currency or not row.n:
            add(folded.total, row)
        else:
            folded.left_out[row.currency] = folded.left_out.get(row.currency, 0) + row.n
    return folded


def figures(metric: Metric, folded: Folded) -> dict[str, Any]:
    """Return the fields that a result and its parts share."""
    total, currency = folded.total, folded.currency if metric.is_money else ""
    if metric.is_spread:
        return _spread_figures(metric, total) | {"currency": currency}
    found: dict[str, Any] = {
        "value": _value(metric, total),
        "numerator": _number(metric, total.numerator),
        "denominator": _denominator(metric, total),
        "n": total.n,
        "currency": currency,
    }
    interval = wilson(int(total.numerator), int(total.denominator)) if metric.is_proportion else None
    return found | ({"low": interval[0], "high": interval[1]} if interval else {})


def _spread_figures(metric: Metric, total: Sums) -> dict[str, Any]:
    spread = quartiles(total.values, 100 if metric.is_money else 1)
    days = sum(value * count for value, count in total.values.items())
    summed = cents(Decimal(days) / 100) if metric.is_money else days
    value: Number = spread.median if spread else None
    if metric.is_money and spread:
        value = cents(Decimal(str(spread.median)))
    return {"value": value, "numerator": summed, "denominator": total.n, "n": total.n, "quartiles": spread}


def _denominator(metric: Metric, total: Sums) -> Number:
    """Return what money is spread over: a count under an average, money under a rate; None under a plain sum."""
    return _number(metric, total.denominator, is_count=metric.unit == "money") if metric.is_rate else None


def lacking(metric: Metric, total: Sums) -> tuple[str, ...]:
    """Return the tables of which a row must count for the rate to have a value, and none does."""
    required = [bases for bases in map(_bases, metric.measures) if bases[0].is_required]
    return tuple(bases[0].table for bases in required if not any(total.records.get(basis.table) for basis in bases))


def _bases(measure: Measure | Bases) -> Bases:
    return (measure,) if isinstance(measure, Measure) else measure


def _value(metric: Metric, total: Sums) -> Number:
    if not metric.is_rate:
        return _number(metric, total.numerator)
    if not total.denominator or lacking(metric, total):
        return None
    value = total.numerator / total.denominator
    return cents(value) if metric.unit == "money" else float(value)


def _number(metric: Metric, number: Decimal, *, is_count: bool = False) -> Number:
    """Return money to the cent and counts as whole numbers."""
    return cents(number) if metric.is_money and not is_count else int(number)
