"""The form of the ideal customer profile: its limits, and its traits as rows of name, weight and condition."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django import forms
from django.template.loader import render_to_string

from agreements.kinds import TermsForm
from core.request_values import BadValue, read_count, read_json
from facts.criteria import Row, condition_to_row
from facts.rules import COMPARISONS, Rule, describe_rule, parse_number
from scoring.icp.rules import IDEAL, MOST_TRAITS, find_faults

SPARE = 3  # empty rows below those that are filled
LIKELY: Mapping[str, Any] = {
    "Large enough": {"rule": {"field": "employees", "is": ">=", "value": 50}, "weight": 3},
    "Can pay": {"rule": {"field": "annual_revenue", "is": ">=", "value": 10_000_000}, "weight": 2},
}


@dataclass
class Line:
    """One trait as it is in the form; all parts are the text that was typed."""

    name: str = ""
    weight: str = ""
    what: str = ""
    compare: str = ""
    value: str = ""
    kept: str = ""  # a rule of several conditions, as it was written

    @classmethod
    def of(cls, name: str, trait: Mapping[str, Any]) -> "Line":
        row = condition_to_row(trait["rule"])
        if row is None or row.is_count:
            return cls(name, f"{trait['weight']}", kept=json.dumps(trait["rule"]))
        return cls(name, f"{trait['weight']}", row.what, row.compare, row.value)

    @property
    def is_begun(self) -> bool:
        return bool(self.name.strip() or self.what or self.kept)

    @property
    def rule(self) -> Rule:
        if self.what or not self.kept:
            return Row(self.what, self.compare, self.value).to_rule(IDEAL)
        try:
            rule = read_json(self.kept)
        except BadValue:
            return {}
        return rule if isinstance(rule, dict) else {}

    @property
    def trait(self) -> dict[str, Any]:
        weight = parse_number(self.weight.strip().replace(",", ".")) if self.weight.strip() else None
        return {"rule": self.rule, "weight": self.weight if weight is None else float(weight)}

    @property
    def words(self) -> str:
        return describe_rule(self.rule, IDEAL) if self.kept and not self.what else ""


class TraitsInput(forms.Widget):
    """A row for each trait, and some to spare; removing the name removes the trait."""

    use_fieldset = True

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Line] | Mapping[str, Any]:
        given = data.get(name)
        if isinstance(given, dict):
            return given
        return [
            Line(**{part: str(data.get(f"{name}-{row_number}-{part}", "")) for part in asdict(Line())})
            for row_number in range(read_count(data.get(f"{name}-rows", "0"), most=MOST_TRAITS + SPARE))
        ]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-rows" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        lines = value if isinstance(value, list) else [Line.of(*pair) for pair in (value or {}).items()]
        lines = [line for line in lines if line.is_begun]
        context = {
            "name": name,
            "lines": [*lines, *(Line() for _ in range(SPARE))],
            "fields": sorted(IDEAL.fields.values(), key=lambda column: column.label),
            "comparisons": COMPARISONS,
        }
        return render_to_string("components/traits.html", context)


class TraitsField(forms.Field):
    widget = TraitsInput

    def clean(self, value: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        begun = [line for line in value or [] if line.is_begun]
        names = [line.name.strip() for line in begun]
        if len(set(names)) < len(names):
            raise forms.ValidationError("Two traits have the same name.")
        return dict(zip(names, (line.trait for line in begun), strict=True))


class IcpTerms(TermsForm):
    """The ideal customer profile for the machine."""

    inside = forms.FloatField(
        initial=0.2,
        min_value=0,
        max_value=1,
        help_text="The greatest distance at which a customer is inside the profile.",
    )
    near = forms.FloatField(initial=0.5, min_value=0, max_value=1, help_text="The greatest at which it is near.")
    traits = TraitsField(
        initial=LIKELY, help_text="What an ideal customer is. The distance is the share of the weights that are not met."
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        if not self.errors and (wrong := find_faults(self.terms())):
            raise forms.ValidationError(wrong)
        return self.cleaned_data

    def terms(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("inside", "near", "traits")}
