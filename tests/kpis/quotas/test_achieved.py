"""What was achieved, category by category: credit notes, missing amounts and costs, currencies, edges of days and years."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest

from facts.engine import Facts
from kpis.quotas import achieved
from kpis.quotas.achieved import Achieved, read_achieved
from kpis.quotas.potential import VerticalAccounts, compute_yearly_potential, read_yearly_potential, share_by_days
from team.models import Company
from tests.kpis.memory_facts import MemoryFacts

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
RITA, SAM = 1, 2


def won(day: date | None, amount: Any = 100, *, owner: int | None = RITA, **changes: Any) -> dict[str, Any]:
    return {
        "owner_id": owner, "outcome": "won", "closed_on": day, "amount": None if amount is None else Decimal(amount), **changes,
    }  # fmt: skip


def read(company: Company, category: str, *keys: Any, **tables: Iterable[dict[str, Any]]) -> Achieved:
    return read_achieved(cast(Facts, MemoryFacts(**tables)), company, category, keys or [(RITA, YEAR)])


def test_volume_is_what_was_won_within_the_days_both_edges_included(company: Company) -> None:
    deals = [
        won(date(2025, 1, 1)), won(date(2025, 12, 31), "0.10"), won(date(2024, 12, 31), 9), won(date(2026, 1, 1), 9),
        won(date(2025, 5, 5), 9, owner=SAM), won(date(2025, 5, 5), 9, outcome="lost"), won(date(2025, 5, 5), 9, outcome="open"),
    ]  # fmt: skip
    found = read(company, "volume", opportunities=deals)
    assert found.total([RITA], [YEAR]) == Decimal("100.10")
    assert found.left_out == {}


def test_volume_adds_up_over_the_owner_records_of_a_person_and_the_spans(company: Company) -> None:
    halves = [(date(2025, 1, 1), date(2025, 6, 30)), (date(2025, 7, 1), date(2025, 12, 31))]
    deals = [won(date(2025, 6, 30), 1), won(date(2025, 7, 1), 2, owner=SAM)]
    keys = [(owner, span) for owner in (RITA, SAM) for span in halves]
    found = read(company, "volume", *keys, opportunities=deals)
    assert found.total([RITA, SAM], halves) == 3
    assert found.total([RITA], halves[1:]) == 0


def test_a_deal_without_an_amount_a_rate_or_a_day_is_counted(company: Company) -> None:
    deals = [won(date(2025, 5, 5), None), won(date(2025, 5, 5), 7, currency="CHF"), won(None, 8)]
    found = read(company, "volume", opportunities=deals)
    assert found.total([RITA], [YEAR]) == 0
    assert found.left_out == {
        achieved.UNCOUNTED["is_amountless"]: 1, achieved.UNCOUNTED["is_rateless"]: 1, achieved.UNDATED: 1,
    }  # fmt: skip


def test_only_deals_of_the_asked_people_are_counted_as_left_out(company: Company) -> None:
    assert read(company, "volume", opportunities=[won(date(2025, 5, 5), None, owner=SAM)]).left_out == {}


def test_foreign_amounts_are_converted_at_the_rate_of_the_closing_day(company: Company) -> None:
    company.foreign_amounts = Company.ForeignAmounts.CONVERT
    company.save()
    day = date(2025, 5, 5)
    rates = [{"currency": "USD", "into": "EUR", "day": day, "up": Decimal("0.9"), "down": Decimal(1)}]
    found = read(company, "volume", opportunities=[won(day, 200, currency="USD")], day_rates=rates)
    assert found.total([RITA], [YEAR]) == 180


def test_growth_is_against_the_same_days_a_year_before_leap_day_included(company: Company) -> None:
    february = (date(2025, 2, 1), date(2025, 2, 28))
    deals = [
        won(date(2024, 1, 2), 5), won(date(2024, 2, 29), 40), won(date(2025, 2, 28), 100), won(date(2024, 3, 1), 7),
    ]  # fmt: skip
    found = read(company, "growth", (RITA, february), opportunities=deals)
    assert found.total([RITA], [february]) == 60


def test_growth_can_be_negative_and_is_not_known_before_the_records_begin(company: Company) -> None:
    found = read(company, "growth", opportunities=[won(date(2024, 1, 9), 100), won(date(2025, 1, 9), 30)])
    assert found.total([RITA], [YEAR]) == -70
    found = read(company, "growth", opportunities=[won(date(2024, 7, 1), 100), won(date(2025, 1, 9), 30)])
    assert found.total([RITA], [YEAR]) is None


def test_margin_leaves_out_deals_without_a_cost(company: Company) -> None:
    deals = [won(date(2025, 5, 5), 100, cost=Decimal(30)), won(date(2025, 5, 5), 900)]
    found = read(company, "margin", opportunities=deals)
    assert found.total([RITA], [YEAR]) == 70
    assert found.left_out == {achieved.UNCOUNTED["is_costless"]: 1}


def test_a_product_is_new_for_twelve_months_from_its_first_sale(company: Company) -> None:
    deals = [
        won(date(2023, 1, 1), 1, product_id=1),  # the records begin
        won(date(2024, 3, 1), 10, product_id=2), won(date(2025, 2, 28), 20, product_id=2, owner=SAM),
        won(date(2025, 3, 1), 40, product_id=2), won(date(2025, 3, 1), 80, product_id=1), won(date(2025, 3, 1), 99),
    ]  # fmt: skip
    both = (date(2024, 1, 1), date(2025, 12, 31))
    found = read(company, "new_products", (RITA, both), (SAM, both), opportunities=deals)
    assert found.total([RITA], [both]) == 10
    assert found.total([SAM], [both]) == 20
    assert found.left_out == {achieved.UNCOUNTED["is_productless"]: 1}


def test_a_product_sold_soon_after_the_records_begin_is_not_new(company: Company) -> None:
    deals = [won(date(2024, 6, 1), 1, product_id=1), won(date(2025, 5, 31), 10, product_id=2)]
    assert read(company, "new_products", opportunities=deals).total([RITA], [YEAR]) == 0


def invoice(account: int, day: date, amount: Any, **changes: Any) -> dict[str, Any]:
    return {"account_id": account, "issued_on": day, "amount": Decimal(amount), **changes}


def test_revenue_kept_takes_no_account_for_more_than_it_brought_before(company: Company) -> None:
    accounts = [{"id": 1, "owner_id": RITA}, {"id": 2, "owner_id": RITA}, {"id": 3, "owner_id": SAM}]
    invoices = [
        invoice(1, date(2024, 1, 5), 100), invoice(1, date(2025, 5, 5), 500),  # grew: 100 kept
        invoice(2, date(2024, 5, 5), 80),  # left: nothing kept
        invoice(3, date(2024, 5, 5), 60), invoice(3, date(2025, 5, 5), 70),
        invoice(3, date(2025, 6, 5), 30, kind="credit"),  # net 40
    ]  # fmt: skip
    found = read(company, "churn", (RITA, YEAR), (SAM, YEAR), accounts=accounts, invoices=invoices)
    assert found.total([RITA], [YEAR]) == 100
    assert found.total([SAM], [YEAR]) == 40


def test_revenue_kept_is_not_known_before_the_records_begin(company: Company) -> None:
    accounts = [{"id": 1, "owner_id": RITA}]
    found = read(company, "churn", accounts=accounts, invoices=[invoice(1, date(2025, 5, 5), 9)])
    assert found.total([RITA], [YEAR]) is None


def test_the_number_of_questions_does_not_grow_with_people_and_spans(company: Company) -> None:
    def count(n: int) -> int:
        facts = MemoryFacts(opportunities=[won(date(2025, 5, 5), owner=owner) for owner in range(1, n + 1)])
        read_achieved(cast(Facts, facts), company, "growth", [(owner, YEAR) for owner in range(1, n + 1)])
        return facts.questions

    assert count(10) == count(20)


def test_the_computed_potential_shares_the_rate_of_each_vertical_by_accounts() -> None:
    verticals = [
        VerticalAccounts({RITA: 10, SAM: 10}, Decimal(2000)),  # 100 an account
        VerticalAccounts({RITA: 1, 0: 1}, Decimal(900)),  # too few: the company's 2900 ÷ 22
    ]  # fmt: skip
    found = compute_yearly_potential(verticals)
    assert found[SAM] == 1000
    assert round(found[RITA], 2) == Decimal("1131.82")
    assert compute_yearly_potential([VerticalAccounts({RITA: 5}, Decimal(0))]) == {}
    assert share_by_days(Decimal(730), [(date(2025, 1, 1), date(2025, 1, 31))]) == 62


def test_the_computed_potential_knows_nothing_of_the_period_itself(company: Company) -> None:
    accounts = [{"id": pk, "owner_id": RITA if pk < 4 else SAM, "vertical_id": 1} for pk in range(1, 13)]
    deals = [
        won(date(2024, 12, 31), 1200, account_id=5), won(date(2025, 1, 1), 9999, account_id=5), won(date(2023, 12, 31), 9999, account_id=5),
    ]  # fmt: skip
    facts = cast(Facts, MemoryFacts(accounts=accounts, opportunities=deals))
    assert read_yearly_potential(facts, company, date(2025, 1, 1)) == {RITA: Decimal(300), SAM: Decimal(900)}


@pytest.mark.parametrize("category", ["volume", "growth", "margin", "churn", "new_products"])
def test_nothing_on_record_is_nothing_achieved(company: Company, category: str) -> None:
    assert read(company, category).sums in ({}, {(RITA, YEAR): 0})
