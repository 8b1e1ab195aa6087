"""Touched deals beside like deals: no immortal time, exact matches, and what cannot be matched."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.help_to_close.balance import Trait, measure_balance
from kpis.help_to_close.matching import (
    NONE,
    Deals,
    Match,
    Stays,
    compare,
    compare_naively,
    match_deals,
    weighted_median,
)

NEVER = np.inf


def deals_of(*rows: tuple[float, float, bool]) -> Deals:
    """Return deals of (age at the end, age at the first touch, won), each of its own company."""
    ended, touched, won = (np.array(column) for column in zip(*rows, strict=True))
    return Deals(
        np.arange(len(rows)), np.arange(len(rows)), ended.astype(float), touched.astype(float), won.astype(bool),
        np.where(won, ended, np.nan).astype(float),
    )  # fmt: skip


def stays_of(*rows: tuple[int, int, float, float], amounts: Any = None) -> Stays:
    """Return stays of (deal, cell, start, end)."""
    deals, cells, starts, ends = (np.array(column) for column in zip(*rows, strict=True))
    given_amounts = np.full(len(rows), 100.0) if amounts is None else np.array(amounts, dtype=float)
    return Stays(
        deals.astype(np.int64), cells.astype(np.int64), starts.astype(float), ends.astype(float), given_amounts
    )


def pairs(match: Match) -> dict[int, list[int]]:
    return {
        int(deal): [int(row) for row in rows if row != NONE]
        for deal, rows in zip(match.treated, match.controls, strict=True)
    }


def test_a_touched_deal_is_compared_with_deals_open_and_untouched_at_the_same_age() -> None:
    deals = deals_of(
        (90, 30, True),  # touched at 30 days
        (60, NEVER, False),  # open at 30 days: fits
        (30, NEVER, False),  # ended on the 30th day
        (80, 30, True),  # touched on the same day of its life
        (80, 31, True),  # touched a day later: was untouched at 30 days
        (80, 12, True),  # touched before
    )
    match = match_deals(deals, stays_of(*((row, 0, 0.0, NEVER) for row in range(6))))
    assert sorted(pairs(match)[0]) == [1, 4]


def test_stage_amount_band_type_and_segment_are_those_of_that_age() -> None:
    deals = deals_of((90, 30, True), (90, NEVER, False), (90, NEVER, False))
    stays = stays_of(
        (0, 0, 0, 20), (0, 1, 20, NEVER), (1, 0, 0, 40), (1, 1, 40, NEVER), (2, 0, 0, 30), (2, 1, 30, NEVER)
    )
    assert pairs(match_deals(deals, stays)) == {0: [2]}


def test_the_nearest_amounts_are_taken_and_at_most_five() -> None:
    deals = deals_of((90, 10, True), *([(90, NEVER, False)] * 7))
    stays = stays_of(*((row, 0, 0.0, NEVER) for row in range(8)), amounts=[100, 900, 101, 102, 103, 104, 105, 800])
    assert sorted(pairs(match_deals(deals, stays))[0]) == [2, 3, 4, 5, 6]


def test_what_has_no_like_deal_or_no_stage_is_counted() -> None:
    deals = deals_of((90, 30, True), (90, 40, True), (50, 10, False))
    match = match_deals(deals, stays_of((0, 0, 0, NEVER), (1, 1, 0, NEVER)))
    assert (list(match.treated), list(match.unmatched), list(match.unknown)) == ([], [0, 1], [2])


def simulate(seed: int, *, effect: float = 0.0, size: int = 4000) -> tuple[Deals, Stays]:
    """Return deals that end at any age; the earlier they end, the less often they are won. Touches come at any age while open.

    Without an effect a touch changes nothing of what becomes of a deal.
    """
    dice = np.random.default_rng(seed)
    ended = np.ceil(dice.exponential(60, size)) + 1
    planned = np.ceil(dice.exponential(50, size))
    touched = np.where(planned < ended, planned, np.inf)
    chance = np.where(ended < 30, 0.1, 0.5) + np.where(np.isfinite(touched), effect, 0.0)
    won = dice.random(size) < chance
    deals = Deals(np.arange(size), np.arange(size), ended, touched, won, np.where(won, ended, np.nan))
    return deals, Stays(
        np.arange(size), np.zeros(size, dtype=np.int64), np.zeros(size), np.full(size, np.inf), np.ones(size)
    )


def test_immortal_time_makes_no_effect_where_there_is_none() -> None:
    deals, stays = simulate(7)
    naive = compare_naively(deals)
    assert naive
    assert naive > 0.1  # those that ended early had no time to be touched
    comparison = compare(deals, match_deals(deals, stays))
    assert comparison
    assert abs(comparison.difference.value) < 0.03
    assert comparison.difference.low is not None
    assert comparison.difference.high is not None
    assert comparison.difference.low < 0 < comparison.difference.high


def test_an_effect_that_is_there_is_found() -> None:
    deals, stays = simulate(8, effect=0.2)
    comparison = compare(deals, match_deals(deals, stays))
    assert comparison
    assert comparison.difference.low
    assert comparison.difference.low > 0


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_every_control_was_open_untouched_and_in_the_same_cell(seed: int) -> None:
    dice = np.random.default_rng(seed)
    deals, _ = simulate(seed, size=120)
    cells = dice.integers(0, 3, 240)
    turn = dice.integers(1, 40, 120).astype(float)
    stays = Stays(
        np.repeat(np.arange(120), 2), cells.astype(np.int64), np.ravel(np.column_stack([np.zeros(120), turn])),
        np.ravel(np.column_stack([turn, np.full(120, np.inf)])), dice.random(240),
    )  # fmt: skip
    match = match_deals(deals, stays)
    for position, deal in enumerate(match.treated):
        age = deals.touched[deal]
        for control, stay in zip(match.controls[position], match.control_stays[position], strict=True):
            if control == NONE:
                continue
            assert control != deal
            assert deals.ended[control] > age
            assert deals.touched[control] > age
            assert stays.deals[stay] == control
            assert stays.starts[stay] <= age < stays.ends[stay]
            assert stays.cells[stay] == stays.cells[match.stays[position]]
    assert len(match.treated) + len(match.unmatched) + len(match.unknown) == np.isfinite(deals.touched).sum()


def test_sets_weigh_the_same_whatever_the_number_of_controls() -> None:
    """Ten deals with one control that was won, ten with five that were not: half of the controls were won by weight."""
    match = Match(
        np.arange(20), np.array([[20 + row, *[NONE] * 4] for row in range(10)] + [[30, 31, 32, 33, 34]] * 10),
        np.zeros(20, dtype=np.int64), np.zeros((20, 5), dtype=np.int64), np.array([]), np.array([]),
    )  # fmt: skip
    deals = deals_of(*([(90, 10, True)] * 20), *([(90, NEVER, True)] * 10), *([(90, NEVER, False)] * 5))
    comparison = compare(deals, match)
    assert comparison
    assert (comparison.touched_rate.value, comparison.control_rate.value) == (1.0, pytest.approx(0.5))


def test_too_few_deals_are_not_compared_and_too_few_companies_have_no_interval() -> None:
    deals, stays = simulate(3, size=20)
    assert compare(deals, match_deals(deals, stays)) is None
    deals, stays = simulate(3, size=200)
    one = Deals(deals.ids, np.zeros(200, dtype=np.int64), deals.ended, deals.touched, deals.is_won, deals.days_to_win)
    comparison = compare(one, match_deals(one, stays))
    assert comparison
    assert comparison.difference.low is None


def test_the_median_goes_by_weight() -> None:
    assert weighted_median(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])) == 2
    assert weighted_median(np.array([1.0, 2.0, 3.0, np.nan]), np.array([1.0, 1.0, 5.0, 9.0])) == 3
    assert np.isnan(weighted_median(np.array([1.0]), np.array([0.0])))


def test_balance_is_nothing_on_what_was_matched_and_shown_on_what_was_not() -> None:
    deals = deals_of((90, 30, True), (90, NEVER, False), (90, NEVER, False), (90, NEVER, False))
    stays = stays_of((0, 0, 0, NEVER), (1, 0, 0, NEVER), (2, 1, 0, NEVER), (3, 1, 0, NEVER))
    traits = [
        Trait("cell", "Stage", ("a", "a", "b", "b"), True, of_stay=True),
        Trait("x", "X", ("p", "q", "p", "p"), False),
    ]
    stage, other = measure_balance(deals, stays, match_deals(deals, stays), traits)
    assert (stage.before, stage.after) == (pytest.approx(2 / 3), 0)
    assert (other.before, other.after) == (pytest.approx(1 / 3), 1)
