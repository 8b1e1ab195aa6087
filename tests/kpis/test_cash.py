"""What became of the deals won: the identity to the last digit, the five kinds of mismatch, and who may see them."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.periods import Period
from kpis.cash.billing import billed_deals, followed_deals, invoices_with_payments
from kpis.cash.lists import LISTS
from kpis.cash.reading import CashQuestion, compute_cash, find_rows
from kpis.rows import CashTerms, Scope
from tests.kpis.ask_metric import TODAY, ask
from tests.kpis.memory_facts import MemoryFacts

TERMS = ("invoiced", "not_yet_due", "stalled", "short", "over")
WON = {"outcome": "won", "closed_on": date(2026, 6, 1)}
RATES = {"USD": Fraction(9, 10), "GBP": Fraction(117, 100)}


def deal(amount: str | None, **more: Any) -> dict[str, Any]:
    return {**WON, "amount": amount and Decimal(amount), **more}


def invoice(amount: str | None, **more: Any) -> dict[str, Any]:
    row = {"opportunity_id": 1, "issued_on": date(2026, 6, 3), "amount": amount and Decimal(amount)}
    return {**row, **more}


def credit(amount: str, **more: Any) -> dict[str, Any]:
    return invoice(amount, kind="credit", **more)


def payment(amount: str, invoice_id: int = 1, **more: Any) -> dict[str, Any]:
    return {"invoice_id": invoice_id, "amount": Decimal(amount), "paid_on": date(2026, 7, 1), **more}


def scope_over(*, converts: bool = False, cash: CashTerms | None = None, **tables: Any) -> Scope:
    facts: Any = MemoryFacts(**tables)
    return Scope(facts, Period(), "EUR", TODAY, converts=converts, cash=cash or CashTerms())


def read(scope: Scope, source: Any = billed_deals) -> dict[int, dict[str, Any]]:
    frame = scope.facts.execute(source(scope))
    rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[assignment]
    return {int(row["id"]): row for row in rows}


def terms(row: dict[str, Any]) -> dict[str, Decimal]:
    return {name: row[name] for name in TERMS if row[name]}


@pytest.mark.parametrize(
    ("days_ago", "invoices", "expected"),
    [
        (14, [], {"not_yet_due": "100"}),
        (15, [], {"stalled": "100"}),
        (300, [invoice("100")], {"invoiced": "100"}),
        (300, [invoice("60"), invoice("40")], {"invoiced": "100"}),
        (300, [invoice("60")], {"invoiced": "60", "short": "40"}),
        (300, [invoice("60", issued_on=TODAY - timedelta(14))], {"invoiced": "60", "not_yet_due": "40"}),
        (300, [invoice("60", issued_on=TODAY - timedelta(15))], {"invoiced": "60", "short": "40"}),
        (300, [invoice("110")], {"invoiced": "110", "over": "10"}),
        (300, [invoice("110"), credit("10")], {"invoiced": "100"}),
        (300, [invoice("100"), credit("100")], {"short": "100"}),
        (300, [credit("20")], {"invoiced": "-20", "short": "120"}),
        (300, [invoice("100", issued_on=TODAY + timedelta(1))], {"stalled": "100"}),
        (300, [invoice("100", issued_on=None)], {"invoiced": "100"}),
        (300, [invoice(None)], {"short": "100"}),
        (3, [invoice("110")], {"invoiced": "110", "over": "10"}),
        (300, [invoice("100", opportunity_id=None, account_id=1)], {"stalled": "100"}),
        (300, [invoice("100", opportunity_id=2)], {"stalled": "100"}),
    ],
)
def test_each_deal_is_invoiced_waits_or_is_off(days_ago: int, invoices: list[Any], expected: dict[str, str]) -> None:
    deals = [deal("100", closed_on=TODAY - timedelta(days_ago)), {"outcome": "lost", "amount": Decimal(9)}]
    row = read(scope_over(opportunities=deals, invoices=invoices))[1]
    assert terms(row) == {name: Decimal(value) for name, value in expected.items()}


def test_the_rest_of_a_subscription_waits_for_a_period_and_the_days_of_the_company() -> None:
    recent = [invoice("60", issued_on=TODAY - timedelta(40))]
    monthly = {"opportunity_id": 1, "period": "month", "ends_on": TODAY}
    ended = {**monthly, "ends_on": TODAY - timedelta(1)}
    deals = [deal("100")]
    assert (
        terms(read(scope_over(opportunities=deals, invoices=recent, subscriptions=[monthly]))[1])["not_yet_due"] == 40
    )
    assert terms(read(scope_over(opportunities=deals, invoices=recent, subscriptions=[ended]))[1])["short"] == 40
    patient = CashTerms(invoice_days=40)
    assert terms(read(scope_over(cash=patient, opportunities=deals, invoices=recent))[1])["not_yet_due"] == 40


@pytest.mark.parametrize(
    "row",
    [deal(None), deal("5", closed_on=None), deal("5", closed_on=TODAY + timedelta(1)), deal("5", currency="USD")],
)
def test_a_deal_that_cannot_be_compared_is_left_out_and_counted(row: dict[str, Any]) -> None:
    scope = scope_over(opportunities=[row, deal("7")], invoices=[invoice("5")])
    cash = compute_cash(scope, CashQuestion(Period()))
    assert (cash.total.deals, cash.total.won, cash.not_compared) == (1, 7, 1)
    assert not cash.lists["off_amount"].count


def test_an_invoice_in_another_currency_is_converted_on_the_day_the_deal_was_won() -> None:
    rates = [
        {"currency": "USD", "into": "EUR", "day": date(2026, 6, 1), "up": Decimal(9), "down": Decimal(10)},
        {"currency": "USD", "into": "EUR", "day": date(2026, 6, 3), "up": Decimal(2), "down": Decimal(1)},
    ]
    both = scope_over(
        converts=True, opportunities=[deal("90"), deal("33.33", currency="USD")], day_rates=rates,
        invoices=[invoice("100", currency="USD"), *(invoice("11.11", opportunity_id=2, currency="USD") for _ in range(3))],
    )  # fmt: skip
    rows = read(both)
    assert terms(rows[1]) == {"invoiced": Decimal(90)}
    assert terms(rows[2]) == {"invoiced": Decimal("30.00")}  # 29.997, not three times 9.999


# --- the identity, to the last digit

cents = st.decimals("0", "99999.99", places=2)
currencies = st.sampled_from(["EUR", "", "USD", "GBP"])
days = st.dates(date(2026, 1, 1), TODAY + timedelta(5))


@st.composite
def markets(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    n = draw(st.integers(1, 30))
    deals = [
        {
            "outcome": draw(st.sampled_from(["won", "won", "won", "lost"])), "amount": draw(cents), "account_id": draw(st.integers(1, 3)),
            "closed_on": draw(days), "currency": draw(currencies),
        }
        for _ in range(n)
    ]  # fmt: skip
    invoices = [
        {
            "opportunity_id": draw(st.integers(1, n)), "issued_on": draw(st.none() | days), "amount": draw(st.none() | cents),
            "kind": draw(st.sampled_from(["invoice", "invoice", "credit"])), "currency": draw(currencies),
        }
        for _ in range(draw(st.integers(0, 60)))
    ]  # fmt: skip
    return deals, invoices


def convert(amount: Decimal, currency: str) -> Decimal:
    """Convert with fractions, half to even: written without the code under test."""
    exact = Fraction(amount) * RATES.get(currency, Fraction(1)) * 100
    whole, rest = divmod(exact.numerator, exact.denominator)
    double = 2 * rest
    up = double > exact.denominator or (double == exact.denominator and whole % 2 == 1)
    return (Decimal(whole + up) / 100).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def expect(row: dict[str, Any], invoices: list[dict[str, Any]]) -> tuple[Decimal, Decimal]:
    """Return what a deal is worth, and what is invoiced of it."""
    issued = [one for one in invoices if one["issued_on"] is None or one["issued_on"] <= TODAY]
    sums: dict[str, Decimal] = {}
    for one in issued:
        sign = -1 if one["kind"] == "credit" else 1
        currency = one["currency"] or "EUR"
        sums[currency] = sums.get(currency, Decimal(0)) + sign * (one["amount"] or 0)
    invoiced = sum((convert(value, currency) for currency, value in sums.items()), Decimal(0))
    return convert(row["amount"], row["currency"] or "EUR"), invoiced


@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(markets())
def test_won_is_invoiced_not_yet_due_stalled_and_short_less_over_exactly(
    market: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    deals, invoices = market
    rates = [
        {"currency": name, "into": "EUR", "day": date(2026, 1, 1) + timedelta(n), "up": Decimal(rate.numerator), "down": Decimal(rate.denominator)}
        for name, rate in RATES.items() for n in range(330)
    ]  # fmt: skip
    scope = scope_over(converts=True, opportunities=deals, invoices=invoices, day_rates=rates)
    rows = read(scope)
    by_account: dict[int, list[Decimal]] = {}
    for number, row in rows.items():
        told = deals[number - 1]
        if not row["is_compared"]:
            assert told["closed_on"] > TODAY
            continue
        won, invoiced = expect(told, [one for one in invoices if one["opportunity_id"] == number])
        assert (row["amount"], row["invoiced"]) == (won, invoiced)
        rest = [row[name] for name in TERMS[1:] if row[name]]
        assert len(rest) <= 1
        assert row["over"] >= 0
        assert won == invoiced + row["not_yet_due"] + row["stalled"] + row["short"] - row["over"]
        sums = by_account.setdefault(told["account_id"], [Decimal(0), Decimal(0)])
        sums[0] += won
        sums[1] += invoiced
    cash = compute_cash(scope, CashQuestion(Period()))
    assert {each.account_id: [each.won, each.invoiced] for each in cash.customers} == by_account
    for each in (*cash.customers, cash.total):
        assert each.won == each.invoiced + each.not_yet_due + each.stalled + each.short - each.over
    for key in ("to_invoice", "off_amount"):
        listed = find_rows(scope, CashQuestion(Period()), LISTS[key], "EUR")
        assert (len(listed), sum(row.money for row in listed)) == (cash.lists[key].count, cash.lists[key].money)


# --- what is owed


def owed(**tables: Any) -> list[tuple[Decimal, bool]]:
    rows = read(scope_over(**tables), invoices_with_payments)
    return [(row["owed"], bool(row["is_overdue"])) for _, row in sorted(rows.items()) if row["kind"] != "credit"]


def test_an_invoice_is_overdue_after_its_due_date_or_the_terms_of_the_company() -> None:
    invoices = [
        invoice("100", due_on=TODAY), invoice("100", due_on=TODAY - timedelta(1)),
        invoice("100", issued_on=TODAY - timedelta(30)), invoice("100", issued_on=TODAY - timedelta(31)), invoice("100", issued_on=None),
    ]  # fmt: skip
    assert owed(invoices=invoices) == [(100, False), (100, True), (100, False), (100, True), (100, False)]


@pytest.mark.parametrize(
    ("payments", "credits", "expected"),
    [
        ([payment("100")], [], [0, 50]),
        ([payment("30"), payment("30")], [], [40, 50]),
        ([payment("120")], [], [0, 50]),
        ([payment("100", paid_on=TODAY + timedelta(1))], [], [100, 50]),
        ([], [credit("30")], [70, 50]),
        ([], [credit("120")], [0, 30]),
        ([payment("90")], [credit("10")], [0, 50]),
        ([payment("100")], [credit("20")], [0, 30]),
        ([], [credit("30", opportunity_id=None, account_id=1)], [100, 50]),
        ([], [credit("30", currency="USD")], [100, 50]),
    ],
)
def test_payments_and_credit_notes_pay_the_oldest_debt_first(
    payments: list[Any], credits: list[Any], expected: list[int]
) -> None:
    invoices = [invoice("100"), invoice("50", issued_on=date(2026, 6, 9)), *credits]
    assert [value for value, _ in owed(invoices=invoices, payments=payments)] == expected


def test_an_invoice_that_was_paid_in_another_currency_is_not_judged_and_its_deal_not_paid() -> None:
    tables: Any = {
        "opportunities": [deal("100")],
        "invoices": [invoice("100")],
        "payments": [payment("100", currency="USD")],
    }
    assert owed(**tables) == [(0, False)]
    assert not read(scope_over(**tables), followed_deals)[1]["is_paid"]
    assert "paid in another currency: 1" in " ".join(ask(MemoryFacts(**tables), "overdue_invoices").warnings)


def test_a_customer_that_paid_is_expected_live_after_the_days_of_the_company() -> None:
    def is_stuck(paid_on: date, *moves: dict[str, Any]) -> bool:
        elsewhere = {"lead_id": 9, "stage": "live", "entered_at": datetime(2026, 1, 1, tzinfo=UTC), "is_dated": True}
        tables: Any = {
            "opportunities": [deal("100", account_id=4, lead_id=5)],
            "invoices": [invoice("100")],
            "payments": [payment("100", paid_on=paid_on)],
            "moves": [elsewhere, *moves] if moves != ({},) else [],
        }
        row = read(scope_over(**tables), followed_deals)[1]
        assert row["is_paid"]
        return bool(row["is_paid_not_live"])

    live = {"stage": "live", "entered_at": datetime(2026, 7, 2, tzinfo=UTC), "is_dated": True}
    assert is_stuck(TODAY - timedelta(31))
    assert not is_stuck(TODAY - timedelta(30))
    assert not is_stuck(TODAY - timedelta(31), {**live, "account_id": 4})
    assert not is_stuck(TODAY - timedelta(31), {**live, "lead_id": 5})
    assert is_stuck(TODAY - timedelta(31), {**live, "stage": "adopted", "account_id": 4})
    assert not is_stuck(TODAY - timedelta(31), {})  # no buyer of the company was ever live: nobody is judged


def test_billed_without_a_won_deal_takes_credit_notes_off() -> None:
    facts = MemoryFacts(
        opportunities=[deal("100"), {"outcome": "open", "amount": Decimal(5)}],
        invoices=[
            invoice("100"), invoice("40", opportunity_id=None), credit("15", opportunity_id=None), invoice("7", opportunity_id=2),
            invoice("3", opportunity_id=77),
        ],
    )  # fmt: skip
    result = ask(facts, "billed_without_deal")
    assert (result.value, result.n) == (35, 4)


def test_the_steps_take_the_median_of_days_in_order() -> None:
    deals = [
        deal("10", opened_on=date(2026, 5, 2), first_contact_on=date(2026, 4, 1), lead_id=1),
        deal("20", opened_on=date(2026, 5, 22), first_contact_on=date(2026, 6, 2), lead_id=1),
    ]
    leads = [{"created_at": datetime(2026, 4, 11, 12, tzinfo=UTC)}]
    scope = scope_over(opportunities=deals, leads=leads, invoices=[invoice("10"), invoice("20", opportunity_id=2)])
    steps = {step.key: (step.deals, step.days) for step in compute_cash(scope, CashQuestion(Period())).steps}
    assert steps["lead"] == (1, 10)
    assert steps["deal"] == (2, 31)
    assert steps["won"] == (2, 20)
    assert steps["invoiced"] == (2, 2)
    assert steps["paid"] == (0, None)


@pytest.fixture(scope="module")
def nothing() -> Scope:
    return scope_over()


def test_no_records_give_no_numbers(nothing: Scope) -> None:
    cash = compute_cash(nothing, CashQuestion(Period()))
    assert (cash.total.deals, cash.total.won, cash.customers, cash.currency) == (0, 0, (), "EUR")
    assert all(total.count == 0 and total.days is None for total in cash.lists.values())
