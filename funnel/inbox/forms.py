"""What a rep says of a lead: the small forms of the inbox."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q

from agreements.models import company_today
from crm.models import Owner
from funnel.models import HandOff, Verdict
from funnel.verdicts.actions import CALLS, criteria_of
from team.models import Company, Role

OWN_WORDS = ""
RECYCLE_DAYS = 90
FARTHEST = timedelta(days=3650)


class RejectForm(forms.Form):
    """Which criterion of the signed definition failed, and what becomes of the lead."""

    criterion = forms.ChoiceField(label="Which criterion failed?", required=False, widget=forms.RadioSelect)
    note = forms.CharField(
        label="Note", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2, "cols": 30})
    )
    after = forms.ChoiceField(
        label="Next step",
        choices=[(Verdict.After.RECYCLED, "Back to nurture"), (Verdict.After.DISQUALIFIED, "Disqualify")],
        initial=Verdict.After.RECYCLED,
    )
    return_on = forms.DateField(
        label="Back to nurture until", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, handoff: HandOff, *args: Any, **options: Any) -> None:
        options.setdefault("initial", {"return_on": company_today() + timedelta(days=RECYCLE_DAYS)})
        options.setdefault("auto_id", f"id_{handoff.pk}_%s")
        super().__init__(*args, **options)
        choices = [(criterion, criterion) for criterion in criteria_of(handoff)]
        self.fields["criterion"].choices = [*choices, (OWN_WORDS, "Other reason (see note)")]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """A disqualified lead has no day of return, whatever the field still holds."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("after") == Verdict.After.DISQUALIFIED:
            cleaned["return_on"] = None
        elif (day := cleaned.get("return_on")) and day > Company.today() + FARTHEST:
            self.add_error("return_on", "This date is too far in the future.")
        return cleaned


class CallForm(forms.Form):
    """A call, mail or meeting with the lead, as it was."""

    kind = forms.ChoiceField(label="What was it?", choices=list(CALLS.items()))
    outcome = forms.CharField(label="Result", required=False, max_length=255)
    notes = forms.CharField(
        label="Note", required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 2, "cols": 30})
    )

    def __init__(self, handoff: HandOff, *args: Any, **options: Any) -> None:
        options.setdefault("auto_id", f"id_{handoff.pk}_%s")
        super().__init__(*args, **options)


class PauseForm(forms.Form):
    """Until when the clock is paused, and what the lead waits for."""

    until = forms.DateField(label="Pause the clock until", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label="Reason for the pause", max_length=300)

    def __init__(self, handoff: HandOff, *args: Any, **options: Any) -> None:
        options.setdefault("auto_id", f"id_{handoff.pk}_%s")
        super().__init__(*args, **options)

    def clean_until(self) -> datetime:
        """The day's first moment, in the company's zone."""
        return datetime.combine(self.cleaned_data["until"], time(), Company.get().zone)


class PassForm(forms.Form):
    """To whom a lead goes, and why."""

    to = forms.ModelChoiceField(
        Owner.objects.none(), label="Goes to", required=False, empty_label="The next person by the routing rules"
    )
    reason = forms.CharField(label="Why?", max_length=200)

    def __init__(self, handoff: HandOff, *args: Any, **options: Any) -> None:
        options.setdefault("auto_id", f"id_{handoff.pk}_%s")
        super().__init__(*args, **options)
        of_sales = Q(user=None) | Q(user__is_active=True, user__role__in=[Role.REP, Role.CRO])
        others = Owner.objects.filter(of_sales, is_active=True).exclude(pk=handoff.to_owner_id or 0)
        self.fields["to"].queryset = others.order_by("name", "pk")  # type: ignore[attr-defined]


class RateForm(forms.Form):
    rating = forms.TypedChoiceField(choices=[(stars, stars) for stars in range(1, 6)], coerce=int)
