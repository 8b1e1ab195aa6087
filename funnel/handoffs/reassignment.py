"""Pass a lead on by hand, to a named person or by the routing rules; its clock restarts."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agreements.models import company_today
from core.date_formatting import format_day
from crm.models import Owner
from crm.people import read_people
from funnel.handoffs.notifications import WITH_PEOPLE, alert_events
from funnel.handoffs.opening import NewHandOff, hand_over
from funnel.handoffs.rerouting import past_owners
from funnel.handoffs.routing import Router, absent_owners, is_in_sales
from funnel.handoffs.slas import SlaBook
from funnel.models import HandOff
from funnel.permissions import PASS_LEAD_ON
from notify.actions import publish_events
from team.models import User


@transaction.atomic
def pass_lead_on(*, by: User, handoff: HandOff, reason: str, to: Owner | None = None) -> HandOff:
    """End a hand-off and hand the lead to another person; return the new hand-off.

    Raises:
        Http404: the hand-off is not the person's to see.
        PermissionDenied: the lead is not with a person who reports to the person.
        ValidationError: it cannot be passed on, no reason is given, or no one else takes it.
    """
    rows = HandOff.objects.select_related(*WITH_PEOPLE, "lead__account", "move")
    locked = rows.select_for_update(of=("self",)).get(pk=handoff.pk)
    PASS_LEAD_ON.require(by, locked)
    _require_passable(locked, reason, to)
    now = timezone.now()
    had = past_owners([locked])[locked.lead_id]
    if to is None and Router(now).route([locked.lead], {locked.lead_id: had})[locked.lead_id].owner is None:
        raise ValidationError("No one else can take it. Name a person.")
    HandOff.objects.filter(pk=locked.pk).update(
        ended_at=now, end=HandOff.End.REROUTED, paused_at=None, paused_until=None
    )
    because = f"Passed on from {locked.to_owner or 'no one'} by {by}: {reason.strip()}"
    assert locked.move
    (new,) = hand_over([NewHandOff(locked.lead, locked.move, now, tuple(had), because, to)], SlaBook(), now)
    publish_events(alert_events([locked], "rerouted", "{lead} was passed on from {owner}", "owner+manager"))
    return new


def _require_passable(handoff: HandOff, reason: str, to: Owner | None) -> None:
    if handoff.ended_at or handoff.move is None:
        raise ValidationError("This hand-off has ended.")
    if handoff.verdicts.standing().exists():  # type: ignore[attr-defined]
        raise ValidationError("It already has a verdict.")
    if not reason.strip():
        raise ValidationError("Enter why it is passed on.")
    if to is None:
        return
    people = read_people()
    if handoff.to_owner_id and people.person(to.pk) == people.person(handoff.to_owner_id):
        raise ValidationError(f"{to} already has it.")
    if not to.is_active or not is_in_sales(to, people):
        raise ValidationError(f"{to} cannot take leads: they are not in Sales or are inactive.")
    away = absent_owners(company_today(), people).get(to.pk)
    if away:
        raise ValidationError(f"{to} is away until {format_day(away)}.")
