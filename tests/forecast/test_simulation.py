from itertools import product

import numpy as np
import pytest

from forecast.outcomes.curves import Floats
from forecast.outcomes.simulation import (
    Births,
    Draws,
    OpenDeals,
    apply_shock,
    derive_seed,
    expected_total,
    fit_shock,
    shrink_shocks,
    simulate_outcomes,
)

CHANCES = np.array([0.9, 0.6, 0.5, 0.3, 0.1])
AMOUNTS = np.array([50.0, 120, 80, 200, 400])
NO_BIRTHS = Births([], np.zeros((1, 0)))


def make_deals(chances: Floats, amounts: Floats, ratios: tuple[float, ...] = (1.0,)) -> OpenDeals:
    return OpenDeals(np.atleast_2d(chances), amounts, np.zeros(len(amounts), dtype=int), [np.array(ratios)])


def simulate_five(shocks: tuple[float, ...] = (1.0,), runs: int = 40_000, seed: int | None = None) -> Draws:
    deals = make_deals(CHANCES, AMOUNTS)
    return simulate_outcomes(deals, NO_BIRTHS, won_amounts=AMOUNTS, shocks=shocks, runs=runs, seed=seed)


def enumerate_totals() -> list[tuple[float, float]]:
    """Return each total that five deals can bring with its probability, from all 32 outcomes."""
    totals: dict[float, float] = {}
    for outcome in product([0, 1], repeat=5):
        total = float(np.dot(outcome, AMOUNTS))
        totals[total] = totals.get(total, 0.0) + float(np.prod(np.where(outcome, CHANCES, 1 - CHANCES)))
    return sorted(totals.items())


def test_the_mean_and_deviation_of_five_deals_have_their_golden_values() -> None:
    mean, deviation = expected_total(CHANCES, AMOUNTS)
    assert mean == pytest.approx(257, abs=1e-9)
    assert deviation == pytest.approx(167.57, abs=0.005)


def test_simulated_totals_have_the_golden_quantiles_of_all_outcomes() -> None:
    totals = simulate_five().open[0]
    assert np.quantile(totals, [0.1, 0.5, 0.9], method="inverted_cdf").tolist() == [50, 250, 450]
    assert (totals >= 250).mean() == pytest.approx(0.5347, abs=0.01)
    exact = sum(probability for total, probability in enumerate_totals() if total >= 250)
    assert exact == pytest.approx(0.5347, abs=1e-9)


def test_every_total_comes_as_often_as_it_should() -> None:
    totals = simulate_five().open[0]
    for total, probability in enumerate_totals():
        assert (np.abs(totals - total) < 0.01).mean() == pytest.approx(probability, abs=0.012)


def test_the_same_data_give_the_same_draws_and_other_data_other_ones() -> None:
    assert np.array_equal(simulate_five(runs=500).open, simulate_five(runs=500).open)
    assert derive_seed(CHANCES, AMOUNTS) != derive_seed(CHANCES, AMOUNTS + 1)


def test_a_common_shock_widens_the_interval_that_independent_deals_leave_far_too_narrow() -> None:
    chances, amounts = np.full(2_000, 0.3), np.full(2_000, 1.0)
    narrow = simulate_outcomes(make_deals(chances, amounts), NO_BIRTHS, won_amounts=amounts, runs=2_000).open[0]
    shocked = simulate_outcomes(
        make_deals(chances, amounts), NO_BIRTHS, won_amounts=amounts, shocks=(0.7, 1.0, 1.4), runs=2_000
    ).open[0]
    spread = [float(np.diff(np.quantile(draws, [0.1, 0.9]))[0]) for draws in (narrow, shocked)]
    assert spread[1] > 4 * spread[0]


def test_a_deal_is_won_in_one_quarter_only() -> None:
    chances = np.array([[0.2, 0.0], [0.5, 0.0], [1.0, 0.0]])
    draws = simulate_outcomes(
        OpenDeals(chances, np.array([100.0, 900]), np.zeros(2, dtype=int), [np.ones(1)]),
        Births([], np.zeros((3, 0))), won_amounts=np.ones(1), runs=20_000,
    )  # fmt: skip
    assert np.allclose(draws.open.sum(axis=0), 100)
    assert draws.open.mean(axis=1) == pytest.approx([20, 30, 50], abs=1.5)


def test_a_won_amount_is_the_present_one_times_a_past_ratio() -> None:
    draws = simulate_outcomes(
        make_deals(np.array([1.0]), np.array([100.0]), (0.5, 0.8)), NO_BIRTHS, won_amounts=np.ones(1), runs=4_000
    )
    assert np.unique(draws.open).tolist() == [50.0, 80.0]
    assert draws.open.mean() == pytest.approx(65, abs=2)


def test_an_unknown_amount_is_drawn_from_what_was_won_before() -> None:
    draws = simulate_outcomes(
        make_deals(np.array([1.0]), np.array([np.nan])), NO_BIRTHS, won_amounts=np.array([10.0, 30]), runs=4_000
    )
    assert np.unique(draws.open).tolist() == [10.0, 30.0]


def test_deals_not_born_yet_bring_births_times_chance_times_amount() -> None:
    births = Births([np.array([10.0, 20])] * 4, np.tile([[0.1], [0.3]], 4))
    none = OpenDeals(np.zeros((2, 0)), np.zeros(0), np.zeros(0, dtype=int), [np.ones(1)])
    draws = simulate_outcomes(none, births, won_amounts=np.array([100.0, 200]), runs=10_000)
    assert draws.unborn.mean(axis=1) == pytest.approx([4 * 15 * 0.1 * 150, 4 * 15 * 0.2 * 150], rel=0.03)
    assert not draws.open.any()


def test_a_company_without_deals_brings_nothing() -> None:
    none = OpenDeals(np.zeros((1, 0)), np.zeros(0), np.zeros(0, dtype=int), [])
    draws = simulate_outcomes(none, NO_BIRTHS, won_amounts=np.zeros(0), runs=10)
    assert not draws.open.any()
    assert not draws.unborn.any()


def test_a_shock_multiplies_the_odds() -> None:
    assert apply_shock(np.array([0.5, 0.0, 1.0, 0.2]), 2.0) == pytest.approx([2 / 3, 0, 1, 1 / 3], abs=1e-9)


def test_the_shock_of_a_past_quarter_makes_as_much_expected_as_came() -> None:
    chances, amounts = np.linspace(0.05, 0.6, 400), np.tile([50.0, 150], 200)
    factor, noise = fit_shock(chances, amounts, 20_000)
    assert apply_shock(chances, factor) @ amounts == pytest.approx(20_000, abs=100)
    assert 0 < noise < 0.05
    usual, _ = fit_shock(chances, amounts, float(chances @ amounts))
    assert usual == pytest.approx(1, abs=0.02)
    assert 0 < fit_shock(chances, amounts, 0)[0] < 0.05
    assert fit_shock(np.zeros(3), np.ones(3), 0)[1] == np.inf


def test_a_spread_of_shocks_that_chance_explains_is_not_counted_twice() -> None:
    pairs = [(0.9, 0.02), (1.0, 0.02), (1.1, 0.02)]
    assert shrink_shocks(pairs) == pytest.approx([np.exp(np.log(0.99) / 3)] * 3)
    certain = shrink_shocks([(0.5, 0.0), (2.0, 0.0)])
    assert certain == pytest.approx([0.5, 2.0])
    assert shrink_shocks([]) == [1.0]
    assert shrink_shocks([(1.0, np.inf)]) == [1.0]
