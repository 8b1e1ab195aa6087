"""Open the hand-offs that follow from moves into a gate, all at once: routed, with their clocks started."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from core.database import update_statistics
from core.locks import AdvisoryLock, acquire_lock
from crm.models import Lead, Owner
from funnel.handoffs.business_hours import OwnersHours, grouped, moments, seconds, table_for
from funnel.handoffs.notifications import tell_opened
from funnel.handoffs.routing import Desk, Route
from funnel.handoffs.scores import scores_at
from funnel.handoffs.slas import SlaBook
from funnel.handoffs.terms import deadlines
from funnel.models import HandOff, Move, Watched

MOST_ROUNDS = 10  # gates that one lead passed since the last look
BATCH = 2000
MANY_ROWS = 1000
FRESH = """
SELECT DISTINCT ON (m.lead_id) m.id
  FROM funnel_move m
 WHERE m.changed_xid >= %(since)s::xid8 AND m.lead_id IS NOT NULL AND m.stage = ANY(%(stages)s)
   AND m.entered_at >= %(first)s AND m.entered_at <= %(now)s
   AND NOT EXISTS (SELECT FROM funnel_handoff h WHERE h.lead_id = m.lead_id
                      AND (h.ended_at IS NULL OR h.move_id = m.id OR h.started_at >= m.entered_at OR h.ended_at > m.entered_at))
 ORDER BY m.lead_id, m.entered_at, m.id
"""


@dataclass(frozen=True)
class Wanted:
    """A hand-off to be opened: its lead and move, when its clock starts, who had it before, or who gets it by name."""

    lead: Lead
    move: Move
    starts: datetime
    without: tuple[int, ...] = ()
    because: str = ""
    to: Owner | None = None


def open_handoffs(now: datetime, between: Callable[[datetime], object] = lambda now: None) -> int:
    """Open a hand-off for every lead that entered a gate while an SLA was in force for it; return how many.

    `between` ends the hand-offs of leads that have gone on: a lead may have passed several gates since the last look.
    """
    book = SlaBook()
    opened = 0
    if book.since is None:
        return 0
    for _ in range(MOST_ROUNDS):
        with transaction.atomic():
            done = _open(book, now)
        opened += done
        if not done:
            break
        between(now)
    return opened


def _open(book: SlaBook, now: datetime) -> int:
    with connection.cursor() as cursor:
        acquire_lock(cursor, AdvisoryLock.HANDOFF_OPENING)
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        horizon = int(cursor.fetchone()[0])
        name = f"moves.{book.newest}"  # a new SLA looks at all moves anew
        known = Watched.objects.filter(name=name).first()
        values = {"since": str(known.horizon if known else 0), "stages": book.stages, "first": book.since, "now": now}
        cursor.execute(FRESH, values)
        found = [row[0] for row in cursor.fetchall()]
    moves = Move.objects.filter(pk__in=found).select_related("lead__account").order_by("entered_at", "pk")
    wanted = [
        Wanted(move.lead, move, move.entered_at)
        for move in moves
        if move.lead and book.holds(move.stage, move.entered_at)
    ]
    if not wanted:
        Watched.objects.update_or_create(name=name, defaults={"horizon": horizon})
        return 0
    return len(hand_over(wanted, book, now))


def hand_over(wanted: Sequence[Wanted], book: SlaBook, now: datetime) -> list[HandOff]:
    """Route the leads, start their clocks, and tell the people who got them."""
    routes = {one.lead.pk: Route(one.to, "") for one in wanted if one.to}
    routed = [one for one in wanted if one.to is None]
    if routed:
        routes |= Desk(now).route([one.lead for one in routed], {one.lead.pk: one.without for one in routed})
    scores = scores_at({one.lead.pk: one.starts for one in wanted})
    made = [_made(one, routes[one.lead.pk], book, scores.get(one.lead.pk)) for one in wanted]
    start_clocks(made, book)
    made = HandOff.objects.bulk_create(made, batch_size=BATCH)
    if len(made) >= MANY_ROWS:
        update_statistics(HandOff)
    tell_opened([one for one in made if one.due_at is None or one.due_at > now])  # of what is late the bell tells
    return made


def _made(one: Wanted, route: Route, book: SlaBook, score: Decimal | None) -> HandOff:
    user = route.owner.user if route.owner else None
    return HandOff(
        lead=one.lead, move=one.move, to_owner=route.owner, started_at=one.starts, score=score,
        why="; ".join(filter(None, [one.because, route.why]))[:300],
        sla=book.binding(one.move.stage, one.move.entered_at, user),
    )  # fmt: skip


def start_clocks(handoffs: Iterable[HandOff], book: SlaBook) -> None:
    """Set every deadline from the signed terms; who has no SLA has no clock."""
    hours = OwnersHours()
    by_sla: dict[int, list[HandOff]] = {}
    for handoff in handoffs:
        if handoff.sla_id:
            by_sla.setdefault(handoff.sla_id, []).append(handoff)
    for sla, its in by_sla.items():
        terms = book.terms(sla)
        for shared, alike in grouped(its, hours).items():
            starts = seconds(one.started_at for one in alike)
            found = deadlines(terms, table_for(shared, alike), shared.day, starts)
            for name, values in found.moments.items():
                for one, moment in zip(alike, moments(values), strict=True):
                    setattr(one, name, moment)
            for one in alike:
                one.attempts_needed = terms.attempts
