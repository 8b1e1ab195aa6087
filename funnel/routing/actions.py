"""Who decides who gets leads: the rules in their order, capacities, absences."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agreements.models import company_today
from crm.models import Owner
from crm.people import read_people
from crm.rule_fields import LEADS
from facts.rules import Rule, check_rule
from funnel.models import Absence, Capacity, RoutingRule
from funnel.permissions import MANAGE_ABSENCE, MANAGE_ROUTING
from team.models import User

How = RoutingRule.How
STEP = 10  # between the positions of two rules


@transaction.atomic
def save_rule(
    *,
    by: User,
    name: str,
    how: str,
    condition: Rule | None = None,
    people: Any = (),
    is_active: bool = True,
    rule: RoutingRule | None = None,
) -> RoutingRule:
    """Add a rule behind all others, or change one where it stands."""
    MANAGE_ROUTING.require(by)
    takers = list(people)
    if how == How.SEGMENT:
        faults = check_rule(condition, LEADS) if condition else []
        if faults or not condition or not takers:
            raise ValidationError(
                [fault.message for fault in faults] or "A segment needs a condition and at least one person."
            )
    last = RoutingRule.objects.order_by("-position").values_list("position", flat=True).first() or 0
    saved = rule or RoutingRule(position=last + STEP)
    saved.name, saved.how, saved.is_active, saved.changed_by = name.strip(), how, is_active, by
    saved.condition = dict(condition) if condition and how == How.SEGMENT else None
    saved.save()
    saved.people.set(takers if how == How.SEGMENT else [])
    return saved


@transaction.atomic
def write_down_default(*, by: User) -> list[RoutingRule]:
    """Make Accord's own order the company's, to be changed from there."""
    from funnel.handoffs.routing import DEFAULT_ORDER

    MANAGE_ROUTING.require(by)
    if RoutingRule.objects.exists():
        raise ValidationError("Rules already exist.")
    return [save_rule(by=by, name=str(how.label), how=how) for how in DEFAULT_ORDER]


@transaction.atomic
def move_rule(*, by: User, rule: RoutingRule, up: bool) -> None:
    """Let a rule be asked one place earlier or later."""
    MANAGE_ROUTING.require(by)
    order = list(RoutingRule.objects.select_for_update().order_by("position", "pk"))
    index = order.index(rule)
    other = index - 1 if up else index + 1
    if 0 <= other < len(order):
        order[index], order[other] = order[other], order[index]
    for number, ordered in enumerate(order, 1):
        ordered.position = number * STEP
    RoutingRule.objects.bulk_update(order, ["position"])


def remove_rule(*, by: User, rule: RoutingRule) -> None:
    MANAGE_ROUTING.require(by)
    rule.delete()


@transaction.atomic
def set_capacity(*, by: User, owner: Owner, per_day: int | None, per_week: int | None) -> Capacity | None:
    """Say how many leads a person takes, by any of their owner records; nothing at all leaves it to what is usual."""
    MANAGE_ROUTING.require(by)
    records = read_people().all_of(owner.pk)
    capacities = Capacity.objects.filter(owner__in=records)
    if per_day is None and per_week is None:
        capacities.delete()
        return None
    capacities.exclude(owner=owner).delete()
    return Capacity.objects.update_or_create(owner=owner, defaults={"per_day": per_day, "per_week": per_week})[0]


@transaction.atomic
def note_absence(*, by: User, owner: Owner, starts_on: date, ends_on: date) -> Absence:
    """Record an absence: one's own, of one's reports, or of any owner for those who manage routing.

    The same days are noted once, however often they are sent.
    """
    MANAGE_ABSENCE.require(by, owner)
    if ends_on < max(starts_on, company_today()):
        raise ValidationError("The last day of an absence cannot be before its first day or before today.")
    Owner.objects.select_for_update().get(pk=owner.pk)
    days = {"owner": owner, "starts_on": starts_on, "ends_on": ends_on}
    return Absence.objects.filter(**days).first() or Absence.objects.create(**days, noted_by=by)


def end_absence(*, by: User, absence: Absence) -> None:
    """Take a person back before the absence is over."""
    MANAGE_ABSENCE.require(by, absence.owner)
    absence.delete()
