"""The search for loopholes: every move keeps the revenue, arrays pay as the exact function does, and each rule's hole is found."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.plans import moves
from kpis.plans.moves import Product
from kpis.plans.pay import Event, RepYear, pay_year, with_events
from kpis.plans.search import Leak, PlanBoard, _build_move, find_leaks
from kpis.plans.terms import PayPlan
from tests.kpis.plans.years import QUARTERS, YEAR, event, plan, rep_year

HALF, NEW_WARE = Decimal("0.5"), Product(9, "New", Decimal("0.2"), date(2025, 1, 1), date(2026, 1, 1))


def leak_of(rep: RepYear, terms: PayPlan, *products: Product) -> Leak | None:
    leaks = find_leaks([rep], terms, QUARTERS, products, {"year": [YEAR]})
    return leaks[0] if leaks else None


def quarterly(**changes: Any) -> PayPlan:
    return plan(period="quarter", **changes)


def test_a_plan_in_proportion_has_no_leak() -> None:
    rep = rep_year(event(date(2025, 3, 20), 700), event(date(2025, 4, 2), 400, 2, account=1), spans=QUARTERS)
    assert leak_of(rep, quarterly()) is None


def test_a_threshold_makes_a_rep_close_two_deals_in_one_quarter() -> None:
    rep = rep_year(event(date(2025, 3, 20), 400), event(date(2025, 4, 2), 400, 2), spans=QUARTERS)
    leak = leak_of(rep, quarterly(threshold=HALF))
    assert leak
    assert (leak.before, leak.after, leak.rule, leak.move.kind) == (0, 10_000, "threshold", moves.SHIFT)


def test_a_higher_rate_above_quota_makes_a_rep_gather_deals() -> None:
    rep = rep_year(event(date(2025, 3, 31), 1000), event(date(2025, 4, 1), 500, 2), spans=QUARTERS)
    leak = leak_of(rep, quarterly(accelerator=Decimal(2)))
    assert leak
    assert (leak.amount, leak.rule, leak.move.kind) == (6_250, "accelerator", moves.SHIFT)


def test_a_cap_makes_a_rep_push_what_is_above_it_out() -> None:
    rep = rep_year(event(date(2025, 3, 31), 1400), spans=QUARTERS)
    leak = leak_of(rep, quarterly(cap=Decimal(1)))
    assert leak
    assert (leak.amount, leak.rule, leak.move.kind) == (5_000, "cap", moves.SPLIT)
    assert sum(new.amount for new in leak.move.added) == 1400


def test_a_bonus_for_each_deal_is_had_twice_by_splitting() -> None:
    rep = rep_year(event(date(2025, 5, 15), 900), spans=QUARTERS)
    leak = leak_of(rep, quarterly(bonus=Decimal(400), bonus_from=Decimal(450)))
    assert leak
    assert (leak.amount, leak.rule, leak.move.kind) == (400, "bonus", moves.SPLIT)
    assert leak_of(rep, quarterly(bonus=Decimal(400), bonus_from=Decimal(451))) is None


def test_a_bonus_for_large_deals_is_had_by_merging_two_of_one_customer() -> None:
    deals = [event(date(2025, 5, 1), 300, account=7), event(date(2025, 5, 20), 300, 2, account=7)]
    terms = quarterly(bonus=Decimal(400), bonus_from=Decimal(600))
    leak = leak_of(rep_year(*deals, spans=QUARTERS), terms)
    assert leak
    assert (leak.amount, leak.rule, leak.move.kind) == (400, "bonus", moves.MERGE)
    apart = [deals[0], event(date(2025, 6, 5), 300, 2, account=7)]
    assert leak_of(rep_year(*apart, spans=QUARTERS), terms) is None
    other = [deals[0], event(date(2025, 5, 20), 300, 2, account=8)]
    assert leak_of(rep_year(*other, spans=QUARTERS), terms) is None


def test_crediting_the_list_price_pays_for_discounts() -> None:
    leak = leak_of(rep_year(event(date(2025, 5, 15), 800), spans=QUARTERS), quarterly(credit="list"))
    assert leak
    assert (leak.rule, leak.move.kind, leak.amount) == ("credit", moves.DISCOUNT, 2_500)


def test_a_discount_rule_makes_a_rep_give_it_all_on_one_deal() -> None:
    deals = [event(date(2025, 5, day), 300, day, listed=Decimal(400)) for day in (10, 20)]
    leak = leak_of(
        rep_year(*deals, spans=QUARTERS), quarterly(discount_limit=Decimal("0.2"), discount_factor=Decimal(0))
    )
    assert leak
    assert (leak.rule, leak.move.kind) == ("discount", moves.DISCOUNT)
    assert [new.amount for new in leak.move.added] == [320, 280]
    assert leak.amount == 320 * Decimal("12.5")


def test_a_share_for_new_products_makes_a_rep_sell_them_instead() -> None:
    quotas = {
        name: tuple((span, Decimal(1000)) for span in QUARTERS) for name in ("volume", "new_products")
    }  # fmt: skip
    terms = quarterly(weights={"volume": HALF, "new_products": HALF})
    leak = leak_of(rep_year(event(date(2025, 5, 15), 800), quotas=quotas), terms, NEW_WARE)
    assert leak
    assert (leak.amount, leak.rule, leak.move.kind) == (5_000, "weights", moves.MIX)
    assert leak_of(rep_year(event(date(2025, 5, 15), 800), quotas=quotas), terms) is None


def test_quarters_of_different_quota_leak_even_in_a_plan_in_proportion() -> None:
    quotas = {"volume": tuple(zip(QUARTERS, map(Decimal, (500, 1000, 1000, 1000)), strict=True))}
    leak = leak_of(rep_year(event(date(2025, 4, 1), 500), quotas=quotas), quarterly())
    assert leak
    assert (leak.amount, leak.rule) == (6_250, "period")


def test_no_deal_leaves_the_year_or_moves_by_more_than_30_days() -> None:
    terms = quarterly(threshold=HALF, accelerator=Decimal(5))
    late = rep_year(event(date(2025, 12, 31), 400), event(date(2025, 5, 15), 400, 2), spans=QUARTERS)
    assert leak_of(late, terms) is None
    edge = event(date(2025, 3, 2), 400)  # 30 days before April 1
    assert leak_of(rep_year(edge, event(date(2025, 4, 30), 400, 2), spans=QUARTERS), terms)
    early = event(date(2025, 3, 1), 400)
    assert leak_of(rep_year(early, event(date(2025, 5, 5), 400, 2), spans=QUARTERS), terms) is None


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 364), st.integers(1, 200_000), st.integers(0, 40), st.integers(1, 2), st.booleans(), st.booleans()
    ),
    min_size=1, max_size=7,
)  # fmt: skip
PLANS = st.builds(
    lambda threshold, accelerator, cap, bonus, credit, limit, share: quarterly(
        threshold=Decimal(threshold) / 100, accelerator=Decimal(accelerator) / 10, cap=Decimal(cap) / 100 if cap else None,
        bonus=Decimal(bonus), bonus_from=Decimal(700), credit=credit, discount_limit=Decimal(limit) / 100 if limit else None,
        discount_factor=Decimal("0.5"),
        weights={"volume": 1 - Decimal(share) / 100, "margin": Decimal(share) / 200, "new_products": Decimal(share) / 200},
    ),
    st.sampled_from([0, 40, 50]), st.sampled_from([10, 15, 20]), st.sampled_from([0, 100, 200]), st.sampled_from([0, 300]),
    st.sampled_from(["net", "list"]), st.sampled_from([0, 20]), st.sampled_from([0, 30]),
)  # fmt: skip


def drawn_year(rows: list[tuple[int, int, int, int, bool, bool]]) -> RepYear:
    deals = []
    for pk, (day, cents, discount, account, is_new, has_cost) in enumerate(rows, 1):
        amount = Decimal(cents) / 100
        deals.append(event(
            YEAR[0] + timedelta(days=day), amount, pk, listed=(amount / (1 - Decimal(discount) / 100)).quantize(Decimal("0.01")),
            account=account, is_new=is_new, cost=amount / 4 if has_cost else None,
        ))  # fmt: skip
    quotas = {name: tuple((span, Decimal(900)) for span in QUARTERS) for name in ("volume", "margin", "new_products")}
    return rep_year(*deals, quotas=quotas)


@settings(max_examples=60)
@given(EVENTS, PLANS)
def test_every_move_keeps_the_revenue_and_arrays_pay_as_the_exact_function(rows: list[Any], terms: PayPlan) -> None:
    rep = drawn_year(rows)
    board = PlanBoard([rep], terms, QUARTERS)
    exact = pay_year(rep, terms, QUARTERS)
    assert np.allclose(board.pay_all()[0], [float(period.amount) for period in exact.periods], atol=0.006)
    for trials in board.list_trials([NEW_WARE]):
        gains = board.gains(trials)
        for row in range(len(trials.deal)):
            move = _build_move(board, trials, row, [NEW_WARE])
            if move is None:
                continue
            assert move.is_equal_revenue
            assert all(YEAR[0] <= new.day <= YEAR[1] for new in move.added)
            after = pay_year(with_events(rep, move.removed, move.added), terms, QUARTERS)
            at_limit = any(_is_at_the_limit(event, terms) for event in (*rep.events, *move.added))
            if not at_limit and not _is_at_a_step(after, terms) and not _is_at_a_step(exact, terms):
                assert float(after.total - exact.total) == pytest.approx(gains[row], abs=0.6), (move, trials.kind)


def _is_at_the_limit(event: Event, terms: PayPlan) -> bool:
    """Whether the discount is so near the limit that the cents of a part decide."""
    limit = terms.discount_limit
    return limit is not None and abs(event.listed * (1 - limit) - event.amount) < Decimal("0.03")


def _is_at_a_step(slip: Any, terms: PayPlan) -> bool:
    """Whether an attainment is so near the threshold that a cent decides."""
    return any(
        value is not None and abs(value - terms.threshold) < Decimal("0.0001")
        for period in slip.periods
        for value in period.attainments.values()
    )


@settings(max_examples=40)
@given(EVENTS, PLANS)
def test_a_leak_is_what_pay_says_of_it(rows: list[Any], terms: PayPlan) -> None:
    rep = drawn_year(rows)
    for leak in find_leaks([rep], terms, QUARTERS, [NEW_WARE], {"year": [YEAR]}):
        assert leak.amount > 0
        assert leak.move.is_equal_revenue
        assert leak.after == pay_year(with_events(rep, leak.move.removed, leak.move.added), terms, QUARTERS).total
