from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alarms.context import Context
from alarms.judges import Watch, judge
from alarms.past import NOT_RECORDED, Trial, try_on_past
from alarms.registry import Detector, Finding
from alarms.rules import DriftRule, LimitRule, RateRule
from team.models import Company, Role
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)  # a Monday
WEEKS = 90
FALL_FROM = 70  # the week in which the close rate falls from 50 % to 20 %


@pytest.fixture(scope="module")
def facts() -> MemoryFacts:
    """Ninety weeks with 40 closed deals each: half are won, from the 70th week on a fifth, after a longer cycle."""
    deals = []
    for week in range(WEEKS):
        closed_on = TODAY - timedelta(days=7 * (WEEKS - week) - 2)
        won = 20 if week < FALL_FROM else 8
        days = 30 + week % 5 if week < FALL_FROM else 60
        for number in range(40):
            outcome = "won" if number < won else "lost"
            deals.append(
                {
                    "outcome": outcome,
                    "closed_on": closed_on,
                    "opened_on": closed_on - timedelta(days=days),
                    "amount": Decimal(100),
                }
            )
    return MemoryFacts(opportunities=deals)


def make_watch(**fields: Any) -> Watch:
    values: dict[str, Any] = {
        "key": "x",
        "name": "X",
        "looks_for": "X.",
        "section": "Outcomes",
        "owner": Role.CRO,
        "remedy": "X.",
    }
    return Watch(Detector(**{**values, **fields}))


def try_rule(facts: MemoryFacts, **fields: Any) -> Trial:
    return try_on_past(Context(facts, TODAY, "EUR"), make_watch(**fields))  # type: ignore[arg-type]


def test_a_fall_of_the_past_would_have_rung_soon_after_it_began(company: Company, facts: MemoryFacts) -> None:
    trial = try_rule(facts, rule=RateRule("close_rate", "down"))
    fell_on = TODAY - timedelta(days=7 * (WEEKS - FALL_FROM))
    assert len(trial.alarms) == 1
    assert fell_on < trial.alarms[0].opened_on <= fell_on + timedelta(days=35)
    assert trial.alarms[0].value == pytest.approx(0.2, abs=0.15)
    assert trial.judged == 53
    assert trial.cases_a_week == 40
    assert trial.weeks_to_find is not None
    assert 1 < trial.weeks_to_find < 10


def test_a_fall_of_thirty_percent_takes_longer_with_fewer_false_alarms(company: Company, facts: MemoryFacts) -> None:
    context = Context(facts, TODAY, "EUR")  # type: ignore[arg-type]
    watch = make_watch(rule=RateRule("close_rate", "down"))
    alone, among_ten = try_on_past(context, watch), try_on_past(context, watch, tests=10)
    assert alone.weeks_to_find
    assert among_ten.weeks_to_find
    assert alone.weeks_to_find < among_ten.weeks_to_find


def test_a_longer_cycle_would_have_rung(company: Company, facts: MemoryFacts) -> None:
    trial = try_rule(facts, rule=DriftRule("sales_cycle_time", "up"))
    assert len(trial.alarms) == 1
    assert trial.alarms[0].expected == pytest.approx(32, abs=3)


def test_a_limit_is_tried_week_by_week(company: Company, facts: MemoryFacts) -> None:
    trial = try_rule(facts, rule=LimitRule("close_rate", limit=0.4, bad="down", days=28))
    assert len(trial.alarms) == 1
    assert trial.alarms[0].ended_on is None
    assert trial.points[0].value == pytest.approx(0.5)
    assert trial.points[-1].value == pytest.approx(0.2)


def test_the_last_point_of_a_trial_is_the_judgement_of_today(company: Company, facts: MemoryFacts) -> None:
    for rule in (
        RateRule("close_rate", "down"),
        DriftRule("sales_cycle_time", "up"),
        LimitRule("close_rate", limit=0.4, bad="down", days=28),
        LimitRule("won_revenue", limit=10000, bad="down", days=28),
    ):
        context = Context(facts, TODAY, "EUR")  # type: ignore[arg-type]
        judged = judge(context, make_watch(rule=rule)).judgement
        last = try_on_past(context, make_watch(rule=rule)).points[-1]
        assert (last.day, last.value, last.p_value) == (judged.bucket, pytest.approx(judged.value), judged.p_value), (
            rule
        )


def test_what_is_observed_today_has_no_past(company: Company, facts: MemoryFacts) -> None:
    trial = try_rule(facts, observe=lambda context: Finding(judge(context, make_watch()).judgement))
    assert trial.reason == NOT_RECORDED
    assert not trial.points
