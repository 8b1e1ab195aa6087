"""Goals and benchmarks as people type them: percent as percent, money in the company's currency."""

from typing import Any

from django import forms

from core import periods
from kpis.actions import as_stored, as_typed
from kpis.goal_owners import OWNER_FIELDS, find_default_owner, possible_owners
from kpis.models import Benchmark, Goal
from kpis.registry import Metric
from team.models import Company

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def unit_words(metric: Metric) -> str:
    """Say what a figure of the metric is typed in."""
    names = {
        "percent": "percent",
        "days": "days",
        "minutes": "minutes",
        "money": Company.get().currency or "the company's currency",
    }
    return names.get(metric.unit, "number")


class GoalForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Goal
        fields = ("target", "starts_on", "ends_on", "marketing_owner", "sales_owner")
        labels = {
            "starts_on": "First day",
            "ends_on": "Last day, included",
            "marketing_owner": "Owner in Marketing",
            "sales_owner": "Owner in Sales",
        }
        widgets = {"starts_on": DAY, "ends_on": DAY}

    def __init__(self, *args: Any, metric: Metric, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metric = metric
        self.instance.metric = metric.key
        self.initial["target"] = as_typed(self.instance.target, metric.unit)
        if not self.instance.pk:
            year = periods.preset_period("this_year", Company.today(), Company.get().fiscal_calendar)
            self.initial.update(starts_on=year.start, ends_on=year.end)
        for side, name in OWNER_FIELDS.items():
            self.fields[name].queryset = possible_owners(side)  # type: ignore[attr-defined]
            self.fields[name].empty_label = "Leader of the side"  # type: ignore[attr-defined]
            if not self.instance.pk:
                self.initial[name] = find_default_owner(side)
        self.fields["target"].label = f"Target, in {unit_words(metric)}"

    def clean_target(self) -> Any:
        return as_stored(self.cleaned_data["target"], self.metric.unit)


class BenchmarkForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Benchmark
        fields = ("label", "value", "upper", "dated_on", "source", "url", "note", "is_reference")
        labels = {
            "label": "Whose figure",
            "source": "Source",
            "url": "Address of the source",
            "note": "Note",
            "dated_on": "Dated",
            "is_reference": "Compare with this benchmark",
        }
        widgets = {"dated_on": DAY}

    def __init__(self, *args: Any, metric: Metric, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metric = metric
        self.instance.metric = metric.benchmark_key
        for name, label in (("value", "Figure"), ("upper", "Up to")):
            self.fields[name].label = f"{label}, in {unit_words(metric)}"
            self.initial[name] = as_typed(getattr(self.instance, name), metric.unit)

    def clean_value(self) -> Any:
        return as_stored(self.cleaned_data["value"], self.metric.unit)

    def clean_upper(self) -> Any:
        upper = self.cleaned_data["upper"]
        return None if upper is None else as_stored(upper, self.metric.unit)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("upper") is not None and values.get("value") is not None and values["upper"] < values["value"]:
            self.add_error("upper", "The range ends before it starts. Swap the two numbers.")
        return values
