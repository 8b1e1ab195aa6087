"""Pay as a pure function: golden plans, edges of periods, shared quotas, and each rule by itself."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kpis.plans.pay import pay_year, share_by_days
from kpis.plans.terms import PayPlan, describe_plan
from tests.kpis.plans.years import NEW, OLD, QUARTERS, YEAR, event, plan, rep_year

MAY = date(2025, 5, 5)


def pay(amount: Any, terms: PayPlan) -> Decimal:
    return pay_year(rep_year(event(MAY, amount)), terms, [YEAR]).total


@pytest.mark.parametrize(
    ("attainment", "old", "new"),
    [(400, 0, 20_000), (800, 40_000, 40_000), (1000, 50_000, 50_000), (1300, 80_000, 72_500), (2200, 170_000, 100_000)],
)
def test_golden_plans(attainment: int, old: int, new: int) -> None:
    assert (pay(attainment, OLD), pay(attainment, NEW)) == (old, new)


def test_the_threshold_itself_pays() -> None:
    assert pay("500", OLD) == 25_000
    assert pay("499.99", OLD) == 0


def test_pay_is_exact_to_the_cent() -> None:
    assert pay("333.33", plan()) == Decimal("16666.50")
    assert pay("0.01", plan(variable=Decimal("333.33"))) == Decimal("0.00")


def test_each_period_pays_its_part_for_the_deals_of_its_days() -> None:
    rep = rep_year(event(date(2025, 3, 31), 1000), event(date(2025, 4, 1), 500, 2), spans=QUARTERS)
    slip = pay_year(rep, plan(period="quarter"), QUARTERS)
    assert [period.amount for period in slip.periods] == [12_500, 6_250, 0, 0]
    assert slip.total == 18_750


def test_a_quota_over_several_periods_is_shared_out_by_days_and_adds_up() -> None:
    rep = rep_year(quota=365)
    assert [rep.quota("volume", span) for span in QUARTERS] == [90, 91, 92, 92]
    assert share_by_days(Decimal(365), YEAR, (date(2026, 1, 1), date(2026, 3, 31))) == 0


def test_a_period_without_a_quota_pays_nothing() -> None:
    rep = rep_year(event(date(2025, 5, 5), 9999), spans=QUARTERS[:1])
    assert pay_year(rep, plan(period="quarter"), QUARTERS).total == 0


def test_deals_outside_of_the_year_pay_nothing() -> None:
    rep = rep_year(event(date(2024, 12, 31), 1000), event(date(2026, 1, 1), 1000, 2))
    assert pay_year(rep, plan(), [YEAR]).total == 0


def test_categories_share_the_variable_pay() -> None:
    quotas = {"volume": ((YEAR, Decimal(1000)),), "new_products": ((YEAR, Decimal(100)),)}
    rep = rep_year(event(MAY, 800), event(MAY, 100, 2, is_new=True), quotas=quotas)
    terms = plan(weights={"volume": Decimal("0.8"), "new_products": Decimal("0.2")})
    assert pay_year(rep, terms, [YEAR]).total == 50_000 * Decimal("0.8") * Decimal("0.9") + 10_000


def test_growth_pays_for_what_is_above_the_year_before_and_a_fall_costs_nothing() -> None:
    quotas = {"growth": ((YEAR, Decimal(200)),)}
    terms = plan(weights={"growth": Decimal(1)})
    rep = rep_year(event(MAY, 500), before=(event(MAY, 400, 2),), quotas=quotas)
    assert pay_year(rep, terms, [YEAR]).total == 25_000
    rep = rep_year(event(MAY, 300), before=(event(MAY, 400, 2),), quotas=quotas)
    assert pay_year(rep, terms, [YEAR]).total == 0


def test_margin_counts_only_deals_with_a_cost_and_churn_what_was_kept() -> None:
    quotas = {"margin": ((YEAR, Decimal(100)),), "churn": ((YEAR, Decimal(100)),)}
    rep = rep_year(event(MAY, 90, cost=Decimal(40)), event(MAY, 900, 2), quotas=quotas, kept={YEAR: Decimal(100)})
    assert pay_year(rep, plan(weights={"margin": Decimal(1)}), [YEAR]).total == 25_000
    assert pay_year(rep, plan(weights={"churn": Decimal(1)}), [YEAR]).total == 50_000


def test_a_deal_over_the_discount_limit_is_credited_in_part() -> None:
    terms = plan(discount_limit=Decimal("0.2"), discount_factor=Decimal("0.5"))
    at_limit, over = event(MAY, 800, listed=Decimal(1000)), event(MAY, 799, listed=Decimal(1000))
    assert pay_year(rep_year(at_limit), terms, [YEAR]).total == 40_000
    assert pay_year(rep_year(over), terms, [YEAR]).total == Decimal(799) * 25
    assert pay_year(rep_year(over), plan(credit="list"), [YEAR]).total == 50_000


def test_a_bonus_is_for_each_deal_large_enough_and_under_the_cap() -> None:
    terms = plan(bonus=Decimal(100), bonus_from=Decimal(500))
    rep = rep_year(event(MAY, 500), event(MAY, 499, 2))
    assert pay_year(rep, terms, [YEAR]).total == Decimal(999) * 50 + 100
    capped = plan(bonus=Decimal(100_000), cap=Decimal(1))
    assert pay_year(rep, capped, [YEAR]).total == 50_000


def test_terms_are_read_as_they_are_stored_and_said_in_words() -> None:
    terms = {
        "variable_pay": "50000", "currency": "EUR", "period": "quarter", "threshold": "50", "accelerator": "2", "cap": "200",
        "weight_volume": "85", "weight_new_products": "15", "credit": "list", "discount_limit": "20", "discount_factor": "50",
        "deal_bonus": "400", "deal_bonus_from": "20000",
    }  # fmt: skip
    read = PayPlan.of(terms)
    assert (read.threshold, read.cap, read.periods) == (Decimal("0.5"), Decimal(2), 4)
    assert read.weights == {"volume": Decimal("0.85"), "new_products": Decimal("0.15")}
    assert (read.discount_limit, read.discount_factor, read.bonus_from) == (Decimal("0.2"), Decimal("0.5"), 20_000)
    assert len(describe_plan(terms)) == 8
    assert PayPlan.of({}).weights == {"volume": Decimal(1)}
