"""When leads must come: the months of a goal, shifted back by the time that leads take to the win. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.periods import Period, month_end

CENT = Decimal("0.01")
OVER, RUNNING, AHEAD = "over", "running", "ahead"
Arrivals = Mapping[date, int]  # how many leads came to a stage on each day


@dataclass(frozen=True)
class Window:
    """The days on which leads must come to one stage for the revenue of one month, and how many came of those needed."""

    start: date
    end: date
    needed: float
    arrived: int
    needed_by_today: float  # of the days that are over, at an even pace
    state: str

    @property
    def days(self) -> Period:
        return Period(self.start, self.end)

    @property
    def missing(self) -> float:
        """How many more should have come by today; below zero, how many came beyond it."""
        return self.needed_by_today - self.arrived


@dataclass(frozen=True)
class Month:
    """A month of the goal, or the part of it inside: its revenue, and the window of each stage; the win last."""

    period: Period
    revenue: Decimal
    windows: tuple[Window, ...]


def split_months(start: date, end: date) -> list[Period]:
    """Return the calendar months between two days, the first and last as far as they are inside."""
    months = []
    while start <= end:
        last = min(month_end(start), end)
        months.append(Period(start, last))
        start = last + timedelta(days=1)
    return months


def share_amount(amount: Decimal, months: Sequence[Period]) -> list[Decimal]:
    """Share an amount out over months by their days, to the cent; the parts add up to it."""
    total = sum(month.days or 0 for month in months)
    shares, days, spent = [], 0, Decimal(0)
    for month in months:
        days += month.days or 0
        reached = (amount * days / total).quantize(CENT)
        shares.append(reached - spent)
        spent = reached
    return shares


def build_months(
    amount: Decimal, horizon: Period, needs: Sequence[float], lags: Sequence[int], arrivals: Sequence[Arrivals], today: date
) -> tuple[Month, ...]:  # fmt: skip
    """Share the goal and what each stage needs out over the months, each stage shifted back by its lag in days.

    Windows of one stage follow each other without a gap, so that a lead that came counts for one month.
    """
    assert horizon.start
    assert horizon.end
    months = split_months(horizon.start, horizon.end)
    total = sum(month.days or 0 for month in months)
    return tuple(
        Month(
            month, revenue,
            tuple(
                _build_window(month, need * (month.days or 0) / total, lag, arrived, today)
                for need, lag, arrived in zip(needs, lags, arrivals, strict=True)
            ),
        )
        for month, revenue in zip(months, share_amount(amount, months), strict=True)
    )  # fmt: skip


def _build_window(month: Period, needed: float, lag: int, arrivals: Arrivals, today: date) -> Window:
    assert month.start
    assert month.end
    start, end = month.start - timedelta(days=lag), month.end - timedelta(days=lag)
    over = max(0, (min(end, today) - start).days + 1)
    arrived = sum(arrivals.get(start + timedelta(days=day), 0) for day in range(over))
    state = OVER if end < today else RUNNING if start <= today else AHEAD
    return Window(start, end, needed, arrived, needed * over / ((end - start).days + 1), state)
