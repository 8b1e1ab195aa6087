"""The forms of a joint review."""

from collections.abc import Iterable
from typing import Any

from django import forms

from alignment.review.content import LEAD_CUTS
from alignment.review.models import Decision, DecisionAnswer, LeadWish
from alignment.review.queries import possible_attendees
from alignment.review.steps import STEP_CHOICES
from team.models import User

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
NOTE = {"max_length": 500, "required": False}


class AnswerForm(forms.Form):
    """What became of a decision."""

    answer = forms.ChoiceField(choices=DecisionAnswer.Answer.choices, widget=forms.RadioSelect)
    due_on = forms.DateField(label="New due date", required=False, widget=DAY)
    note = forms.CharField(**NOTE)  # type: ignore[arg-type]


class LeadsForm(forms.Form):
    """Whether more leads of a part are wanted."""

    dimension = forms.ChoiceField(choices=[(key, key) for key in LEAD_CUTS])
    key = forms.CharField(max_length=255)
    name = forms.CharField(max_length=255)
    wish = forms.ChoiceField(choices=LeadWish.Wish.choices)
    note = forms.CharField(**NOTE)  # type: ignore[arg-type]


class DecisionForm(forms.Form):
    """Who does what by when. Without `items` nothing but the step is named as its source."""

    text = forms.CharField(label="Decision", max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    owner = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("name", "pk"), empty_label="Choose a person"
    )
    due_on = forms.DateField(label="Due date", widget=DAY)
    item = forms.CharField(label="About", max_length=200, required=False)
    step = forms.ChoiceField(choices=[("", ""), *STEP_CHOICES], required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, items: Iterable[str] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        choices = list(dict.fromkeys(items))
        if choices:
            widget = forms.Select(choices=[("", "This step as a whole"), *((name, name) for name in choices)])
            self.fields["item"].widget = widget
        else:
            self.fields["item"].widget = forms.HiddenInput()


class ChangeForm(forms.Form):
    """The state and the day of a decision between two reviews."""

    status = forms.ChoiceField(choices=Decision.Status.choices)
    due_on = forms.DateField(label="Due date", widget=DAY)


class CloseForm(forms.Form):
    """Who was present, and when both meet again."""

    present = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    next_due_on = forms.DateField(label="Next review and update of the plan", widget=DAY)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = possible_attendees()
        choices = [(str(person.pk), f"{person}, {person.get_role_display()}") for person, _side in people]
        self.fields["present"].choices = choices  # type: ignore[attr-defined]
        self.people = {str(person.pk): person for person, _side in people}

    def clean_present(self) -> list[User]:
        return [self.people[key] for key in self.cleaned_data["present"]]
