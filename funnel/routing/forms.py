"""The forms of routing: a rule, a capacity, an absence."""

from typing import Any

from django import forms

from crm.models import Owner
from crm.people import read_people
from funnel.models import RoutingRule
from funnel.stages.forms import CriteriaField

DAY = forms.DateInput(attrs={"type": "date"})


def people_choices() -> Any:
    """Return the people who are there, each by the owner record that represents them."""
    others = [pk for pk, person in read_people().person_of.items() if pk != person]
    return Owner.objects.filter(is_active=True).exclude(pk__in=others).order_by("name", "pk")


class RuleForm(forms.Form):
    name = forms.CharField(max_length=120)
    how = forms.ChoiceField(label="Goes to", choices=RoutingRule.How.choices)
    criteria = CriteriaField(label="For leads that meet", required=False, help_text="Only for a segment.")
    people = forms.ModelMultipleChoiceField(
        Owner.objects.none(), label="People who take the segment", required=False, help_text="Only for a segment."
    )
    is_active = forms.BooleanField(label="It is asked", required=False, initial=True)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["people"].queryset = people_choices()  # type: ignore[attr-defined]


class CapacityForm(forms.Form):
    owner = forms.ModelChoiceField(Owner.objects.filter(is_active=True), widget=forms.HiddenInput)
    per_day = forms.IntegerField(label="A day", required=False, min_value=0, max_value=10_000)
    per_week = forms.IntegerField(label="A week", required=False, min_value=0, max_value=50_000)


class AbsenceForm(forms.Form):
    owner = forms.ModelChoiceField(Owner.objects.none(), label="Who", empty_label=None)
    starts_on = forms.DateField(label="First day away", widget=DAY)
    ends_on = forms.DateField(label="Last day away", widget=DAY)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["owner"].queryset = people_choices()  # type: ignore[attr-defined]
