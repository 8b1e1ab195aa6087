"""What open deals, and those not born yet, may bring by the end of each quarter: many runs of the same future. Pure.

In one run all deals share a shock on their odds: a good quarter is good for many deals at once, so that independent
deals would give an interval that is far too narrow. The seed comes from the data, so the same data give the same figures.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecast.outcomes.curves import Floats

RUNS = 10_000
CELLS = 4_000_000  # amounts drawn ahead, so that the draws of a large company stay below 20 MB
MIN_SCENARIOS, MAX_SCENARIOS = 100, 400  # each with a shock and amounts of its own
POOL = 200_000  # amounts of deals not born yet, drawn ahead
BATCH_CELLS = 1_000_000  # random numbers made at a time: small enough for the cache of a processor
EDGE = 1e-12
LARGEST_LOG = 4.0  # of a factor on the odds: beyond it a past quarter says only that the curves were useless


@dataclass(frozen=True)
class OpenDeals:
    """`chances`: P(won by the end of quarter q) in row q, cumulative; `amounts`: NaN where not known; `ratios`: of each
    deal's stage, the index into `ratio_sets` of past ratios of won amount to amount at that stage."""

    chances: Floats
    amounts: Floats
    ratios: Any
    ratio_sets: Sequence[Floats]


@dataclass(frozen=True)
class Births:
    """Deals not born yet: for each week to come the numbers of deals born in past weeks like it, and P(won by the end
    of quarter q) of a deal born in it, cumulative, in row q."""

    past_counts: Sequence[Floats]
    chances: Floats


@dataclass(frozen=True)
class Draws:
    """What each run brought in each quarter (rows), from open deals and from deals not born yet."""

    open: Floats
    unborn: Floats


def simulate_outcomes(
    deals: OpenDeals,
    births: Births,
    *,
    won_amounts: Floats,
    shocks: Sequence[float] = (1.0,),
    runs: int = RUNS,
    seed: int | None = None,
) -> Draws:
    """Return what the deals bring, run by run.

    `won_amounts` are what an unknown amount is drawn from; `shocks` are factors on the odds, each used in as many runs.
    """
    seed = (
        derive_seed(deals.chances, deals.amounts, births.chances, won_amounts, shocks, runs) if seed is None else seed
    )
    rng = np.random.default_rng(seed)
    n = deals.chances.shape[1]
    scenarios = min(int(np.clip(CELLS // max(n, 1), MIN_SCENARIOS, MAX_SCENARIOS)), runs)
    drawn_shocks = rng.permutation(np.resize(np.asarray(shocks, dtype=float), scenarios))
    scenario_of_run = np.arange(runs) * scenarios // runs
    opened = _simulate_open(deals, won_amounts, drawn_shocks, np.bincount(scenario_of_run, minlength=scenarios), rng)
    return Draws(opened, _simulate_births(births, won_amounts, drawn_shocks[scenario_of_run], rng))


def apply_shock(chances: Floats, factor: Any) -> Floats:
    """Multiply the odds of each chance."""
    return factor * chances / (1.0 - chances + factor * chances)


def derive_seed(*parts: Any) -> int:
    """Return a seed that is the same for the same data."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(np.ascontiguousarray(np.asarray(part, dtype=float)).tobytes())
    return int.from_bytes(digest.digest()[:8], "big")


def _simulate_open(
    deals: OpenDeals, won_amounts: Floats, shocks: Floats, runs_each: Any, rng: np.random.Generator
) -> Floats:
    quarters, n = deals.chances.shape
    totals = np.zeros((quarters, int(runs_each.sum())))
    if not n:
        return totals
    first, draw_amounts = 0, _AmountDraw(deals, won_amounts, rng)
    for shock, runs in zip(shocks, runs_each, strict=True):
        amounts = draw_amounts()
        limits = apply_shock(deals.chances, shock).astype(np.float32)
        for start in range(first, first + runs, step := max(1, BATCH_CELLS // n)):
            stop = min(start + step, first + runs)
            uniforms = rng.random((stop - start, n), dtype=np.float32)
            for quarter in range(quarters):
                # Not a product of matrices: the threads of BLAS wait for each other longer than this takes in all.
                totals[quarter, start:stop] = np.einsum("ij,j->i", uniforms < limits[quarter], amounts)
        first += runs
    return np.diff(totals, axis=0, prepend=0.0)


class _AmountDraw:
    """Draws for each deal what it would bring if it were won; what is the same each time is prepared once."""

    def __init__(self, deals: OpenDeals, won_amounts: Floats, rng: np.random.Generator) -> None:
        self.rng, self.won_amounts = rng, won_amounts
        self.amounts = deals.amounts.astype(np.float32)
        self.unknown = np.flatnonzero(np.isnan(deals.amounts))
        members = [np.flatnonzero(deals.ratios == number) for number in range(len(deals.ratio_sets))]
        # A stage whose amounts never changed needs no draw.
        self.sets = [
            (rows, past.astype(np.float32))
            for rows, past in zip(members, deals.ratio_sets, strict=True)
            if len(rows) and not np.all(past == 1.0)
        ]

    def __call__(self) -> Any:
        amounts = self.amounts.copy()
        for rows, past in self.sets:
            amounts[rows] *= past[self.rng.integers(0, len(past), len(rows))]
        if len(self.unknown):
            pool = self.won_amounts if len(self.won_amounts) else np.zeros(1)
            amounts[self.unknown] = pool[self.rng.integers(0, len(pool), len(self.unknown))]
        return amounts


def _simulate_births(births: Births, won_amounts: Floats, shocks: Floats, rng: np.random.Generator) -> Floats:
    quarters, weeks = births.chances.shape
    runs = len(shocks)
    won = np.zeros((quarters, runs), dtype=np.int64)
    if not weeks or not len(won_amounts):
        return np.zeros((quarters, runs))
    for week in range(weeks):
        remaining = rng.choice(births.past_counts[week], runs).astype(np.int64)
        before = np.zeros(runs)
        for quarter in range(quarters):
            chance = apply_shock(births.chances[quarter, week], shocks)
            now = np.clip((chance - before) / np.maximum(1.0 - before, EDGE), 0.0, 1.0)
            new = rng.binomial(remaining, now)
            won[quarter] += new
            remaining -= new
            before = chance
    # The sum of k amounts is a stretch of k in a long row of draws: as random as k draws, at the price of two look-ups.
    most = int(won.max(initial=0))
    row = np.concatenate([[0.0], np.cumsum(rng.choice(won_amounts, POOL + most))])
    starts = rng.integers(0, POOL, won.shape)
    return row[starts + won] - row[starts]


def expected_total(chances: Floats, amounts: Floats) -> tuple[float, float]:
    """Return the mean and the standard deviation of what independent deals bring."""
    variance = chances * (1.0 - chances) * amounts**2
    return float(np.dot(chances, amounts)), float(np.sqrt(variance.sum()))


def fit_shock(chances: Floats, amounts: Floats, brought: float) -> tuple[float, float]:
    """Return the factor on the odds of all deals with which as much is expected as came, and the variance of its log.

    Half a deal won and half a deal lost are added, so that a quarter that brought nothing, or all, has a factor too.
    """
    variance = float((chances * (1.0 - chances) * amounts**2).sum())
    slope = float((chances * (1.0 - chances) * amounts).sum())
    if slope < EDGE:
        return 1.0, np.inf
    mean = float(amounts.mean())
    goal = brought + mean / 2
    padded, values = np.append(chances, chances.mean()), np.append(amounts, mean)
    low, high = -LARGEST_LOG, LARGEST_LOG
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if apply_shock(padded, np.exp(middle)) @ values < goal else (low, middle)
    return float(np.exp((low + high) / 2)), variance / slope**2


def shrink_shocks(shocks: Sequence[tuple[float, float]]) -> list[float]:
    """Return past shocks without the part of their spread that independent chance explains, which each run draws anyway."""
    known = [(np.log(factor), noise) for factor, noise in shocks if np.isfinite(noise)]
    if not known:
        return [1.0]
    logs, noises = np.array([log for log, _ in known]), np.array([noise for _, noise in known])
    total = logs.var(ddof=1) if len(logs) > 1 else 0.0
    kept = max(0.0, 1.0 - noises.mean() / total) if total > 0 else 1.0
    centre = logs.mean()
    return [float(factor) for factor in np.exp(centre + np.sqrt(kept) * (logs - centre))]
