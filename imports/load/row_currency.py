"""What a file says beside its cells' values: the currency next to an amount, and why a cell is in doubt."""

from dataclasses import replace

import pandas as pd
from django.db import models

from imports.mapping.plan import Plan, PlannedField
from imports.parsing import dates, numbers
from imports.parsing.dates import DAY_FIRST, MONTH_FIRST
from imports.parsing.options import Manners

TURNED = {
    DAY_FIRST: "puts the month first, where other cells have the day",
    MONTH_FIRST: "puts the day first, where other cells have the month",
}
TWO_DAYS = "can be read with the day or the month first, and nothing says which; write it as 2025-03-31"
TWO_NUMBERS = "can have decimals or thousands, and nothing says which; write it as 1234.50"


def with_manners(plan: Plan, manners: Manners) -> Plan:
    """Return the plan that reads a file in its manners; a currency that the name of a column says stands for its cells."""
    said = next((manners.currency[header] for header in _amounts(plan) if header in manners.currency), "")
    fields = tuple(_in_currency(one, said) if said and one.rule.name == "currency" else one for one in plan.fields)
    return replace(plan, manners=manners, fields=fields)


def _amounts(plan: Plan) -> list[str]:
    """Return the columns of money, the amount's first."""
    money = [
        one for one in plan.fields if isinstance(one.model_field, models.DecimalField) and one.rule.reads != "percent"
    ]
    money.sort(key=lambda one: one.rule.name != "amount")
    return [header for one in money for header in one.headers]


def _in_currency(planned: PlannedField, code: str) -> PlannedField:
    rule = planned.rule
    if rule.value is not None:
        return replace(planned, rule=replace(rule, value=code))
    return replace(planned, rule=replace(rule, default=code))


def beside_amounts(assumed: pd.Series, plan: Plan, frame: pd.DataFrame) -> pd.Series:
    """Return the currency of each row by the sign beside its amount, where one stands there."""
    for header in _amounts(plan):
        signs = plan.manners.signs.get(header)
        if signs:
            marks = frame[header].map({word: numbers.amount(word).mark for word in frame[header].unique()})
            return (
                marks.map({sign: code for sign, code in signs.items() if code})
                .astype("object")
                .fillna(assumed)
                .astype("str")
            )
    return assumed


def doubt(planned: PlannedField, plan: Plan, cell: str) -> str:
    """Say why a cell that could be read is refused: it could be two things, or is written unlike its column."""
    if isinstance(planned.model_field, models.DateField):
        return _doubtful_date(cell, plan.manners.order_of(planned.headers))
    undecided = isinstance(planned.model_field, models.DecimalField | models.IntegerField)
    if (
        undecided
        and not plan.manners.decimal_of(planned.headers)
        and numbers.is_number(cell)
        and numbers.plain(cell, "") is None
    ):
        return TWO_NUMBERS
    return ""


def _doubtful_date(cell: str, order: str) -> str:
    column = pd.Series([cell], dtype="str")
    if not order:
        return TWO_DAYS if dates.read(column, "").ambiguous[0] else ""
    seen = dates.evidence(column)
    return TURNED[order] if (seen.month_first if order == DAY_FIRST else seen.day_first) else ""
