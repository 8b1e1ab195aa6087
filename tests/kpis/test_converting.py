"""Amounts in other currencies, computed in the company's by the rate of their day, exactly; and what is left out is said."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.periods import Period
from crm.rates.conversion import in_company_currency
from crm.rates.exchange_rates import Factor
from kpis.compute import compute_metric, compute_trend
from kpis.drill import find_records
from kpis.result import Result
from kpis.rows import Scope
from team.models import Company, User
from tests.kpis.memory_facts import MemoryFacts

ALL = Period()
MAY = date(2025, 5, 5)


@pytest.fixture(autouse=True)
def converting(company: Company) -> Company:
    company.foreign_amounts = "convert"
    company.save()
    return company


def on(day: date, currency: str, down: str, up: str = "1", into: str = "EUR") -> dict[str, Any]:
    return {"currency": currency, "into": into, "day": day, "up": Decimal(up), "down": Decimal(down)}


def won(amount: str | None, currency: str = "EUR", day: date = MAY, **fields: Any) -> dict[str, Any]:
    money = None if amount is None else Decimal(amount)
    return {"amount": money, "currency": currency, "closed_on": day, "outcome": "won", **fields}


def ask(key: str, facts: Any, **cut: Any) -> Result:
    return compute_metric(key, ALL, facts=facts, **cut)


def test_each_deal_is_worth_what_it_was_on_its_closing_day() -> None:
    later = date(2025, 6, 5)
    facts = MemoryFacts(
        opportunities=[won("100"), won("100", "USD"), won("100", "USD", later)],
        day_rates=[on(MAY, "USD", "1.25"), on(later, "USD", "2"), on(MAY, "USD", "9", into="CHF")],
    )
    result = ask("won_revenue", facts)
    assert (result.value, result.currency, result.n, result.warnings) == (Decimal("230.00"), "EUR", 3, ())
    assert [part.value for part in compute_trend("won_revenue", Period(MAY, later), facts=facts).parts] == [
        Decimal(180),
        Decimal(50),
    ]


def test_what_has_no_rate_is_left_out_and_said_to_be_even_when_it_is_all_there_is() -> None:
    facts = MemoryFacts(opportunities=[won("100", "USD"), won(None, "USD"), won("0", "USD")])
    result = ask("won_revenue", facts)
    assert (result.value, result.currency, result.n) == (Decimal(0), "EUR", 2)
    assert "1 records in USD are left out: there is no exchange rate for their day." in result.warnings


def test_asked_for_by_name_a_currency_stays_as_it_is() -> None:
    facts = MemoryFacts(
        opportunities=[won("100"), won("100", "USD"), won("7", "BRL")], day_rates=[on(MAY, "USD", "1.25")]
    )
    alone = ask("won_revenue", facts, where={"currency": "USD"})
    assert (alone.value, alone.currency) == (Decimal(100), "USD")
    cut = ask("won_revenue", facts, by="currency")
    assert {part.key: (part.value, part.currency) for part in cut.parts} == {
        "EUR": (Decimal(100), "EUR"), "USD": (Decimal(100), "USD"), "BRL": (Decimal(7), "BRL"),
    }  # fmt: skip
    assert (cut.value, cut.currency) == (Decimal(180), "EUR")


def test_a_company_that_keeps_foreign_amounts_counts_as_before(company: Company) -> None:
    company.foreign_amounts = "keep"
    company.save()
    facts = MemoryFacts(opportunities=[won("100", "USD")], day_rates=[on(MAY, "USD", "1.25")])
    result = ask("won_revenue", facts)
    assert (result.value, result.currency) == (Decimal(100), "USD")


def test_invoices_payments_and_spend_take_the_rate_of_their_own_day() -> None:
    rates = [on(MAY, "USD", "2")]
    facts = MemoryFacts(
        invoices=[
            {"amount": Decimal(100), "cost": Decimal(30), "currency": "USD", "issued_on": MAY},
            {"amount": Decimal(10), "currency": "USD", "issued_on": MAY, "kind": "credit"},
        ],
        payments=[{"amount": Decimal(8), "currency": "USD", "paid_on": MAY}],
        spend=[{"amount": Decimal(20), "currency": "USD", "spent_on": MAY}],
        day_rates=rates,
    )
    assert [ask(key, facts).value for key in ("revenue", "payments_received", "sm_spend")] == [45, 4, 10]
    assert ask("smroi", facts).value == pytest.approx(3.5)
    assert ask("smroi_gross_profit", facts).value == pytest.approx(2.5)


def test_a_line_item_takes_the_rate_of_its_own_day_else_of_its_invoice_else_of_its_deal(company: Company) -> None:
    def line(amount: int, **fields: Any) -> dict[str, Any]:
        return {"amount": Decimal(amount), "discount": Decimal(amount) / 10, "currency": "USD", **fields}

    later = date(2025, 6, 5)
    facts = MemoryFacts(
        line_items=[line(100, sold_on=MAY), line(60, invoice_id=1, opportunity_id=1), line(80, opportunity_id=1)],
        invoices=[{"issued_on": MAY}],
        opportunities=[won("1", day=later)],
        touches=[{"value": Decimal(10), "currency": "USD", "happened_at": datetime(2025, 5, 5, 9, tzinfo=UTC)}],
        subscriptions=[{"amount": Decimal(10), "currency": "USD", "ends_on": later}],
        day_rates=[on(MAY, "USD", "2"), on(later, "USD", "4")],
    )
    scope = Scope(facts, ALL, "EUR", date(2025, 12, 31), converts=True)  # type: ignore[arg-type]

    def converted(table: str, *names: str) -> list[Any]:
        rows = facts.execute(in_company_currency(scope, table, facts.table(table)).order_by("id"))
        assert set(rows["currency"]) == {"EUR"}
        return rows[list(names)].values.tolist()

    assert converted("line_items", "amount", "discount") == [[50, 5], [30, 3], [20, 2]]
    assert converted("touches", "value") == [[5]]
    assert converted("subscriptions", "amount") == [[Decimal("2.50")]]


def test_an_open_deal_is_worth_what_it_is_on_the_evening_it_is_counted() -> None:
    today, evening = date(2026, 11, 22), date(2025, 5, 31)
    facts = MemoryFacts(
        opportunities=[{
            "amount": Decimal(100), "probability": Decimal("0.5"), "currency": "USD", "opened_on": date(2025, 1, 1),
            "expected_close_on": date(2027, 1, 1),
        }],
        day_rates=[on(today, "USD", "2"), on(evening, "USD", "4")],
    )  # fmt: skip
    assert [ask(key, facts).value for key in ("open_pipeline", "weighted_pipeline")] == [50, 25]
    then = compute_metric("weighted_pipeline", Period(date(2025, 5, 1), evening), facts=facts)
    assert (then.value, then.currency) == (Decimal("12.50"), "EUR")


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.decimals(-(10**8), 10**8, places=2), st.sampled_from(["1", "0.8", "1.6", "5.3979", "17305.5", "0.0001"]),
            st.sampled_from(["1.2", "3", "1.0811", "1.6", "163.45", "0.0123456789"]),
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_the_engine_rounds_every_row_as_exact_fractions_do(rows: list[tuple[Decimal, str, str]]) -> None:
    from crm.rates.conversion import in_company_currency
    from kpis.rows import Scope

    days = [date.fromordinal(date(2020, 1, 1).toordinal() + place) for place in range(len(rows))]
    facts = MemoryFacts(
        spend=[
            {"amount": amount, "currency": "USD", "spent_on": day}
            for (amount, _, _), day in zip(rows, days, strict=True)
        ],
        day_rates=[on(day, "USD", down, up) for (_, up, down), day in zip(rows, days, strict=True)],
    )
    scope = Scope(facts, ALL, "EUR", date(2026, 11, 22), converts=True)  # type: ignore[arg-type]
    found = facts.execute(in_company_currency(scope, "spend", facts.table("spend")).order_by("id"))
    exact = [Fraction(amount) * Fraction(up) / Fraction(down) for amount, up, down in rows]
    expected = [Decimal(round(value * 100)) / 100 for value in exact]  # Python rounds a fraction half to even
    assert [Decimal(value) for value in found["amount"]] == expected
    assert [Factor(Decimal(up), Decimal(down)).convert(amount) for amount, up, down in rows] == expected


def test_a_list_price_is_in_the_currency_of_its_product() -> None:
    deal = {"product_id": 1, "currency": "EUR", "opened_on": MAY}
    facts = MemoryFacts(
        opportunities=[deal], products=[{"list_price": Decimal(100), "currency": "USD"}],
        day_rates=[on(date(2026, 11, 22), "USD", "2")],
    )  # fmt: skip
    assert ask("open_pipeline_at_list_price", facts).value == 50


def test_large_amounts_are_exact_too() -> None:
    facts = MemoryFacts(opportunities=[won("9999999999999.99", "USD")], day_rates=[on(MAY, "USD", "0.03")])
    assert ask("won_revenue", facts).value == Decimal("333333333333333.00")


def test_the_records_behind_a_converted_number_are_those_that_count(cro: User) -> None:
    facts = MemoryFacts(opportunities=[won("100", "USD"), won("5", "BRL"), won("1")], day_rates=[on(MAY, "USD", "2")])
    assert find_records("won_revenue", ALL, user=cro, facts=facts).n == ask("won_revenue", facts).n == 2
