"""Deals: how they open, how they end, how long they take, and the stages in between."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from crm.models import Outcome
from revops.demo.days import DAY, Calendar, next_workday, quarter_end
from revops.demo.dice import draw_lognormal, draw_weighted
from revops.demo.firms import Firm
from revops.demo.prospects import Prospect, Run
from revops.demo.story import (
    BUYER_WINS,
    EXPANSION,
    HAS_BUYER,
    LAGGING,
    LAGGING_PACE,
    LAGGING_WINS,
    LOST,
    NEW,
    OPEN_STAGES,
    PACE,
    RENEWAL,
    UNDECIDED,
    WARES,
    WON,
    Ware,
)

DEPTH = {  # how far deals get that end so: weights of the open stages
    Outcome.LOST: (12, 26, 27, 26, 9),
    Outcome.NO_DECISION: (4, 18, 36, 36, 6),
}
ENDS = {Outcome.WON: WON, Outcome.LOST: LOST, Outcome.NO_DECISION: UNDECIDED}
NEVER = datetime.max.replace(tzinfo=UTC)
KIND_SIZE = {NEW: 1.0, EXPANSION: 1.05, RENEWAL: 1.15}
QUARTER_PULL, PULL_DAYS, JUST_AFTER = (
    0.55,
    30,
    18,
)  # share of wins brought forward into the last days of a near quarter end
RETURNS = 0.06  # share of deals that go back a stage once


@dataclass(eq=False)
class Deal:
    """An opportunity, told to its end whatever today is."""

    number: int
    kind: str
    firm: Firm
    source: str
    opened: datetime
    ware: Ware
    worth: float  # before all deals of a year are scaled to its sum
    has_buyer: bool
    run: Run | None = None
    prospect: Prospect | None = None
    outcome: str = Outcome.OPEN
    closed: datetime = NEVER
    amount: Decimal = Decimal(0)
    is_stale: bool = False  # no one works it and no one closes it
    path: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def first_contact(self) -> datetime:
        return self.prospect.created if self.prospect else self.opened

    @property
    def strength(self) -> float:
        """How likely it is won, beside others of its kind."""
        lag = LAGGING_WINS if self.firm.territory == LAGGING else 1.0
        wanted = (self.prospect.fit * self.prospect.heat) ** 0.5 if self.prospect else 1.0
        return lag * self.firm.rep.skill * self.firm.readiness * wanted * (BUYER_WINS if self.has_buyer else 1.0)


def open_deal(
    rng: Random, number: int, kind: str, firm: Firm, source: str, opened: datetime, offset: int, run: Run | None = None
) -> Deal:
    """Open a deal of a worth that fits the product, the firm and the campaign."""
    wares = [ware for ware in WARES if offset >= ware.from_year]
    ware = rng.choices(wares, [ware.weight for ware in wares])[0]
    scale = KIND_SIZE[kind] * (run.plan.size if run else 1.0)
    worth = ware.price * firm.size * scale * draw_lognormal(rng, 1.0, 0.5, 0.3, 4.0)
    return Deal(number, kind, firm, source, opened, ware, worth, rng.random() < HAS_BUYER, run)


def convert_lead(rng: Random, prospect: Prospect, number: int, calendar: Calendar) -> Deal:
    """Make an opportunity of a lead: days after the first answer, or months later out of nurture."""
    assert prospect.answered
    opened = calendar.later(prospect.answered, draw_lognormal(rng, 26, 0.9, 1, 300))
    if rng.random() < 0.12 and not prospect.run.plan.is_exact:
        opened = calendar.later(opened, rng.uniform(200, 650))
    prospect.converts = True
    run = prospect.run
    deal = open_deal(rng, number, NEW, prospect.firm, run.plan.source, opened, run.offset, run)
    deal.prospect = prospect
    return deal


def decide_outcomes(rng: Random, deals: list[Deal], won: float, undecided: float) -> None:
    """Decide how deals end: these shares of them are won and undecided, the stronger the likelier won."""
    winners = draw_weighted(rng, deals, lambda deal: deal.strength, round(len(deals) * won))
    rest = [deal for deal in deals if deal not in winners]
    stuck = draw_weighted(rng, rest, lambda deal: 0.6 if deal.has_buyer else 1.6, round(len(deals) * undecided))
    for deal in deals:
        deal.outcome = Outcome.WON if deal in winners else Outcome.NO_DECISION if deal in stuck else Outcome.LOST


def complete_deals(rng: Random, deals: Iterable[Deal], calendar: Calendar) -> None:
    """Give each deal its last day and the stages it goes through."""
    for deal in deals:
        deal.closed = _draw_close(rng, deal, calendar)
        deal.path = _draw_path(rng, deal, calendar)
        if deal.outcome == Outcome.WON:
            deal.firm.customer_since = deal.firm.customer_since or deal.closed.date()
        elif deal.kind == RENEWAL:
            deal.firm.left_on = deal.closed.date()


def _draw_close(rng: Random, deal: Deal, calendar: Calendar) -> datetime:
    pace = PACE[deal.kind, str(deal.outcome)]
    slower = LAGGING_PACE if deal.firm.territory == LAGGING else 1.0
    day = deal.opened.date() + timedelta(days=round(draw_lognormal(rng, pace.days * slower, pace.spread, 6, 420)))
    if deal.outcome == Outcome.WON:
        day = _pull_to_quarter_end(rng, day, deal.opened.date())
    if deal.run and deal.run.plan.is_exact:
        day = min(day, date(deal.run.year, 12, 12))  # these two campaigns end in their own year
    return max(calendar.sometime(rng, next_workday(day)), calendar.later(deal.opened, 8))


def _pull_to_quarter_end(rng: Random, day: date, opened: date) -> date:
    """Bring a win near the end of a quarter, or just after one, into the quarter's last days."""
    end = quarter_end(day - JUST_AFTER * DAY)
    if (end - day).days > PULL_DAYS or rng.random() > QUARTER_PULL:
        return day
    pulled = end - DAY * rng.randint(1, 8)
    return pulled if pulled > opened + 5 * DAY else day


def _draw_path(rng: Random, deal: Deal, calendar: Calendar) -> list[tuple[str, datetime]]:
    """Return the stages and when each was entered, in order of time, the first when the deal opened."""
    weights = DEPTH.get(Outcome(deal.outcome))
    depth = rng.choices(range(len(OPEN_STAGES)), weights)[0] if weights else len(OPEN_STAGES) - 1
    stages = list(OPEN_STAGES[: depth + 1])
    if depth > 1 and rng.random() < RETURNS:
        back = rng.randint(1, depth - 1)
        stages[back + 1 : back + 1] = [OPEN_STAGES[back + 1], OPEN_STAGES[back]]
    latest = deal.opened + (deal.closed - deal.opened) * 0.9
    moments = sorted(calendar.between(rng, deal.opened, latest) for _ in stages[1:])
    return [*zip(stages, [deal.opened, *moments], strict=True), (ENDS[Outcome(deal.outcome)], deal.closed)]
