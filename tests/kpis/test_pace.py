"""A goal's pace: what is reached, what should be by now, where it leads."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.periods import Period
from kpis import pace
from kpis.models import Goal
from kpis.pace import Pace
from kpis.registry import get_metric
from kpis.result import Result
from team.models import User
from tests.kpis.memory_facts import MemoryFacts

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def paced(metric: str, target: str, reached: Any, today: date, currency: str = "EUR") -> Pace:
    goal = Goal(metric=metric, target=Decimal(target), currency=currency, starts_on=YEAR[0], ends_on=YEAR[1])
    found = get_metric(metric)
    result = Result(
        key=metric, name=found.name, unit=found.unit, period=Period(*YEAR), as_of=datetime(2026, 7, 1, tzinfo=UTC),
        value=reached, currency=currency,
    )  # fmt: skip
    return Pace(goal, found, result, today)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_half_the_year_gone_and_half_the_money_earned_is_on_track() -> None:
    half = paced("revenue", "28000000", Decimal(14_000_000), date(2026, 7, 2))
    assert half.expected == pytest.approx(Decimal(14_000_000), rel=Decimal("0.005"))
    assert half.is_on_track is (half.projected >= half.goal.target)


def test_behind_says_where_the_pace_leads_and_what_is_missing() -> None:
    behind = paced("revenue", "36500000", Decimal(16_000_000), date(2026, 7, 19))  # day 200 of 365
    assert not behind.is_on_track
    assert plain(behind.sentence) == "€16.0M of €36.5M with 55% of the time gone. At this pace €29.2M: €7.3M short."


def test_the_last_day_says_whether_it_is_met() -> None:
    assert plain(paced("revenue", "100", Decimal(100), YEAR[1]).sentence) == "€100 of €100 at the end: the goal is met."
    assert plain(paced("revenue", "100", Decimal(90), YEAR[1]).sentence) == "€90 of €100 at the end: €10 short."


def test_a_rate_has_no_pace_only_above_or_below() -> None:
    above = paced("smroi", "1.52", 1.6, date(2026, 3, 1))
    assert above.is_on_track
    assert plain(above.sentence) == "160% against 152%: the goal is met."
    assert plain(paced("smroi", "1.52", 1.17, date(2026, 3, 1)).sentence) == "117% against 152%: 35 points short."


def test_less_is_better_where_the_metric_says_so() -> None:
    assert paced("sm_share_of_revenue", "0.4", 0.35, date(2026, 3, 1)).is_on_track
    assert plain(paced("sm_share_of_revenue", "0.4", 0.46, date(2026, 3, 1)).sentence).endswith(" 6 points over.")


def test_only_goals_whose_days_include_today_are_shown(cmo: User) -> None:
    for metric, starts, ends in [
        ("revenue", date(2026, 1, 1), date(2026, 12, 31)),
        ("revenue", date(2025, 1, 1), date(2025, 12, 31)),
        ("gone_metric", date(2026, 1, 1), date(2026, 12, 31)),
    ]:
        Goal.objects.create(metric=metric, target=1000, currency="EUR", starts_on=starts, ends_on=ends)
    facts = MemoryFacts(
        invoices=[
            {"issued_on": date(2026, 2, 1), "amount": Decimal(400)},
            {"issued_on": date(2025, 2, 1), "amount": Decimal(9)},
        ]
    )
    (only,) = pace.current_paces(date(2026, 6, 30), cmo, facts)  # type: ignore[arg-type]
    assert only.value == 400
    assert only.period.label == "2026"
