"""What follows from a few leads that were just written: their scores, their stages, and the clocks that start."""

from collections.abc import Collection
from datetime import datetime

from django.utils import timezone

from crm.models import Lead
from funnel.classify import classify_few
from funnel.handoffs.clock_tick import note_outcomes
from funnel.handoffs.opening import open_handoffs
from scoring.score_now import score_leads

FEW = 20  # beyond that the chain does it, within a minute


def follow_leads(ids: Collection[int], moment: datetime | None = None) -> list[Lead]:
    """Recompute scores, stages and clocks of a few leads at once, and return them; more are left to the chain."""
    if not 0 < len(ids) <= FEW:
        return []
    now = moment or timezone.now()
    leads = list(Lead.objects.filter(pk__in=ids).order_by("pk"))
    if leads:
        score_leads(leads, now)
        classify_few(leads, now)
        open_handoffs(now, between=note_outcomes)
    return leads
