"""What late answers lost, split into the quality of the leads and the timing of the answer. Pure.

The rate of wins is split exactly over strata of score band and source (Kitagawa): quality is what is lost because late answers
went to other leads, timing what is lost at equal quality. Money is leads × difference of rates × average value of a customer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from core.decomposition import Group, decompose_rate

IN_TIME, LATE, NEVER = 0, 1, 2
DRAWS = 500
SEED = 20140301
COVERAGE = 0.95
FEWEST = 20  # leads on each side
FEWEST_WON = 5
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Leads:
    """One row for each lead handed over: its stratum, its company, how it was answered, whether it was won, and its revenue."""

    strata: npt.NDArray[np.int64]
    companies: npt.NDArray[np.int64]
    answers: npt.NDArray[np.int64]
    is_won: npt.NDArray[np.bool_]
    amounts: Sequence[Decimal | None]  # of those that were won; None where it is not known


@dataclass(frozen=True)
class Money:
    """An amount with its 95 % interval."""

    value: Decimal
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class LostValue:
    """What the leads that were answered late brought less than as many answered in time; quality + timing = total."""

    in_time: tuple[int, int]  # won, leads
    late: tuple[int, int]
    average: Decimal  # revenue per customer
    total: Money
    quality: Money
    timing: Money
    alone: int  # late leads of strata in which none was answered in time: they count as quality

    @property
    def timing_share(self) -> Decimal | None:
        return self.timing.value / self.total.value if self.total.value > 0 else None


def split_lost_value(leads: Leads, answer: int) -> LostValue | None:
    """Hold the leads answered so against those answered in time; None where either are too few."""
    chosen = (leads.answers == IN_TIME) | (leads.answers == answer)
    in_time, late = (
        (int(leads.is_won[leads.answers == kind].sum()), int((leads.answers == kind).sum()))
        for kind in (IN_TIME, answer)
    )
    known = [amount for amount, use in zip(leads.amounts, chosen, strict=True) if use and amount is not None]
    if min(in_time[1], late[1]) < FEWEST or in_time[0] < FEWEST_WON or not known:
        return None
    average = Fraction(sum(known)) / len(known)
    groups = count_groups(leads, answer)
    parts = decompose_rate(groups).values()
    scale = -late[1] * average
    total = _to_cents(scale * sum((part.total for part in parts), Fraction(0)))
    quality = _to_cents(scale * sum((part.mix for part in parts), Fraction(0)))
    draws = _resample(leads, answer, chosen)
    lost, by_quality, by_timing = (
        Money(value, *_interval(draws[:, index])) for index, value in enumerate((total, quality, total - quality))
    )
    alone = sum(int(group.after[1]) for group in groups.values() if not group.before[1])
    return LostValue(in_time, late, _to_cents(average), lost, by_quality, by_timing, alone)


def count_groups(leads: Leads, answer: int) -> Mapping[str, Group]:
    """Return won and all leads of each stratum, in time (before) and late (after)."""
    groups = {}
    for stratum in np.unique(leads.strata):
        sides = []
        for kind in (IN_TIME, answer):
            mine = (leads.strata == stratum) & (leads.answers == kind)
            sides.append((int(leads.is_won[mine].sum()), int(mine.sum())))
        groups[str(stratum)] = Group(sides[0], sides[1])
    return groups


def _to_cents(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(CENT)


def _resample(leads: Leads, answer: int, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return total, quality and timing of resampled companies."""
    strata = np.unique(leads.strata[chosen], return_inverse=True)[1]
    size = int(strata.max()) + 1
    companies, codes = np.unique(leads.companies[chosen], return_inverse=True)
    late, won = leads.answers[chosen] == answer, leads.is_won[chosen]
    amounts = np.array([np.nan if amount is None else float(amount) for amount in leads.amounts])[chosen]
    known = np.isfinite(amounts)
    dice = np.random.default_rng(SEED)
    rows = []
    for counts in dice.multinomial(len(companies), np.full(len(companies), 1 / len(companies)), size=DRAWS):
        weights = counts[codes].astype(float)
        n = [np.bincount(strata[side], weights[side], size).astype(float) for side in (~late, late)]
        x = [np.bincount(strata[side], (weights * won)[side], size).astype(float) for side in (~late, late)]
        if not (n[0].sum() and n[1].sum() and weights[known].sum()):
            continue
        average = (weights[known] * amounts[known]).sum() / weights[known].sum()
        mix, rate = _split(n, x)
        rows.append([-n[1].sum() * average * part for part in (mix + rate, mix, rate)])
    return np.array(rows).reshape(-1, 3)


def _split(n: list[npt.NDArray[np.float64]], x: list[npt.NDArray[np.float64]]) -> tuple[float, float]:
    """Return mix and rate, as `decompose_rate` defines them, for sums that are no whole numbers."""
    rates = [np.divide(x[side], n[side], out=np.full(len(n[side]), np.nan), where=n[side] > 0) for side in (0, 1)]
    before = np.nan_to_num(np.where(np.isnan(rates[0]), rates[1], rates[0]))
    after = np.nan_to_num(np.where(np.isnan(rates[1]), rates[0], rates[1]))
    shares = [n[side] / n[side].sum() for side in (0, 1)]
    middle = (x[0].sum() / n[0].sum() + x[1].sum() / n[1].sum()) / 2
    rate = ((shares[0] + shares[1]) / 2 * (after - before)).sum()
    mix = ((shares[1] - shares[0]) * ((before + after) / 2 - middle)).sum()
    return float(mix), float(rate)


def _interval(draws: npt.NDArray[np.float64]) -> tuple[float | None, float | None]:
    if not len(draws):
        return None, None
    low, high = np.quantile(draws, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)
