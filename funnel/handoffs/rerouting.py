"""Pass leads on: those unanswered long after the breach, and those whose owner is away or gone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core.date_formatting import format_day
from crm.models import Owner
from crm.people import read_people
from funnel.handoffs.notifications import WITH_PEOPLE, alert_events, format_due, notify_assigned
from funnel.handoffs.opening import NewHandOff, hand_over
from funnel.handoffs.pauses import pause_clocks
from funnel.handoffs.routing import Router, absent_owners
from funnel.handoffs.slas import SlaBook
from funnel.models import HandOff, Verdict
from notify.actions import publish_events
from team.models import Company

BATCH = 2000
Reason = Callable[[HandOff], str]


def unanswered_handoffs() -> QuerySet[HandOff]:
    """Open hand-offs with an owner, but without a response or a valid verdict."""
    judged = Verdict.objects.filter(undone_at=None).values("handoff")
    return HandOff.objects.open().filter(answered_at=None, to_owner__isnull=False).exclude(pk__in=judged)


def pass_on_late(now: datetime) -> int:
    """Pass on what was not answered so long after its breach as the signed terms say."""
    due = unanswered_handoffs().filter(paused_at=None, breached_at__isnull=False, reroute_at__lte=now)
    return _pass_on_all(due, now, lambda one: f"Passed on: {one.to_owner} did not answer by {format_due(one.due_at)}")


def pass_on_absent(now: datetime) -> int:
    """Pass on the leads of people who are away or gone; where there is no other taker, the clock is paused until they return."""
    today = timezone.localtime(now, Company.get().zone).date()
    people = read_people()
    away = absent_owners(today, people)
    here = people.all_of_any(Owner.objects.filter(pk__in=people.records, is_active=True).values_list("pk", flat=True))
    gone = Q(to_owner__is_active=False) & ~Q(to_owner__in=here) | Q(to_owner__user__is_active=False)
    theirs = unanswered_handoffs().filter(Q(to_owner__in=away) | gone, paused_at=None)

    def because(handoff: HandOff) -> str:
        until = away.get(handoff.to_owner_id or 0)
        return (
            f"Passed on: {handoff.to_owner} is away until {format_day(until)}"
            if until
            else f"Passed on: {handoff.to_owner} is inactive"
        )

    return _pass_on_all(theirs, now, because, stay=lambda left: _pause_for_absent(left, away, now))


def assign_unowned(now: datetime) -> int:
    """Give leads without an owner to people who take leads since; their clocks have been running all the time."""
    with transaction.atomic():
        unowned = HandOff.objects.open().filter(answered_at=None, to_owner=None)
        batch = list(unowned.select_related("lead__account").select_for_update(of=("self",), skip_locked=True)[:BATCH])
        routes = Router(now).route([handoff.lead for handoff in batch]) if batch else {}
        given = [handoff for handoff in batch if routes[handoff.lead_id].owner is not None]
        for handoff in given:
            handoff.to_owner, handoff.why = routes[handoff.lead_id].owner, routes[handoff.lead_id].why
        HandOff.objects.bulk_update(given, ["to_owner", "why"], batch_size=BATCH)
        notify_assigned(given)
    return len(given)


def _pass_on_all(
    handoffs: QuerySet[HandOff], now: datetime, because: Reason, stay: Callable[[list[HandOff]], None] | None = None
) -> int:
    done = 0
    while True:
        with transaction.atomic():
            batch = list(
                handoffs.select_related(*WITH_PEOPLE, "lead__account", "move").select_for_update(
                    of=("self",), skip_locked=True
                )[:BATCH]
            )
            passed, left = _pass_on_batch(batch, now, because)
            if left:
                (stay or _keep_with_owner)(left)
        done += passed
        if len(batch) < BATCH or not passed:
            return done


def _pass_on_batch(batch: Sequence[HandOff], now: datetime, because: Reason) -> tuple[int, list[HandOff]]:
    """Hand over the leads that have another taker; return how many, and the hand-offs without one."""
    if not batch:
        return 0, []
    had = past_owners(batch)
    routes = Router(now).route([handoff.lead for handoff in batch], had)
    left = [handoff for handoff in batch if routes[handoff.lead_id].owner is None]
    passed = [handoff for handoff in batch if routes[handoff.lead_id].owner is not None and handoff.move_id]
    HandOff.objects.filter(pk__in=[handoff.pk for handoff in passed]).update(ended_at=now, end=HandOff.End.REROUTED)
    wanted = [
        NewHandOff(handoff.lead, handoff.move, now, tuple(had[handoff.lead_id]), because(handoff))
        for handoff in passed
        if handoff.move
    ]
    hand_over(wanted, SlaBook(), now)
    publish_events(alert_events(passed, "rerouted", "{lead} was passed on from {owner}", "owner+manager"))
    return len(passed), left


def past_owners(handoffs: Sequence[HandOff]) -> dict[int, set[int]]:
    """Return who had each lead since the move that handed it over: none of them gets it again."""
    owners: dict[int, set[int]] = {handoff.lead_id: set() for handoff in handoffs}
    rows = HandOff.objects.filter(move__in=[handoff.move_id for handoff in handoffs], to_owner__isnull=False)
    for lead, owner in rows.values_list("lead_id", "to_owner_id"):
        if lead in owners and owner:
            owners[lead].add(owner)
    return owners


def _keep_with_owner(left: list[HandOff]) -> None:
    """Leave the leads where they are, and notify once that there is no other taker."""
    HandOff.objects.filter(pk__in=[handoff.pk for handoff in left]).update(reroute_at=None)
    publish_events(alert_events(left, "nobody_else", "No one else can take {lead}: it stays with {owner}", "manager"))


def _pause_for_absent(left: list[HandOff], away: Mapping[int, date], now: datetime) -> None:
    """Pause the clocks of absent owners until they return; notify once of the others that there is no other taker."""
    zone = Company.get().zone
    by_owner: dict[int, list[HandOff]] = {}
    for handoff in left:
        by_owner.setdefault(handoff.to_owner_id or 0, []).append(handoff)
    for owner, theirs in by_owner.items():
        if owner in away:
            until = datetime.combine(away[owner] + timedelta(days=1), time(), zone)
            reason = f"{theirs[0].to_owner} is away until {format_day(away[owner])}, and no one else can take it"
            pause_clocks(theirs, now, until, reason)
        else:
            publish_events(
                alert_events(theirs, "nobody_else", "No one else can take {lead}: it stays with {owner}", "manager")
            )
