"""Pass a lead on by hand: to somebody by name, or to whom the rules find next; its clock starts anew."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from agreements.models import company_today
from crm.models import Owner
from crm.people import read_people
from funnel.handoffs.notifications import WITH_PEOPLE, told
from funnel.handoffs.opening import Wanted, hand_over
from funnel.handoffs.rerouting import had_by
from funnel.handoffs.routing import Desk, absent, is_in_sales
from funnel.handoffs.slas import SlaBook
from funnel.models import HandOff
from funnel.permissions import PASS_LEAD_ON
from notify.actions import publish_events
from team.models import User


@transaction.atomic
def pass_on(*, by: User, handoff: HandOff, reason: str, to: Owner | None = None) -> HandOff:
    """Take a lead from whoever has it, and hand it to somebody else; return the new hand-off.

    Raises:
        Http404: the hand-off is not the person's to see.
        PermissionDenied: the lead is not with somebody who reports to the person.
        ValidationError: it cannot be passed on, no reason is given, or nobody else takes it.
    """
    found = HandOff.objects.select_related(*WITH_PEOPLE, "lead__account", "move")
    held = found.select_for_update(of=("self",)).get(pk=handoff.pk)
    PASS_LEAD_ON.require(by, held)
    _check(held, reason, to)
    now = timezone.now()
    had = had_by([held])[held.lead_id]
    if to is None and Desk(now).route([held.lead], {held.lead_id: had})[held.lead_id].owner is None:
        raise ValidationError("Nobody else takes it. Name somebody.")
    HandOff.objects.filter(pk=held.pk).update(ended_at=now, end=HandOff.End.REROUTED, paused_at=None, paused_until=None)
    because = f"Passed on from {held.to_owner or 'nobody'} by {by}: {reason.strip()}"
    assert held.move
    (made,) = hand_over([Wanted(held.lead, held.move, now, tuple(had), because, to)], SlaBook(), now)
    publish_events(told([held], "rerouted", "{lead} was passed on from {owner}", "owner+manager"))
    return made


def _check(held: HandOff, reason: str, to: Owner | None) -> None:
    if held.ended_at or held.move is None:
        raise ValidationError("This hand-off has ended.")
    if held.verdicts.standing().exists():  # type: ignore[attr-defined]
        raise ValidationError("There is a verdict on it already.")
    if not reason.strip():
        raise ValidationError("Say why it is passed on.")
    if to is None:
        return
    people = read_people()
    if held.to_owner_id and people.person(to.pk) == people.person(held.to_owner_id):
        raise ValidationError(f"{to} has it already.")
    if not to.is_active or not is_in_sales(to, people):
        raise ValidationError(f"{to} takes no leads: they are not of Sales, or are gone.")
    away = absent(company_today(), people).get(to.pk)
    if away:
        raise ValidationError(f"{to} is away until {away}.")
