"""Pass leads on to somebody else: unanswered long after the breach, or because their owner is away or gone."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from crm.models import Owner
from crm.people import read_people
from funnel.handoffs.notifications import WITH_PEOPLE, said, tell_assigned, told
from funnel.handoffs.opening import Wanted, hand_over
from funnel.handoffs.pauses import pause_clocks
from funnel.handoffs.routing import Desk, absent
from funnel.handoffs.slas import SlaBook
from funnel.models import HandOff, Verdict
from notify.actions import publish_events
from team.models import Company

PORTION = 2000
Because = Callable[[HandOff], str]


def unanswered() -> QuerySet[HandOff]:
    """Open hand-offs of somebody, with no response and no verdict that stands."""
    judged = Verdict.objects.filter(undone_at=None).values("handoff")
    return HandOff.objects.open().filter(answered_at=None, to_owner__isnull=False).exclude(pk__in=judged)


def pass_on_late(now: datetime) -> int:
    """Pass on what was not answered so long after its breach as the signed terms say."""
    due = unanswered().filter(paused_at=None, breached_at__isnull=False, reroute_at__lte=now)
    return _all(due, now, lambda one: f"Passed on: {one.to_owner} did not answer by {said(one.due_at)}")


def pass_on_absent(now: datetime) -> int:
    """Pass on what is with somebody who is away or gone; where nobody else takes it, its clock waits for their return."""
    today = timezone.localtime(now, Company.get().zone).date()
    people = read_people()
    away = absent(today, people)
    here = people.all_of_any(Owner.objects.filter(pk__in=people.records, is_active=True).values_list("pk", flat=True))
    gone = Q(to_owner__is_active=False) & ~Q(to_owner__in=here) | Q(to_owner__user__is_active=False)
    theirs = unanswered().filter(Q(to_owner__in=away) | gone, paused_at=None)

    def because(one: HandOff) -> str:
        until = away.get(one.to_owner_id or 0)
        return f"Passed on: {one.to_owner} is away until {until}" if until else f"Passed on: {one.to_owner} is gone"

    return _all(theirs, now, because, stay=lambda left: _wait(left, away, now))


def assign_nobodys(now: datetime) -> int:
    """Give what nobody could take to whoever takes leads since; its clock has been running all the while."""
    with transaction.atomic():
        nobodys = HandOff.objects.open().filter(answered_at=None, to_owner=None)
        portion = list(
            nobodys.select_related("lead__account").select_for_update(of=("self",), skip_locked=True)[:PORTION]
        )
        routes = Desk(now).route([one.lead for one in portion]) if portion else {}
        given = [one for one in portion if routes[one.lead_id].owner is not None]
        for one in given:
            one.to_owner, one.why = routes[one.lead_id].owner, routes[one.lead_id].why
        HandOff.objects.bulk_update(given, ["to_owner", "why"], batch_size=PORTION)
        tell_assigned(given)
    return len(given)


def _all(
    found: QuerySet[HandOff], now: datetime, because: Because, stay: Callable[[list[HandOff]], None] | None = None
) -> int:
    done = 0
    while True:
        with transaction.atomic():
            portion = list(
                found.select_related(*WITH_PEOPLE, "lead__account", "move").select_for_update(
                    of=("self",), skip_locked=True
                )[:PORTION]
            )
            passed, left = _pass_on(portion, now, because)
            if left:
                (stay or _keep)(left)
        done += passed
        if len(portion) < PORTION or not passed:
            return done


def _pass_on(portion: Sequence[HandOff], now: datetime, because: Because) -> tuple[int, list[HandOff]]:
    """Hand over what somebody else takes; return how many, and those that nobody else takes."""
    if not portion:
        return 0, []
    had = had_by(portion)
    routes = Desk(now).route([one.lead for one in portion], had)
    left = [one for one in portion if routes[one.lead_id].owner is None]
    passed = [one for one in portion if routes[one.lead_id].owner is not None and one.move_id]
    HandOff.objects.filter(pk__in=[one.pk for one in passed]).update(ended_at=now, end=HandOff.End.REROUTED)
    wanted = [Wanted(one.lead, one.move, now, tuple(had[one.lead_id]), because(one)) for one in passed if one.move]
    hand_over(wanted, SlaBook(), now)
    publish_events(told(passed, "rerouted", "{lead} was passed on from {owner}", "owner+manager"))
    return len(passed), left


def had_by(portion: Sequence[HandOff]) -> dict[int, set[int]]:
    """Return who had each lead since the move that handed it over: none of them gets it again."""
    found: dict[int, set[int]] = {one.lead_id: set() for one in portion}
    rows = HandOff.objects.filter(move__in=[one.move_id for one in portion], to_owner__isnull=False)
    for lead, owner in rows.values_list("lead_id", "to_owner_id"):
        if lead in found and owner:
            found[lead].add(owner)
    return found


def _keep(left: list[HandOff]) -> None:
    """Leave it where it is, and say once that nobody else takes it."""
    HandOff.objects.filter(pk__in=[one.pk for one in left]).update(reroute_at=None)
    publish_events(told(left, "nobody_else", "Nobody else takes {lead}: it stays with {owner}", "manager"))


def _wait(left: list[HandOff], away: Mapping[int, date], now: datetime) -> None:
    """Let the clocks of the absent stand still until they are back; say of the others once that nobody takes them."""
    zone = Company.get().zone
    by_owner: dict[int, list[HandOff]] = {}
    for one in left:
        by_owner.setdefault(one.to_owner_id or 0, []).append(one)
    for owner, theirs in by_owner.items():
        if owner in away:
            until = datetime.combine(away[owner] + timedelta(days=1), time(), zone)
            words = f"{theirs[0].to_owner} is away until {away[owner]}, and nobody else takes it"
            pause_clocks(theirs, now, until, words)
        else:
            publish_events(told(theirs, "nobody_else", "Nobody else takes {lead}: it stays with {owner}", "manager"))
