"""The form of a score model's terms; what is wrong is said rule by rule."""

from typing import Any

from django import forms

from agreements.kinds import TermsForm
from scoring.defaults import TERMS
from scoring.model_checks import find_faults
from scoring.terms import DOORS, MQL


class ScoreTerms(TermsForm):
    """A score model for the machine: rules as JSON, checked before anybody is asked to sign them."""

    threshold = forms.FloatField(
        initial=TERMS["threshold"], help_text="Points from which a lead is ready to be handed to Sales."
    )
    door = forms.ChoiceField(
        choices=list(DOORS.items()), initial=MQL, required=False, help_text="The stage that the threshold leads to."
    )
    position = forms.IntegerField(
        initial=0, required=False, help_text="Of two models that score the same lead, the lower position counts."
    )
    leads = forms.JSONField(required=False, help_text="A rule for the leads it scores. Empty: all leads.")
    fit = forms.JSONField(initial=TERMS["fit"], required=False, help_text="Who they are: rules with points, by name.")
    engagement = forms.JSONField(
        initial=TERMS["engagement"], required=False, help_text="What they did: points for each event, by name."
    )
    groups = forms.JSONField(initial=TERMS["groups"], required=False, help_text="Caps of groups of rules, by name.")

    def clean(self) -> dict[str, Any]:
        if not self.errors and (wrong := find_faults(self.terms())):
            raise forms.ValidationError(wrong)
        return self.cleaned_data

    def terms(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {
            "threshold": given["threshold"],
            "door": given.get("door") or MQL,
            "position": given.get("position") or 0,
            "leads": given.get("leads") or None,
            **{name: given.get(name) or {} for name in ("fit", "engagement", "groups")},
        }
