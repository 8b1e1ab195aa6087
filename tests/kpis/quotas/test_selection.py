"""Which quotas a report is made of."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from core.periods import Period
from kpis.quotas import selection
from kpis.quotas.categories import find_category, version_order
from kpis.quotas.selection import QuotaRow, select_quotas

YEAR = Period(date(2025, 1, 1), date(2025, 12, 31))
TODAY = date(2026, 2, 1)
FIRST, SECOND = (date(2025, 1, 1), date(2025, 6, 30)), (date(2025, 7, 1), date(2025, 12, 31))


def row(pk: int = 1, *, days: tuple[Any, Any] = FIRST, **changes: Any) -> QuotaRow:
    values: dict[str, Any] = {
        "owner": 1, "category": "volume", "version": "1", "amount": Decimal(100), "potential": None, "is_home": True,
    }  # fmt: skip
    return QuotaRow(pk=pk, start=days[0], end=days[1], **(values | changes))


def pks(*rows: QuotaRow, version: str | None = None, today: date = TODAY) -> list[int]:
    return [found.pk for found in select_quotas(rows, "volume", YEAR, today, version).rows]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"owner": 0}, selection.NO_OWNER),
        ({"days": (None, date(2025, 6, 30))}, selection.NO_DAYS),
        ({"days": (date(2025, 6, 30), date(2025, 6, 1))}, selection.NO_DAYS),
        ({"amount": None}, selection.NO_AMOUNT),
        ({"amount": Decimal(0)}, selection.NO_AMOUNT),
        ({"is_home": False}, selection.CURRENCY),
        ({"category": ""}, selection.NO_CATEGORY),
        ({"days": (date(2024, 12, 31), date(2025, 6, 30))}, selection.OUTSIDE),
    ],
)
def test_what_cannot_count_is_left_out_and_counted(changes: dict[str, Any], reason: str) -> None:
    found = select_quotas([row(**changes)], "volume", YEAR, TODAY)
    assert (found.rows, found.left_out) == ((), ((reason, 1),))


def test_a_quota_of_another_category_or_year_is_not_even_counted() -> None:
    rows = [row(category="growth"), row(days=(date(2024, 1, 1), date(2024, 12, 31)))]
    assert select_quotas(rows, "volume", YEAR, TODAY).left_out == ()


def test_a_quota_whose_days_are_not_over_is_not_judged() -> None:
    found = select_quotas([row(1), row(2, days=SECOND)], "volume", YEAR, date(2025, 12, 31))
    assert [quota.pk for quota in found.rows] == [1]
    assert found.left_out == ((selection.RUNNING, 1),)


def test_the_last_version_of_each_person_and_span_counts() -> None:
    rows = [row(1), row(2, days=SECOND), row(3, days=SECOND, version="2"), row(4, owner=2, version="10")]
    assert pks(*rows) == [1, 3, 4]
    assert pks(*rows, version="1") == [1, 2]
    assert select_quotas(rows, "volume", YEAR, TODAY).versions == ("1", "2", "10")


def test_quotas_of_one_person_that_overlap_are_all_left_out() -> None:
    whole = (date(2025, 1, 1), date(2025, 12, 31))
    rows = [row(1), row(2, days=whole), row(3, owner=2)]
    found = select_quotas(rows, "volume", YEAR, TODAY)
    assert [quota.pk for quota in found.rows] == [3]
    assert found.left_out == ((selection.OVERLAP, 2),)


def test_the_same_quota_twice_is_an_overlap_and_not_a_double_one() -> None:
    assert pks(row(1), row(2)) == []


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("Volume", "volume"), ("NEW_PRODUCTS", "new_products"), ("new-products", "new_products"), ("Gross  margin", "margin"),
        ("Retention", "churn"), ("growth ", "growth"), ("Parking", ""), ("", ""),
    ],
)  # fmt: skip
def test_records_name_categories_in_their_own_words(written: str, key: str) -> None:
    assert find_category(written) == key


def test_versions_are_in_the_order_of_their_numbers() -> None:
    assert sorted(["2025.10", "2025.2", "", "2024.9", "2025"], key=version_order) == [
        "", "2024.9", "2025", "2025.2", "2025.10",
    ]  # fmt: skip
