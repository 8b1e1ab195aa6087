from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from alarms.judging import Point, judge_drift, judge_level, judge_limit, judge_rate
from alarms.rules import DriftRule, Floors, LevelRule, RateRule

MONDAY = date(2025, 1, 6)
RATE = RateRule("lead_acceptance_rate", "down")


def make_weeks(sizes: list[int], hits: list[int]) -> list[Point]:
    starts = [MONDAY + timedelta(days=7 * week) for week in range(len(sizes))]
    return [
        Point(start, start + timedelta(days=6), n, hits=hit) for start, n, hit in zip(starts, sizes, hits, strict=True)
    ]


def make_values(values: list[float], n: int = 30) -> list[Point]:
    starts = [MONDAY + timedelta(days=7 * week) for week in range(len(values))]
    return [
        Point(start, start + timedelta(days=6), n, value=value) for start, value in zip(starts, values, strict=True)
    ]


def test_a_rate_that_stays_as_it_was_is_calm() -> None:
    judged = judge_rate(make_weeks([50] * 34, [20] * 34), RATE)
    assert judged.has_data
    assert judged.p_value == 1.0
    assert not judged.is_bad
    assert judged.is_calm


def test_a_fall_by_a_third_is_bad_and_says_when_it_began() -> None:
    judged = judge_rate(make_weeks([50] * 34, [20] * 29 + [13] * 5), RATE)
    assert judged.is_bad
    assert judged.value == pytest.approx(0.26)
    assert judged.expected == pytest.approx(0.4, abs=0.001)
    assert judged.since == MONDAY + timedelta(days=7 * 29)
    assert judged.p_value is not None
    assert judged.p_value < 0.01
    assert judged.interval is not None
    assert judged.interval[1] < 0


def test_a_rise_of_a_rate_whose_fall_is_bad_is_no_alarm() -> None:
    judged = judge_rate(make_weeks([50] * 34, [20] * 29 + [35] * 5), RATE)
    assert not judged.is_bad
    assert judged.p_value == 1.0


def test_half_of_three_is_no_news() -> None:
    judged = judge_rate(make_weeks([3] * 34, [2] * 29 + [1] * 5), RATE)
    assert not judged.is_bad


def test_a_certain_change_below_the_floor_is_no_alarm() -> None:
    rule = replace(RATE, floors=Floors(relative=0.25))
    judged = judge_rate(make_weeks([20_000] * 34, [8_000] * 29 + [6_400] * 5), rule)
    assert judged.p_value is not None
    assert judged.p_value < 0.01
    assert not judged.is_bad


def test_a_history_that_is_too_short_is_no_data() -> None:
    judged = judge_rate(make_weeks([50] * 15, [20] * 15), RATE)
    assert not judged.has_data
    assert judged.reason == "Too short a history: 15 finished weeks of at least 16."


def test_weeks_without_cases_are_no_fall() -> None:
    judged = judge_rate(make_weeks([50] * 30 + [0] * 4, [20] * 30 + [0] * 4), RATE)
    assert not judged.is_bad


def test_a_stricter_setting_raises_p_value_and_floor() -> None:
    weeks = make_weeks([50] * 34, [20] * 29 + [14] * 5)
    normal, strict = judge_rate(weeks, RATE), judge_rate(weeks, RATE, "strictest")
    assert normal.p_value is not None
    assert strict.p_value == pytest.approx(min(1.0, normal.p_value * 10))


def test_weeks_that_always_differ_by_more_than_chance_need_a_larger_fall() -> None:
    steady = judge_rate(make_weeks([500] * 34, [200] * 30 + [150] * 4), RATE)
    uneven = judge_rate(make_weeks([500] * 34, [120, 280] * 15 + [150] * 4), RATE)
    assert steady.p_value is not None
    assert uneven.p_value is not None
    assert steady.p_value < uneven.p_value / 20


@pytest.mark.parametrize(("size", "usual"), [(12, 0.4), (50, 0.4), (200, 0.1)])
def test_chance_alone_gives_small_p_values_as_often_as_they_say(size: int, usual: float) -> None:
    random = np.random.default_rng(7)
    p_values = []
    for _ in range(300):
        hits = random.binomial(size, usual, 34).tolist()
        judged = judge_rate(make_weeks([size] * 34, hits), RATE)
        p_values.append(judged.p_value if judged.p_value is not None else 1.0)
    assert np.mean(np.array(p_values) <= 0.05) < 0.09
    assert np.mean(np.array(p_values) <= 0.01) < 0.03


def test_a_value_that_drifts_up_is_found_by_a_cusum() -> None:
    random = np.random.default_rng(3)
    usual = random.normal(60, 5, 26).tolist()
    judged = judge_drift(make_values([*usual, 62, 66, 70, 75, 78, 80, 82, 85]), DriftRule("sales_cycle_time", "up"))
    assert judged.is_bad
    assert judged.p_value is not None
    assert judged.p_value < 0.001


def test_a_value_that_never_varied_is_judged_by_its_floor() -> None:
    judged = judge_drift(make_values([10.0] * 34), DriftRule("x", "up"))
    assert judged.p_value == 1.0
    assert judge_drift(make_values([10.0] * 30 + [14.0] * 4), DriftRule("x", "up")).is_bad


def test_a_day_is_judged_against_its_own_weekday() -> None:
    week = [40, 42, 41, 39, 38, 5, 4]
    days = [
        Point(MONDAY + timedelta(days=day), MONDAY + timedelta(days=day), week[day % 7] + (day // 7) % 3)
        for day in range(56 + 5)
    ]
    sunday = [*days, Point(MONDAY + timedelta(days=61), MONDAY + timedelta(days=61), 5)]
    assert not judge_level(sunday, LevelRule("leads", "down")).is_bad
    collapse = [*days[:-1], Point(days[-1].start, days[-1].end, 8)]
    judged = judge_level(collapse, LevelRule("leads", "down"))
    assert judged.is_bad
    assert judged.p_value is not None
    assert judged.p_value < 0.001


def test_a_limit_is_kept_by_a_value_that_equals_it() -> None:
    day = date(2025, 3, 1)
    assert not judge_limit(0.1, 50, 0.1, bad="up", minimum_n=10, bucket=day).is_bad
    assert judge_limit(0.11, 50, 0.1, bad="up", minimum_n=10, bucket=day).is_bad
    assert not judge_limit(0.9, 9, 0.1, bad="up", minimum_n=10, bucket=day).has_data


def test_floors_count_together() -> None:
    floors = Floors(relative=0.1, absolute=0.05)
    assert not floors.are_passed(0.12, 0.1, "up")
    assert floors.are_passed(0.16, 0.1, "up")
    assert floors.is_inside_half(0.12, 0.1, "up")
