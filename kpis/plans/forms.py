"""The form of a pay plan: it checks the shape of the terms."""

from decimal import Decimal
from typing import Any

from django import forms

from agreements.kinds import TermsForm
from kpis.plans.terms import CREDITS, NET, PERIODS
from kpis.quotas.categories import CATEGORIES, VOLUME
from team.models import Company, currency_code

HUNDRED = 100


def _money_field(label: str, *, required: bool = False, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=required, min_value=Decimal(0), max_digits=14, decimal_places=2, **options
    )


def _percent_field(label: str, *, most: int, least: int = 0, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, required=False, min_value=least, max_value=most, max_digits=6, decimal_places=2, **options
    )


class PayPlanTerms(TermsForm):
    """What a rep is paid for reaching quotas."""

    variable_pay = _money_field("Variable pay at quota, a year", required=True)
    currency = forms.CharField(max_length=3, validators=[currency_code])
    period = forms.ChoiceField(label="Paid for each", choices=list(PERIODS.items()), initial="quarter")
    threshold = _percent_field("Nothing under this percentage of quota", most=100, help_text="Empty: every deal pays.")
    accelerator = forms.DecimalField(
        label="Rate above quota, as a multiple", min_value=Decimal(0), max_value=Decimal(10), max_digits=4,
        decimal_places=2, initial=1,
    )  # fmt: skip
    cap = _percent_field("Cap, as a percentage of the variable pay", least=1, most=1000, help_text="Empty: no cap.")
    weight_volume = _percent_field("Share for volume, in percent", most=HUNDRED, initial=HUNDRED)
    weight_growth = _percent_field("Share for growth, in percent", most=HUNDRED)
    weight_margin = _percent_field("Share for margin, in percent", most=HUNDRED)
    weight_churn = _percent_field("Share for churn, in percent", most=HUNDRED)
    weight_new_products = _percent_field("Share for new products, in percent", most=HUNDRED)
    credit = forms.ChoiceField(label="What is credited", choices=list(CREDITS.items()), initial=NET)
    discount_limit = _percent_field(
        "Discount in percent above which a deal is credited in part", most=99, help_text="Empty: no discount rule."
    )
    discount_factor = _percent_field("… at this percentage", most=HUNDRED)
    deal_bonus = _money_field("Bonus for each won deal")
    deal_bonus_from = _money_field("… of at least this amount")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.setdefault("currency", Company.get().currency)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        shares = sum((cleaned.get(f"weight_{key}") or Decimal(0) for key in CATEGORIES), Decimal(0))
        if shares != HUNDRED and not any(f"weight_{key}" in self.errors for key in CATEGORIES):
            self.add_error(
                f"weight_{VOLUME}", f"The shares add up to {shares.normalize():f}%. They must add up to 100%."
            )
        if cleaned.get("discount_limit") is not None and cleaned.get("discount_factor") is None:
            self.add_error("discount_factor", "Enter the percentage at which these deals are credited.")
        return cleaned

    def terms(self) -> dict[str, Any]:
        """Numbers as text, so that money keeps its cents in JSON; what is empty is left out."""
        return {
            name: value if isinstance(value, str) else f"{value.normalize():f}"
            for name, value in self.cleaned_data.items()
            if value not in (None, "")
        }
