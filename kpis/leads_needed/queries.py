"""Read from the facts how far leads came, how long they took to the win, what they brought, and how many come."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis

from attribution.campaigns.queries import as_decimal, with_home_amount
from attribution.portfolio.queries import list_stages_to_win
from core.periods import Period
from facts.engine import Facts
from facts.result_cache import cached_answer
from funnel import dimensions
from funnel.definitions import in_force
from funnel.lead_table import LeadTable
from funnel.patterns import Question
from funnel.stages.drafts import Funnel, Stage
from kpis.dimensions import ICP_PLACES
from kpis.leads_needed.chain import FEWEST_WON, Chain, Cohort
from kpis.leads_needed.question import ICP
from team.models import Company, User

CACHE_VERSION = "1"  # raise it when a remembered answer would mean something else
YEAR = 365
LONGEST_YEARS = 3
ENOUGH_WON = 30  # a cohort of fewer wins is made longer
MATURES_SHARE = 0.9  # of wins that come within the days after which a lead is old enough
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Lag:
    """Calendar days from a stage to the win, of the leads won in the last year whose entries are dated."""

    n: int
    q1: float
    median: float
    q3: float


@dataclass(frozen=True)
class PartCounts:
    """One value of the breakdown: how many leads came at least as far as each stage, and what its customers brought."""

    key: str
    label: str
    counts: tuple[int, ...]
    won_amount: Decimal
    customers: int  # whose deals have an amount in the company's currency


@dataclass(frozen=True)
class NeedData:
    """What the facts say; `stages` are those of the main way up to the win."""

    stages: tuple[Stage, ...]
    cohort: Cohort | None  # None: no lead was won in the last year, or none came that is old enough
    chain: Chain | None
    parts: tuple[PartCounts, ...]
    lags: tuple[Lag | None, ...]
    arrivals: tuple[dict[date, int], ...]
    won_last_year: Decimal
    won_of_leads: Decimal
    left_out: int  # won deals without an amount, or in a currency that is not converted
    without_amount: int  # customers of the cohort without one
    currency: str
    as_of: Any

    @property
    def share_of_leads(self) -> Decimal | None:
        """What part of the won revenue of the last year came from leads."""
        return self.won_of_leads / self.won_last_year if self.won_last_year else None


def read_data(user: User, facts: Facts, by: str, today: date, since: date) -> NeedData:
    """Return the data of a reader who may read every buyer, with arrivals since a day."""
    company, funnel = Company.get(), in_force(user)
    return cached_answer(
        _address(facts, company, funnel, by, today, since),
        lambda: compute_data(facts, company, funnel, by, today, since),
    )


def _address(facts: Facts, company: Company, funnel: Funnel, by: str, today: date, since: date) -> str:
    snapshot = facts.snapshot
    if snapshot is None:
        return ""
    stages = [(stage.key, stage.name, stage.side, stage.standing, stage.dated_by) for stage in funnel.stages]
    state = (
        CACHE_VERSION, snapshot.pk, snapshot.taken_at.isoformat(), company.currency, company.foreign_amounts,
        company.time_zone, stages, by, str(today), str(since),
    )  # fmt: skip
    return "leads-needed:" + hashlib.sha256(repr(state).encode()).hexdigest()


def compute_data(facts: Any, company: Company, funnel: Funnel, by: str, today: date, since: date) -> NeedData:
    """Ask the facts; nothing is remembered."""
    stages = tuple(list_stages_to_win(funnel))
    table = LeadTable(facts, funnel, Question(Period(None, None)))
    reading = _Reading(facts, company, stages, table.leads, today)
    lags, matures_days = reading.lags()
    deals = reading.won_deals()
    won_last_year, won_of_leads, left_out = reading.sum_won(deals)
    cohort = chain = None
    parts: tuple[PartCounts, ...] = ()
    without_amount = 0
    if matures_days is not None:
        cohort, parts, amounts = reading.choose_cohort(deals, by, matures_days)
        counts = tuple(sum(part.counts[index] for part in parts) for index in range(len(stages)))
        chain = Chain(counts, amounts)
        without_amount = chain.won - len(amounts)
    first = min(since, today - timedelta(days=YEAR - 1))
    return NeedData(
        stages, cohort, chain, parts, lags, reading.arrivals(first), won_last_year, won_of_leads, left_out, without_amount,
        company.currency, facts.as_of,
    )  # fmt: skip


@dataclass(frozen=True)
class _Reading:
    """The leads of the funnel, one row each, and the questions asked of them."""

    facts: Any
    company: Company
    stages: Sequence[Stage]
    leads: Any
    today: date

    @property
    def win(self) -> int:
        return len(self.stages) - 1

    def _days(self, rows: Any, index: int) -> Any:
        """The known day on which a lead came to a stage; to the first one, the day it came at all."""
        return rows.came_day if index == 0 else rows[f"day_{self.stages[index].key}"]

    def lags(self) -> tuple[tuple[Lag | None, ...], int | None]:
        """Return the days from each stage to the win, and after how many days nine of ten wins had come."""
        rows = self.leads
        won_on = self._days(rows, self.win)
        rows = rows.filter((won_on > self.today - timedelta(days=YEAR)) & (won_on <= self.today))
        figures: dict[str, Any] = {}
        for index in range(self.win):
            days = self._days(rows, self.win).delta(self._days(rows, index), unit="day")
            days = (days >= 0).ifelse(days, ibis.null("int64")).cast("float64")
            figures |= {f"q{int(share * 100)}_{index}": days.quantile(share) for share in (*QUARTERS, MATURES_SHARE)}
            figures[f"n_{index}"] = days.count()
        row = self.facts.execute(rows.aggregate(**figures)).iloc[0]
        lags: list[Lag | None] = [
            Lag(int(row[f"n_{index}"]), *(float(row[f"q{int(share * 100)}_{index}"]) for share in QUARTERS))
            if row[f"n_{index}"] else None
            for index in range(self.win)
        ]  # fmt: skip
        matures = int(-(-row[f"q{int(MATURES_SHARE * 100)}_0"] // 1)) if row["n_0"] else None
        return (*lags, Lag(0, 0.0, 0.0, 0.0)), matures

    def won_deals(self) -> Any:
        """Won deals with their lead, day and amount in the company's currency; NULL where it is not known."""
        deals = self.facts.table("opportunities")
        won = deals.filter(deals.outcome == "won")
        rows = with_home_amount(self.facts, "opportunities", won, self.company)
        known = rows.amount.notnull().ifelse(rows.home_amount, None)
        return rows.select("lead_id", on=ibis.coalesce(rows.closed_on, rows.closed_at.date()), known_amount=known)

    def sum_won(self, deals: Any) -> tuple[Decimal, Decimal, int]:
        """Return what was won in the last year, what of it came from leads, and how many deals have no known amount."""
        rows = deals.filter((deals.on > self.today - timedelta(days=YEAR)) & (deals.on <= self.today))
        row = self.facts.execute(rows.aggregate(
            won=rows.known_amount.sum(), of_leads=rows.known_amount.sum(where=rows.lead_id.notnull()),
            unknown=rows.known_amount.isnull().cast("int64").sum(),
        )).iloc[0]  # fmt: skip
        return as_decimal(row["won"]), as_decimal(row["of_leads"]), int(row["unknown"] or 0)

    def choose_cohort(
        self, deals: Any, by: str, matures_days: int
    ) -> tuple[Cohort, tuple[PartCounts, ...], tuple[float, ...]]:
        """Return the leads of one year that are old enough; of up to three years where fewer were won."""
        end = self.today - timedelta(days=matures_days + 1)
        for years in range(1, LONGEST_YEARS + 1):
            period = Period(end - timedelta(days=YEAR * years - 1), end)
            parts, amounts = self._read_cohort(deals, by, period)
            if sum(part.counts[self.win] for part in parts) >= ENOUGH_WON:
                break
        return Cohort(period, matures_days), parts, amounts

    def _read_cohort(self, deals: Any, by: str, period: Period) -> tuple[tuple[PartCounts, ...], tuple[float, ...]]:
        rows = self.leads
        rows = rows.filter((rows.came_on >= period.start) & (rows.came_on <= period.end))
        cut = self._cut(by)
        rows = rows.left_join(cut, rows.lead == cut.cut_lead).drop("cut_lead")
        of_leads = deals.filter(deals.lead_id.notnull() & deals.known_amount.notnull())
        brought = of_leads.group_by(of="lead_id").aggregate(brought=of_leads.known_amount.sum())
        rows = rows.left_join(brought, rows.lead == brought.of).drop("of")
        is_won = rows.reached >= (1 << self.win)
        rows = rows.mutate(cut=rows.cut.fill_null(dimensions.BLANK), brought=is_won.ifelse(rows.brought, None))
        counts = {f"n_{index}": (rows.reached >= (1 << index)).cast("int64").sum() for index in range(len(self.stages))}
        sums = rows.group_by("cut").aggregate(**counts, won_amount=rows.brought.sum(), customers=rows.brought.count())
        frame = self.facts.execute(sums.order_by([sums.n_0.desc(), sums.cut]))
        keys = [str(key) for key in frame["cut"]]
        names = dict(ICP_PLACES) if by == ICP else dimensions.value_names(self.facts, by, keys)
        parts = tuple(
            PartCounts(
                str(row["cut"]), names.get(str(row["cut"]), str(row["cut"])),
                tuple(int(row[name]) for name in counts), as_decimal(row["won_amount"]), int(row["customers"]),
            )
            for row in frame.to_dict("records")
        )  # fmt: skip
        known = rows.filter(rows.brought.notnull())
        amounts = self.facts.execute(known.select(amount=known.brought.cast("float64"), lead="lead").order_by("lead"))
        return parts, tuple(float(amount) for amount in amounts["amount"])

    def _cut(self, by: str) -> Any:
        """Return each lead with its value of the breakdown; a lead that the profile places nowhere is in none."""
        if by != ICP:
            return dimensions.with_cut(self.facts, self.facts.table("leads"), by)
        places = self.facts.table("icp_places")
        return places.filter(places.lead_id.notnull()).select(cut_lead="lead_id", cut="place")

    def arrivals(self, since: date) -> tuple[dict[date, int], ...]:
        """Return how many leads came at least as far as each stage, by the day of the first such entry."""
        rows, pieces = self.leads, []
        for index in range(len(self.stages)):
            days = [rows[f"on_{stage.key}"] for stage in self.stages[index:]]
            day = ibis.least(*days) if len(days) > 1 else days[0]
            pieces.append(rows.select(stage=ibis.literal(index), day=day))
        entries = ibis.union(*pieces)
        entries = entries.filter((entries.day >= since) & (entries.day <= self.today))
        counts: tuple[dict[date, int], ...] = tuple({} for _ in self.stages)
        for row in self.facts.execute(entries.group_by("stage", "day").aggregate(n=entries.count())).itertuples():
            day = row.day.date() if hasattr(row.day, "date") else row.day
            counts[int(row.stage)][day] = int(row.n)
        return counts


def has_enough(data: NeedData) -> bool:
    return bool(data.chain and data.chain.won >= FEWEST_WON and data.chain.value > 0)
