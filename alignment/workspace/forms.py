"""The terms of what both sides agree about priorities, reporting, arbitration, hiring and meetings."""

from django import forms

from alignment.lexicon.forms import CommaListField, FilledTerms, owner_field
from kpis.registry import all_metrics
from team.models import Role

ROLE_CHOICES = [(role.value, role.label) for role in Role]


class PriorityTerms(FilledTerms):
    rank = forms.IntegerField(min_value=1, max_value=20, required=False, help_text="1 comes first.")
    until = forms.CharField(label="Until", required=False, max_length=60, help_text="For example: end of Q2.")


class SteeringMetricTerms(FilledTerms):
    metric = forms.ChoiceField(help_text="The metric that both teams are steered by.")
    looked_at = forms.ChoiceField(
        label="Looked at",
        choices=[("weekly", "Every week"), ("monthly", "Every month"), ("quarterly", "Every quarter")],
    )

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.fields["metric"].choices = [(metric.key, metric.name) for metric in all_metrics()]  # type: ignore[attr-defined]


class ReportingTerms(FilledTerms):
    reports = CommaListField(label="Reports", help_text="With commas between.")
    readers = forms.MultipleChoiceField(
        label="Who reads them", choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple, required=False
    )
    every = forms.CharField(label="How often", required=False, max_length=60)


class ArbitrationTerms(FilledTerms):
    days_to_decide = forms.IntegerField(label="Days to decide", min_value=1, max_value=180, initial=14)
    escalates_to = forms.ChoiceField(label="Late decisions go to", choices=ROLE_CHOICES, initial="ceo")


class RecruitingTerms(FilledTerms):
    positions = CommaListField(label="For the positions", required=False, help_text="With commas between.")
    interviewed_by = forms.ChoiceField(
        label="Interviewed by", choices=[("both", "Both teams"), ("own", "The hiring team")], initial="both"
    )


class MeetingTerms(FilledTerms):
    every = forms.ChoiceField(
        label="How often",
        choices=[
            ("week", "Every week"),
            ("two_weeks", "Every two weeks"),
            ("month", "Every month"),
            ("quarter", "Every quarter"),
        ],
        initial="week",
    )
    minutes = forms.IntegerField(label="Minutes", min_value=5, max_value=480, initial=30)
    people = CommaListField(label="Who takes part", required=False, help_text="With commas between.")
    owner_side = owner_field()
