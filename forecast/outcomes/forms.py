"""A commit as a rep types it."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from core.periods import quarter_period
from forecast.outcomes.commits import MOST, open_quarters
from team.models import Company


class CommitForm(forms.Form):
    quarter = forms.TypedChoiceField(label="Quarter", coerce=date.fromisoformat)
    amount = forms.DecimalField(
        min_value=Decimal(0),
        max_value=MOST - 1,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
        error_messages={"required": "The amount is empty. Enter what you commit to win in this quarter."},
    )

    def __init__(self, *args: Any, quarter: date | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = Company.get()
        starts = open_quarters(company)
        self.fields["quarter"].choices = [  # type: ignore[attr-defined]
            (start.isoformat(), quarter_period(start, company.fiscal_calendar).label) for start in starts
        ]
        self.initial["quarter"] = (quarter if quarter in starts else starts[0]).isoformat()
        self.fields["amount"].label = f"You commit to win, in {company.currency or 'the company currency'}"
        self.fields["amount"].help_text = "In the whole quarter, with what is won already."
