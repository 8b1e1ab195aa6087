"""Who is told what of a hand-off. One lead is named; many at once are counted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from django.utils import timezone

from crm.models import Owner
from funnel.handoffs.terms import Terms
from funnel.models import HandOff
from notify.actions import NewEvent, publish_events
from team.models import Company, Role, User

INBOX = "/inbox/"
NAMED = 3  # so many leads are named one by one


class People:
    """Who hears of a hand-off: its owner, their manager, the chiefs of both sides. Few questions for many hand-offs."""

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

    def escalated(self, handoff: HandOff) -> tuple[User, ...]:
        """Return whom the signed terms name for a breach."""
        to = Terms.of(handoff.sla.terms).escalate_to if handoff.sla else "manager"
        found: tuple[User, ...] = ()
        if to in {"manager", "all"}:
            found += self.manager(handoff.to_owner)
        if to in {"chiefs", "all"}:
            found += self.chiefs
        return found


PEOPLE = ("sla", "to_owner__user__manager", "to_owner__manager__user")
WITH_PEOPLE = ("lead", *PEOPLE)


def said(moment: datetime | None, zone: ZoneInfo | None = None) -> str:
    """Write a moment in the company's zone: 24 Nov, 17:00 CET."""
    if moment is None:
        return "no set time"
    local = timezone.localtime(moment, zone or Company.get().zone)
    return f"{local.day} {local:%b, %H:%M %Z}"


def tell_opened(handoffs: Sequence[HandOff]) -> int:
    """Tell each owner of what they got, in one piece of news where it is much; the head of Sales of what nobody got."""
    by_owner: dict[int, list[HandOff]] = {}
    for handoff in handoffs:
        by_owner.setdefault(handoff.to_owner_id or 0, []).append(handoff)
    people = People()
    return publish_events([news for its in by_owner.values() for news in _opened(its, people)])


def tell_assigned(handoffs: Sequence[HandOff]) -> int:
    """Tell the owners of leads that waited for somebody to take them."""
    return publish_events(told(handoffs, "assigned", "{lead} is yours: answer by {due}", "owner"))


def _opened(its: Sequence[HandOff], people: People) -> Iterator[NewEvent]:
    to = people.owner(its[0].to_owner) or people.manager(its[0].to_owner)
    whose = "is yours" if its[0].to_owner_id else "has nobody to answer it"
    if len(its) <= NAMED:
        for one in its:
            title = f"{one.lead} {whose}: answer by {said(one.due_at)}"
            yield NewEvent(
                f"funnel.handed_over.{one.pk}",
                "funnel.handed_over",
                title,
                to,
                INBOX,
                {"handoff": one.pk, "why": one.why},
            )
        return
    first = min((one.due_at for one in its if one.due_at), default=None)
    whose = "are yours" if its[0].to_owner_id else "have nobody to answer them"
    title = f"{len(its):,} leads {whose}: answer the first by {said(first)}"
    key = f"funnel.handed_over.{its[0].pk}.{its[-1].pk}"
    yield NewEvent(key, "funnel.handed_over", title, to, INBOX, {"handoffs": len(its)})


MANY = {
    "breached": "{count} leads were not answered in time, the first by {due}",
    "warned": "{count} leads must be answered soon, the first by {due}",
    "accept_missed": "{count} leads were neither accepted nor rejected in time",
    "attempts_missed": "{count} leads had fewer attempts than agreed",
    "rerouted": "{count} leads were passed on",
    "nobody_else": "Nobody else takes {count} leads: they stay where they are",
    "assigned": "{count} leads are yours: answer the first by {due}",
    "lapsed": "{count} leads were never answered",
}


def told(handoffs: Iterable[HandOff], what: str, title: str, to: str) -> list[NewEvent]:
    """Make an event of each hand-off, and one notice for whoever would hear of many at once.

    `title` may name {lead}, {owner} and {due}; `to` joins people by a plus.
    """
    people = People()
    pairs = [(one, _hearers(one, to, people)) for one in handoffs]
    by_person: dict[User, list[HandOff]] = {}
    for one, hearers in pairs:
        for user in dict.fromkeys(hearers):
            by_person.setdefault(user, []).append(one)
    swamped = {user: its for user, its in by_person.items() if len(its) > NAMED}
    found = [
        _event(one, what, title, tuple(user for user in hearers if user not in swamped), people.zone)
        for one, hearers in pairs
    ]
    return [*found, *(_of_many(user, its, what) for user, its in swamped.items())]


def _hearers(one: HandOff, to: str, people: People) -> tuple[User, ...]:
    owner = people.owner(one.to_owner)
    manager = people.manager(one.to_owner) if "manager" in to or not owner else ()
    return (*owner, *manager, *(people.escalated(one) if "escalated" in to else ()))


def _event(one: HandOff, what: str, title: str, to: tuple[User, ...], zone: ZoneInfo) -> NewEvent:
    words = title.format(lead=one.lead, owner=one.to_owner or "nobody", due=said(one.due_at, zone))
    return NewEvent(
        f"funnel.{what}.{one.pk}", f"funnel.{what}", words, to, INBOX, {"handoff": one.pk, "lead": one.lead_id}
    )


def _of_many(user: User, its: Sequence[HandOff], what: str) -> NewEvent:
    """Tell somebody of many leads at once; whoever has them of others reads whose they are."""
    first = min((one.due_at for one in its if one.due_at), default=None)
    words = MANY[what].format(count=f"{len(its):,}", due=said(first))
    whose = Counter(str(one.to_owner or "nobody") for one in its if one.to_owner is None or one.to_owner.user != user)
    if whose:
        named = ", ".join(f"{name} {count}" for name, count in whose.most_common(NAMED))
        more = len(whose) - NAMED
        words += f" ({named}{f' and {more} others' if more > 0 else ''})"
    key = f"funnel.{what}_many.{its[0].pk}.{its[-1].pk}.{len(its)}.{user.pk}"
    link = f"{INBOX}?whose=team" if whose else INBOX
    return NewEvent(key, f"funnel.{what}_many", words, (user,), link, {"handoffs": len(its)})
