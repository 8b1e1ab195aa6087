"""Amounts in other currencies as amounts in the company's: by the rate of the row's own day, exact to the cent.

A deal that ended is worth what it was worth on its closing day, an open one what it is worth on the evening it is
counted on, an invoice, a payment, a touch or a line of spend what it was worth on its date; a line item takes the day of
its invoice or deal where it has none, a subscription its last day; what is ahead takes today's rate.
A row without a rate keeps its amount and currency, so that it is left out and said to be.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

import ibis

from crm.record_kind import Money
from crm.registry import kinds_by_plural, linked_table

CENTS = "decimal(18,2)"
RATE = "decimal(19,10)"  # both engines multiply it with an amount without losing a digit
LARGEST = 1e15  # beyond, a double cannot tell one cent from the next


class Tables(Protocol):
    """What gives the fact tables."""

    def table(self, name: str) -> Any: ...


class ConversionScope(Tables, Protocol):
    """The tables with the company's currency and its present day, as a question of a metric has them."""

    @property
    def currency(self) -> str: ...
    @property
    def today(self) -> date: ...


@dataclass(frozen=True)
class Conversion:
    """The scope of a question that is none of a metric."""

    tables: Tables
    currency: str
    today: date

    def table(self, name: str) -> Any:
        return self.tables.table(name)


def in_company_currency(scope: ConversionScope, table: str, rows: Any) -> Any:
    """Return the rows with their money in the company's currency, as far as there are rates."""
    kind = kinds_by_plural().get(table)
    if kind is None or kind.dated_money is None:
        return rows
    columns, company = rows.columns, scope.currency
    keyed = _with_rate_day(scope, kind.dated_money, rows)
    rates = scope.table("day_rates")
    rates = rates.filter(rates.into == company).select(rated="currency", rated_day="day", up="up", down="down")
    both = keyed.left_join(rates, [keyed.currency == rates.rated, keyed.rated_on == rates.rated_day])
    money = kind.dated_money.amounts
    is_home = (both.currency == company) | (both.currency.fill_null("") == "")
    is_nothing = ibis.literal(True)
    for name in money:
        is_nothing &= both[name].fill_null(0) == 0
    within = ibis.literal(True)
    for name in money:
        within &= _approximate_amount(both, name).abs().fill_null(0) < LARGEST
    is_rated = both.rated.notnull() & within
    amounts = {
        name: (is_rated & ~is_home).ifelse(_convert_exactly(both, name), both[name].cast(CENTS)) for name in money
    }
    converted = both.mutate(**amounts, currency=(is_home | is_nothing | is_rated).ifelse(company, both.currency))
    return converted.select(*columns)


def _with_rate_day(scope: ConversionScope, money: Money, rows: Any) -> Any:
    """Return the rows with the day whose rate counts; today's where it is ahead, or where there is none."""
    if "counted_on" in rows.columns:
        day = rows.counted_on
    else:
        for path in money.days:
            rows = _with_linked_day(scope, rows, path) if "." in path else rows
        day = first_day(*(rows[path.replace(".", "__")] for path in money.days))
        if money.today_while:
            name, value = money.today_while
            day = (rows[name] == value).ifelse(ibis.literal(None, type="date"), day)
    return rows.mutate(rated_on=ibis.least(day, ibis.literal(scope.today)))


def _with_linked_day(scope: ConversionScope, rows: Any, path: str) -> Any:
    (link, name), day = path.split("."), path.replace(".", "__")
    behind = scope.table(linked_table(link)).select(**{f"{day}__key": "id", day: name})
    return rows.left_join(behind, rows[f"{link}_id"] == behind[f"{day}__key"])


def _approximate_amount(rows: Any, name: str) -> Any:
    return rows[name].cast("float64") * rows.up.cast("float64") / rows.down.cast("float64")


def _convert_exactly(rows: Any, name: str) -> Any:
    """Return amount × up ÷ down, half to even.

    No engine divides decimals exactly. So a double's guess is held against what it leaves over, amount × up − guess ×
    down, which is exact: once for the cents that a double cannot tell apart, once for the last one.
    """
    guess = (
        (_approximate_amount(rows, name).abs() < LARGEST)
        .ifelse(_approximate_amount(rows, name), None)
        .round(2)
        .cast(CENTS)
    )
    cent, down = ibis.literal(Decimal("0.01"), type="decimal(3,2)"), rows.down.cast(RATE)
    step = cent * down
    off = (_remainder(rows, name, guess).cast("float64") / step.cast("float64")).round(0) / 100
    near = guess + off.round(2).cast(CENTS)
    twice = _remainder(rows, name, near) + _remainder(rows, name, near)
    is_odd = (near * 100).cast("int64") % 2 != 0
    more = (twice > step) | ((twice == step) & is_odd)
    less = (twice < -step) | ((twice == -step) & is_odd)
    return (near + ibis.cases((more, cent), (less, -cent), else_=cent - cent)).cast(CENTS)


def _remainder(rows: Any, name: str, guess: Any) -> Any:
    return rows[name] * rows.up.cast(RATE) - guess * rows.down.cast(RATE)


def first_day(*values: Any) -> Any:
    """Return the first day that is known; of a moment, the day that it is on the company's clock."""
    days = [value.date() if value.type().is_timestamp() else value for value in values]
    return days[0] if len(days) == 1 else ibis.coalesce(*days)
