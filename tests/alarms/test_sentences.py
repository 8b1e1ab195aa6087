from datetime import date, timedelta
from decimal import Decimal

import pytest

from alarms.charts import Series, series_chart
from alarms.costs import MoneyRange
from alarms.judging import Point
from alarms.past import Trial, TrialAlarm
from alarms.registry import Detector
from alarms.rows import StoredFigures
from alarms.rules import DriftRule, LevelRule, LimitRule, MetricRule, RateRule
from alarms.sentences import alarms_headline, describe_figures, describe_possible
from alarms.trials import compare_trials, trial_headline
from core.chart_marks import Mark
from kpis.mark_registry import ALARM
from kpis.registry import get_metric
from team.models import Role

DAY = date(2025, 3, 3)
COST = MoneyRange(Decimal(280_000), Decimal(412_000), Decimal(560_000), "USD")
COUNTED = MoneyRange(Decimal(500), Decimal(500), Decimal(500), "USD")


@pytest.mark.parametrize(
    ("count", "total", "priced", "sentence"),
    [
        (0, None, 0, "No alarm is open."),
        (1, None, 0, "One alarm is open. Its cost is not known."),
        (1, COUNTED, 1, "One alarm is open; it costs $500 a year."),
        (3, COST, 3, "Three alarms are open; together they cost about $412K a year ($280K to $560K)."),
        (2, COST, 1, "Two alarms are open; one of them costs about $412K a year ($280K to $560K); one is not priced."),
        (14, None, 0, "14 alarms are open. Their cost is not known."),
    ],
)
def test_open_alarms_are_told_with_their_cost(count: int, total: MoneyRange | None, priced: int, sentence: str) -> None:
    assert alarms_headline(count, total, priced) == sentence


def make_detector(rule: MetricRule) -> Detector:
    return Detector("x", "X", "Alerts when it is bad.", "Outcomes", Role.CRO, "Look.", rule=rule)


@pytest.mark.parametrize(
    ("rule", "value", "expected", "sentence"),
    [
        (LimitRule("close_rate", 0.3), 0.2, 0.3, "Close rate over the last 90 days is 20%. The limit is 30%."),
        (
            RateRule("close_rate", "down"), 0.2, 0.3,
            "Close rate fell to 20% since Mar 3, 2025. Usual in the half year before: 30%.",
        ),
        (
            DriftRule("leads", "up"), 30, 20,
            "Leads rose to 30 a week since Mar 3, 2025. Usual in the half year before: 20 a week.",
        ),
        (LevelRule("leads", "down"), 3, 20, "Leads on Mar 3, 2025: 3. Usual on this weekday: 20."),
        (LevelRule("leads", "down"), None, None, "Alerts when it is bad."),
    ],
)  # fmt: skip
def test_figures_are_told_by_the_rule(
    rule: MetricRule, value: float | None, expected: float | None, sentence: str
) -> None:
    assert describe_figures(StoredFigures(value, expected), make_detector(rule), "USD", DAY) == sentence


def test_what_is_possible_is_told_in_weeks() -> None:
    assert describe_possible(None, 0) == ""
    assert "after about 5 weeks" in describe_possible(4.6, 50)
    assert "more than a year" in describe_possible(60, 3)


def test_a_trial_is_told_by_its_alarms_or_by_what_is_missing() -> None:
    alarm = TrialAlarm(DAY, None, 1.0, 2.0, None)
    assert trial_headline(Trial((), (), "Too few records.")) == "It cannot be tried: too few records."
    assert trial_headline(Trial((), (alarm, alarm))) == "In the last year it would have opened two alarms."
    assert "1 alarm in the last year instead of 2" in compare_trials(Trial((), (alarm,) * 2), Trial((), (alarm,)))


def make_weeks(count: int) -> list[Point]:
    starts = [DAY + timedelta(days=7 * week) for week in range(count)]
    return [Point(start, start + timedelta(days=6), 10, hits=week) for week, start in enumerate(starts)]


def test_the_chart_marks_the_change_and_what_is_usual() -> None:
    since = DAY + timedelta(days=15)  # in the third week
    series = Series(get_metric("close_rate"), make_weeks(5), 0.3, "Usual", "USD", since)
    drawn = series_chart(series, "x", marks=[Mark(since, ALARM, "Opened")])
    assert drawn
    figure, usual, changed = drawn.figure["data"]
    assert figure["y"] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert (usual["name"], usual["y"]) == ("Usual 30%", [0.3] * 5)
    assert changed["y"] == [None, None, 0.2, 0.3, 0.4]
    assert [unit.name for unit in drawn.marks.units] == [figure["x"][2]]


def test_the_points_of_a_window_stand_at_its_last_day() -> None:
    ends = [DAY + timedelta(days=7 * week) for week in range(3)]
    points = [Point(end - timedelta(days=89), end, 10, value=week) for week, end in enumerate(ends)]
    series = Series(get_metric("leads"), points, 5, "Limit", "USD", ends[1], is_window=True)
    drawn = series_chart(series, "x")
    assert drawn
    assert drawn.figure["data"][2]["y"] == [None, 1, 2]
    assert series.days[1] == (ends[0] + timedelta(days=1), ends[1])


def test_without_values_there_is_no_chart() -> None:
    series = Series(get_metric("close_rate"), [Point(DAY, DAY, 0)], 0.3, "Usual", "USD")
    assert series_chart(series, "x") is None
