"""What people set about a detector. Limits and changes are typed as people write them: percent as percent."""

from decimal import Decimal
from typing import Any

from django import forms

from alarms.judges import Watch
from alarms.models import WORSE, AlarmSettings, DetectorSetup, RuleKind
from alarms.rules import LimitRule
from kpis.actions import as_stored, as_typed
from kpis.forms import unit_words
from kpis.registry import Metric, find_metric
from team.models import User

REMEDY_HINT = "What the owner should do when it alerts. Empty: a general remedy."
PERCENT = Decimal(100)


class OwnerField(forms.ModelChoiceField):
    """An active person; empty: who has the role."""

    def __init__(self, **kwargs: Any) -> None:
        people = User.objects.filter(is_active=True).order_by("name")
        super().__init__(queryset=people, required=False, empty_label="By role", label="Owner", **kwargs)


def limit_label(metric: Metric) -> str:
    return "Limit" if metric.unit in {"count", "ratio"} else f"Limit, in {unit_words(metric)}"


def read_limit(value: Decimal | None, metric: Metric | None) -> Decimal | None:
    return None if value is None else as_stored(value, metric.unit if metric else "count")


class SettingsForm(forms.Form):
    """What may be set about a detector that comes with Accord."""

    is_on = forms.BooleanField(label="On", required=False)
    owner = OwnerField(help_text="Who gets its alarms. The owner also sees their figures.")
    limit = forms.DecimalField(required=False, max_digits=18, decimal_places=6)
    strictness = forms.ChoiceField(
        choices=DetectorSetup.Strictness.choices,
        help_text="Stricter: fewer alarms, of larger and more certain changes only.",
    )

    def __init__(self, *args: Any, watch: Watch, **kwargs: Any) -> None:
        setup, metric = watch.setup, find_metric(watch.detector.metric)
        self.metric = metric
        initial = {
            "is_on": watch.is_on, "owner": setup.owner_id if setup else None, "strictness": watch.strictness,
            "limit": as_typed(setup.limit, metric.unit) if setup and metric else None,
        }  # fmt: skip
        super().__init__(*args, **{**kwargs, "initial": initial})
        if not watch.detector.is_test:
            del self.fields["strictness"]
        if metric is None or not isinstance(watch.detector.rule, LimitRule):
            del self.fields["limit"]
        else:
            self.fields["limit"].label = limit_label(metric)
            whose = watch.detector.limit_from or "the default of this detector"
            self.fields["limit"].help_text = f"Empty: {whose}."

    def clean_limit(self) -> Decimal | None:
        return read_limit(self.cleaned_data["limit"], self.metric)


class OwnDetectorForm(forms.Form):
    """A detector of the company's own on a metric."""

    name = forms.CharField(max_length=120)
    rule = forms.ChoiceField(label="Alert when the metric", choices=(), widget=forms.RadioSelect)
    bad = forms.ChoiceField(label="Direction", choices=WORSE, widget=forms.RadioSelect)
    limit = forms.DecimalField(
        required=False,
        max_digits=18,
        decimal_places=6,
        help_text="Only for a limit. It is met by a figure that equals it.",
    )
    days = forms.IntegerField(
        label="Over the last days", min_value=1, max_value=730, help_text="Only for a limit: the window that is judged."
    )
    minimum_n = forms.IntegerField(
        label="Minimum of records", min_value=0, max_value=1_000_000, help_text="With fewer it is not judged."
    )
    relative_floor = forms.DecimalField(
        label="Smallest change, in percent", min_value=1, max_value=500, decimal_places=2,
        help_text="Smaller changes never alert, however certain they are. Not for a limit.",
    )  # fmt: skip
    owner = OwnerField(help_text="Who gets its alarms. The owner also sees their figures.")
    remedy = forms.CharField(
        max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text=REMEDY_HINT
    )

    def __init__(self, *args: Any, metric: Metric, setup: DetectorSetup | None = None, **kwargs: Any) -> None:
        self.metric = metric
        initial = {**_propose(metric), **(_from_setup(setup, metric) if setup else {})}
        super().__init__(*args, **{**kwargs, "initial": initial})
        choices = [choice for choice in RuleKind.choices if choice[0] != RuleKind.LEVEL or metric.adds_up]
        self.fields["rule"].choices = choices  # type: ignore[attr-defined]
        self.fields["limit"].label = limit_label(metric)
        if setup:
            self.fields["is_on"] = forms.BooleanField(label="On", required=False, initial=setup.is_on)
            self.fields["strictness"] = forms.ChoiceField(
                choices=DetectorSetup.Strictness.choices, initial=setup.strictness
            )

    def clean_limit(self) -> Decimal | None:
        return read_limit(self.cleaned_data["limit"], self.metric)

    def clean_relative_floor(self) -> Decimal:
        return Decimal(self.cleaned_data["relative_floor"]) / PERCENT

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("rule") == RuleKind.LIMIT and values.get("limit") is None and "limit" not in self.errors:
            self.add_error("limit", "Enter the limit, or choose another rule.")
        return values


def _propose(metric: Metric) -> dict[str, Any]:
    bad = "up" if metric.better == "down" else "down"
    return {
        "name": f"{metric.name} {'too high' if bad == 'up' else 'too low'}"[:120], "rule": RuleKind.CHANGE, "bad": bad,
        "days": 90, "minimum_n": 20, "relative_floor": Decimal(15),
    }  # fmt: skip


def _from_setup(setup: DetectorSetup, metric: Metric) -> dict[str, Any]:
    fields = ("name", "rule", "bad", "days", "minimum_n", "owner", "remedy")
    return {
        **{name: getattr(setup, name) for name in fields},
        "limit": as_typed(setup.limit, metric.unit),
        "relative_floor": as_typed(setup.relative_floor, "percent"),
    }


class FalseAlarmsForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = AlarmSettings
        fields = ("false_alarms_per_quarter",)
        labels = {"false_alarms_per_quarter": "Allowed false alarms a quarter"}
