"""The forms of rounds: opening one, and answering it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django import forms

from alignment.disclosure import MINIMUM
from alignment.rounds.actions import LONGEST_DAYS, Submission
from alignment.rounds.models import MINIMUMS, AnswerSheet, Round, SkillSheet
from alignment.rounds.questionnaire import (
    DIMENSIONS,
    DISCIPLINES,
    DONT_KNOW,
    SCALE,
    Dimension,
    Discipline,
    Statement,
    statements,
)
from team.models import SIDES, Company, Side, User

GUESS, TERM, RATING = "guess:", "term:", "rating:"
CHOICES = [(str(point), label) for point, label in SCALE]
LARGEST_NUMBER = 1e12


class RoundForm(forms.Form):
    """Who is asked, until when, and what is promised to them."""

    name = forms.CharField(label="Name", max_length=80, help_text="People see it in the invitation: “Autumn 2026”.")
    closes_on = forms.DateField(label="Last day to answer", widget=forms.DateInput(attrs={"type": "date"}))
    minimum = forms.TypedChoiceField(
        label="Results are shown from", choices=MINIMUMS, coerce=int, initial=MINIMUM, widget=forms.RadioSelect,
        help_text="People see this number before they answer. It cannot be changed once the round is open.",
    )  # fmt: skip
    asks_expectations = forms.BooleanField(
        label="Ask what people believe the signed SLAs say", required=False, initial=True
    )
    has_skills = forms.BooleanField(label="Ask Sales about the five disciplines of sales effectiveness", required=False)
    marketing_people = forms.ModelMultipleChoiceField(
        User.objects.none(), label="People of Marketing", required=False, widget=forms.CheckboxSelectMultiple
    )
    marketing_others = forms.CharField(
        label="Further people of Marketing", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One e-mail address per line. People without one: a name; you hand the link over yourself.",
    )  # fmt: skip
    sales_people = forms.ModelMultipleChoiceField(
        User.objects.none(), label="People of Sales", required=False, widget=forms.CheckboxSelectMultiple
    )
    sales_others = forms.CharField(
        label="Further people of Sales", required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One e-mail address or name per line.",
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for side in (Side.MARKETING, Side.SALES):
            roles = [role for role, own_side in SIDES.items() if own_side == side]
            people = User.objects.filter(is_active=True, role__in=roles)
            self.fields[f"{side}_people"].queryset = people  # type: ignore[attr-defined]
            self.fields[f"{side}_people"].initial = people
        today = Company.today()
        self.fields["closes_on"].initial = today + timedelta(days=14)
        self.fields["closes_on"].widget.attrs.update(
            {"min": today.isoformat(), "max": (today + timedelta(days=LONGEST_DAYS)).isoformat()}
        )

    def values(self) -> dict[str, Any]:
        """Return what `actions.open_round` takes."""
        cleaned = self.cleaned_data
        people = {
            side: [
                *(user.email for user in cleaned[f"{side}_people"]),
                *filter(None, map(str.strip, cleaned[f"{side}_others"].replace(",", "\n").splitlines())),
            ]
            for side in (Side.MARKETING.value, Side.SALES.value)
        }
        names = ("name", "closes_on", "minimum", "asks_expectations", "has_skills")
        return {**{name: cleaned[name] for name in names}, "people": people}


class CodeForm(forms.Form):
    """The code with which answers given before can be changed."""

    code = forms.CharField(
        label="Your code", max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )  # fmt: skip


@dataclass(frozen=True)
class Question:
    """A statement as the page asks it, with the field that answers it."""

    statement: Statement
    field: forms.BoundField
    guess: forms.BoundField | None = None


@dataclass(frozen=True)
class Section:
    """A dimension or discipline with its questions."""

    subject: Dimension | Discipline
    questions: list[Question]


class AnswerForm(forms.Form):
    """All questions of a round for one side. What is left open counts as “don't know”."""

    def __init__(self, *args: Any, round: Round, side: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.round, self.side = round, side
        for dimension in DIMENSIONS:
            for statement in dimension.statements:
                self._add_scale(statement.key, statement.text)
            self._add_scale(f"{GUESS}{dimension.guessed.key}", f"The other team: {dimension.guessed.text}")
        for term in round.terms:
            self.fields[f"{TERM}{term['key']}"] = forms.FloatField(
                label=term["question"], required=False, min_value=0, max_value=LARGEST_NUMBER,
                widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"}),
            )  # fmt: skip
        if self.asks_skills:
            for discipline in DISCIPLINES:
                for statement in discipline.statements:
                    self._add_scale(f"{RATING}{statement.key}", statement.text)
            self.fields["is_manager"] = forms.BooleanField(label="I lead people in Sales", required=False)

    @property
    def asks_skills(self) -> bool:
        return self.round.has_skills and self.side == Side.SALES

    def _add_scale(self, name: str, label: str) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=[*CHOICES, ("0", DONT_KNOW)], required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(statement.key) in dict(CHOICES) for statement in statements()):
            raise forms.ValidationError("Nothing is answered yet. Answer at least one statement, then send again.")
        return cleaned

    def submission(self) -> Submission:
        return Submission(
            answers=self._scores(""),
            guesses=self._scores(GUESS),
            expectations={
                term["key"]: self.cleaned_data[f"{TERM}{term['key']}"]
                for term in self.round.terms
                if self.cleaned_data.get(f"{TERM}{term['key']}") is not None
            },
            ratings=self._scores(RATING),
            is_manager=bool(self.cleaned_data.get("is_manager")),
        )

    def _scores(self, prefix: str) -> dict[str, int]:
        subjects = DISCIPLINES if prefix == RATING else DIMENSIONS
        scores = {
            statement.key: self.cleaned_data.get(f"{prefix}{statement.key}", "")
            for subject in subjects for statement in subject.statements
        }  # fmt: skip
        return {key: int(score) for key, score in scores.items() if score and score != "0"}

    def sections(self) -> Iterator[Section]:
        for dimension in DIMENSIONS:
            guess = self[f"{GUESS}{dimension.guessed.key}"]
            yield Section(
                dimension,
                [
                    Question(statement, self[statement.key], guess if statement == dimension.guessed else None)
                    for statement in dimension.statements
                ],
            )

    def skill_sections(self) -> Iterator[Section]:
        for discipline in DISCIPLINES if self.asks_skills else ():
            yield Section(
                discipline,
                [Question(statement, self[f"{RATING}{statement.key}"]) for statement in discipline.statements],
            )

    def term_fields(self) -> list[tuple[Mapping[str, Any], forms.BoundField]]:
        return [(term, self[f"{TERM}{term['key']}"]) for term in self.round.terms]

    @property
    def faults(self) -> list[str]:
        """What is wrong with which question, for the head of the page."""
        fields = [(self[name].label, errors) for name, errors in self.errors.items() if name in self.fields]
        return [*self.non_field_errors(), *(f"{label} {error}" for label, errors in fields for error in errors)]


def initial_from(sheet: AnswerSheet, skills: SkillSheet | None) -> dict[str, Any]:
    """Return the answers of a sheet as the form shows them; what is missing was “don't know”."""
    initial: dict[str, Any] = {statement.key: "0" for statement in statements()}
    initial |= {f"{GUESS}{dimension.guessed.key}": "0" for dimension in DIMENSIONS}
    initial |= {key: str(score) for key, score in sheet.answers.items()}
    initial |= {f"{GUESS}{key}": str(score) for key, score in sheet.guesses.items()}
    initial |= {f"{TERM}{key}": value for key, value in sheet.expectations.items()}
    if skills:
        initial |= {
            f"{RATING}{statement.key}": "0" for discipline in DISCIPLINES for statement in discipline.statements
        }
        initial |= {f"{RATING}{key}": str(score) for key, score in skills.ratings.items()}
        initial["is_manager"] = skills.is_manager
    return initial
