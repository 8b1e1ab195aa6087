"""What a file says beside its cells' values: the currency next to an amount, and why a cell is in doubt."""

from dataclasses import replace

import pandas as pd
from django.db import models

from imports.mapping.plan import Plan, PlannedField
from imports.parsing import dates, numbers
from imports.parsing.dates import DAY_FIRST, MONTH_FIRST
from imports.parsing.options import ParseOptions

TURNED = {
    DAY_FIRST: "puts the month first, where other cells have the day",
    MONTH_FIRST: "puts the day first, where other cells have the month",
}
TWO_DAYS = "can be read with the day or the month first; write it as 2025-03-31"
TWO_NUMBERS = "can have decimals or thousands; write it as 1234.50"


def with_parse_options(plan: Plan, manners: ParseOptions) -> Plan:
    """Return the plan with the parse options of a file; a currency in the name of a column applies to its cells."""
    header_currency = next(
        (manners.currency[header] for header in _amount_columns(plan) if header in manners.currency), ""
    )
    fields = tuple(
        _with_currency(planned, header_currency) if header_currency and planned.rule.name == "currency" else planned
        for planned in plan.fields
    )
    return replace(plan, options=manners, fields=fields)


def _amount_columns(plan: Plan) -> list[str]:
    """Return the columns of money, the amount's first."""
    money = [
        planned
        for planned in plan.fields
        if isinstance(planned.model_field, models.DecimalField) and planned.rule.reads != "percent"
    ]
    money.sort(key=lambda item: item.rule.name != "amount")
    return [header for planned in money for header in planned.headers]


def _with_currency(planned: PlannedField, code: str) -> PlannedField:
    rule = planned.rule
    if rule.value is not None:
        return replace(planned, rule=replace(rule, value=code))
    return replace(planned, rule=replace(rule, default=code))


def currency_beside_amounts(assumed: pd.Series, plan: Plan, frame: pd.DataFrame) -> pd.Series:
    """Return the currency of each row by the sign beside its amount, if there is one."""
    for header in _amount_columns(plan):
        signs = plan.options.signs.get(header)
        if signs:
            marks = frame[header].map({cell: numbers.parse_amount(cell).mark for cell in frame[header].unique()})
            return (
                marks.map({sign: code for sign, code in signs.items() if code})
                .astype("object")
                .fillna(assumed)
                .astype("str")
            )
    return assumed


def describe_doubt(planned: PlannedField, plan: Plan, cell: str) -> str:
    """Say why a cell that could be read is refused: it could be two things, or is written unlike its column."""
    if isinstance(planned.model_field, models.DateField):
        return _describe_date_doubt(cell, plan.options.order_of(planned.headers))
    undecided = isinstance(planned.model_field, models.DecimalField | models.IntegerField)
    if (
        undecided
        and not plan.options.decimal_of(planned.headers)
        and numbers.is_number(cell)
        and numbers.parse_number(cell, "") is None
    ):
        return TWO_NUMBERS
    return ""


def _describe_date_doubt(cell: str, order: str) -> str:
    column = pd.Series([cell], dtype="str")
    if not order:
        return TWO_DAYS if dates.parse_dates(column, "").ambiguous[0] else ""
    evidence = dates.count_order_evidence(column)
    return TURNED[order] if (evidence.month_first if order == DAY_FIRST else evidence.day_first) else ""
