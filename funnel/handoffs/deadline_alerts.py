"""Alert the people of the clocks whose moment has come: each once, however often this runs.

A clock is claimed by the statement that stamps it, so two runs at the same time alert once; the stamp and the
event are committed together, so a killed run leaves no alert half sent or sent twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from funnel.handoffs.notifications import PEOPLE, alert_events
from funnel.models import HandOff
from notify.actions import publish_events

BATCH = 2000  # clocks in one transaction
HAS_VERDICT = "EXISTS (SELECT FROM funnel_verdict v WHERE v.handoff_id = h.id AND v.undone_at IS NULL)"


@dataclass(frozen=True)
class Alert:
    """A moment of the clock: the column that stamps it, when it has come, and what is said to whom."""

    name: str
    stamp: str
    has_come: str
    title: str
    to: str


ALERTS = (
    Alert(
        "breached", "breached_at", "h.answered_at IS NULL AND h.due_at <= %(now)s",
        "Not answered in time: {lead}, due {due}, with {owner}", "owner+escalated",
    ),
    Alert(
        "warned", "warned_at", "h.answered_at IS NULL AND h.breached_at IS NULL AND h.warn_at <= %(now)s AND h.due_at > %(now)s",
        "{lead} must be answered by {due}", "owner",
    ),
    Alert(
        "accept_missed", "accept_missed_at", "h.accept_due_at <= %(now)s",
        "Neither accepted nor rejected in time: {lead}, with {owner}", "owner+manager",
    ),
    Alert(
        "attempts_missed", "attempts_missed_at", "h.attempts_due_at <= %(now)s AND h.attempts < h.attempts_needed",
        "Fewer attempts than agreed: {lead}, with {owner}", "owner+manager",
    ),
)  # fmt: skip


def send_due_alerts(now: datetime) -> int:
    """Send every alert whose moment has come; return how many were sent."""
    sent = 0
    for alert in ALERTS:
        claimed: list[int] | None = None
        while claimed is None or len(claimed) == BATCH:
            with transaction.atomic():
                claimed = _claim_clocks(alert, now)
                handoffs = _read_handoffs(claimed)
                publish_events(alert_events(handoffs, alert.name, alert.title, alert.to) if claimed else [])
            sent += len(claimed)
    return sent


def _claim_clocks(alert: Alert, now: datetime) -> list[int]:
    """Stamp the clocks that are due and return them; those that another run has stamped or locked are left to it."""
    sql = f"""
        UPDATE funnel_handoff SET {alert.stamp} = %(now)s WHERE id IN (
            SELECT h.id FROM funnel_handoff h
             WHERE h.ended_at IS NULL AND h.paused_at IS NULL AND h.{alert.stamp} IS NULL AND {alert.has_come} AND NOT {HAS_VERDICT}
             ORDER BY h.due_at, h.id LIMIT {BATCH} FOR UPDATE SKIP LOCKED)
        RETURNING id"""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now})
        return [row[0] for row in cursor.fetchall()]


def _read_handoffs(ids: Sequence[int]) -> list[HandOff]:
    """Read what the alerts name: thousands may be due at once, so each owner, manager and SLA is read once."""
    rows = HandOff.objects.filter(pk__in=ids).select_related("lead").prefetch_related(*PEOPLE)
    return list(rows.only("due_at", "to_owner", "sla", "lead__name", "lead__external_id"))


def end_unanswered(now: datetime) -> int:
    """End the hand-offs whose time for a late answer has run out."""
    ended = 0
    while True:
        with transaction.atomic():
            due = HandOff.objects.open().filter(answered_at=None, paused_at=None, track_until__lte=now)
            lapsed = list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:BATCH])
            HandOff.objects.filter(pk__in=lapsed).update(ended_at=now, end=HandOff.End.LAPSED)
            publish_events(
                alert_events(_read_handoffs(lapsed), "lapsed", "Never answered: {lead}, handed to {owner}", "manager")
                if lapsed
                else []
            )
        ended += len(lapsed)
        if len(lapsed) < BATCH:
            return ended
