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
MIN_SCENARIOS, MAX_SCENARIOS = 100, 2_000
POOL = 200_000  # amounts of deals not born yet, drawn ahead
BATCH_CELLS = 1_000_000  # random numbers made at a time: small enough for the cache of a processor
EDGE = 1e-12


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
    first = 0
    for shock, runs in zip(shocks, runs_each, strict=True):
        amounts = _draw_amounts(deals, won_amounts, rng)
        limits = apply_shock(deals.chances, shock).astype(np.float32)
        for start in range(first, first + runs, step := max(1, BATCH_CELLS // n)):
            stop = min(start + step, first + runs)
            uniforms = rng.random((stop - start, n), dtype=np.float32)
            for quarter in range(quarters):
                totals[quarter, start:stop] = (uniforms < limits[quarter]).astype(np.float32) @ amounts
        first += runs
    return np.diff(totals, axis=0, prepend=0.0)


def _draw_amounts(deals: OpenDeals, won_amounts: Floats, rng: np.random.Generator) -> Any:
    """Draw for each deal what it would bring if it were won."""
    ratios = np.ones(len(deals.amounts))
    for number, past in enumerate(deals.ratio_sets):
        mine = deals.ratios == number
        ratios[mine] = rng.choice(past, mine.sum())
    amounts = deals.amounts * ratios
    is_unknown = np.isnan(amounts)
    if is_unknown.any():
        amounts[is_unknown] = rng.choice(won_amounts, is_unknown.sum()) if len(won_amounts) else 0.0
    return amounts.astype(np.float32)


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


def fit_shock(chances: Floats, won: int) -> tuple[float, float]:
    """Return the factor on the odds of all deals that makes as many wins expected as there were, and the variance of its log.

    One win is half a deal more or less certain: half a win and half a loss are added, so that none and all have a factor too.
    """
    spread = float((chances * (1.0 - chances)).sum())
    if spread < EDGE:
        return 1.0, np.inf
    target = (won + 0.5) / (len(chances) + 1.0)
    padded = np.append(chances, chances.mean())
    low, high = -12.0, 12.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if apply_shock(padded, np.exp(middle)).mean() < target else (low, middle)
    return float(np.exp((low + high) / 2)), 1.0 / spread


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
