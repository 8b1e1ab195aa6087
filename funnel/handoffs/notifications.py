"""Who is notified of what about a hand-off. One lead is named; many at once are counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from core.date_formatting import format_moment
from core.formatting import format_count
from crm.models import Owner
from funnel.handoffs.terms import Terms
from funnel.models import HandOff
from notify.actions import NewEvent, publish_events
from team.models import Company, Role, User

INBOX = "/inbox/"
MOST_NAMED = 3  # so many leads are named one by one


class Recipients:
    """Who is notified of a hand-off: its owner, their manager, the CMO and the CRO. Few queries for many hand-offs."""

    @cached_property
    def chiefs(self) -> tuple[User, ...]:
        return tuple(User.objects.filter(role__in=[Role.CMO, Role.CRO], is_active=True).order_by("pk"))

    @cached_property
    def zone(self) -> ZoneInfo:
        return Company.get().zone

    def owner(self, owner: Owner | None) -> tuple[User, ...]:
        return (owner.user,) if owner and owner.user and owner.user.is_active else ()

    def manager(self, owner: Owner | None) -> tuple[User, ...]:
        """Return the manager in Accord, else the one in the CRM; who has none answers to the chief of Sales."""
        if owner is None:
            return self.head_of_sales
        above = owner.user.manager if owner.user else owner.manager.user if owner.manager else None
        return (above,) if above and above.is_active else self.head_of_sales

    @property
    def head_of_sales(self) -> tuple[User, ...]:
        return tuple(user for user in self.chiefs if user.role == Role.CRO)

    def of_handoff(self, handoff: HandOff, to: str) -> tuple[User, ...]:
        """Return the people whom `to` names, joined by a plus; the manager where there is no owner who signs in."""
        owner = self.owner(handoff.to_owner)
        manager = self.manager(handoff.to_owner) if "manager" in to or not owner else ()
        return (*owner, *manager, *(self.escalation_of(handoff) if "escalated" in to else ()))

    def escalation_of(self, handoff: HandOff) -> tuple[User, ...]:
        """Return whom the signed terms name for a breach."""
        to = Terms.of(handoff.sla.terms).escalate_to if handoff.sla else "manager"
        people: tuple[User, ...] = ()
        if to in {"manager", "all"}:
            people += self.manager(handoff.to_owner)
        if to in {"chiefs", "all"}:
            people += self.chiefs
        return people


PEOPLE = ("sla", "to_owner__user__manager", "to_owner__manager__user")
WITH_PEOPLE = ("lead", *PEOPLE)


def format_due(moment: datetime | None, zone: ZoneInfo | None = None) -> str:
    """Write when an answer is due, in the company's zone: Nov 24, 5:00 PM CET."""
    return format_moment(moment, zone or Company.get().zone, has_year=False) if moment else "no set time"


def notify_opened(handoffs: Sequence[HandOff]) -> int:
    """Notify each owner of their new leads, in one event where they are many; the CRO of leads without an owner."""
    by_owner: dict[int, list[HandOff]] = {}
    for handoff in handoffs:
        by_owner.setdefault(handoff.to_owner_id or 0, []).append(handoff)
    people = Recipients()
    return publish_events([news for its in by_owner.values() for news in _opened_events(its, people)])


def notify_assigned(handoffs: Sequence[HandOff]) -> int:
    """Notify the owners of leads that had no owner so far."""
    return publish_events(alert_events(handoffs, "assigned", "{lead} is yours: answer by {due}", "owner"))


def _opened_events(handoffs: Sequence[HandOff], people: Recipients) -> Iterator[NewEvent]:
    to = people.owner(handoffs[0].to_owner) or people.manager(handoffs[0].to_owner)
    whose = "is yours" if handoffs[0].to_owner_id else "has no owner to answer it"
    if len(handoffs) <= MOST_NAMED:
        for handoff in handoffs:
            title = f"{handoff.lead} {whose}: answer by {format_due(handoff.due_at)}"
            yield NewEvent(
                f"funnel.handed_over.{handoff.pk}",
                "funnel.handed_over",
                title,
                to,
                INBOX,
                {"handoff": handoff.pk, "why": handoff.why},
            )
        return
    first = min((handoff.due_at for handoff in handoffs if handoff.due_at), default=None)
    whose = "are yours" if handoffs[0].to_owner_id else "have no owner to answer them"
    title = f"{format_count(len(handoffs))} leads {whose}: answer the first by {format_due(first)}"
    key = f"funnel.handed_over.{handoffs[0].pk}.{handoffs[-1].pk}"
    yield NewEvent(key, "funnel.handed_over", title, to, INBOX, {"handoffs": len(handoffs)})


SUMMARY_TITLES = {
    "breached": "{count} leads were not answered in time, the first by {due}",
    "warned": "{count} leads must be answered soon, the first by {due}",
    "accept_missed": "{count} leads were neither accepted nor rejected in time",
    "attempts_missed": "{count} leads had fewer attempts than agreed",
    "rerouted": "{count} leads were passed on",
    "nobody_else": "No one else can take {count} leads: they stay with their owners",
    "assigned": "{count} leads are yours: answer the first by {due}",
    "lapsed": "{count} leads were never answered",
}


def alert_events(handoffs: Iterable[HandOff], what: str, title: str, to: str) -> list[NewEvent]:
    """Make an event of each hand-off, and one summary for each person who would be notified of many at once.

    `title` may name {lead}, {owner} and {due}; `to` joins people by a plus.
    """
    people = Recipients()
    pairs = [(handoff, people.of_handoff(handoff, to)) for handoff in handoffs]
    by_person: dict[User, list[HandOff]] = {}
    for handoff, recipients in pairs:
        for user in dict.fromkeys(recipients):
            by_person.setdefault(user, []).append(handoff)
    summarized = {user: its for user, its in by_person.items() if len(its) > MOST_NAMED}
    events = [
        _single_event(handoff, what, title, tuple(user for user in recipients if user not in summarized), people.zone)
        for handoff, recipients in pairs
    ]
    return [*events, *(_summary_event(user, its, what) for user, its in summarized.items())]


def _single_event(handoff: HandOff, what: str, title: str, to: tuple[User, ...], zone: ZoneInfo) -> NewEvent:
    sentence = title.format(lead=handoff.lead, owner=handoff.to_owner or "no one", due=format_due(handoff.due_at, zone))
    return NewEvent(
        f"funnel.{what}.{handoff.pk}",
        f"funnel.{what}",
        sentence,
        to,
        INBOX,
        {"handoff": handoff.pk, "lead": handoff.lead_id},
    )


def _summary_event(user: User, handoffs: Sequence[HandOff], what: str) -> NewEvent:
    """Make one event of many leads for one person; where the leads are other people's, it names these."""
    first = min((handoff.due_at for handoff in handoffs if handoff.due_at), default=None)
    sentence = SUMMARY_TITLES[what].format(count=format_count(len(handoffs)), due=format_due(first))
    whose = Counter(
        str(handoff.to_owner or "no one")
        for handoff in handoffs
        if handoff.to_owner is None or handoff.to_owner.user != user
    )
    if whose:
        owners = ", ".join(f"{name} {count}" for name, count in whose.most_common(MOST_NAMED))
        more = len(whose) - MOST_NAMED
        sentence += f" ({owners}{f' and {more} others' if more > 0 else ''})"
    key = f"funnel.{what}_many.{handoffs[0].pk}.{handoffs[-1].pk}.{len(handoffs)}.{user.pk}"
    link = f"{INBOX}?whose=team" if whose else INBOX
    return NewEvent(key, f"funnel.{what}_many", sentence, (user,), link, {"handoffs": len(handoffs)})
