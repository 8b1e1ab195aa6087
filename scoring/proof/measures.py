"""How well scores predicted which leads would be won: counts, shares and their intervals, in numpy alone.

Scores and outcomes are arrays of equal length, one place a lead; a higher score says “readier”. Shares are fractions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.intervals import wilson_interval

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ENOUGH = 120  # outcomes of the rarer kind below which nothing is claimed
DRAWS = 500
STEPS = 1_000  # distinct scores in the bootstrap: finer ones cost time and change the interval hardly at all
CURVE = 100  # points of a gains curve
WIDE = 20  # points from the lowest score to the highest, from which whole points are fine enough


@dataclass(frozen=True)
class Band:
    """Leads whose score lies from `low` up to, not including, `high`; the topmost holds its upper end too."""

    low: float
    high: float
    n: int
    won: int
    revenue: float
    base: float  # rate of all leads

    @property
    def rate(self) -> float | None:
        return self.won / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval (Wilson) of the rate."""
        return wilson_interval(self.won, self.n)

    @property
    def lift(self) -> float | None:
        """How many times the average this band is won."""
        return self.won / self.n / self.base if self.n and self.base else None


@dataclass(frozen=True)
class Gain:
    """The best-scored share of the leads holds this share of those won, and of the revenue."""

    leads: float
    won: float
    revenue: float | None = None


@dataclass(frozen=True)
class Reliability:
    """Leads of about the same predicted probability: what was predicted (`told`), and how many were won."""

    n: int
    told: float
    won: int

    @property
    def rate(self) -> float:
        return self.won / self.n

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.won, self.n)


@dataclass(frozen=True)
class AtThreshold:
    """Who lies over a threshold. Precision: how many of them were won. Recall: how many of the won they are."""

    threshold: float
    n: int
    over: int
    won: int
    all_won: int
    revenue: float
    all_revenue: float

    @property
    def precision(self) -> float | None:
        return self.won / self.over if self.over else None

    @property
    def precision_interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.won, self.over)

    @property
    def recall(self) -> float | None:
        return self.won / self.all_won if self.all_won else None

    @property
    def recall_interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.won, self.all_won)

    @property
    def revenue_captured(self) -> float | None:
        """The share of the revenue that leads over the threshold brought."""
        return self.revenue / self.all_revenue if self.all_revenue else None


def auc(scores: Floats, won: Flags) -> float | None:
    """Return the chance that a lead won outscored one not won; a tie counts half. None while one kind is missing."""
    good, bad = _count_levels(*_rank_levels(scores), won)
    return _auc_of_counts(good, bad)


def auc_interval(scores: Floats, won: Flags, seed: int = 0) -> tuple[float, float] | None:
    """Return the 95 % interval of the AUC by bootstrap, resampling the won and the others separately."""
    levels, places = _rank_levels(scores)
    good, bad = _count_levels(levels, places, won)
    exact = _auc_of_counts(good, bad)
    if levels > STEPS:
        good, bad = _count_levels(STEPS, places * STEPS // levels, won)
    coarse = _auc_of_counts(good, bad)
    if exact is None or coarse is None:
        return None
    chance = np.random.default_rng(seed)
    drawn_good = chance.multinomial(good.sum(), good / good.sum(), DRAWS)
    drawn_bad = chance.multinomial(bad.sum(), bad / bad.sum(), DRAWS)
    below = np.cumsum(drawn_bad, axis=1) - drawn_bad / 2
    areas = (drawn_good * below).sum(axis=1) / good.sum() / bad.sum() + (exact - coarse)
    low, high = np.quantile(areas, [0.025, 0.975])
    return max(0.0, min(exact, float(low))), min(1.0, max(exact, float(high)))


def _rank_levels(scores: Floats) -> tuple[int, npt.NDArray[np.int64]]:
    """Return how many different scores there are, and the rank of each lead's among them."""
    # Many leads have the same score, so hashing them is several times as fast as sorting them all.
    places, values = pd.factorize(np.asarray(scores, dtype=np.float64), sort=True, use_na_sentinel=False)
    return len(values), places.astype(np.int64)


def _count_levels(levels: int, places: npt.NDArray[np.int64], won: Flags) -> tuple[Floats, Floats]:
    """Return for each score, the lowest first, how many were won and how many not."""
    won = np.asarray(won, dtype=bool)
    return (
        np.bincount(places[won], minlength=levels).astype(float),
        np.bincount(places[~won], minlength=levels).astype(float),
    )


def _auc_of_counts(good: Floats, bad: Floats) -> float | None:
    if not good.sum() or not bad.sum():
        return None
    below = np.cumsum(bad) - bad / 2
    return float((good * below).sum() / good.sum() / bad.sum())


def decile_edges(scores: Floats, parts: int = 10) -> list[float]:
    """Return the edges that part leads into so many bands of about equal number; equal scores stay together.

    Where the best score is shared by many they are a band of their own, and the last two edges are the same.
    """
    if not len(scores):
        return []
    starts = np.quantile(scores, np.arange(parts) / parts, method="higher")
    return [*(float(edge) for edge in np.unique(starts)), float(np.max(scores))]


def round_edges(edges: Sequence[float]) -> list[float]:
    """Round the edges of bands to whole points, where points lie wide enough apart for that."""
    if not edges or edges[-1] - edges[0] < WIDE:
        return list(edges)
    return [*sorted({float(np.floor(edge)) for edge in edges[:-1]}), float(np.ceil(edges[-1]))]


def make_bands(
    scores: Floats, won: Flags, revenue: Floats | None = None, edges: Sequence[float] | None = None
) -> list[Band]:
    """Count the leads in each band, the lowest band first; tenths of the leads where no edges are given."""
    scores, won = np.asarray(scores, dtype=float), np.asarray(won, dtype=bool)
    bounds = list(decile_edges(scores) if edges is None else edges)
    if not len(scores) or not bounds:
        return []
    places = np.clip(np.searchsorted(bounds, scores, side="right") - 1, 0, len(bounds) - 2)
    amounts = np.zeros(len(scores)) if revenue is None else np.asarray(revenue, dtype=float)
    number, hits, money = (
        np.bincount(places, weights, len(bounds) - 1) for weights in (None, won.astype(float), amounts)
    )
    base = float(won.mean())
    return [
        Band(bounds[n], bounds[n + 1], int(number[n]), int(hits[n]), float(money[n]), base)
        for n in range(len(bounds) - 1)
    ]


def gains_curve(scores: Floats, won: Flags, revenue: Floats | None = None) -> list[Gain]:
    """Return what share of the won is found in the best-scored share of the leads, from none to all."""
    scores, won = np.asarray(scores, dtype=float), np.asarray(won, dtype=bool)
    if not len(scores) or not won.any():
        return []
    levels, places = _rank_levels(-scores)  # the best first
    ends = np.cumsum(np.bincount(places, minlength=levels))
    hits = np.cumsum(np.bincount(places[won], minlength=levels))
    amounts = None if revenue is None else np.bincount(places, np.asarray(revenue, dtype=float), levels)
    money = None if amounts is None or amounts.sum() <= 0 else np.cumsum(amounts) / amounts.sum()
    chosen = np.unique(np.searchsorted(ends, np.linspace(0, ends[-1], CURVE + 1)[1:]))
    points = [Gain(ends[n] / ends[-1], hits[n] / hits[-1], None if money is None else float(money[n])) for n in chosen]
    return [Gain(0.0, 0.0, None if money is None else 0.0), *points]


def brier_score(predicted: Floats, won: Flags) -> float:
    """Return the mean squared distance of probabilities from what came: 0 is perfect."""
    return float(np.mean((np.asarray(predicted, dtype=float) - np.asarray(won, dtype=float)) ** 2))


def reliability_parts(predicted: Floats, won: Flags, parts: int = 10) -> list[Reliability]:
    """Compare predicted probabilities with outcomes in parts of about equal number, the lowest probability first."""
    predicted, won = np.asarray(predicted, dtype=float), np.asarray(won, dtype=bool)
    bands = make_bands(
        predicted, won, predicted, decile_edges(predicted, parts)
    )  # the sums of the probabilities are passed as revenue
    return [Reliability(band.n, band.revenue / band.n, band.won) for band in bands if band.n]


def calibration_error(parts: Sequence[Reliability]) -> float | None:
    """Return the mean distance of predicted from observed rates, weighted by leads (ECE)."""
    n = sum(part.n for part in parts)
    return sum(part.n * abs(part.told - part.rate) for part in parts) / n if n else None


def precision_recall(scores: Floats, won: Flags, threshold: float, revenue: Floats | None = None) -> AtThreshold:
    """Count who is at the threshold or over it."""
    scores, won = np.asarray(scores, dtype=float), np.asarray(won, dtype=bool)
    over = scores >= threshold
    amounts = np.zeros(len(scores)) if revenue is None else np.asarray(revenue, dtype=float)
    return AtThreshold(
        float(threshold), len(scores), int(over.sum()), int((over & won).sum()), int(won.sum()),
        float(amounts[over].sum()), float(amounts.sum()),
    )  # fmt: skip


def find_falls(bands: Sequence[Band]) -> list[tuple[Band, Band]]:
    """Return the neighbours of which the higher-scored is won clearly more rarely: their intervals do not meet."""
    full = [band for band in bands if band.n]
    pairs = [(low, high, low.interval, high.interval) for low, high in pairwise(full)]
    return [(low, high) for low, high, under, over in pairs if under and over and over[1] < under[0]]


def is_monotone(bands: Sequence[Band]) -> bool:
    """Whether no band is won clearly more rarely than the one below it."""
    return not find_falls(bands)


def missing_outcomes(conversions: int) -> int:
    """Return how many conversions are still wanting before anything is claimed."""
    return max(0, ENOUGH - int(conversions))
