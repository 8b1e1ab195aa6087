"""When a goal is on track, at risk or behind, without a database."""

from datetime import date
from decimal import Decimal

import pytest

from kpis.goal_states import judge_goal

YEAR = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
MID = date(2026, 7, 1)


def state(projected: str | None, *, target: str = "100", better: str = "up", today: date = MID) -> str:
    value = None if projected is None else Decimal(projected)
    return judge_goal(projected=value, target=Decimal(target), better=better, today=today, **YEAR)


@pytest.mark.parametrize(
    ("projected", "expected"),
    [("120", "on_track"), ("100", "on_track"), ("99.99", "at_risk"), ("80", "at_risk"), ("79.99", "behind"), ("0", "behind")],
)  # fmt: skip
def test_eight_tenths_of_the_pace_part_at_risk_from_behind(projected: str, expected: str) -> None:
    assert state(projected) == expected


@pytest.mark.parametrize(
    ("projected", "expected"),
    [("90", "on_track"), ("100", "on_track"), ("125", "at_risk"), ("125.1", "behind"), ("0", "on_track")],
)
def test_where_less_is_better_the_share_is_the_other_way_round(projected: str, expected: str) -> None:
    assert state(projected, better="down") == expected


def test_a_goal_that_is_over_is_met_or_missed_and_never_at_risk() -> None:
    after = date(2027, 1, 1)
    assert [state(value, today=after) for value in ("100", "99", None)] == ["met", "missed", "unknown"]
    assert state("99", today=YEAR["ends_on"]) == "at_risk"  # its last day still runs


def test_before_its_first_day_a_goal_has_not_begun_whatever_is_known() -> None:
    assert {state(value, today=date(2025, 12, 31)) for value in ("100", None)} == {"ahead"}


def test_a_target_of_zero_is_reached_or_not() -> None:
    assert [state(value, target="0") for value in ("0", "-1")] == ["on_track", "behind"]
    assert [state(value, target="0", better="down") for value in ("0", "1")] == ["on_track", "behind"]
