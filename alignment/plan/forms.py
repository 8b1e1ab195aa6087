"""The forms of the joint plan: goals and rewards as agreements, and the periodic update."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from agreements.kinds import TermsForm
from agreements.models import Agreement
from alignment.plan.rules import GOAL, HORIZONS, read_goal, read_reward, why_no_reward
from core.date_formatting import format_day
from core.formatting import format_by_unit, format_percent, short_money
from kpis.actions import as_stored, as_typed
from kpis.registry import all_metrics, find_metric, get_metric
from team.models import Company, Role, Side, currency_code

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
PAYING_STATES = ("in_force", "proposed", "disputed")


class GoalTermsForm(TermsForm):
    """A goal of Sales (30, 60, 90 days) or Marketing (12, 24, 36 months)."""

    horizon = forms.ChoiceField(
        choices=[(one.key, f"{Side(one.side).label}: {one.label}") for one in HORIZONS.values()]
    )
    metric = forms.ChoiceField(help_text="A reward can be tied to it only where it is money or a rate of money.")
    target = forms.DecimalField(
        max_digits=16,
        decimal_places=4,
        min_value=Decimal("0.0001"),
        help_text="Rates in percent, money in the currency.",
    )
    currency = forms.CharField(required=False, max_length=3, validators=[currency_code], help_text="Where it is money.")
    starts_on = forms.DateField(label="First day", widget=DAY)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        metrics = [(metric.key, metric.name) for metric in all_metrics() if metric.better]
        self.fields["metric"].choices = metrics  # type: ignore[attr-defined]

    @classmethod
    def initial_from(cls, terms: Mapping[str, Any]) -> dict[str, Any]:
        """Return stored terms as they are typed: a fraction as percent."""
        metric = find_metric(str(terms.get("metric", "")))
        target = terms.get("target")
        if metric and target is not None:
            return {**terms, "target": as_typed(Decimal(str(target)), metric.unit)}
        return dict(terms)

    def terms(self) -> dict[str, Any]:
        entered, metric = self.cleaned_data, get_metric(self.cleaned_data["metric"])
        currency = (entered["currency"] or Company.get().currency) if metric.unit == "money" else ""
        return {
            "horizon": entered["horizon"],
            "metric": metric.key,
            "target": str(
                as_stored(entered["target"], metric.unit).normalize().quantize(Decimal("0.000001")).normalize()
            ),
            "starts_on": entered["starts_on"].isoformat(),
            **({"currency": currency} if currency else {}),
        }


class RewardTermsForm(TermsForm):
    """What reaching goals is worth, to whom, and what follows where they are missed."""

    goals = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="It is paid at the horizon of each of them."
    )
    roles = forms.MultipleChoiceField(
        label="Who gets it", choices=[(role.value, role.label) for role in Role], widget=forms.CheckboxSelectMultiple
    )
    amount = forms.DecimalField(
        label="Amount at the target", max_digits=12, decimal_places=2, min_value=Decimal("0.01")
    )
    currency = forms.CharField(required=False, max_length=3, validators=[currency_code])
    pays_from = forms.DecimalField(
        label="Paid from this percent of the target",
        initial=100,
        max_digits=6,
        decimal_places=2,
        min_value=0,
        max_value=100,
    )
    capped_at = forms.DecimalField(
        label="Grows up to this percent of the target", initial=100, max_digits=6, decimal_places=2, min_value=100,
        max_value=500,
    )  # fmt: skip
    consequence = forms.CharField(
        label="What follows where the goal is missed", max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.goal_versions = {
            agreement.key: version
            for agreement in Agreement.objects.filter(kind=GOAL).prefetch_related("versions__disputes")
            if (version := next((paying for paying in agreement.versions.all() if paying.state in PAYING_STATES), None))
        }
        choices = [(key, version.agreement.title) for key, version in self.goal_versions.items()]
        self.fields["goals"].choices = choices  # type: ignore[attr-defined]

    def clean_goals(self) -> list[str]:
        keys: list[str] = self.cleaned_data["goals"]
        metrics = [find_metric(self.goal_versions[key].terms["metric"]) for key in keys]
        reasons = [why_no_reward(metric.name, metric.unit, metric.is_money) for metric in metrics if metric]
        faults = list(dict.fromkeys(reason for reason in reasons if reason))
        if faults:
            raise forms.ValidationError(faults)
        return keys

    @classmethod
    def initial_from(cls, terms: Mapping[str, Any]) -> dict[str, Any]:
        """Return stored terms as they are typed: shares of the target as percent."""
        shares = {name: Decimal(str(terms[name])) * 100 for name in ("pays_from", "capped_at") if name in terms}
        return {**terms, **shares}

    def terms(self) -> dict[str, Any]:
        entered = self.cleaned_data
        return {
            "goals": entered["goals"],
            "roles": entered["roles"],
            "amount": str(entered["amount"]),
            "currency": entered["currency"] or Company.get().currency,
            "pays_from": str((entered["pays_from"] / 100).normalize()),
            "capped_at": str((entered["capped_at"] / 100).normalize()),
            "consequence": entered["consequence"],
        }


def describe_goal(terms: Mapping[str, Any]) -> list[str]:
    goal = read_goal(terms)
    metric = find_metric(goal.metric)
    target = format_by_unit(goal.target, metric.unit, goal.currency) if metric else str(goal.target)
    return [
        f"{Side(goal.horizon.side).label}, {goal.horizon.label}: {format_day(goal.starts_on)} to {format_day(goal.ends_on)}",
        f"{metric.name if metric else goal.metric}: {target}",
    ]


def describe_reward(terms: Mapping[str, Any]) -> list[str]:
    reward = read_reward(terms)
    titles = dict(Agreement.objects.filter(kind=GOAL, key__in=reward.goals).values_list("key", "title"))
    roles = ", ".join(Role(role).label for role in reward.roles)
    return [
        f"Goals: {', '.join(titles.get(key, key) for key in reward.goals)}",
        f"{short_money(reward.amount, reward.currency)} at the target of each goal, to: {roles}",
        f"Paid from {format_percent(reward.pays_from, 0)} of the target, growing up to {format_percent(reward.capped_at, 0)} of it",
        f"Where the goal is missed: {reward.consequence}",
    ]


class UpdateTextForm(forms.Form):
    """One side's part of the update, and when the next one is due."""

    text = forms.CharField(max_length=10_000, widget=forms.Textarea(attrs={"rows": 8}))
    next_due_on = forms.DateField(label="Next update due on", widget=DAY)
