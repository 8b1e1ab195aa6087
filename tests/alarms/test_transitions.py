from dataclasses import replace
from datetime import date, timedelta

from alarms.budget import Test as BudgetTest
from alarms.budget import pass_budget
from alarms.judging import Judgement
from alarms.models import Condition
from alarms.transitions import Standing, is_worse, next_standing

DAY = date(2025, 3, 3)
BAD = Judgement(DAY, value=0.3, expected=0.1, n=50, is_bad=True, is_calm=False)
CALM = replace(BAD, value=0.1, is_bad=False, is_calm=True)


def on(judged: Judgement, days: int) -> Judgement:
    return replace(judged, bucket=DAY + timedelta(days=days))


def test_an_alarm_ends_after_two_judged_buckets_back_inside() -> None:
    standing = next_standing(Standing(), BAD, passes=True)
    assert standing.condition == Condition.ALERTING
    standing = next_standing(standing, on(CALM, 1), passes=True)
    assert standing.condition == Condition.RECOVERING
    assert standing.is_alerting
    standing = next_standing(standing, on(CALM, 2), passes=True)
    assert standing.condition == Condition.NORMAL
    assert not standing.is_alerting


def test_a_second_run_on_one_day_counts_once() -> None:
    standing = next_standing(Standing(), BAD, passes=True)
    for _ in range(3):
        standing = next_standing(standing, on(CALM, 1), passes=True)
    assert standing.condition == Condition.RECOVERING


def test_a_figure_that_is_neither_bad_nor_calm_keeps_the_alarm() -> None:
    standing = next_standing(Standing(), BAD, passes=True)
    between = on(replace(CALM, is_calm=False), 1)
    assert next_standing(standing, between, passes=True).condition == Condition.ALERTING


def test_a_test_outside_the_budget_is_only_watched() -> None:
    assert next_standing(Standing(), replace(BAD, p_value=0.03), passes=False).condition == Condition.PENDING
    assert next_standing(Standing(), replace(BAD, p_value=0.2), passes=False).condition == Condition.NORMAL


def test_what_is_held_opens_nothing() -> None:
    standing = next_standing(Standing(), replace(BAD, p_value=0.0001), passes=True, is_held=True)
    assert standing.condition == Condition.PENDING
    assert not standing.is_alerting


def test_missing_data_end_no_alarm() -> None:
    standing = next_standing(Standing(), BAD, passes=True)
    silent = next_standing(standing, Judgement(reason="No records."), passes=True)
    assert silent.condition == Condition.NO_DATA
    assert silent.is_alerting
    assert next_standing(silent, on(BAD, 2), passes=True).condition == Condition.ALERTING


def test_worse_is_a_quarter_further_away_on_the_same_side() -> None:
    assert not is_worse(replace(BAD, value=0.34), 0.3)
    assert is_worse(replace(BAD, value=0.36), 0.3)
    assert not is_worse(replace(BAD, value=0.0), 0.3)


def test_the_budget_lets_through_what_is_certain_and_no_more() -> None:
    tests = [BudgetTest(str(number), "week", p) for number, p in enumerate([0.5, 0.2, 0.9, 0.04, 0.3, 0.0005])]
    assert [key for key, passes in pass_budget(tests).items() if passes] == ["5"]


def test_more_allowed_false_alarms_let_more_through() -> None:
    tests = [BudgetTest(str(number), "week", p) for number, p in enumerate([0.5, 0.02, 0.9])]
    assert not pass_budget(tests, 0.5)["1"]
    assert pass_budget(tests, 5)["1"]


def test_daily_and_weekly_tests_share_the_allowed_alarms() -> None:
    alone = pass_budget([BudgetTest("a", "week", 0.05)])
    shared = pass_budget([BudgetTest("a", "week", 0.05), BudgetTest("b", "day", 0.5)])
    assert alone["a"]
    assert not shared["a"]
