"""Who takes a lead, and why, in words: the rules asked in their order, for one lead or ten thousand alike."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Q
from django.utils import timezone

from core.date_formatting import format_day
from crm.models import Lead, Owner
from crm.people import People, read_people
from funnel.handoffs.assignment import Dealer, Taker
from funnel.handoffs.segments import fulfilling_leads
from funnel.models import Absence, Capacity, HandOff, RoutingRule
from team.models import Company, Role, Side, Territory, User

How = RoutingRule.How
WHY_LENGTH = 300
DEFAULT_ORDER = (How.ACCOUNT_OWNER, How.LEAD_OWNER, How.TERRITORY, How.EVERYBODY)


@dataclass(frozen=True)
class Route:
    """Where a lead goes; without an owner, `why` gives the reason."""

    owner: Owner | None
    why: str


@dataclass(frozen=True)
class ActiveRule:
    """A routing rule as it is asked."""

    name: str
    how: str
    condition: Any = None
    people: tuple[int, ...] = ()
    pk: int = 0


def rules_in_force() -> list[ActiveRule]:
    """Return the company's rules in order, or Accord's own where there are none."""
    stored = RoutingRule.objects.filter(is_active=True).prefetch_related("people")
    active = [
        ActiveRule(rule.name, rule.how, rule.condition, tuple(sorted(owner.pk for owner in rule.people.all())), rule.pk)
        for rule in stored
    ]
    return active or [ActiveRule(str(how.label), how) for how in DEFAULT_ORDER]


@dataclass
class Router:
    """All that routing must know, read with a constant number of questions.

    Leads are assigned to people: a person with several owner records has one turn, one capacity and one absence.
    """

    now: datetime
    rules: Sequence[ActiveRule] = field(default_factory=rules_in_force)
    owners: Mapping[int, Owner] = field(default_factory=dict)
    away: Mapping[int, date] = field(default_factory=dict)
    territories: Mapping[int, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.today = timezone.localtime(self.now, Company.get().zone).date()
        owners = Owner.objects.filter(is_active=True).select_related("user")
        self.owners = {owner.pk: owner for owner in owners}
        self.people = read_people()
        self.away = absent_owners(self.today, self.people)
        self.territories = dict(Territory.objects.values_list("pk", "parent_id"))
        self.dealer = Dealer(self._read_takers())

    def route(self, leads: Collection[Lead], without: Mapping[int, Collection[int]] | None = None) -> dict[int, Route]:
        """Return a route for each lead (with `account` fetched); the owners in `without` do not get it again."""
        self.read_segments(leads)
        had = {lead: self.people.all_of_any(owners) for lead, owners in (without or {}).items()}
        return {lead.pk: self._route_lead(lead, had.get(lead.pk, ())) for lead in leads}

    def read_segments(self, leads: Collection[Lead]) -> None:
        """Find out which of the leads fulfil the conditions of segments, for all of them at once."""
        conditions = {rule.pk: rule.condition for rule in self.rules if rule.how == How.SEGMENT and rule.condition}
        self._segments = fulfilling_leads(conditions, [lead.pk for lead in leads]) if conditions else {}

    def fulfils(self, rule: ActiveRule, lead: Lead) -> bool:
        return lead.pk in self._segments.get(rule.pk, ())

    def _route_lead(self, lead: Lead, without: Collection[int]) -> Route:
        passed: list[str] = []
        for rule in self.rules:
            match = self.apply_rule(rule, lead, without, passed)
            if match:
                return Route(self.owners[match.owner_id], self._join_reasons([*passed, match.name]))
        return Route(None, self._join_reasons([*passed, "No person who takes leads is present"]))

    @staticmethod
    def _join_reasons(parts: Iterable[str]) -> str:
        return "; ".join(parts)[:WHY_LENGTH]

    def apply_rule(self, rule: ActiveRule, lead: Lead, without: Collection[int], passed: list[str]) -> "Match | None":
        """Return whom a rule finds, and count the lead for them; `passed` gains whom it would have found."""
        match rule.how:
            case How.ACCOUNT_OWNER:
                owner_id = lead.account.owner_id if lead.account else None
                return self._match_owner(owner_id, f"owns the account {lead.account}", without, passed)
            case How.LEAD_OWNER:
                return self._match_owner(lead.owner_id, "owns the lead in the CRM", without, passed)
            case How.TERRITORY:
                return self._match_territory(lead, without)
            case How.SEGMENT if self.fulfils(rule, lead):
                return self._match_pool(rule.people, f"Segment “{rule.name}”", without)
            case How.EVERYBODY:
                return self._match_pool(self.pool, "", without)
        return None

    def _match_owner(
        self, owner_id: int | None, does: str, without: Collection[int], passed: list[str]
    ) -> "Match | None":
        owner = self.owners.get(owner_id or 0)
        if owner is None or owner.pk in without or not self.is_in_sales(owner):
            return None
        if owner.pk in self.away:
            passed.append(f"{owner}, who {does}, is away until {format_day(self.away[owner.pk])}")
            return None
        if self.dealer.give(self.people.person(owner.pk)) is None:
            passed.append(f"{owner}, who {does}, takes no leads")
            return None
        return Match(owner.pk, f"{owner} {does}")

    def _match_territory(self, lead: Lead, without: Collection[int]) -> "Match | None":
        """Ask the people of the lead's territory, else of the one around it, and so on."""
        territory_id = lead.territory_id or (lead.account.territory_id if lead.account else None)
        seen: set[int] = set()
        while territory_id and territory_id not in seen:
            match = self._match_pool(self.by_territory.get(territory_id, ()), "its territory", without)
            if match:
                return match
            seen.add(territory_id)
            territory_id = self.territories.get(territory_id)
        return None

    def _match_pool(self, pool: Collection[int], where: str, without: Collection[int]) -> "Match | None":
        people = dict.fromkeys(self.people.person(pk) for pk in pool if pk in self.owners and pk not in self.away)
        taker = self.dealer.deal(tuple(people), without)
        if taker is None:
            return None
        turn = f"{taker.name}'s turn by capacity ({taker.words})"
        return Match(taker.owner_id, f"{where}: {turn}" if where else turn)

    @cached_property
    def pool(self) -> tuple[int, ...]:
        """All takers: the people of Sales and those given a capacity; where there are none, every owner.

        Who leads others takes none without a capacity of their own.
        """
        in_sales = {pk for pk, user in self.users.items() if user and pk in self.takers}
        return tuple(sorted((in_sales | self.capacities.keys()) & self.takers or self.takers))

    @cached_property
    def by_territory(self) -> dict[int, tuple[int, ...]]:
        by_territory: dict[int, dict[int, None]] = {}
        for pk in sorted(self.owners):
            owner, person = self.owners[pk], self.people.person(pk)
            territory_id = owner.territory_id or (owner.user.territory_id if owner.user else None)
            if territory_id and person in self.takers:
                by_territory.setdefault(territory_id, {})[person] = None
        return {territory_id: tuple(people) for territory_id, people in by_territory.items()}

    @cached_property
    def users(self) -> dict[int, User | None]:
        """Return the user of each person, by the owner record that represents them."""
        users = {owner.user.pk: owner.user for owner in self.owners.values() if owner.user}
        others = set(self.people.user_of.values()) - users.keys()
        users |= User.objects.in_bulk(others) if others else {}
        people = dict.fromkeys(self.people.person(pk) for pk in self.owners)
        return {pk: users.get(self.people.user_of.get(pk, 0)) for pk in people}

    @cached_property
    def takers(self) -> set[int]:
        """Return who gets leads by turn: people of Sales or without a user who have no reports or were given a capacity."""
        leaders = leaders_among(self.owners.values(), self.users, self.people)
        return {
            pk for pk, user in self.users.items() if of_sales(user) and (pk in self.capacities or pk not in leaders)
        }

    @cached_property
    def capacities(self) -> dict[int, Capacity]:
        """Return the capacity of each person; of several the one that was set last."""
        return {self.people.person(capacity.owner_id): capacity for capacity in Capacity.objects.order_by("pk")}

    def is_in_sales(self, owner: Owner) -> bool:
        """Tell whether a person is a target of a hand-off to Sales, by the user of any of their records."""
        return of_sales(self.users.get(self.people.person(owner.pk)) or owner.user)

    def _read_takers(self) -> Iterator[Taker]:
        given = leads_dealt(self.today, self.people)
        for pk, user in self.users.items():
            capacity, row = self.capacities.get(pk), given.get(pk, {})
            last = row["last"].timestamp() if row else 0.0
            limits = (capacity.per_day, capacity.per_week) if capacity else (None, None)
            if of_sales(user):
                yield Taker(pk, str(self.owners[pk]), *limits, row.get("today", 0), row.get("this_week", 0), last)


@dataclass(frozen=True)
class Match:
    owner_id: int
    name: str  # why, in words


def of_sales(user: User | None) -> bool:
    """Tell whether a person can get leads: an active user of Sales, or an owner without a user."""
    return user is None or (user.is_active and user.side == Side.SALES)


def is_in_sales(owner: Owner, people: People | None = None) -> bool:
    """Tell the same of an owner, by the user of any record of the person."""
    if owner.user is not None:
        return of_sales(owner.user)
    user = (people or read_people()).user_of.get(owner.pk)
    return of_sales(User.objects.filter(pk=user).first() if user else None)


def leaders_among(owners: Iterable[Owner], users: Mapping[int, User | None], people: People) -> set[int]:
    """Return who of these people lead others: the CRO, and everyone to whom an active person reports, here or in the CRM."""
    managers = set(User.objects.filter(is_active=True, manager__isnull=False).values_list("manager_id", flat=True))
    reports = ((people.person(owner.pk), people.person(owner.manager_id)) for owner in owners if owner.manager_id)
    bosses = {boss for person, boss in reports if person != boss}
    return {
        pk for pk, user in users.items() if pk in bosses or (user and (user.role == Role.CRO or user.pk in managers))
    }


def absent_owners(day: date, people: People | None = None) -> dict[int, date]:
    """Return who is away on a day, with the last day of their absence: all owner records of each of these people."""
    people = people or read_people()
    rows = Absence.objects.filter(starts_on__lte=day, ends_on__gte=day).order_by("ends_on")
    return {pk: ends for owner, ends in rows.values_list("owner_id", "ends_on") for pk in people.all_of(owner)}


def leads_dealt(day: date, people: People) -> dict[int, dict[str, Any]]:
    """Return how many leads each person got on the day and in its week, and when the last one."""
    zone = Company.get().zone
    midnight = datetime.combine(day, datetime.min.time(), zone)
    monday = midnight - timedelta(days=day.weekday())
    rows: Any = HandOff.objects.filter(started_at__gte=monday, to_owner__isnull=False).order_by()
    rows = rows.annotate(person=people.expression("to_owner")).values("person")
    counts = rows.annotate(
        this_week=Count("pk"), today=Count("pk", filter=Q(started_at__gte=midnight)), last=Max("started_at")
    )
    return {row["person"]: row for row in counts}
