"""The sentence of the page of the CEO: what is wrong and what it costs."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from alarms.models import Alarm
from alignment.cost.rules import compute_cost
from alignment.overview.queries import DISPUTE, REVIEW, UPDATE, DueItem, Money, Overview
from alignment.overview.sentences import ALL_WELL, NOTHING_KNOWN, describe_due, describe_money, headline, list_troubles
from core.formatting import short_money
from core.periods import Period
from kpis.result import Result

TODAY = date(2026, 11, 30)
YEAR = Period(date(2025, 1, 1), date(2025, 12, 31), "last_year")
REVENUE, SPEND = Decimal(24_700_000), Decimal(11_400_000)
BENCHMARK = Decimal("1.52")


def money(revenue: Decimal = REVENUE, benchmark: Decimal = BENCHMARK) -> Money:
    smroi = result(value=(revenue - SPEND) / SPEND, numerator=revenue - SPEND, denominator=SPEND)
    cost = compute_cost(revenue=revenue, spend=SPEND, benchmark=benchmark, currency="USD")
    return Money(smroi, None, None, cost)


def result(**fields: Any) -> Result:
    return Result(key="smroi", name="SMROI", unit="percent", period=YEAR, as_of=None, currency="USD", **fields)


def due(kind: str, days: int) -> DueItem:
    return DueItem(kind, "Title", "/", TODAY + timedelta(days=days), TODAY)


@dataclass(frozen=True)
class Page:
    """The part of an overview that the sentence reads."""

    money: Money = field(default_factory=money)
    goals: list[Any] = field(default_factory=list)
    behind: list[Any] = field(default_factory=list)
    at_risk: list[Any] = field(default_factory=list)
    disputes: list[DueItem] = field(default_factory=list)
    overdue: list[DueItem] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)


def say(page: Page) -> str:
    return headline(page)  # type: ignore[arg-type]


def test_the_gap_of_the_example_is_said_in_money() -> None:
    """AppLexus: 24.7 M and 11.4 M against 152 % are 35 points and 4.0 M of revenue."""
    amount = short_money(Decimal("4028000"), "USD")
    assert describe_money(money()) == f"SMROI of 2025 is 35 points below the benchmark, which cost {amount} of revenue."


def test_ahead_of_the_benchmark_is_said_as_such() -> None:
    assert "points above the benchmark, which brought" in describe_money(money(benchmark=Decimal("0.9")))
    assert describe_money(money(SPEND * 2, Decimal(1))) == "SMROI of 2025 is at the benchmark."


def test_a_return_without_a_benchmark_and_no_return() -> None:
    assert "SMROI of 2025 is 117" in describe_money(replace(money(), cost=None))
    assert describe_money(Money(result(), None, None, None)) == "The return of 2025 is not known."


def test_what_is_behind_overdue_and_disputed_follows_in_one_sentence() -> None:
    page = Page(
        goals=[1, 2, 3], behind=[1], at_risk=[2], disputes=[due(DISPUTE, 5), due(DISPUTE, -2)],
        overdue=[due(UPDATE, -3), due(REVIEW, -23), due(REVIEW, -1)],
    )  # fmt: skip
    assert say(page).partition("revenue. ")[2] == (
        "1 of 3 goals is behind, 1 goal is at risk, the update of the plan is overdue by 3 days, 2 reviews of agreements "
        "are overdue and 2 disputes wait for a decision, 1 of them overdue."
    )


def test_a_company_in_order_is_told_so() -> None:
    assert say(Page(goals=[1])).endswith(ALL_WELL)


def test_a_company_of_which_nothing_is_known_is_not_told_that_all_is_well() -> None:
    page = Page(money=Money(result(), None, None, None))
    assert say(page) == NOTHING_KNOWN
    assert list_troubles(page) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("days", "text"),
    [(5, "in 5 days"), (1, "in 1 day"), (0, "today"), (-1, "overdue by 1 day"), (-23, "overdue by 23 days")],
)
def test_a_day_is_said_as_people_count_it(days: int, text: str) -> None:
    assert describe_due(due(DISPUTE, days)) == text
    assert due(DISPUTE, days).is_overdue == (days < 0)


def test_the_page_of_this_test_has_what_an_overview_has() -> None:
    assert set(Page.__dataclass_fields__) <= {*Overview.__dataclass_fields__, "behind", "at_risk"}
