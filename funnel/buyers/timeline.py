"""All that ever happened with a buyer on one line of time: one question a page, however long the line is.

Each kind of row is a narrow select; they are put one under the other, and a page begins where the last one ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from core.formatting import format_days, format_duration
from core.request_values import BadValue, read_int, read_moment, read_text
from crm.models import Account, Contact, Lead
from crm.record_kind import Timeline
from crm.registry import kinds_by_name
from funnel.definitions import in_force
from team.models import Company, User

PAGE = 50
# The columns are those of crm.record_kind.Timeline.
OWNER = """
SELECT 'owner', h.started_at, h.id, false, concat('Handed to ', coalesce(o.name, 'no one')), h.why, coalesce(o.name, ''), NULL, '', NULL
  FROM funnel_handoff h LEFT JOIN crm_owner o ON o.id = h.to_owner_id WHERE h.lead_id = ANY(%(leads)s)"""
MOVE = """
SELECT 'move', m.entered_at, m.id, false, m.stage,
       concat_ws(' ', CASE WHEN NOT m.is_dated THEN 'Since when is unknown: it held when the records first came.' END, nullif(m.override, '')), coalesce(u.name, u.email, ''), NULL, '', NULL
  FROM funnel_move m LEFT JOIN team_user u ON u.id = m.actor_id
 WHERE m.lead_id = ANY(%(leads)s) OR m.account_id = ANY(%(accounts)s)"""
CLOCK = """
SELECT 'clock', h.answered_at, h.id, h.is_answer_day_only, CASE WHEN h.is_answer_day_only AND h.answered_at = h.started_at THEN 'Answered on the same day, at an unknown time'
       WHEN h.is_answer_day_only THEN 'Answered on this day, at an unknown time' WHEN h.answered_at <= h.due_at THEN 'Answered in time' WHEN h.due_at IS NULL THEN 'Answered' ELSE 'Answered late' END,
       '', coalesce(o.name, ''), NULL, '', NULL
  FROM funnel_handoff h LEFT JOIN crm_owner o ON o.id = h.to_owner_id
 WHERE h.lead_id = ANY(%(leads)s) AND h.answered_at IS NOT NULL"""
SILENCE = """
SELECT 'silence', h.due_at, h.id, false, 'Silence', '', coalesce(o.name, 'no one'), NULL, '', least(h.answered_at, h.ended_at)
  FROM funnel_handoff h LEFT JOIN crm_owner o ON o.id = h.to_owner_id
 WHERE h.lead_id = ANY(%(leads)s) AND h.due_at < %(now)s AND h.paused_at IS NULL
   AND coalesce(least(h.answered_at, h.ended_at), %(now)s) > h.due_at"""
VERDICT = """
SELECT 'verdict', v.given_at, v.id, false, initcap(v.answer), concat_ws(': ', nullif(v.criterion, ''), nullif(v.note, '')),
       coalesce(nullif(u.name, ''), u.email), v.rating, '', NULL
  FROM funnel_verdict v JOIN team_user u ON u.id = v.given_by_id WHERE v.lead_id = ANY(%(leads)s) AND v.undone_at IS NULL"""
REPLY = """
SELECT 'verdict', a.given_at, a.id, false, CASE WHEN a.is_contest THEN 'Marketing contests the verdict' ELSE 'Marketing answers' END, a.words,
       coalesce(nullif(u.name, ''), u.email), NULL, '', NULL
  FROM funnel_answer a JOIN funnel_verdict v ON v.id = a.verdict_id JOIN team_user u ON u.id = a.given_by_id WHERE v.lead_id = ANY(%(leads)s)"""
OURS = {  # what happened here, by key
    "owner": Timeline("Owners", (OWNER,), position=40),
    "move": Timeline("Moves", (MOVE,), position=50),
    "clock": Timeline("Clocks", (CLOCK,), position=60),
    "silence": Timeline("Silence", (SILENCE,), position=70),
    "verdict": Timeline("Verdicts", (VERDICT, REPLY), position=80),
}
LINE = """
SELECT * FROM ({parts}) AS line (kind, moment, id, is_day, title, detail, who, amount, currency, until)
 WHERE moment IS NOT NULL AND moment <= %(now)s + interval '1 day'{before}
 ORDER BY moment DESC, kind DESC, id DESC, title DESC LIMIT {limit}"""
BEFORE = " AND (moment, kind, id, title) < (%(moment)s, %(kind)s, %(id)s, %(title)s)"


@dataclass(frozen=True)
class Scope:
    """Whose rows make up a buyer's line."""

    leads: list[int]
    contacts: list[int]
    accounts: list[int]


@dataclass(frozen=True)
class Entry:
    """Something that happened with a buyer. `until` is the end of a silence; None where it lasts."""

    kind: str
    moment: datetime
    id: int
    is_day: bool
    title: str
    detail: str
    who: str
    amount: Decimal | None
    currency: str
    until: datetime | None

    @property
    def cursor(self) -> str:
        return "~".join([self.moment.isoformat(), self.kind, str(self.id), self.title])


@dataclass(frozen=True)
class TimelinePage:
    entries: list[Entry]
    earlier: str  # the cursor of the next page; empty at the end


def timelines() -> dict[str, Timeline]:
    """Return what stands on the line, by the key that a filter names."""
    of_records = {kind.timeline.key or kind.name: kind.timeline for kind in kinds_by_name().values() if kind.timeline}
    return dict(sorted({**OURS, **of_records}.items(), key=lambda item: item[1].position))


def scope_of(buyer: Lead | Account, user: User) -> Scope:
    """Return whose rows belong to the buyer; of a lead's account and contact only what the reader may see."""
    if isinstance(buyer, Account):
        leads = Lead.objects.filter(account=buyer).values_list("pk", flat=True)
        contacts = Contact.objects.filter(account=buyer).values_list("pk", flat=True)
        return Scope(list(leads), list(contacts), [buyer.pk])
    accounts = Account.objects.visible_to(user).filter(pk=buyer.account_id or 0).values_list("pk", flat=True)
    contacts = Contact.objects.visible_to(user).filter(pk=buyer.contact_id or 0).values_list("pk", flat=True)
    return Scope([buyer.pk], list(contacts), list(accounts))


def timeline_page(scope: Scope, kind: str = "", before: str = "", now: datetime | None = None) -> TimelinePage:
    """Return a page of the line, the newest first; one question, whatever the kind."""
    now = now or timezone.now()
    values: dict[str, Any] = {
        "leads": scope.leads, "contacts": scope.contacts, "accounts": scope.accounts, "now": now, "zone": str(Company.get().zone),
    }  # fmt: skip
    cursor_values = _read_cursor(before)
    parts = timelines()
    chosen = [parts[kind]] if kind in parts else parts.values()
    selects = (select for part in chosen for select in part.selects)
    sql = LINE.format(parts=" UNION ALL ".join(selects), before=BEFORE if cursor_values else "", limit=PAGE + 1)
    with connection.cursor() as cursor:
        cursor.execute(sql, values | cursor_values)
        entries = [Entry(*row) for row in cursor.fetchall()]
    earlier = entries[PAGE - 1].cursor if len(entries) > PAGE else ""
    names = in_force()
    return TimelinePage([_describe_entry(entry, names, now) for entry in entries[:PAGE]], earlier)


def _read_cursor(before: str) -> dict[str, Any]:
    """Read where the last page ended; a cursor that says nothing begins at the newest."""
    parts = before.split("~", 3)
    try:
        moment, pk = read_moment(parts[0]), read_int(parts[2])
        return {"moment": moment, "kind": read_text(parts[1]), "id": pk, "title": read_text(parts[3])}
    except (BadValue, IndexError):
        return {}


def _describe_entry(entry: Entry, funnel: Any, now: datetime) -> Entry:
    """Name the stage of a move; say how long a silence was, or is."""
    changes: dict[str, Any] = {}
    if entry.kind == "move":
        changes["title"] = f"Entered {funnel.name(entry.title)}"
    elif entry.kind == "silence":
        length = (entry.until or now) - entry.moment
        lasted = format_days(length / timedelta(days=1)) if length >= timedelta(days=2) else format_duration(length)
        changes["title"] = f"Silence: {entry.who} did not answer for {lasted}" + (
            "" if entry.until else " and has not answered yet"
        )
        changes["detail"] = "No answer between the due time and " + ("the answer." if entry.until else "now.")
    return Entry(**{**vars(entry), **changes}) if changes else entry
