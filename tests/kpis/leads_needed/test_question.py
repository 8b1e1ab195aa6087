"""The question in the address, and the goal that is taken without one."""

from datetime import date
from decimal import Decimal

import pytest

from core.periods import Period
from core.request_values import BadValue
from kpis.leads_needed.question import NeedQuestion, choose_goal, default_horizon, read_question
from kpis.models import Goal

TODAY = date(2026, 12, 10)
NEXT_YEAR = Period(date(2027, 1, 1), date(2027, 12, 31))


def goal(target: int, start: date, end: date, **fields: object) -> Goal:
    values = {
        "pk": 1,
        "metric": "revenue",
        "target": Decimal(target),
        "currency": "EUR",
        "starts_on": start,
        "ends_on": end,
    }
    return Goal(**{**values, **fields})


def test_without_words_it_is_the_twelve_months_from_the_next_one_on() -> None:
    assert read_question({}, TODAY) == NeedQuestion(NEXT_YEAR)
    assert default_horizon(date(2028, 1, 31)) == Period(date(2028, 2, 1), date(2029, 1, 31))


def test_goal_share_days_and_breakdown_are_read() -> None:
    question = read_question(
        {"goal": "1000000", "share": "40", "from": "2027-02-01", "to": "2027-04-30", "by": "campaign"}, TODAY
    )
    assert question == NeedQuestion(
        Period(date(2027, 2, 1), date(2027, 4, 30)), Decimal(1_000_000), Decimal("0.4"), "campaign"
    )


@pytest.mark.parametrize(
    "words",
    [
        {"goal": "much"}, {"goal": "-1"}, {"goal": "0"}, {"share": "0"}, {"share": "101"}, {"from": "2026-11-30"}, {"by": "owner"},
        {"from": "2027-02-01", "to": "2027-01-31"}, {"to": "2040-01-01"}, {"by": "mood"}, {"from": "31.01.2027"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(words: dict[str, str]) -> None:
    with pytest.raises(BadValue, match=r"\."):
        read_question(words, TODAY)


def test_the_goal_of_the_address_comes_first() -> None:
    asked = NeedQuestion(NEXT_YEAR, Decimal(5))
    assert choose_goal(asked, [goal(100, date(2027, 1, 1), date(2027, 12, 31))], "EUR", Decimal(9), TODAY).amount == 5


def test_the_joint_goal_of_those_days_counts_else_the_pace_of_the_one_that_runs() -> None:
    runs, coming = (
        goal(366, date(2026, 1, 1), date(2026, 12, 31)),
        goal(730, date(2027, 1, 1), date(2027, 12, 31), pk=2),
    )
    question = NeedQuestion(NEXT_YEAR)
    assert choose_goal(question, [runs, coming], "EUR", Decimal(9), TODAY).amount == 730
    assert choose_goal(question, [runs], "EUR", Decimal(9), TODAY).amount == 366
    half = NeedQuestion(Period(date(2027, 1, 1), date(2027, 6, 30)))
    assert choose_goal(half, [coming], "EUR", Decimal(9), TODAY).amount == 362  # 181 of 365 days


def test_goals_of_other_metrics_currencies_and_days_do_not_count() -> None:
    others = [
        goal(100, date(2027, 1, 1), date(2027, 12, 31), metric="smroi"),
        goal(100, date(2027, 1, 1), date(2027, 12, 31), currency="USD"),
        goal(100, date(2024, 1, 1), date(2024, 12, 31)),
    ]
    basis = choose_goal(NeedQuestion(NEXT_YEAR), others, "EUR", Decimal(3650), TODAY)
    assert (basis.source, basis.amount) == ("last_year", 3650)
