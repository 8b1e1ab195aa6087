"""The play: four years of leads and deals to their end, scaled to the story's sums; what is past is kept."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from crm.models import Outcome
from revops.demo.days import DAY, Calendar, seasonal_days, workday
from revops.demo.deals import Deal, convert, finish, open_deal, settle
from revops.demo.dice import dice, pick
from revops.demo.firms import Firm, make_firms
from revops.demo.prospects import Prospect, Run, attract
from revops.demo.scaling import scaled
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
    """Everything that happens in the demo's market, also what lies ahead of today."""

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
        return [one for one in self.prospects
                if one in carried or self.calendar.first <= one.created.date() <= self.calendar.last]  # fmt: skip

    @cached_property
    def deal_of(self) -> dict[Prospect, Deal]:
        return {deal.prospect: deal for deal in self.told_deals if deal.prospect}

    @cached_property
    def won_deals(self) -> list[Deal]:
        return [deal for deal in self.told_deals if deal.outcome == Outcome.WON and self.has_closed(deal)]

    def has_closed(self, deal: Deal) -> bool:
        return not deal.is_stale and self.calendar.seen(deal.closed)


def play(today: date) -> World:
    """Simulate the market as seen on this day."""
    calendar = Calendar(today, ZoneInfo(ZONE))
    world = World(calendar, make_firms(calendar.first), _runs(today.year), [], [])
    numbers = count(1)
    for offset in YEARS:
        for run in (run for run in world.runs if run.offset == offset and run.plan.leads):
            _campaign(world, run, numbers)
        _outbound(world, offset, numbers)
        _existing(world, offset, EXPANSION, YEARS[offset].expansions, numbers)
        _existing(world, offset, RENEWAL, YEARS[offset].renewals, numbers)
    _scale(world)
    _forget(world)
    return world


def _runs(this_year: int) -> list[Run]:
    plans = [(offset, plan) for offset in YEARS for plan in PLANS if offset in plan.years]
    return [Run(plan, this_year + offset, offset) for offset, plan in plans]


def _campaign(world: World, run: Run, numbers: "count[int]") -> None:
    """Bring in a campaign's leads and sell to the share of them that its plan says."""
    rng = dice(f"deals {run.plan.key} {run.offset}")
    prospects = attract(run, world.firms, world.calendar, len(world.prospects) + 1)
    world.prospects += prospects
    one_per_firm = list({one.firm: one for one in prospects if one.answered}.values())
    ready = pick(rng, one_per_firm, lambda one: one.promise, round(run.leads * run.plan.converted))
    deals = [convert(rng, one, next(numbers), world.calendar) for one in ready]
    _end(world, rng, deals, run.plan.won * YEARS[run.offset].wins, YEARS[run.offset].undecided)


def _outbound(world: World, offset: int, numbers: "count[int]") -> None:
    rng = dice(f"outbound {offset}")
    firms = rng.sample([firm for firm in world.firms if not firm.customer_since], YEARS[offset].outbound)
    days = _working_days(rng, world, offset, len(firms))
    deals = [
        open_deal(rng, next(numbers), NEW, firm, OUTBOUND, world.calendar.sometime(rng, day), offset)
        for firm, day in zip(firms, days, strict=True)
    ]
    _end(world, rng, deals, WIN_RATE[OUTBOUND] * YEARS[offset].wins, YEARS[offset].undecided)


def _existing(world: World, offset: int, kind: str, number: int, numbers: "count[int]") -> None:
    """Sell more, or again, to customers of some standing; few firms are asked twice in a year."""
    rng = dice(f"{kind} {offset}")
    deals, asked = [], set()
    for day in _working_days(rng, world, offset, number):
        standing = day - DAY * (330 if kind == RENEWAL else 90)
        firms = [firm for firm in world.firms if firm.is_customer(standing) and not firm.left_on and firm not in asked]
        if not firms:
            continue
        firm = rng.choice(firms)
        asked.add(firm)
        moment = world.calendar.sometime(rng, day)
        deals.append(open_deal(rng, next(numbers), kind, firm, CUSTOMER, moment, offset))
    _end(world, rng, deals, WIN_RATE[kind] * YEARS[offset].wins, UNDECIDED_RATE[kind])


def _working_days(rng: Random, world: World, offset: int, number: int) -> list[date]:
    year = world.calendar.today.year + offset
    return [workday(day) for day in seasonal_days(rng, date(year, 1, 2), date(year, 12, 24), number)]


def _end(world: World, rng: Random, deals: list[Deal], won: float, undecided: float) -> None:
    settle(rng, deals, won, undecided)
    finish(rng, deals, world.calendar)
    world.deals += deals


def _scale(world: World) -> None:
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
            groups.setdefault(_own_sum(deal, offset), []).append(deal)
    others = groups.pop(0)
    for revenue, deals in groups.items():
        _share_out(deals, Decimal(revenue))
        left -= revenue
    _share_out(others, left)
    return float(left) / sum(deal.worth for deal in others)


def _own_sum(deal: Deal, offset: int) -> int:
    """Return the sum that the wins of the deal's campaign make in that year; it tells the campaigns apart."""
    return deal.run.plan.revenue if deal.run and offset == -1 else 0


def _share_out(deals: list[Deal], total: Decimal) -> None:
    for deal, amount in zip(deals, scaled([deal.worth for deal in deals], total, UNIT), strict=True):
        deal.amount = amount


def _forget(world: World) -> None:
    """Leave some deals lying that nobody would have won: they stay open, their close date long past."""
    rng = dice("stale")
    summer = date(world.calendar.today.year - 1, 7, 1)
    for deal in world.deals:
        ended_well = deal.outcome == Outcome.WON or deal.closed.year < world.calendar.today.year
        if not ended_well and deal.opened.date() >= summer and rng.random() < STALE:
            deal.is_stale = True
