"""The stages of buyers: now, and on any day before."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from crm.models import Account, Lead
from funnel.models import HandOff, Move
from funnel.stages.drafts import Funnel
from team.access import own_ids
from team.models import User


def current_stages(leads: Iterable[int], moment: datetime | None = None) -> dict[int, str]:
    """Return the stage each lead was in at a moment (now by default); who had entered none is left out."""
    moves = Move.objects.filter(lead_id__in=list(leads))
    if moment is not None:
        moves = moves.filter(entered_at__lte=moment)
    last = moves.order_by("lead_id", "-entered_at", "-pk").distinct("lead_id")
    return {lead: stage for lead, stage in last.values_list("lead_id", "stage") if lead is not None}


def stage_of(buyer: Lead | Account, moment: datetime | None = None) -> str:
    """Return the stage a buyer was in at a moment; empty before its first entry."""
    moves = buyer.moves.all() if moment is None else buyer.moves.filter(entered_at__lte=moment)
    return moves.order_by("-entered_at", "-pk").values_list("stage", flat=True).first() or ""


def lead_standing(funnel: Funnel, stage: str) -> str:
    """Say what a lead in a stage is, always exactly one of: qualified for sales, ready for nurturing, disqualified.

    A lead in no stage, or in one that is no longer defined, is ready for nurturing.
    """
    definition = funnel.get(stage)
    return definition.standing if definition else "nurturing"


def leads_handed_to(user: User) -> QuerySet[Any]:
    """Return the leads that are with the user or those who report to them: handed over last, or taken on."""
    later = HandOff.objects.filter(lead=OuterRef("lead"), pk__gt=OuterRef("pk"))
    theirs = HandOff.objects.filter(to_owner__user_id__in=own_ids(user), end__in=["", HandOff.End.ACCEPTED])
    return theirs.exclude(Exists(later)).order_by().values("lead_id")
