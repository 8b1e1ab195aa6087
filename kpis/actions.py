"""Deliberate changes to what metrics are held against: who sets a goal, who knows a better benchmark."""

from decimal import Decimal
from typing import Any

from django.db import transaction

from kpis.goal_owners import OWNER_FIELDS, find_default_owner, possible_owners
from kpis.models import Benchmark, Goal
from kpis.permissions import SET_BENCHMARK, SET_GOAL
from kpis.registry import get_metric
from team.models import Company, User


class NoGoal(ValueError):
    """The goal cannot be set; the message says why."""


@transaction.atomic
def set_goal(*, actor: User, goal: Goal) -> Goal:
    """Save a goal, new or changed, under the name of who set it.

    Raises:
        PermissionDenied: the actor's role sets no goals.
        NoGoal: the metric is neither money nor a rate between two amounts of money, it has a goal for these days, or a side
            has no owner.
    """
    SET_GOAL.require(actor)
    metric = get_metric(goal.metric)
    if not metric.may_be_goal:
        raise NoGoal(
            f"{metric.name} cannot be a joint goal. A joint goal is an amount of money or a rate between two amounts of money. "
            "Other metrics can be reached without earning more."
        )
    same = Goal.objects.filter(metric=goal.metric, starts_on=goal.starts_on, ends_on=goal.ends_on).exclude(pk=goal.pk)
    if same.exists():
        raise NoGoal("A goal for this period already exists. Change that goal or choose another period.")
    _set_owners(goal)
    goal.currency = Company.get().currency if metric.unit == "money" else ""
    goal.set_by = actor
    goal.full_clean()
    goal.save()
    return goal


def _set_owners(goal: Goal) -> None:
    """Fill in the leader of each side where no owner is named, and refuse an owner of another side."""
    for side, name in OWNER_FIELDS.items():
        owner = getattr(goal, name) or find_default_owner(side)
        if owner is None:
            raise NoGoal(
                f"A joint goal needs an owner in Marketing and one in Sales. {side.label} has none: choose a person of {side.label}."
            )
        if not possible_owners(side).filter(pk=owner.pk).exists():
            raise NoGoal(
                f"{owner} does not work in {side.label}. Choose an active person of {side.label} as its owner."
            )
        setattr(goal, name, owner)


@transaction.atomic
def drop_goal(*, actor: User, goal: Goal) -> None:
    SET_GOAL.require(actor)
    goal.delete()


@transaction.atomic
def set_benchmark(*, actor: User, benchmark: Benchmark) -> Benchmark:
    """Save a benchmark, new or changed, under the name of who edited it."""
    SET_BENCHMARK.require(actor)
    benchmark.edited_by = actor
    benchmark.full_clean()
    benchmark.save()
    return benchmark


@transaction.atomic
def drop_benchmark(*, actor: User, benchmark: Benchmark) -> None:
    SET_BENCHMARK.require(actor)
    benchmark.delete()


def as_stored(value: Decimal, unit: str) -> Decimal:
    """Return a figure as it is kept: percent as a fraction."""
    return value / 100 if unit == "percent" else value


def as_typed(value: Any, unit: str) -> Decimal | None:
    """Return a kept figure as people type it: a fraction as percent, without idle zeros."""
    if value is None:
        return None
    number = (Decimal(value) * 100 if unit == "percent" else Decimal(value)).normalize()
    return number.quantize(Decimal(1)) if number == number.to_integral_value() else number
