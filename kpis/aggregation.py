"""Fold sums into figures: one currency, or the company's with a word on what is left out; never two added as one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.intervals import wilson_interval
from kpis.query import PartTotals, add_totals
from kpis.registry import Measure, MeasureBases, Metric
from kpis.result import Number, compute_quartiles, round_to_cents


@dataclass
class FoldedTotals:
    """The sums of several rows taken together in one currency."""

    currency: str = ""
    total: PartTotals = field(default_factory=PartTotals)
    left_out: dict[str, int] = field(default_factory=dict)  # currency and rows


def fold_totals(rows: Iterable[PartTotals], company: str, *, converts: bool = False) -> FoldedTotals:
    """Add up what shares one currency; with several, or where it converts, only what is in the company's counts."""
    rows = list(rows)
    currencies = {row.currency for row in rows if row.n}
    is_one = len(currencies) == 1 and (not converts or currencies == {""})  # counts of rows have no currency
    currency = currencies.pop() if is_one else company
    folded = FoldedTotals(currency)
    for row in rows:
        if row.currency == currency or not row.n:
            add_totals(folded.total, row)
        else:
            folded.left_out[row.currency] = folded.left_out.get(row.currency, 0) + row.n
    return folded


def compute_figures(metric: Metric, folded: FoldedTotals) -> dict[str, Any]:
    """Return the fields that a result and its parts share."""
    total, currency = folded.total, folded.currency if metric.is_money else ""
    if metric.is_spread:
        spread = compute_quartiles(total.values, 100 if metric.is_money else 1)
        days = sum(value * count for value, count in total.values.items())
        summed = round_to_cents(Decimal(days) / 100) if metric.is_money else days
        value: Number = spread.median if spread else None
        if metric.is_money and spread:
            value = round_to_cents(Decimal(str(spread.median)))
        return {"value": value, "numerator": summed, "denominator": total.n, "n": total.n, "quartiles": spread} | {
            "currency": currency
        }
    # What money is spread over: a count under an average, money under a rate; None under a plain sum.
    fields: dict[str, Any] = {
        "value": _value_of(metric, total),
        "numerator": _to_number(metric, total.numerator),
        "denominator": _to_number(metric, total.denominator, is_count=metric.unit == "money")
        if metric.is_rate
        else None,
        "n": total.n,
        "currency": currency,
    }
    interval = wilson_interval(int(total.numerator), int(total.denominator)) if metric.is_proportion else None
    return fields | ({"low": interval[0], "high": interval[1]} if interval else {})


def tables_without_required_rows(metric: Metric, total: PartTotals) -> tuple[str, ...]:
    """Return the tables of which a row must count for the rate to have a value, and none does."""
    required = [bases for bases in map(_bases_of, metric.measures) if bases[0].is_required]
    return tuple(bases[0].table for bases in required if not any(total.records.get(basis.table) for basis in bases))


def _bases_of(measure: Measure | MeasureBases) -> MeasureBases:
    return (measure,) if isinstance(measure, Measure) else measure


def _value_of(metric: Metric, total: PartTotals) -> Number:
    if not metric.is_rate:
        return _to_number(metric, total.numerator)
    if not total.denominator or tables_without_required_rows(metric, total):
        return None
    value = total.numerator / total.denominator
    return round_to_cents(value) if metric.unit == "money" else float(value)


def _to_number(metric: Metric, number: Decimal, *, is_count: bool = False) -> Number:
    """Return money to the cent, counts as whole numbers, and shares of records to the hundredth."""
    if is_count:
        return int(number)
    return round_to_cents(number) if metric.is_money or metric.is_credited else int(number)
