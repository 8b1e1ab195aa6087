"""What Sales and Marketing spend, month by month, and what Sales is asked to bring for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from core.periods import month_end
from crm.models import Spend
from revops.demo.book import Book
from revops.demo.days import next_workday, quarter_end
from revops.demo.dice import seeded_random
from revops.demo.firms import TERRITORY_WEIGHTS
from revops.demo.people import REPS
from revops.demo.prospects import Run
from revops.demo.scaling import distribute_total
from revops.demo.story import CURRENCY, YEARS

CENT, THOUSAND = Decimal("0.01"), Decimal(1000)
SALES, MARKETING = Spend.Side.SALES, Spend.Side.MARKETING
LEADS, SUPPORT = Spend.Category.LEAD_GENERATION, Spend.Category.SALES_SUPPORT
TOOLS, PEOPLE = Spend.Category.TECHNOLOGY, Spend.Category.PEOPLE
COMMISSION = 1.22  # salaries of Sales in the last month of a quarter, beside another month's


@dataclass(frozen=True)
class Line:
    """A line of spend before the year is scaled to its sum."""

    day: date
    side: str
    category: str
    weight: float
    description: str
    territory: str = ""
    run: Run | None = None


def write_spend(book: Book) -> None:
    for offset, year in YEARS.items():
        number = book.calendar.today.year + offset
        if number not in book.calendar.years:
            continue
        lines = sorted(_year_lines(book, number), key=lambda line: line.day)
        amounts = distribute_total([line.weight for line in lines], Decimal(year.spend), CENT)
        for line_number, (line, amount) in enumerate(zip(lines, amounts, strict=True), 1):
            if book.calendar.seen(line.day):
                _write_line(book, f"spend-{number}-{line_number:04}", line, amount)


def _write_line(book: Book, external_id: str, line: Line, amount: Decimal) -> None:
    campaign = book.campaign(line.run)
    vertical = line.run.plan.vertical if line.run else ""
    book.write(
        Spend, external_id, spent_on=line.day, side=line.side, category=line.category, amount=amount, currency=CURRENCY,
        campaign=campaign, territory=book.people.territories.get(line.territory), vertical=book.verticals.get(vertical),
        description=line.description, created_at=book.calendar.moment(line.day, 12),
    )  # fmt: skip
    if campaign:
        campaign.cost = (campaign.cost or Decimal(0)) + amount


def _year_lines(book: Book, year: int) -> Iterator[Line]:
    rng = seeded_random(f"spend {year - book.calendar.today.year}")
    for month in range(1, 13):
        yield from _running_costs(rng, date(year, month, 1))
    for run in book.world.runs:
        if run.year == year:
            yield from _campaign_lines(rng, run)


def _running_costs(rng: Random, first: date) -> Iterator[Line]:
    """Yield the month's salaries, tools, travel and training."""
    pay = next_workday(first.replace(day=25))
    commission = COMMISSION if month_end(first) == quarter_end(first) else 1.0
    for territory, share in _territory_shares().items():
        yield Line(
            pay,
            SALES,
            PEOPLE,
            _vary_amount(rng, 430_000 * share * commission, 0.02),
            "Salaries and commission",
            territory,
        )
        travel = _vary_amount(rng, 58_000 * share, 0.25)
        yield Line(next_workday(first.replace(day=18)), SALES, SUPPORT, travel, "Travel and customer visits", territory)
    yield Line(pay, MARKETING, PEOPLE, _vary_amount(rng, 118_000, 0.02), "Salaries")
    yield Line(pay, MARKETING, PEOPLE, _vary_amount(rng, 31_000, 0.02), "Salaries, Europe", "Europe")
    yield Line(next_workday(first.replace(day=4)), SALES, TOOLS, _vary_amount(rng, 34_000, 0.05), "CRM and sales tools")
    yield Line(
        next_workday(first.replace(day=4)), MARKETING, TOOLS, _vary_amount(rng, 31_000, 0.05), "Marketing automation"
    )
    yield Line(
        next_workday(first.replace(day=11)),
        SALES,
        SUPPORT,
        _vary_amount(rng, 16_000, 0.3),
        "Training and sales content",
    )
    yield Line(
        next_workday(first.replace(day=14)), MARKETING, SUPPORT, _vary_amount(rng, 9_000, 0.3), "Design and translation"
    )


def _territory_shares() -> dict[str, float]:
    """Return each territory's share of the sellers."""
    return {territory: sum(rep.territory == territory for rep in REPS) / len(REPS) for territory in TERRITORY_WEIGHTS}


def _vary_amount(rng: Random, amount: float, spread: float) -> float:
    return amount * max(0.2, rng.gauss(1, spread))


def _campaign_lines(rng: Random, run: Run) -> Iterator[Line]:
    """Yield what a campaign costs in each of its months; more at the start of a short one."""
    months = range(run.starts.month, run.ends.month + 1)
    weights = [1.0 if len(months) > 6 else 1.6 - step / len(months) for step in range(len(months))]
    for month, weight in zip(months, weights, strict=True):
        middle = next_workday(date(run.year, month, 12))
        day = min(max(middle, next_workday(run.starts)), date(run.year, 12, 30))
        cost = _vary_amount(rng, run.plan.cost * weight / sum(weights), 0.12)
        yield Line(day, MARKETING, LEADS, cost, run.plan.kind, run=run)
