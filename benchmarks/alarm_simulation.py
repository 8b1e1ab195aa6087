"""Simulates companies in which nothing changes, and companies in which one rate falls: what detectors do with both.

A simulated company has the tests that come with Accord. Its volumes follow the weeks of the year, with a dip at the turn of the
year; its weeks differ by more than chance (a rate's variance is half as large again, medians follow each other a little);
some of its teams are so small that a week brings a dozen cases.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

import numpy as np

from alarms.budget import Test, pass_budget
from alarms.judges import Watch, judge_points
from alarms.judging import LEVEL_WEEKS, Point
from alarms.registry import Detector, declared_detectors
from alarms.rules import BASELINE_WEEKS, WATCHED_WEEKS, LevelRule, RateRule
from alarms.transitions import Standing, next_standing
from team.models import Role

YEARS = 200
YEARS_EACH = 8  # of one company
WEEKS_A_YEAR = 52
QUARTERS_A_YEAR = 4
SPAN = BASELINE_WEEKS + WATCHED_WEEKS
MONDAY = date(2020, 1, 6)
EXCESS = 1.5  # variance of a weekly rate ÷ that of chance
FALL, FALL_SIZE, FALLS = 0.3, 50, 60
FALLING = RateRule("lead_acceptance_rate", "down")  # judged as any rate
LONGEST_SEARCH = 26


@dataclass(frozen=True)
class Company:
    """What stays the same in a simulated company."""

    seed: int
    weeks: int

    def make_series(self, detector: Detector, position: int) -> list[Point]:
        """Return the buckets of one test: as the rule needs them."""
        random = np.random.default_rng([self.seed, position])
        if isinstance(detector.rule, LevelRule):
            return list(_make_days(self.weeks, random))
        size = float(random.choice([12, 25, 50, 120]))
        sizes = random.poisson(size * _season(self.weeks))
        if isinstance(detector.rule, RateRule):
            return make_rate_weeks(sizes, float(random.uniform(0.15, 0.6)), random)
        return list(_make_medians(sizes, random))


def _season(weeks: int) -> np.ndarray:
    """Return how much busier each week is than the average one."""
    week = np.arange(weeks) % WEEKS_A_YEAR
    return np.where(week >= WEEKS_A_YEAR - 2, 0.4, 1 + 0.25 * np.sin(2 * np.pi * week / WEEKS_A_YEAR))


def make_rate_weeks(
    sizes: np.ndarray, rate: float, random: np.random.Generator, fallen: Sequence[float] = ()
) -> list[Point]:
    """Return weekly cohorts of a rate; the last ones have the fallen rates instead."""
    rates = np.full(len(sizes), rate)
    if fallen:
        rates[-len(fallen) :] = fallen
    correlation = (EXCESS - 1) / max(float(np.mean(sizes)) - 1, 1)
    strength = (1 - correlation) / correlation
    hits = random.binomial(sizes, random.beta(rates * strength, (1 - rates) * strength))
    return [_week(week, int(size), hits=int(hit)) for week, (size, hit) in enumerate(zip(sizes, hits, strict=True))]


def _make_medians(sizes: np.ndarray, random: np.random.Generator) -> Iterator[Point]:
    level, noise = float(random.uniform(20, 90)), 0.0
    for week, size in enumerate(sizes):
        noise = 0.2 * noise + random.normal(0, 0.5 / np.sqrt(max(size, 1)))
        yield _week(week, int(size), value=level * float(np.exp(noise)))


def _week(number: int, n: int, value: float | None = None, hits: int = 0) -> Point:
    start = MONDAY + timedelta(days=7 * number)
    return Point(start, start + timedelta(days=6), n, value, hits)


def _make_days(weeks: int, random: np.random.Generator) -> Iterator[Point]:
    usual = float(random.choice([8, 20, 60])) * np.array([1.1, 1, 1, 1, 0.9, 0.15, 0.1])
    for number, (mean, busy) in enumerate(zip(np.tile(usual, weeks), np.repeat(_season(weeks), 7), strict=True)):
        day = MONDAY + timedelta(days=number)
        yield Point(day, day, int(random.negative_binomial(10, 10 / (10 + mean * busy))))


def count_false_alarms(company: Company) -> int:
    """Return how many alarms the tests of a company open in which nothing ever changes."""
    detectors = [detector for detector in declared_detectors() if detector.is_test]
    series = [company.make_series(detector, position) for position, detector in enumerate(detectors)]
    standings = [Standing() for _ in detectors]
    alarms = 0
    for week in range(SPAN, company.weeks):
        judged = [
            judge_points(Watch(detector), _up_to(detector, points, week))
            for detector, points in zip(detectors, series, strict=True)
        ]
        passed = pass_budget(
            [
                Test(detector.key, "week", judgement.p_value)
                for detector, judgement in zip(detectors, judged, strict=True)
                if judgement.p_value is not None
            ]
        )
        after = [
            next_standing(standing, judgement, passes=passed.get(detector.key, True))
            for detector, standing, judgement in zip(detectors, standings, judged, strict=True)
        ]
        alarms += sum(now.is_alerting and not was.is_alerting for was, now in zip(standings, after, strict=True))
        standings = after
    return alarms


def _up_to(detector: Detector, points: Sequence[Point], week: int) -> Sequence[Point]:
    if isinstance(detector.rule, LevelRule):
        return points[7 * (week - LEVEL_WEEKS) : 7 * week + 1]
    return points[week - SPAN : week]


def weeks_to_find_fall(seed: int) -> int:
    """Return in which week a fall of a rate by 30 % opens an alarm, beside all other tests, which see nothing."""
    random = np.random.default_rng([seed, 1])
    detectors = [detector for detector in declared_detectors() if detector.is_test]
    declared = next((detector for detector in detectors if detector.rule == FALLING), None)
    watch = Watch(declared or Detector("falling", "Falling", "", "Outcomes", Role.CRO, "", rule=FALLING))
    sizes = random.poisson(FALL_SIZE * np.ones(SPAN + LONGEST_SEARCH))
    points = make_rate_weeks(sizes, 0.4, random, fallen=[0.4 * (1 - FALL)] * LONGEST_SEARCH)
    for week in range(1, LONGEST_SEARCH + 1):
        judgement = judge_points(watch, points[week : SPAN + week])
        others = [Test(str(number), "week", float(random.uniform())) for number in range(len(detectors) - 1)]
        tests = [*others, Test("falling", "week", judgement.p_value if judgement.p_value is not None else 1.0)]
        if judgement.is_bad and pass_budget(tests)["falling"]:
            return week
    return LONGEST_SEARCH + 1


@dataclass(frozen=True)
class Simulated:
    """What the simulation of all companies gave."""

    tests: int
    false_alarms_a_quarter: float
    weeks_to_find: float
    slow_weeks_to_find: float  # nine of ten falls are found by then


def simulate(years: int = YEARS, falls: int = FALLS) -> Simulated:
    """Simulate null years and planted falls, on all cores."""
    companies = [Company(seed, YEARS_EACH * WEEKS_A_YEAR + SPAN) for seed in range(max(years // YEARS_EACH, 1))]
    with ProcessPoolExecutor() as pool:
        alarms = sum(pool.map(count_false_alarms, companies))
        found_in = list(pool.map(weeks_to_find_fall, range(falls)))
    quarters = len(companies) * YEARS_EACH * QUARTERS_A_YEAR
    tests = sum(detector.is_test for detector in declared_detectors())
    return Simulated(tests, alarms / quarters, median(found_in), float(np.percentile(found_in, 90)))
