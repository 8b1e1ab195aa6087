"""Open the hand-offs that follow from moves into a gate, all at once: routed, with their clocks started."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from core.database import update_statistics
from core.locks import AdvisoryLock, acquire_lock
from crm.models import Lead, Owner
from funnel.handoffs.business_hours import OwnersHours, from_epoch_seconds, group_by_hours, table_for, to_epoch_seconds
from funnel.handoffs.notifications import notify_opened
from funnel.handoffs.routing import Route, Router
from funnel.handoffs.scores import scores_at
from funnel.handoffs.slas import SlaBook
from funnel.handoffs.terms import compute_deadlines
from funnel.models import HandOff, Move, Watched

MOST_ROUNDS = 10  # gates that one lead passed since the last look
BATCH = 2000
MANY_ROWS = 1000
MOVES_INTO_GATES = """
SELECT DISTINCT ON (m.lead_id) m.id
  FROM funnel_move m
 WHERE m.changed_xid >= %(since)s::xid8 AND m.lead_id IS NOT NULL AND m.stage = ANY(%(stages)s)
   AND m.entered_at >= %(first)s AND m.entered_at <= %(now)s
   AND NOT EXISTS (SELECT FROM funnel_handoff h WHERE h.lead_id = m.lead_id
                      AND (h.ended_at IS NULL OR h.move_id = m.id OR h.started_at >= m.entered_at OR h.ended_at > m.entered_at))
 ORDER BY m.lead_id, m.entered_at, m.id
"""


@dataclass(frozen=True)
class NewHandOff:
    """A hand-off to be opened: its lead and move, when its clock starts, who had it before, or who gets it by name."""

    lead: Lead
    move: Move
    starts: datetime
    without: tuple[int, ...] = ()
    because: str = ""
    to: Owner | None = None


def open_handoffs(now: datetime, between: Callable[[datetime], object] = lambda now: None) -> int:
    """Open a hand-off for every lead that entered a gate while an SLA was active for it; return how many.

    `between` ends the hand-offs of leads that have gone on: a lead may have passed several gates since the last look.
    """
    book = SlaBook()
    opened = 0
    if book.since is None:
        return 0
    for _ in range(MOST_ROUNDS):
        with transaction.atomic():
            done = _open_new(book, now)
        opened += done
        if not done:
            break
        between(now)
    return opened


def _open_new(book: SlaBook, now: datetime) -> int:
    with connection.cursor() as cursor:
        acquire_lock(cursor, AdvisoryLock.HANDOFF_OPENING)
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        horizon = int(cursor.fetchone()[0])
        name = f"moves.{book.newest_pk}"  # a new SLA starts again from the first move
        cursor_row = Watched.objects.filter(name=name).first()
        values = {
            "since": str(cursor_row.horizon if cursor_row else 0),
            "stages": book.stage_keys,
            "first": book.since,
            "now": now,
        }
        cursor.execute(MOVES_INTO_GATES, values)
        move_ids = [row[0] for row in cursor.fetchall()]
    moves = Move.objects.filter(pk__in=move_ids).select_related("lead__account").order_by("entered_at", "pk")
    wanted = [
        NewHandOff(move.lead, move, move.entered_at)
        for move in moves
        if move.lead and book.is_in_force(move.stage, move.entered_at)
    ]
    if not wanted:
        Watched.objects.update_or_create(name=name, defaults={"horizon": horizon})
        return 0
    return len(hand_over(wanted, book, now))


def hand_over(wanted: Sequence[NewHandOff], book: SlaBook, now: datetime) -> list[HandOff]:
    """Route the leads, start their clocks, and tell the people who got them."""
    routes = {new.lead.pk: Route(new.to, "") for new in wanted if new.to}
    routed = [new for new in wanted if new.to is None]
    if routed:
        routes |= Router(now).route([new.lead for new in routed], {new.lead.pk: new.without for new in routed})
    scores = scores_at({new.lead.pk: new.starts for new in wanted})
    handoffs = [_build_handoff(new, routes[new.lead.pk], book, scores.get(new.lead.pk)) for new in wanted]
    start_clocks(handoffs, book)
    handoffs = HandOff.objects.bulk_create(handoffs, batch_size=BATCH)
    if len(handoffs) >= MANY_ROWS:
        update_statistics(HandOff)
    notify_opened(
        [new for new in handoffs if new.due_at is None or new.due_at > now]
    )  # what is overdue already gets a breach alert instead
    return handoffs


def _build_handoff(new: NewHandOff, route: Route, book: SlaBook, score: Decimal | None) -> HandOff:
    user = route.owner.user if route.owner else None
    return HandOff(
        lead=new.lead, move=new.move, to_owner=route.owner, started_at=new.starts, score=score,
        why="; ".join(filter(None, [new.because, route.why]))[:300],
        sla=book.binding(new.move.stage, new.move.entered_at, user),
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
        for shared, alike in group_by_hours(its, hours).items():
            starts = to_epoch_seconds(handoff.started_at for handoff in alike)
            computed = compute_deadlines(terms, table_for(shared, alike), shared.day, starts)
            for name, values in computed.moments.items():
                for handoff, moment in zip(alike, from_epoch_seconds(values), strict=True):
                    setattr(handoff, name, moment)
            for handoff in alike:
                handoff.attempts_needed = terms.attempts
