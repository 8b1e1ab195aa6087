"""Leads as they come in: from which campaign, who they are, and how Sales answered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from revops.demo.days import Calendar, seasonal_days
from revops.demo.dice import draw_lognormal, seeded_random
from revops.demo.firms import Firm
from revops.demo.names import TITLES, USER, FictionalPerson
from revops.demo.people import GONE, Rep
from revops.demo.story import YEARS, Plan

FAVOURED = 0.7  # share of a campaign's leads that are of its persona
NOISY = (8, 9, 10)  # months of the last full year in which a broken form counted what no one did
EAGER = {True: (28, 27, 22, 14, 9), False: (55, 30, 11, 3, 1)}  # how often 0 to 4 further steps, handed over or not
HEAT = (0.45, 0.8, 1.5, 2.7, 4.2)  # how many times likelier to buy, by those steps
DECIDES = {USER: 0.5}  # by persona
TURNED_AWAY, UNFIT = 0.55, 0.9  # share of the leads answered in vain that Sales turns away at the first look
AWAY = 0.4  # share of the territory's leads that still went to the queue of the rep who had left
UNLOVED = {"Content syndication": 0.6}  # sources that reps answer less


@dataclass(frozen=True)
class Run:
    """A campaign in one year."""

    plan: Plan
    year: int
    offset: int

    @property
    def starts(self) -> date:
        return date(self.year, *self.plan.starts)

    @property
    def ends(self) -> date:
        return date(self.year, *self.plan.ends)

    @property
    def leads(self) -> int:
        return self.plan.leads if self.plan.is_exact else round(self.plan.leads * YEARS[self.offset].leads)


@dataclass(eq=False)
class Prospect:
    """A lead: who, from where, whose, and when it was first answered (None: never)."""

    number: int
    run: Run
    firm: Firm
    who: FictionalPerson
    created: datetime
    rep: Rep | None
    answered: datetime | None
    eagerness: int = 0  # steps on its first visit after the one that brought it in
    is_turned_away: bool = False  # at the first look of Sales, should it not convert
    converts: bool = False

    @property
    def is_noise(self) -> bool:
        """Whether what it did on its first visit says nothing about it."""
        return self.run.plan.is_hollow or (self.run.offset == -1 and self.created.month in NOISY)

    @property
    def fit(self) -> float:
        """How well the firm and the person fit what is sold, beside others."""
        size = 0.6 if self.firm.employees < 250 else 1.0 if self.firm.employees < 1000 else 1.5
        return size * DECIDES.get(self.who.persona, 1.2)

    @property
    def heat(self) -> float:
        return 1.0 if self.is_noise else HEAT[self.eagerness]

    @property
    def delay(self) -> timedelta | None:
        return self.answered - self.created if self.answered else None

    @property
    def promise(self) -> float:
        """How likely it becomes an opportunity, beside the other leads of its campaign."""
        if self.delay is None or self.rep is None:
            return 0.0
        prompt = 1.7 if self.delay < timedelta(hours=26) else 1.0 if self.delay < timedelta(days=4) else 0.4
        return prompt * self.rep.skill * self.firm.readiness * self.fit * self.heat


def generate_leads(run: Run, firms: list[Firm], calendar: Calendar, number: int) -> list[Prospect]:
    """Bring in the leads of a campaign, numbered from `number` on."""
    rng = seeded_random(f"leads {run.plan.key} {run.offset}")
    market = [firm for firm in firms if not firm.customer_since and run.plan.vertical in ("", firm.vertical)]
    days = seasonal_days(rng, run.starts, run.ends, run.leads)
    return [
        _build_prospect(rng, run, rng.choice(market), day, calendar, number + index) for index, day in enumerate(days)
    ]


def _build_prospect(rng: Random, run: Run, firm: Firm, day: date, calendar: Calendar, number: int) -> Prospect:
    created = calendar.sometime(rng, day)
    rep = _assign_rep(rng, firm, day, calendar) if rng.random() < _handover_share(run.plan) else None
    answered = _draw_answer(rng, rep, run.plan, created, calendar)
    prospect = Prospect(number, run, firm, firm.person(rng, _draw_persona(rng, run.plan)), created, rep, answered)
    _draw_interest(prospect)
    return prospect


def _draw_interest(prospect: Prospect) -> None:
    """Let it show how much it wants, and Sales take it for what it seems."""
    rng = seeded_random(f"interest {prospect.number}")
    steps = EAGER[prospect.rep is not None]
    weights = steps[::-1] if prospect.rep and prospect.is_noise else steps
    prospect.eagerness = rng.choices(range(len(steps)), weights)[0]
    away = UNFIT if prospect.who.persona == USER else TURNED_AWAY / max(0.5, prospect.fit)
    prospect.is_turned_away = rng.random() < away


def _handover_share(plan: Plan) -> float:
    """Return the share of a campaign's leads that is handed over to Sales."""
    return min(0.95, 0.42 + plan.converted)


def _draw_persona(rng: Random, plan: Plan) -> str:
    return plan.persona if plan.persona and rng.random() < FAVOURED else rng.choice(list(TITLES))


def _assign_rep(rng: Random, firm: Firm, day: date, calendar: Calendar) -> Rep:
    """Return whose queue the lead lands in: the firm's rep's, or, by a rule that was not corrected, that of one who left."""
    last_year = calendar.today.year - 1
    forgotten = firm.territory == GONE.territory and date(last_year, 4, 1) <= day <= date(last_year, 11, 30)
    return GONE if forgotten and rng.random() < AWAY else firm.rep


def _draw_answer(rng: Random, rep: Rep | None, plan: Plan, created: datetime, calendar: Calendar) -> datetime | None:
    if rep is None or rng.random() > rep.follow_up * UNLOVED.get(plan.source, 1.0):
        return None
    return calendar.later(created, draw_lognormal(rng, rep.hours, 0.9, 0.1, 250))
