"""The forms of SLAs: what Sales owes for a lead, and what Marketing owes in a month."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from agreements.kinds import TermsForm
from core.formatting import format_count
from funnel.handoffs.terms import ESCALATE_TO, UNITS
from team.models import currency_code

UNIT_CHOICES = list(UNITS.items())
ESCALATE_CHOICES = [(key, label[0].upper() + label[1:]) for key, label in ESCALATE_TO.items()]
LONGEST = {"minutes": 60 * 24 * 30, "hours": 24 * 60, "days": 90}


def _amount_field(label: str, required: bool, **options: Any) -> forms.DecimalField:
    least = Decimal("0.25")
    return forms.DecimalField(
        label=label, required=required, min_value=least, max_digits=7, decimal_places=2, **options
    )


def _unit_field(initial: str = "hours") -> forms.ChoiceField:
    return forms.ChoiceField(label="counted in", choices=UNIT_CHOICES, initial=initial)


class SlaTerms(TermsForm):
    """What Sales owes for each lead that is handed over, in business time by the calendar of its owner."""

    stage = forms.ChoiceField(label="For leads that enter", help_text="The gate at which Marketing hands over.")
    response = _amount_field("First response within", True)
    response_unit = _unit_field()
    attempts = forms.IntegerField(label="Attempts to reach the lead", required=False, min_value=0, max_value=20)
    attempts_within = _amount_field("… within business days", False)
    acceptance = _amount_field("Accepted or rejected within", False)
    acceptance_unit = _unit_field("days")
    warn_share = forms.IntegerField(
        label="Warn after this percentage of the time", min_value=10, max_value=95, initial=75
    )
    escalate_to = forms.ChoiceField(label="On a breach notify", choices=ESCALATE_CHOICES)
    reroute = _amount_field("Time after the breach until an unanswered lead goes to another person", False)
    reroute_unit = _unit_field()
    track_days = forms.IntegerField(
        label="Days for which a late answer is counted", min_value=1, max_value=180, initial=30
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["stage"].choices = gate_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("attempts") and not cleaned.get("attempts_within"):
            self.add_error("attempts_within", "Enter the number of business days for the attempts.")
        for name in ("response", "acceptance", "reroute"):
            longest = LONGEST.get(cleaned.get(f"{name}_unit") or "", 0)
            if cleaned.get(name) and cleaned[name] > longest:
                self.add_error(name, f"At most {longest} {cleaned[f'{name}_unit']}.")
        if cleaned.get("attempts_within") and cleaned["attempts_within"] > LONGEST["days"]:
            self.add_error("attempts_within", f"At most {LONGEST['days']} days.")
        return cleaned

    def terms(self) -> dict[str, Any]:
        """Numbers as JSON keeps them: 4 and 1.5."""
        return {name: _plain_number(value) for name, value in self.cleaned_data.items() if value not in (None, "")}


def gate_choices() -> list[tuple[str, str]]:
    """Return the stages at which a lead changes hands."""
    from funnel.definitions import in_force

    return [
        (stage.key, stage.name) for stage in in_force() if stage.kind == "gate" and stage.side in {"marketing", "joint"}
    ]


class OwedTerms(TermsForm):
    """What Marketing owes to Sales every month."""

    qualified_leads = forms.IntegerField(label="Qualified leads a month", min_value=0, max_value=1_000_000)
    pipeline_value = forms.DecimalField(
        label="Pipeline value a month", min_value=0, max_digits=14, decimal_places=2,
        help_text="The amount of the opportunities that start from Marketing's leads.",
    )  # fmt: skip
    currency = forms.CharField(max_length=3, validators=[currency_code])

    def terms(self) -> dict[str, Any]:
        return {**self.cleaned_data, "pipeline_value": str(self.cleaned_data["pipeline_value"])}


def _plain_number(value: Any) -> Any:
    if isinstance(value, int | str):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


def describe_owed(terms: Mapping[str, Any]) -> list[str]:
    value = f"{format_count(float(terms['pipeline_value']))} {terms['currency']}"
    return [f"Qualified leads a month: {format_count(terms['qualified_leads'])}", f"Pipeline value a month: {value}"]
