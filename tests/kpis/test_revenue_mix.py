"""New and existing revenue, margin and retention: hand-checked numbers, and parts that are the whole."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import periods
from core.periods import Period
from tests.kpis.ask_metric import TODAY, ask
from tests.kpis.memory_facts import MemoryFacts

YEAR = periods.year_period(2025)


def invoice(account: int | None, day: date | None, amount: str, cost: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"account_id": account, "issued_on": day, "amount": Decimal(amount), "cost": cost and Decimal(cost)}
    return {**row, **more}


def values(facts: MemoryFacts, period: Period, *keys: str) -> dict[str, Any]:
    return {key: ask(facts, key, period).value for key in keys}


def test_new_is_what_the_invoice_says_else_the_first_twelve_months_of_the_account() -> None:
    facts = MemoryFacts(
        accounts=[{"name": "A"}, {"name": "B"}],
        invoices=[
            invoice(1, date(2024, 2, 29), "100", "40"),
            invoice(1, date(2025, 2, 27), "10", "4"),  # still within the 12 months
            invoice(1, date(2025, 2, 28), "7", "3"),  # the 12 months are over
            invoice(1, date(2025, 3, 1), "5", "1", is_new_business=True),  # the source overrules
            invoice(2, date(2025, 5, 1), "20", None),
            invoice(2, date(2025, 6, 1), "2", "1", kind="credit"),
            invoice(None, date(2025, 7, 1), "3"),
        ],
    )
    assert values(facts, YEAR, "revenue_new", "revenue_existing", "revenue_unclassified", "invoiced_revenue") == {
        "revenue_new": 33, "revenue_existing": 7, "revenue_unclassified": 3, "invoiced_revenue": 43,
    }  # fmt: skip
    assert values(facts, YEAR, "margin_new", "margin_existing") == {"margin_new": 9, "margin_existing": 4}
    warnings = " ".join(ask(facts, "margin_new", YEAR).warnings)
    assert "Invoices without a cost: 1. They are left out." in warnings
    assert "first invoice of the account: 3" in " ".join(ask(facts, "revenue_new", YEAR).warnings)


def test_retention_by_hand() -> None:
    before, now = date(2024, 6, 1), date(2025, 6, 1)
    facts = MemoryFacts(
        accounts=[{"name": name} for name in "ABCDEF"],
        invoices=[
            invoice(1, before, "100"), invoice(1, now, "150"),  # grows by 50
            invoice(2, before, "100"), invoice(2, now, "60"),  # shrinks by 40
            invoice(3, before, "100"),  # leaves
            invoice(4, now, "999"),  # new: no part of it
            invoice(5, date(2023, 12, 31), "50"),  # too long ago
            invoice(6, before, "30"), invoice(6, before, "10", kind="credit"), invoice(6, now, "20"),
        ],
    )  # fmt: skip
    told = values(facts, YEAR, "revenue_expansion", "revenue_contraction", "revenue_churn")
    assert told == {"revenue_expansion": 50, "revenue_contraction": 40, "revenue_churn": 100}
    nrr, grr = ask(facts, "nrr", YEAR), ask(facts, "grr", YEAR)
    assert (nrr.numerator, nrr.denominator) == (230, 320)
    assert abs(nrr.value - 0.71875) < 1e-9  # type: ignore[operator]
    assert abs(grr.value - 0.5625) < 1e-9  # type: ignore[operator]


def test_a_year_before_without_customers_has_no_retention() -> None:
    facts = MemoryFacts(accounts=[{"name": "A"}], invoices=[invoice(1, date(2025, 6, 1), "5")])
    assert ask(facts, "nrr", YEAR).value is None


def test_a_credit_above_the_invoices_of_now_is_churn() -> None:
    facts = MemoryFacts(
        accounts=[{"name": "A"}],
        invoices=[invoice(1, date(2024, 6, 1), "100"), invoice(1, date(2025, 6, 1), "30", kind="credit")],
    )
    assert ask(facts, "revenue_churn", YEAR).value == 130


days = st.dates(date(2023, 12, 25), TODAY - timedelta(300))
rows = st.lists(
    st.builds(
        invoice, st.none() | st.integers(1, 5), st.none() | days, st.decimals("0", "9999.99", places=2).map(str),
        st.none() | st.decimals("0", "999.99", places=2).map(str), kind=st.sampled_from(["invoice", "invoice", "credit"]),
        is_new_business=st.sampled_from([None, None, True, False]),
    ),
    max_size=60,
)  # fmt: skip


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows)
def test_the_parts_are_the_revenue_and_the_changes_the_difference(invoices: list[dict[str, Any]]) -> None:
    facts = MemoryFacts(accounts=[{"name": f"Account {n}"} for n in range(5)], invoices=invoices)
    for period in (Period(), YEAR):
        parts = values(facts, period, "revenue_new", "revenue_existing", "revenue_unclassified")
        assert sum(parts.values()) == ask(facts, "invoiced_revenue", period).value
    nrr, grr = ask(facts, "nrr", YEAR), ask(facts, "grr", YEAR)
    more, less, gone = (
        ask(facts, key, YEAR).value for key in ("revenue_expansion", "revenue_contraction", "revenue_churn")
    )
    assert nrr.numerator == nrr.denominator + more - less - gone  # type: ignore[operator]
    assert grr.numerator == grr.denominator - less - gone  # type: ignore[operator]
    base = [each for each in invoices if each["account_id"] and each["issued_on"] and each["issued_on"].year == 2024]
    sums: dict[int, Decimal] = {}
    for each in base:
        sums[each["account_id"]] = sums.get(each["account_id"], Decimal(0)) + each["amount"] * (
            -1 if each["kind"] == "credit" else 1
        )
    assert nrr.denominator == sum(value for value in sums.values() if value > 0)
    assert grr.value is None or grr.value <= 1
