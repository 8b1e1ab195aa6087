"""The form for one exchange rate entered by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from team.models import Company, currency_code

HIGHEST = Decimal(10) ** 9


class RateForm(forms.Form):
    currency = forms.CharField(
        label="Currency", max_length=3, widget=forms.TextInput(attrs={"size": 4, "placeholder": "USD"})
    )
    rate = forms.DecimalField(
        label="Units of it", max_digits=19, decimal_places=10, max_value=HIGHEST, widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 12}),
        help_text="For one unit of the base.",
    )  # fmt: skip
    base = forms.CharField(label="Base", max_length=3, widget=forms.TextInput(attrs={"size": 4}))
    valued_on = forms.DateField(
        label="Day", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), help_text="It also applies to the next 10 days."
    )  # fmt: skip

    def __init__(self, data: Any = None) -> None:
        company = Company.get()
        today = timezone.now().astimezone(company.zone).date()
        super().__init__(data, initial={"base": company.currency, "valued_on": today})

    def clean_currency(self) -> str:
        return _parse_currency(self.cleaned_data["currency"])

    def clean_base(self) -> str:
        return _parse_currency(self.cleaned_data["base"])

    def clean_rate(self) -> Decimal:
        rate: Decimal = self.cleaned_data["rate"]
        if rate <= 0:
            raise forms.ValidationError("Enter a rate above 0.")
        return rate

    def clean_valued_on(self) -> date:
        day: date = self.cleaned_data["valued_on"]
        if day > timezone.now().astimezone(Company.get().zone).date():
            raise forms.ValidationError("The date is in the future. Enter a rate for today or earlier.")
        return day

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("currency") and values.get("currency") == values.get("base"):
            raise forms.ValidationError("The two currencies are the same. Enter two different currencies.")
        return values


def _parse_currency(word: str) -> str:
    code = word.strip().upper()
    currency_code(code)
    return code
