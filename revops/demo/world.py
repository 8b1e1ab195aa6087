"""The play: four years of leads and deals to their end, scaled to the story's sums; what is past is kept."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from crm.models import Outcome
from revops.demo.days import DAY, Calendar, next_workday, seasonal_days
from revops.demo.deals import Deal, complete_deals, convert_lead, decide_outcomes, open_deal
from revops.demo.dice import draw_weighted, seeded_random
from revops.demo.firms import Firm, make_firms
from revops.demo.prospects import Prospect, Run, generate_leads
from revops.demo.scaling import distribute_total
from revops.demo.story import (
    CUSTOMER,
    EXPANSION,
    NEW,
    OUTBOUND,
    PLANS,
    RENEWAL,
    UNDECIDED_RATE,
    WIN_RATE,
    YEARS,
    ZONE,
)

UNIT = Decimal(50)  # deals are worth whole multiples of this
STALE = 0.055


@dataclass
class World:
    """Everything that happens in the demo's market, also what is ahead of today."""

    calendar: Calendar
    firms: list[Firm]
    runs: list[Run]
    prospects: list[Prospect]
    deals: list[Deal]

    @cached_property
    def told_deals(self) -> list[Deal]:
        """The deals that have opened by now and had not ended before the first day."""
        return [deal for deal in self.deals
                if self.calendar.seen(deal.opened) and deal.closed.date() >= self.calendar.first]  # fmt: skip

    @cached_property
    def told_prospects(self) -> list[Prospect]:
        """The leads that have come by now; of those before the first day, the ones whose deal was carried over."""
        carried = {deal.prospect for deal in self.told_deals}
        return [prospect for prospect in self.prospects
                if prospect in carried or self.calendar.first <= prospect.created.date() <= self.calendar.last]  # fmt: skip

    @cached_property
    def deal_of(self) -> dict[Prospect, Deal]:
        return {deal.prospect: deal for deal in self.told_deals if deal.prospect}

    @cached_property
    def won_deals(self) -> list[Deal]:
        return [deal for deal in self.told_deals if deal.outcome == Outcome.WON and self.has_closed(deal)]

    def has_closed(self, deal: Deal) -> bool:
        return not deal.is_stale and self.calendar.seen(deal.closed)


def simulate_market(today: date) -> World:
    """Simulate the market as seen on this day."""
    calendar = Calendar(today, ZoneInfo(ZONE))
    world = World(calendar, make_firms(calendar.first), _campaign_runs(today.year), [], [])
    numbers = count(1)
    for offset in YEARS:
        for run in (run for run in world.runs if run.offset == offset and run.plan.leads):
            _simulate_campaign(world, run, numbers)
        _simulate_outbound(world, offset, numbers)
        _simulate_existing_business(world, offset, EXPANSION, YEARS[offset].expansions, numbers)
        _simulate_existing_business(world, offset, RENEWAL, YEARS[offset].renewals, numbers)
    _scale_amounts(world)
    _mark_stale_deals(world)
    return world


def _campaign_runs(this_year: int) -> list[Run]:
    plans = [(offset, plan) for offset in YEARS for plan in PLANS if offset in plan.years]
    return [Run(plan, this_year + offset, offset) for offset, plan in plans]


def _simulate_campaign(world: World, run: Run, numbers: "count[int]") -> None:
    """Bring in a campaign's leads and sell to the share of them that its plan says."""
    rng = seeded_random(f"deals {run.plan.key} {run.offset}")
    prospects = generate_leads(run, world.firms, world.calendar, len(world.prospects) + 1)
    world.prospects += prospects
    one_per_firm = list({prospect.firm: prospect for prospect in prospects if prospect.answered}.values())
    ready = draw_weighted(rng, one_per_firm, lambda prospect: prospect.promise, round(run.leads * run.plan.converted))
    deals = [convert_lead(rng, prospect, next(numbers), world.calendar) for prospect in ready]
    _close_deals(world, rng, deals, run.plan.won * YEARS[run.offset].wins, YEARS[run.offset].undecided)


def _simulate_outbound(world: World, offset: int, numbers: "count[int]") -> None:
    rng = seeded_random(f"outbound {offset}")
    firms = rng.sample([firm for firm in world.firms if not firm.customer_since], YEARS[offset].outbound)
    days = _working_days(rng, world, offset, len(firms))
    deals = [
        open_deal(rng, next(numbers), NEW, firm, OUTBOUND, world.calendar.sometime(rng, day), offset)
        for firm, day in zip(firms, days, strict=True)
    ]
    _close_deals(world, rng, deals, WIN_RATE[OUTBOUND] * YEARS[offset].wins, YEARS[offset].undecided)


def _simulate_existing_business(world: World, offset: int, kind: str, number: int, numbers: "count[int]") -> None:
    """Sell more, or again, to customers of some standing; few firms are asked twice in a year."""
    rng = seeded_random(f"{kind} {offset}")
    deals, approached = [], set()
    for day in _working_days(rng, world, offset, number):
        since = day - DAY * (330 if kind == RENEWAL else 90)
        firms = [
            firm for firm in world.firms if firm.is_customer(since) and not firm.left_on and firm not in approached
        ]
        if not firms:
            continue
        firm = rng.choice(firms)
        approached.add(firm)
        moment = world.calendar.sometime(rng, day)
        deals.append(open_deal(rng, next(numbers), kind, firm, CUSTOMER, moment, offset))
    _close_deals(world, rng, deals, WIN_RATE[kind] * YEARS[offset].wins, UNDECIDED_RATE[kind])


def _working_days(rng: Random, world: World, offset: int, number: int) -> list[date]:
    year = world.calendar.today.year + offset
    return [next_workday(day) for day in seasonal_days(rng, date(year, 1, 2), date(year, 12, 24), number)]


def _close_deals(world: World, rng: Random, deals: list[Deal], won: float, undecided: float) -> None:
    decide_outcomes(rng, deals, won, undecided)
    complete_deals(rng, deals, world.calendar)
    world.deals += deals


def _scale_amounts(world: World) -> None:
    """Give each deal its amount, so that the wins of each year make its revenue to the cent."""
    factors = {offset: _scale_wins(world, offset) for offset in YEARS}
    for deal in world.deals:
        if not deal.amount:
            offset = min(max(deal.closed.year - world.calendar.today.year, min(YEARS)), 0)
            deal.amount = max(UNIT, UNIT * round(deal.worth * factors[offset] / float(UNIT)))


def _scale_wins(world: World, offset: int) -> float:
    """Scale the wins of a year, those of campaigns with a sum of their own apart; return the factor of the others."""
    year, left = world.calendar.today.year + offset, Decimal(YEARS[offset].revenue)
    groups: dict[int, list[Deal]] = {}
    for deal in world.deals:
        if deal.outcome == Outcome.WON and deal.closed.year == year:
            groups.setdefault(_campaign_revenue(deal, offset), []).append(deal)
    others = groups.pop(0)
    for revenue, deals in groups.items():
        _distribute_amount(deals, Decimal(revenue))
        left -= revenue
    _distribute_amount(others, left)
    return float(left) / sum(deal.worth for deal in others)


def _campaign_revenue(deal: Deal, offset: int) -> int:
    """Return the sum that the wins of the deal's campaign make in that year; it tells the campaigns apart."""
    return deal.run.plan.revenue if deal.run and offset == -1 else 0


def _distribute_amount(deals: list[Deal], total: Decimal) -> None:
    for deal, amount in zip(deals, distribute_total([deal.worth for deal in deals], total, UNIT), strict=True):
        deal.amount = amount


def _mark_stale_deals(world: World) -> None:
    """Leave some deals open that would not have been won, their close date long past."""
    rng = seeded_random("stale")
    summer = date(world.calendar.today.year - 1, 7, 1)
    for deal in world.deals:
        ended_well = deal.outcome == Outcome.WON or deal.closed.year < world.calendar.today.year
        if not ended_well and deal.opened.date() >= summer and rng.random() < STALE:
            deal.is_stale = True
