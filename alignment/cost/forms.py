"""What visitors type on the page of the cost: figures of their company, and rates of their funnel."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from babel.numbers import get_currency_name
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone

from alignment.cost.amounts import parse_amount, parse_percent
from alignment.lead_calculator import STEPS, ImpossibleRate, check_rate
from core.currencies import TRADED
from core.formatting import format_percent

LARGEST_AMOUNT = Decimal(10) ** 15
LARGEST_BENCHMARK = Decimal(100)  # 10,000 %
SMALLEST_RATE = Decimal("0.0001")
DEFAULT_CURRENCY = TRADED[0]


class TypedNumberField(forms.CharField):
    """A number as people type it, read by `parse`."""

    def __init__(self, parse: Callable[[str], Decimal], **kwargs: Any) -> None:
        self.parse = parse
        super().__init__(max_length=60, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return self.parse(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "inputmode": "text", "autocomplete": "off"}


def amount_field(label: str, example: str, *, required: bool = True, hint: str = "") -> TypedNumberField:
    return TypedNumberField(
        parse_positive_amount,
        label=label,
        required=required,
        help_text=hint,
        error_messages={"required": f"Enter an amount, such as {example}."},
        widget=forms.TextInput(attrs={"placeholder": example}),
    )


def percent_field(label: str, *, missing: str = "Enter a rate above 0 and up to 100, such as 25.") -> TypedNumberField:
    return TypedNumberField(parse_percent, label=label, error_messages={"required": missing})


def parse_positive_amount(text: str) -> Decimal:
    amount = parse_amount(text)
    if amount <= 0:
        raise ValueError("This amount is 0. Enter an amount above 0.")
    if amount > LARGEST_AMOUNT:
        raise ValueError("This amount is too large. Enter it in units of the currency, not in thousands.")
    return amount


@cache
def currency_choices() -> list[tuple[str, str]]:
    return [(code, f"{code} – {get_currency_name(code, locale='en')}") for code in TRADED]


class CurrencyForm(forms.Form):
    currency = forms.ChoiceField(
        label="Currency",
        choices=currency_choices,
        error_messages={
            "required": "Choose a currency.",
            "invalid_choice": "“%(value)s” is not in the list of currencies. Choose one of the list.",
        },
    )


class CostForm(CurrencyForm):
    """Revenue and spend of one period, and the benchmark to compare with (a fraction)."""

    revenue = amount_field("Revenue", "24.7M", hint="Of one period, usually the last full year.")
    spend = amount_field(
        "Sales and Marketing spend", "11.4M", hint="Of the same period: people, technology, leads, both teams."
    )
    gross_profit = amount_field(
        "Gross profit",
        "15M",
        required=False,
        hint="Of the same period. Adds SMROI on gross profit, the stricter basis.",
    )
    benchmark = percent_field(
        "Benchmark SMROI, in percent", missing="Enter the SMROI to compare with, in percent, such as 152."
    )
    field_order = ["revenue", "spend", "currency", "benchmark", "gross_profit"]

    def clean_benchmark(self) -> Decimal:
        benchmark: Decimal = self.cleaned_data["benchmark"]
        if benchmark > LARGEST_BENCHMARK:
            raise ValidationError(
                f"This benchmark is above {format_percent(LARGEST_BENCHMARK)}. Enter it in percent, such as 152."
            )
        return benchmark

    def clean(self) -> dict[str, Any]:
        revenue, gross_profit = self.cleaned_data.get("revenue"), self.cleaned_data.get("gross_profit")
        if revenue and gross_profit and gross_profit > revenue:
            self.add_error(
                "gross_profit", "Gross profit is above revenue. Enter revenue less the cost of what was sold."
            )
        return self.cleaned_data


class LeadForm(CurrencyForm):
    """A revenue goal and the rates of the funnel, as fractions once cleaned."""

    revenue_goal = amount_field("Revenue goal", "1.2M")
    revenue_per_deal = amount_field("Average revenue per deal", "25k")
    won_by = forms.DateField(
        label="To be won by",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "Enter the day by which the revenue is to be won.", "invalid": "Enter a valid date, such as 2027-12-31."},
    )  # fmt: skip
    cycle_days = forms.IntegerField(
        label="Days from lead to signature",
        min_value=0,
        max_value=3650,
        error_messages={
            "required": "Enter the length of your sales cycle in days, such as 90.",
            "invalid": "Enter a whole number of days, such as 90.",
            "min_value": "A sales cycle cannot be below 0 days. Enter 0 or more.",
            "max_value": "This cycle is above ten years. Enter 3650 days or less.",
        },
    )
    qualification_rate = percent_field("Leads that become MQLs, %")
    acceptance_rate = percent_field("MQLs that Sales accepts, %")
    opportunity_rate = percent_field("SALs that become opportunities, %")
    close_rate = percent_field("Opportunities that are won, %")
    field_order = [
        "revenue_goal",
        "currency",
        "revenue_per_deal",
        "won_by",
        "cycle_days",
        *(step[0] for step in reversed(STEPS)),
    ]

    def clean(self) -> dict[str, Any]:
        for key, name, next_name in STEPS:
            rate = self.cleaned_data.get(key)
            if rate is not None:
                self._check_rate(key, rate, name, next_name)
        return self.cleaned_data

    def _check_rate(self, key: str, rate: Decimal, name: str, next_name: str) -> None:
        try:
            check_rate(key, rate, name, next_name)
        except ImpossibleRate as error:
            self.add_error(key, str(error))
            return
        if rate < SMALLEST_RATE:
            self.add_error(
                key, f"This rate is below {format_percent(SMALLEST_RATE, 2)}. Enter it in percent, such as 25."
            )

    @property
    def rates(self) -> dict[str, Decimal]:
        return {key: self.cleaned_data[key] for key, _, _ in STEPS}


def sent_data(query: QueryDict, own_fields: Iterable[str], defaults: Mapping[str, str]) -> QueryDict | None:
    """Return the query, completed by defaults, if it has a field of this form; else nothing: the form is empty."""
    if not any(name in query for name in own_fields):
        return None
    data = query.copy()
    for name, value in defaults.items():
        data.setdefault(name, value)
    return data


COST_FIELDS = ("revenue", "spend", "gross_profit", "benchmark")
LEAD_FIELDS = tuple(name for name in LeadForm.base_fields if name != "currency")


def year_end() -> date:
    return date(timezone.localdate().year, 12, 31)
