"""Weights by position and age: the published vectors to 1e-9, and the errors that others make with them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.methods.positional import MISSING, UNITS, JourneyTouches, positional_models, to_units

NEAR = 1e-9


def weigh(
    model: str,
    size: int,
    lead: int = MISSING,
    deal: int = MISSING,
    ages: list[float] | None = None,
    half_life: float = 7,
) -> list[float]:
    """Weigh one journey between two others, so that a mistake in their borders shows."""
    journey_ages = list(ages or range(size, 0, -1))
    starts = np.array([0, 2, 2 + size])
    journeys = JourneyTouches(
        starts,
        np.array([9.0, 1.0, *journey_ages, 5.0, 4.0, 3.0]),
        np.array([0, 2 + lead if lead != MISSING else MISSING, MISSING]),
        np.array([1, 2 + deal if deal != MISSING else MISSING, 3 + size]),
    )
    return list(positional_models(half_life)[model](journeys)[2 : 2 + size])


def test_first_last_and_linear() -> None:
    assert weigh("first", 3) == [1, 0, 0]
    assert weigh("last", 3) == [0, 0, 1]
    assert weigh("linear", 4) == pytest.approx([0.25] * 4, abs=NEAR)


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, [1]), (2, [0.5, 0.5]), (3, [0.4, 0.2, 0.4]), (5, [0.4, 0.2 / 3, 0.2 / 3, 0.2 / 3, 0.4])],
)
def test_u_shaped(size: int, expected: list[float]) -> None:
    assert weigh("u_shaped", size) == pytest.approx(expected, abs=NEAR)


def test_w_shaped_with_its_milestones() -> None:
    assert weigh("w_shaped", 5, lead=1, deal=3) == pytest.approx([0.3, 0.3, 0.05, 0.3, 0.05], abs=NEAR)
    assert weigh("w_shaped", 3, lead=1, deal=2) == pytest.approx([1 / 3] * 3, abs=NEAR)


def test_w_shaped_is_not_40_40_40() -> None:
    """One published version adds up to 1.2."""
    assert sum(weigh("w_shaped", 5, lead=1, deal=3)) == pytest.approx(1, abs=NEAR)


def test_milestones_that_fall_together_add() -> None:
    assert weigh("w_shaped", 4, lead=0, deal=2) == pytest.approx([0.6, 0.05, 0.3, 0.05], abs=NEAR)
    assert weigh("full_path", 2, lead=0, deal=0) == pytest.approx([0.675 / 0.9, 0.225 / 0.9], abs=NEAR)
    assert weigh("w_shaped", 1, lead=0, deal=0) == [1]


def test_a_missing_milestone_is_shared_out_in_proportion() -> None:
    assert weigh("w_shaped", 4, deal=2) == pytest.approx([0.3 / 0.7, 0.05 / 0.7, 0.3 / 0.7, 0.05 / 0.7], abs=NEAR)
    assert weigh("w_shaped", 3) == pytest.approx([0.75, 0.125, 0.125], abs=NEAR)


def test_full_path_and_j_shaped() -> None:
    assert weigh("full_path", 6, lead=1, deal=3) == pytest.approx([0.225, 0.225, 0.05, 0.225, 0.05, 0.225], abs=NEAR)
    assert weigh("j_shaped", 4) == pytest.approx([0.2, 0.1, 0.1, 0.6], abs=NEAR)
    assert weigh("j_shaped", 2) == pytest.approx([0.25, 0.75], abs=NEAR)


def test_time_decay_is_scaled_to_one() -> None:
    """A half-life without scaling adds up to 98.438 % in one vendor's table of 50, 25, 12.5 …"""
    assert weigh("time_decay", 4, ages=[21, 14, 7, 0]) == pytest.approx([1 / 15, 2 / 15, 4 / 15, 8 / 15], abs=NEAR)
    assert weigh("time_decay", 2, ages=[45, 0], half_life=30)[0] / weigh("time_decay", 2, ages=[45, 0], half_life=30)[
        1
    ] == pytest.approx(0.3535533906, abs=NEAR)


def test_touches_of_many_years_ago_still_get_their_credit() -> None:
    """2^(−age ÷ half-life) of a touch 20 years old is 0 in a double: only differences of age count."""
    assert weigh("time_decay", 2, ages=[9007, 9000]) == pytest.approx([1 / 3, 2 / 3], abs=NEAR)


def test_a_half_life_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="half-life"):
        weigh("time_decay", 2, half_life=0)


@given(st.lists(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), min_size=1, max_size=20), st.integers(0, 10**6))
def test_every_model_gives_every_journey_exactly_one(ages: list[list[float]], seed: int) -> None:
    sizes = np.array([len(journey) for journey in ages])
    starts = np.cumsum(sizes) - sizes
    dice = np.random.default_rng(seed)
    milestones = [np.where(dice.random(sizes.size) < 0.3, MISSING, starts + dice.integers(0, sizes)) for _ in range(2)]
    journeys = JourneyTouches(starts, np.concatenate([sorted(journey, reverse=True) for journey in ages]), *milestones)
    for model, weigh_all in positional_models(7).items():
        weights = weigh_all(journeys)
        units = to_units(weights, starts)
        assert (weights >= 0).all(), model
        assert (units[weights == 0] == 0).all(), model
        assert (np.add.reduceat(units, starts) == UNITS).all(), model
        assert np.abs(units / UNITS - weights).max() < 1e-9, model


def test_thirds_are_stored_so_that_they_add_up() -> None:
    units = to_units(np.array([1 / 3, 1 / 3, 1 / 3]), np.array([0]))
    assert sum(Fraction(int(unit), UNITS) for unit in units) == 1
