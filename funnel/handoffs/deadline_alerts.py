"""Ring for the clocks whose moment has come: each once, whoever looks and however often.

A clock is claimed by the statement that stamps it, so two looks at the same time ring once; the stamp and the
event are committed together, so a killed look rings neither half nor twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from funnel.handoffs.notifications import PEOPLE, told
from funnel.models import HandOff
from notify.actions import publish_events

PORTION = 2000  # clocks that ring in one transaction
STANDING = "EXISTS (SELECT FROM funnel_verdict v WHERE v.handoff_id = h.id AND v.undone_at IS NULL)"


@dataclass(frozen=True)
class Bell:
    """A moment of the clock: the column that stamps it, when it has come, and what is said to whom."""

    name: str
    stamp: str
    has_come: str
    title: str
    to: str


BELLS = (
    Bell(
        "breached", "breached_at", "h.answered_at IS NULL AND h.due_at <= %(now)s",
        "Not answered in time: {lead}, due {due}, with {owner}", "owner+escalated",
    ),
    Bell(
        "warned", "warned_at", "h.answered_at IS NULL AND h.breached_at IS NULL AND h.warn_at <= %(now)s AND h.due_at > %(now)s",
        "{lead} must be answered by {due}", "owner",
    ),
    Bell(
        "accept_missed", "accept_missed_at", "h.accept_due_at <= %(now)s",
        "Neither accepted nor rejected in time: {lead}, with {owner}", "owner+manager",
    ),
    Bell(
        "attempts_missed", "attempts_missed_at", "h.attempts_due_at <= %(now)s AND h.attempts < h.attempts_needed",
        "Fewer attempts than agreed: {lead}, with {owner}", "owner+manager",
    ),
)  # fmt: skip


def ring(now: datetime) -> int:
    """Ring every bell whose moment has come; return how often it rang."""
    return sum(_ring(bell, now) for bell in BELLS)


def _ring(bell: Bell, now: datetime) -> int:
    rang = 0
    while True:
        with transaction.atomic():
            claimed = _claim(bell, now)
            publish_events(told(_read(claimed), bell.name, bell.title, bell.to) if claimed else [])
        rang += len(claimed)
        if len(claimed) < PORTION:
            return rang


def _claim(bell: Bell, now: datetime) -> list[int]:
    """Stamp the clocks that ring and return them; what another look has stamped or holds is left to it."""
    sql = f"""
        UPDATE funnel_handoff SET {bell.stamp} = %(now)s WHERE id IN (
            SELECT h.id FROM funnel_handoff h
             WHERE h.ended_at IS NULL AND h.paused_at IS NULL AND h.{bell.stamp} IS NULL AND {bell.has_come} AND NOT {STANDING}
             ORDER BY h.due_at, h.id LIMIT {PORTION} FOR UPDATE SKIP LOCKED)
        RETURNING id"""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now})
        return [row[0] for row in cursor.fetchall()]


def _read(ids: Sequence[int]) -> list[HandOff]:
    """Read what is told of the clocks: thousands may ring at once, so each owner, manager and SLA is read once."""
    rows = HandOff.objects.filter(pk__in=ids).select_related("lead").prefetch_related(*PEOPLE)
    return list(rows.only("due_at", "to_owner", "sla", "lead__name", "lead__external_id"))


def lapse(now: datetime) -> int:
    """End the hand-offs for whose answer nobody waits any more."""
    ended = 0
    while True:
        with transaction.atomic():
            due = HandOff.objects.open().filter(answered_at=None, paused_at=None, track_until__lte=now)
            held = list(due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True)[:PORTION])
            HandOff.objects.filter(pk__in=held).update(ended_at=now, end=HandOff.End.LAPSED)
            publish_events(
                told(_read(held), "lapsed", "Never answered: {lead}, handed to {owner}", "manager") if held else []
            )
        ended += len(held)
        if len(held) < PORTION:
            return ended
