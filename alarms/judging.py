"""Judge a series of finished buckets: what is usual, what it is now, and how likely chance alone is that bad. Pure.

A p-value is the share of simulated histories without any change that look at least as bad as the one that was seen.
The simulation knows how uncertain the usual rate itself is, and how much more the weeks differ than chance would have
them; a table of the normal distribution knows neither, and raises false alarms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

import numpy as np

from alarms.rules import (
    BASELINE_WEEKS,
    MINIMUM_WEEKS,
    STRICTNESS,
    WATCHED_WEEKS,
    Direction,
    DriftRule,
    Floors,
    LevelRule,
    RateRule,
    Strictness,
)
from alarms.statistics import NORMAL_MAD, RateCusum, rate_limits
from core.intervals import newcombe_interval

SEED = 20240229  # the same series is judged the same way every night
DRAWS = (500, 4_000, 20_000)  # of histories without a change; more where chance is unlikely to have done it
ENOUGH = (0.15, 0.02)  # a p-value above needs no more draws
SLACK = 0.5  # of a CUSUM: half of the shift that matters, in standard deviations
LEVEL_WEEKS = 8
MINIMUM_LEVEL_WEEKS = 6
MINIMUM_A_DAY = 4  # with fewer a day the roots of counts vary in another way
Family = Literal["week", "day"]  # how often a test is made


@dataclass(frozen=True)
class Point:
    """A finished bucket. Of a rate `hits` of `n`; of other metrics the value, made of `n` records."""

    start: date
    end: date
    n: int
    value: float | None = None
    hits: int = 0


@dataclass(frozen=True)
class Judgement:
    """How a detector judges a metric as of a bucket.

    Attributes:
        bucket: the last day that was judged; None without data.
        value, expected: now and usually; of a limit `expected` is the limit.
        since: the first day of the change, as the test sees it.
        n, expected_n: the records that both are made of.
        hits, expected_hits: of rates, so that their difference has an interval.
        p_value: of a test; None of a limit.
        is_bad: past the limit, or worse than usual by floors and interval; a test has yet to pass the budget.
        is_calm: back inside, by half of what makes a change for a test.
        reason: why there is no data.
    """

    bucket: date | None = None
    value: float | None = None
    expected: float | None = None
    since: date | None = None
    n: int = 0
    expected_n: int = 0
    hits: int | None = None
    expected_hits: int | None = None
    p_value: float | None = None
    is_bad: bool = False
    is_calm: bool = True
    reason: str = ""

    @property
    def has_data(self) -> bool:
        return self.bucket is not None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of value − expected, for rates."""
        if self.hits is None or self.expected_hits is None:
            return None
        return newcombe_interval((self.hits, self.n), (self.expected_hits, self.expected_n))


def judge_limit(
    value: float | None, n: int, limit: float, *, bad: Direction, minimum_n: int, bucket: date
) -> Judgement:
    """Judge a value against a limit that was set. It is met by a value that equals it."""
    if value is None or n < minimum_n:
        return Judgement(reason=f"Too few records to judge: {n} of at least {minimum_n}.", n=n)
    is_bad = value > limit if bad == "up" else value < limit
    return Judgement(bucket, value, limit, n=n, is_bad=is_bad, is_calm=not is_bad)


def judge_count(count: int, bucket: date) -> Judgement:
    """Judge a count of something of which there should be none."""
    return Judgement(bucket, float(count), 0.0, n=count, is_bad=count > 0, is_calm=count == 0)


@dataclass(frozen=True)
class _Split:
    """The weeks that say what is usual, and those in which a change is looked for."""

    baseline: Sequence[Point]
    watched: Sequence[Point]


def _split(points: Sequence[Point], minimum: int) -> _Split | str:
    """Split the series, or say why it is too short."""
    watched = points[-WATCHED_WEEKS:]
    baseline = points[-WATCHED_WEEKS - BASELINE_WEEKS : -WATCHED_WEEKS]
    if len(baseline) < MINIMUM_WEEKS:
        return f"Too short a history: {len(points)} finished weeks of at least {WATCHED_WEEKS + MINIMUM_WEEKS}."
    if sum(point.n for point in baseline) < 2 * minimum:
        return f"Too few records before: {sum(point.n for point in baseline)} of at least {2 * minimum}."
    return _Split(baseline, watched)


def judge_rate(points: Sequence[Point], rule: RateRule, strictness: Strictness = "normal") -> Judgement:
    """Judge weekly cohorts of a rate by a CUSUM of log-likelihoods against its history without a change.

    Args:
        points: finished and mature weeks, the earliest first, weeks without cases included.
    """
    factor, floor_factor = STRICTNESS[strictness]
    floors, split = rule.floors.multiply(floor_factor), _split(points, rule.floors.minimum_n)
    if isinstance(split, str):
        return Judgement(reason=split)
    hits, n = sum(point.hits for point in split.baseline), sum(point.n for point in split.baseline)
    usual = (hits + 0.5) / (n + 1)
    changed = min(usual * (1 + rule.shift), (1 + usual) / 2) if rule.bad == "up" else usual * (1 - rule.shift)
    chart = RateCusum(usual, changed)
    sums = list(chart.sums([(point.hits, point.n) for point in split.watched]))
    recent = split.watched[_change_begins(sums) :]
    size = sum(point.n for point in recent)
    if size < floors.minimum_n:  # too few since the change: the whole of what is watched is judged
        recent, size = split.watched, sum(point.n for point in split.watched)
    if size < floors.minimum_n:
        reason = f"Too few records in {WATCHED_WEEKS} weeks: {size} of at least {floors.minimum_n}."
        return Judgement(reason=reason, n=size)
    worked = sum(point.hits for point in recent)
    p_value = min(1.0, factor * _rate_p_value(sums[-1], chart, split, hits, n))
    value, expected = worked / size, hits / n
    judged = Judgement(
        bucket=split.watched[-1].end, value=value, expected=expected, since=recent[0].start, n=size, expected_n=n,
        hits=worked, expected_hits=hits, p_value=p_value,
    )  # fmt: skip
    return _with_floors(judged, floors, rule.bad, _is_whole_interval_bad(judged.interval, rule.bad))


def _change_begins(sums: Sequence[float]) -> int:
    """Return the position after the last one at which nothing spoke for a change."""
    return max((position + 1 for position, total in enumerate(sums) if total == 0), default=0) % len(sums)


def _is_whole_interval_bad(interval: tuple[float, float] | None, bad: Direction) -> bool:
    if interval is None:
        return False
    return interval[0] > 0 if bad == "up" else interval[1] < 0


def _with_floors(judged: Judgement, floors: Floors, bad: Direction, is_certain: bool) -> Judgement:
    assert judged.value is not None
    assert judged.expected is not None
    is_bad = is_certain and floors.are_passed(judged.value, judged.expected, bad)
    is_calm = floors.is_inside_half(judged.value, judged.expected, bad)
    return Judgement(**{**judged.__dict__, "is_bad": is_bad, "is_calm": is_calm})


def _rate_p_value(seen: float, chart: RateCusum, split: _Split, hits: int, n: int) -> float:
    weeks = rate_limits([(point.hits, point.n) for point in split.baseline])
    excess = max(1.0, weeks.dispersion**2) if weeks else 1.0
    sizes = np.array([point.n for point in split.watched])

    def simulate(draws: int, random: np.random.Generator) -> np.ndarray:
        rates = random.beta((hits + 0.5) / excess, (n - hits + 0.5) / excess, draws)
        totals = np.zeros(draws)
        for size in sizes:
            week_rates = _spread_rates(rates, excess, float(sizes.mean()), random)
            worked = random.binomial(size, week_rates)
            totals = np.maximum(0.0, totals + chart.step(worked, size))
        return totals

    return _simulate_p_value(seen, simulate)


def _spread_rates(rates: np.ndarray, excess: float, mean_size: float, random: np.random.Generator) -> np.ndarray:
    """Let the rates of a week differ between histories by more than chance, as those of the baseline did."""
    if excess <= 1.0 or mean_size <= 1.5:
        return rates
    correlation = min((excess - 1) / (mean_size - 1), 0.5)
    strength = (1 - correlation) / correlation
    safe = np.clip(rates, 1e-9, 1 - 1e-9)
    return random.beta(safe * strength, (1 - safe) * strength)


def _simulate_p_value(seen: float, simulate: Callable[[int, np.random.Generator], np.ndarray]) -> float:
    """Return the share of histories without a change that are at least as bad, drawn in stages."""
    if seen <= 0:
        return 1.0
    random, drawn, worse, p_value = np.random.default_rng(SEED), 0, 0, 1.0
    for stage, draws in enumerate(DRAWS):
        worse += int((simulate(draws - drawn, random) >= seen).sum())
        drawn = draws
        p_value = (1 + worse) / (1 + drawn)
        if stage < len(ENOUGH) and p_value > ENOUGH[stage]:
            break
    return p_value


def judge_drift(points: Sequence[Point], rule: DriftRule, strictness: Strictness = "normal") -> Judgement:
    """Judge the weekly values of a metric by a CUSUM in robust standard deviations of the weeks before.

    Args:
        points: finished weeks, the earliest first; those with too few records are left out.
    """
    factor, floor_factor = STRICTNESS[strictness]
    floors = rule.floors.multiply(floor_factor)
    valued = [point for point in points if point.value is not None and point.n >= floors.minimum_n]
    split = _split(valued, floors.minimum_n)
    if isinstance(split, str):
        return Judgement(reason=split)
    usual = _numbers(split.baseline)
    expected = float(np.median(usual))
    deviations = (usual - expected) * _weights(split.baseline, split.baseline, floors)
    spread = NORMAL_MAD * float(np.median(np.abs(deviations))) * _inflation(deviations)
    spread = max(
        spread, floors.relative * abs(expected) / 4, floors.absolute / 4, 1e-12
    )  # nothing ever varied: the floor
    watched = (_numbers(split.watched) - expected) * _weights(split.watched, split.baseline, floors)
    sums = _sum_one_side(watched / spread, rule.bad)
    recent = split.watched[_change_begins(sums) :]
    value = float(np.median(_numbers(recent)))
    p_value = min(1.0, factor * _drift_p_value(round(sums[-1], 3), len(usual), len(split.watched)))
    judged = Judgement(
        bucket=split.watched[-1].end, value=value, expected=expected, since=recent[0].start,
        n=sum(point.n for point in recent), expected_n=sum(point.n for point in split.baseline), p_value=p_value,
    )  # fmt: skip
    return _with_floors(judged, floors, rule.bad, is_certain=True)


def _numbers(points: Sequence[Point]) -> np.ndarray:
    return np.array([point.value for point in points], dtype=float)


def _weights(points: Sequence[Point], baseline: Sequence[Point], floors: Floors) -> np.ndarray:
    """Return by how much a deviation counts: a median of few records varies more. Counts themselves all count alike."""
    if not floors.minimum_n:
        return np.ones(len(points))
    usual = float(np.median([point.n for point in baseline]))
    return np.sqrt(np.array([point.n for point in points]) / usual)


def _inflation(deviations: np.ndarray) -> float:
    """Return by how much more a sum of weeks varies where one week resembles the one before."""
    total = float((deviations**2).sum())
    if not total:
        return 1.0
    likeness = float((deviations[1:] * deviations[:-1]).sum()) / total
    likeness = min(max(likeness, 0.0), 0.6)
    return float(np.sqrt((1 + likeness) / (1 - likeness)))


def _sum_one_side(deviations: np.ndarray, bad: Direction) -> list[float]:
    total, sums = 0.0, []
    for deviation in deviations if bad == "up" else -deviations:
        total = max(0.0, total + float(deviation) - SLACK)
        sums.append(total)
    return sums


@lru_cache(maxsize=4096)
def _drift_p_value(seen: float, baseline: int, watched: int) -> float:
    """Return how often normal values give a sum at least as large, their median and spread estimated as here."""

    def simulate(draws: int, random: np.random.Generator) -> np.ndarray:
        usual = random.standard_normal((draws, baseline))
        middle = np.median(usual, axis=1)
        spread = NORMAL_MAD * np.median(np.abs(usual - middle[:, None]), axis=1)
        totals = np.zeros(draws)
        for _ in range(watched):
            deviations = (random.standard_normal(draws) - middle) / spread
            totals = np.maximum(0.0, totals + deviations - SLACK)
        return totals

    return _simulate_p_value(seen, simulate)


def judge_level(points: Sequence[Point], rule: LevelRule, strictness: Strictness = "normal") -> Judgement:
    """Judge the last day against the same weekday of the weeks before, in robust standard deviations of all days.

    Args:
        points: finished days up to the one to judge, the earliest first, days without records included.
    """
    factor, floor_factor = STRICTNESS[strictness]
    floors = rule.floors.multiply(floor_factor)
    if not points:
        return Judgement(reason="No finished day.")
    last, earlier = points[-1], points[-1 - 7 * LEVEL_WEEKS : -1]
    same_day = [float(point.n) for point in earlier if point.start.weekday() == last.start.weekday()]
    if len(same_day) < MINIMUM_LEVEL_WEEKS:
        reason = f"Too short a history: {len(same_day)} weeks of at least {MINIMUM_LEVEL_WEEKS}."
        return Judgement(reason=reason)
    expected = float(np.median(same_day))
    if expected <= max(floors.minimum_n, MINIMUM_A_DAY):
        return Judgement(reason=f"Too few records a day: {expected:g} on this weekday.")
    residuals = _weekday_residuals(earlier)
    # Square roots of counts vary about as much on a busy weekday as on a quiet one; chance alone gives them 0.5.
    spread = max(NORMAL_MAD * float(np.median(np.abs(residuals))), 0.5)
    step = float(np.sqrt(last.n) - np.median(np.sqrt(same_day)))
    worse = (step if rule.bad == "up" else -step) / spread
    weekdays = round(len(residuals) / len(same_day))
    p_value = min(1.0, factor * _level_p_value(round(worse, 2), len(same_day), weekdays))
    judged = Judgement(
        bucket=last.end, value=float(last.n), expected=expected, since=last.start, n=last.n,
        expected_n=round(expected), p_value=p_value,
    )  # fmt: skip
    return _with_floors(judged, floors, rule.bad, is_certain=True)


def _weekday_residuals(points: Sequence[Point]) -> np.ndarray:
    """Return how far the root of each day's count was from the median of its weekday, without quiet weekdays."""
    by_weekday: dict[int, list[float]] = {}
    for point in points:
        by_weekday.setdefault(point.start.weekday(), []).append(float(np.sqrt(point.n)))
    rows = [
        np.array(roots) - np.median(roots) for roots in by_weekday.values() if np.median(roots) ** 2 > MINIMUM_A_DAY
    ]
    return np.concatenate(rows)


@lru_cache(maxsize=4096)
def _level_p_value(seen: float, weeks: int, weekdays: int) -> float:
    """Return how often a normal day is at least as far from the median of its weekday, with the spread estimated as here."""

    def simulate(draws: int, random: np.random.Generator) -> np.ndarray:
        days = random.standard_normal((draws, max(weekdays, 1), weeks))
        middles = np.median(days, axis=2)
        spread = NORMAL_MAD * np.median(np.abs(days - middles[:, :, None]).reshape(draws, -1), axis=1)
        return (random.standard_normal(draws) - middles[:, 0]) / spread

    return _simulate_p_value(seen, simulate)
