"""The machine-readable terms of what both sides say: terms, messages, personas, roles."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from agreements.kinds import TermsForm
from alignment.rounds.questionnaire import DISCIPLINES
from team.models import Side

OWNERS = [
    ("", "Both sides"),
    *((side.value, side.label) for side in (Side.MARKETING, Side.SALES, Side.SUPPORT, Side.FINANCE)),
]
MOST_ITEMS, LONGEST_ITEM = 20, 80


class CommaListField(forms.CharField):
    """Several short texts, typed with commas between them and kept as a list."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise ValidationError("Give a list of texts.")
        items = value if isinstance(value, list) else str(value or "").split(",")
        return list(dict.fromkeys(item.strip() for item in items if item.strip()))

    def validate(self, value: list[str]) -> None:
        if len(value) > MOST_ITEMS:
            raise ValidationError(f"{len(value)} entries are too many. Enter at most {MOST_ITEMS}.")
        long = next((item for item in value if len(item) > LONGEST_ITEM), "")
        if long:
            raise ValidationError(f"“{long[:20]}…” is longer than {LONGEST_ITEM} characters. Shorten it.")

    def run_validators(self, value: Any) -> None:
        """Check nothing else: a list has no text's length."""


class FilledTerms(TermsForm):
    """Terms of which only what is filled in is kept."""

    def terms(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value}


def owner_field() -> forms.ChoiceField:
    return forms.ChoiceField(label="Owner", choices=OWNERS, required=False, help_text="Who keeps it up to date.")


def serves_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label="Serves", required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(discipline.key, discipline.name) for discipline in DISCIPLINES],
        help_text="The disciplines of selling that it helps with. Results of assessments link to it.",
    )  # fmt: skip


class TermTerms(FilledTerms):
    """A term of the lexicon."""

    acronym = forms.CharField(required=False, max_length=20)
    definition = forms.CharField(
        label="Definition in one sentence", required=False, max_length=300,
        help_text="Shown wherever the term is used. Without one, the first sentence of what is agreed is shown.",
    )  # fmt: skip
    owner_side = owner_field()
    avoid = CommaListField(
        label="Do not use instead",
        required=False,
        help_text="Synonyms that cause misunderstandings, with commas between.",
    )


class MessageTerms(FilledTerms):
    """A message, and where it is used."""

    persona = forms.CharField(label="For the persona", required=False, max_length=120)
    channels = CommaListField(label="Used in", required=False, help_text="For example: e-mail, call, demo, website.")
    serves = serves_field()
    owner_side = owner_field()


class PersonaTerms(FilledTerms):
    """A buyer persona."""

    job_titles = CommaListField(label="Job titles", required=False, help_text="With commas between.")
    goals = forms.CharField(label="What they want", required=False, max_length=500)
    objections = forms.CharField(label="What holds them back", required=False, max_length=500)
    serves = serves_field()
    owner_side = owner_field()


class ContentTerms(FilledTerms):
    """Content that helps Sales sell, and where it lies."""

    format = forms.CharField(required=False, max_length=60, help_text="For example: guide, calculator, customer story.")
    address = forms.URLField(label="Where it lies", required=False, max_length=500, assume_scheme="https")
    serves = serves_field()
    owner_side = owner_field()


class RoleTerms(FilledTerms):
    """A role where the two teams meet."""

    owner_side = owner_field()
    decides = CommaListField(label="Decides on", required=False, help_text="With commas between.")
    hands_over_to = forms.CharField(label="Hands over to", required=False, max_length=120)


def describe_terms(terms: Mapping[str, Any]) -> list[str]:
    """Say stored terms a line each, by the labels of their fields."""
    return [f"{LABELS.get(name, name)}: {_describe_value(name, value)}" for name, value in terms.items()]


def _describe_value(name: str, value: Any) -> str:
    if name == "owner_side":
        return Side(value).label if value in Side.values else str(value)
    if name == "serves":
        value = [discipline.name for discipline in DISCIPLINES if discipline.key in value]
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


LABELS = {
    name: str(field.label or name.capitalize())
    for form in (TermTerms, MessageTerms, PersonaTerms, ContentTerms, RoleTerms)
    for name, field in form.base_fields.items()
}
