"""Quotas: what each rep is asked for, beside the potential of the territory, and how the year's second wording raised them."""

from datetime import date
from decimal import Decimal

from crm.models import Quota
from revops.demo.book import Book
from revops.demo.days import quarter_end
from revops.demo.firms import TERRITORY_WEIGHTS
from revops.demo.people import REPS, Rep
from revops.demo.scaling import distribute_total
from revops.demo.story import CURRENCY, LAGGING, YEARS

CENT, THOUSAND = Decimal("0.01"), Decimal(1000)
RAISED_YEAR, RAISED_QUARTERS, RAISE = -1, (3, 4), Decimal("1.1")  # the lagging territory was asked for more in mid-year


def write_quotas(book: Book) -> None:
    """Ask each rep for a share of each year: by quarter for volume, by year for growth and new products."""
    for offset, year in YEARS.items():
        number = book.calendar.today.year + offset
        if number in book.calendar.years:
            for rep, (quota, potential) in _quotas_by_rep(year.revenue).items():
                _write_year(book, rep, number, quota, potential, is_raised=offset == RAISED_YEAR)


def _quotas_by_rep(revenue: int) -> dict[Rep, tuple[Decimal, Decimal]]:
    """Return quota and potential of each rep: the quotas follow the potential only half the way, so some are unfair."""
    potential = {rep: _rep_potential(rep) for rep in REPS}
    total = (Decimal(revenue) * Decimal("1.08")).quantize(THOUSAND) // THOUSAND * THOUSAND
    quotas = distribute_total([weight**0.4 for weight in potential.values()], total, THOUSAND)
    fair = distribute_total(list(potential.values()), total, THOUSAND)
    return {rep: (quota, potential_quota) for rep, quota, potential_quota in zip(REPS, quotas, fair, strict=True)}


def _rep_potential(rep: Rep) -> float:
    shares = sum(other.share for other in REPS if other.territory == rep.territory)
    lag = 0.6 if rep.territory == LAGGING else 1.0
    return TERRITORY_WEIGHTS[rep.territory] * rep.share / shares * lag


def _write_year(book: Book, rep: Rep, year: int, quota: Decimal, potential: Decimal, *, is_raised: bool) -> None:
    for quarter, share in enumerate(("0.21", "0.24", "0.24", "0.31"), 1):
        start = date(year, 3 * quarter - 2, 1)
        days, part = (start, quarter_end(start)), Decimal(share)
        _write_quota(book, rep, "Volume", f"q{quarter}", days, quota, potential, part)
        if is_raised and rep.territory == LAGGING and quarter in RAISED_QUARTERS:
            _write_quota(book, rep, "Volume", f"q{quarter}-raised", days, quota * RAISE, potential, part, version=2)
    whole = (date(year, 1, 1), date(year, 12, 31))
    _write_quota(book, rep, "Growth", "growth", whole, quota, potential, Decimal("0.3"))
    _write_quota(book, rep, "New products", "new", whole, quota, potential, Decimal("0.12"))


def _write_quota(
    book: Book, rep: Rep, category: str, part: str, days: tuple[date, date], quota: Decimal, potential: Decimal,
    share: Decimal, version: int = 1,
) -> None:  # fmt: skip
    book.write(
        Quota, f"quota-{rep.key}-{days[0].year}-{part}", owner=book.people.owners[rep.key], category=category,
        version=f"{days[0].year}.{version}", starts_on=days[0], ends_on=days[1], amount=(quota * share).quantize(CENT),
        potential=(potential * share).quantize(CENT), currency=CURRENCY,
    )  # fmt: skip
