"""The forms of the funnel: a stage's definition with its criteria in rows, and the order of the stages."""

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.template.loader import render_to_string
from django.urls import reverse

from agreements.kinds import TermsForm
from crm.rule_fields import ACCOUNTS, LEADS
from facts.criteria import COUNT, Draft
from facts.rules import COMPARISONS, Rule, Subject, check_rule, describe_rule
from funnel.defaults import ORDER
from funnel.definitions import in_force
from funnel.stages.crm_stages import plain_name, stage_key, stage_keys_by_name, with_stage_keys
from funnel.stages.drafts import BUYERS, DATED_BY, KINDS, PHASES, SIDES, STANDINGS, WAYS, names_crm_stage
from team.models import User


def subjects_of(buyers: str) -> list[Subject]:
    """Return what criteria must make sense on."""
    return {"leads": [LEADS], "accounts": [ACCOUNTS]}.get(buyers, [LEADS, ACCOUNTS])


def faults_of(rule: Rule, buyers: str) -> list[str]:
    return [problem.message for subject in subjects_of(buyers) for problem in check_rule(rule, subject)]


class CriteriaInput(forms.Widget):
    """Rows of field, comparison and value in groups. Its buttons post the form back; htmx swaps the rows alone."""

    use_fieldset = True

    def __init__(self, buyers: str = "leads") -> None:
        super().__init__()
        self.buyers = buyers
        self.reader: User | None = None  # for whom it counts who fulfils the criteria

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Draft | Rule:
        """Read posted rows, or a rule as it is stored."""
        if data.get("buyers") in BUYERS:
            self.buyers = str(data["buyers"])
        given = data.get(name)
        return given if isinstance(given, dict) else Draft.from_data(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-groups" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        return render_to_string("components/criteria.html", criteria_context(name, value, self.buyers, self.reader))


def criteria_context(name: str, value: Any, buyers: str, reader: User | None) -> dict[str, Any]:
    """What the rows are drawn from, with the criteria in words, their faults, and the count when it was asked for."""
    subject = subjects_of(buyers)[0]
    draft = value if isinstance(value, Draft) else Draft.from_rule(value, subject)
    rule = draft.opaque_rule or draft.to_rule(subject)
    faults = faults_of(rule, buyers)
    return {
        "name": name,
        "draft": draft,
        "criteria_url": reverse("stage_criteria"),
        "count_label": "Count matches today",
        "fields": sorted(subject.fields.values(), key=lambda one: one.label),
        "counts": [(COUNT + key, events.label) for key, events in subject.events.items()],
        "comparisons": COMPARISONS,
        "event_fields": [(events.label, list(events.fields.values())) for events in subject.events.values()],
        "words": "" if faults else describe_rule(rule, subject),
        "faults": faults if draft.action == "count" else [],
        "preview": _describe_count(rule, buyers, reader) if reader and draft.action == "count" and not faults else "",
    }


def _describe_count(rule: Rule, buyers: str, reader: User) -> str:
    from funnel.preview import describe_count

    return describe_count(rule, buyers, reader)


class CriteriaField(forms.Field):
    """A rule of facts.rules, checked; while rows are being added nothing is proposed."""

    widget = CriteriaInput

    def clean(self, value: Any) -> Rule:
        buyers = cast(CriteriaInput, self.widget).buyers
        if isinstance(value, Draft) and value.action:
            raise forms.ValidationError("There is no proposal yet. Fill in the rows first.", code="editing")
        rule = value.to_rule(subjects_of(buyers)[0]) if isinstance(value, Draft) else value
        faults = faults_of(rule, buyers)
        if faults:
            raise forms.ValidationError(list(dict.fromkeys(faults)))
        return rule


class StageTerms(TermsForm):
    """A stage's definition for the machine."""

    name = forms.CharField(max_length=60)
    position = forms.IntegerField(min_value=0, max_value=10_000, help_text="Later stages have higher numbers.")
    way = forms.ChoiceField(label="Place", choices=list(WAYS.items()))
    kind = forms.ChoiceField(choices=list(KINDS.items()))
    side = forms.ChoiceField(
        label="Owner", choices=list(SIDES.items()), help_text="If Support or Finance owns the stage, they also sign."
    )
    phase = forms.ChoiceField(label="Phase of the buyer's journey", choices=list(PHASES.items()))
    buyers = forms.ChoiceField(label="Who may be in it", choices=list(BUYERS.items()))
    standing = forms.ChoiceField(label="A lead in it is", choices=list(STANDINGS.items()))
    dated_by = forms.ChoiceField(label="What dates its entry", choices=list(DATED_BY.items()), required=False)
    criteria = CriteriaField(
        required=False, help_text="Leads that meet the criteria enter the stage. Without criteria, all leads enter it."
    )

    def clean(self) -> dict[str, Any]:
        """Store Accord stages in criteria by their keys, however they were written."""
        entered = super().clean() or {}
        if names_crm_stage(entered.get("criteria") or {"all": []}):
            name = entered.get("name", "")
            keys = stage_keys_by_name(in_force()) | {plain_name(name): stage_key(name)}
            try:
                entered["criteria"] = with_stage_keys(entered["criteria"], keys)
            except ValueError as error:
                self.add_error("criteria", str(error))
        return entered

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["criteria"].widget.buyers = (options.get("initial") or {}).get("buyers", "leads")  # type: ignore[attr-defined]


class FunnelTerms(TermsForm):
    """The keys of the stages, one a line, in their order."""

    stages = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 14}),
        initial="\n".join(ORDER),
        help_text="The keys of the stages in order, one per line. Leads no longer enter a stage that is left out.",
    )

    @classmethod
    def initial_from(cls, terms: Mapping[str, Any]) -> dict[str, Any]:
        return {"stages": "\n".join(terms.get("stages", ORDER))}

    def clean_stages(self) -> list[str]:
        from funnel.definitions import defined_stage

        keys = [line.strip() for line in self.cleaned_data["stages"].splitlines() if line.strip()]
        unknown = [key for key in keys if defined_stage(key) is None]
        if unknown:
            raise forms.ValidationError(
                f"No stage is defined as {', '.join(unknown)}. Define and sign the stage first."
            )
        if len(set(keys)) < len(keys):
            raise forms.ValidationError("A stage appears twice. List each stage once.")
        return keys
