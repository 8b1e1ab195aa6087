import inspect

import numpy as np
import pytest

from attribution.methods.journeys import Journeys, build_journeys
from attribution.methods.markov import attribute_markov, compute_removal_effects
from tests.attribution.paths import GOLDEN_A, GOLDEN_B, GOLDEN_C, journeys_of, random_journeys


def test_markov_gives_golden_vector_a() -> None:
    credit = attribute_markov(journeys_of(GOLDEN_A))
    assert credit.probability == pytest.approx(0.8, abs=1e-9)
    assert credit.removal_effects == pytest.approx([0.75, 0.5], abs=1e-9)
    assert credit.shares == pytest.approx([0.6, 0.4], abs=1e-9)
    assert credit.conversions == pytest.approx([2.4, 1.6], abs=1e-9)


def test_markov_gives_golden_vector_b() -> None:
    credit = attribute_markov(journeys_of(GOLDEN_B))
    assert credit.probability == pytest.approx(1 / 3, abs=1e-9)
    assert credit.removal_effects == pytest.approx([0.5, 1, 1], abs=1e-9)
    assert credit.shares == pytest.approx([0.2, 0.4, 0.4], abs=1e-9)


def test_markov_gives_golden_vector_c() -> None:
    credit = attribute_markov(journeys_of(GOLDEN_C))
    assert credit.probability == pytest.approx(0.304348, abs=5e-7)
    assert credit.removal_effects == pytest.approx([0.711146, 0.480605, 0.657474], abs=5e-7)
    assert credit.shares == pytest.approx([0.384564, 0.259896, 0.355540], abs=5e-7)
    assert credit.conversions == pytest.approx([2.691950, 1.819269, 2.488781], abs=5e-7)


def test_golden_vector_c_is_met_exactly() -> None:
    """The published figures have six digits; these are the same as fractions, solved by hand for each removal."""
    credit = attribute_markov(journeys_of(GOLDEN_C))
    assert credit.probability == pytest.approx(7 / 23, abs=1e-9)
    for channel in range(3):
        assert credit.removal_effects[channel] == pytest.approx(_remove_by_hand(credit.transitions, channel), abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_one_inverse_equals_rebuilding_the_chain_without_each_channel(seed: int) -> None:
    credit = attribute_markov(random_journeys(seed))
    for channel in range(len(credit.shares)):
        assert credit.removal_effects[channel] == pytest.approx(_remove_by_hand(credit.transitions, channel), abs=1e-9)


def _remove_by_hand(transitions: np.ndarray, channel: int) -> float:
    """Send every way into the channel to nothing and solve the linear system again."""
    states = len(transitions)
    rebuilt = transitions.copy()
    rebuilt[:, -1] += rebuilt[:, channel]
    rebuilt[:, channel] = 0
    probabilities = [_solve_start(matrix, states) for matrix in (transitions, rebuilt)]
    return 1 - probabilities[1] / probabilities[0] if probabilities[0] else 0.0


def _solve_start(transitions: np.ndarray, states: int) -> float:
    between = np.hstack([np.zeros((states, 1)), transitions[:, : states - 1]])
    return float(np.linalg.solve(np.eye(states) - between, transitions[:, states - 1])[0])


def test_a_repeated_channel_changes_nothing() -> None:
    once = journeys_of([("ABC", 3, 1), ("CA", 0, 2)])
    repeated = journeys_of([("AABBBC", 3, 1), ("CCCA", 0, 2)])
    assert attribute_markov(once).conversions == pytest.approx(attribute_markov(repeated).conversions, abs=1e-12)


def test_the_transition_matrix_and_the_model_treat_repeats_the_same_way() -> None:
    """ChannelAttribution #12: the model left repeats out, its own matrix did not."""
    credit = attribute_markov(journeys_of([("AABBA", 3, 1), ("BBA", 0, 2), ("A", 1, 1)]))
    assert np.diagonal(credit.transitions, offset=-1).tolist() == [0, 0]
    assert credit.transitions.sum(axis=1) == pytest.approx(1)
    # origin A: A>A 4 times, A>B 4, conversion 4, nothing 4; origin B: B>B 6, B>A 6; start: A 6, B 2
    with_repeats = np.array([[6, 2, 0, 0], [4, 4, 4, 4], [6, 6, 0, 0]], dtype=float)
    _, effects = compute_removal_effects(with_repeats)
    assert effects == pytest.approx(credit.removal_effects, abs=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_no_effect_is_negative_and_no_chain_is_singular(seed: int) -> None:
    """DP6 #41 and jerednel/markov #2: a singular matrix, negative effects, negative conversions."""
    credit = attribute_markov(random_journeys(seed, unused=3))
    assert np.isfinite(credit.removal_effects).all()
    assert (credit.removal_effects >= 0).all()
    assert (credit.removal_effects <= 1).all()
    assert (credit.conversions >= 0).all()


def test_journeys_that_all_convert_need_no_column_of_zeros() -> None:
    """DP6 #69."""
    credit = attribute_markov(journeys_of([("AB", 2, 0), ("B", 1, 0)]))
    assert credit.probability == pytest.approx(1)
    assert credit.removal_effects == pytest.approx([2 / 3, 1])


def test_journeys_that_all_fail_give_no_credit() -> None:
    credit = attribute_markov(journeys_of([("AB", 0, 2), ("B", 0, 1)]))
    assert credit.probability == 0
    assert credit.shares.tolist() == [0, 0]


def test_paths_of_a_single_channel_work() -> None:
    """ChannelAttribution #4."""
    credit = attribute_markov(journeys_of([("A", 1, 3), ("B", 2, 0), ("CCC", 1, 0)]))
    assert credit.removal_effects == pytest.approx([1 / 4, 2 / 4, 1 / 4])


@pytest.mark.parametrize("seed", range(10))
def test_a_channel_of_a_converting_journey_always_has_an_effect(seed: int) -> None:
    """ChannelAttribution #7: a removal effect of 0 for a channel that converts."""
    journeys = random_journeys(seed)
    credit = attribute_markov(journeys)
    converting = np.unique(journeys.channel[journeys.conversions[journeys.journey] > 0])
    assert (credit.removal_effects[converting] > 0).all()


def test_nothing_is_drawn_so_two_runs_and_any_order_of_rows_agree() -> None:
    """ChannelAttribution simulates and differs by seed."""
    assert set(inspect.signature(attribute_markov).parameters) == {"journeys"}
    paths = [("ABA", 2, 3), ("CB", 1, 1), ("C", 0, 4)]
    first, again = attribute_markov(journeys_of(paths)), attribute_markov(journeys_of(paths))
    assert first.shares.tolist() == again.shares.tolist()
    assert attribute_markov(journeys_of(paths[::-1])).shares == pytest.approx(first.shares, abs=1e-12)


@pytest.mark.parametrize("kind", ["int8", "int32", "int64", "uint16"])
def test_the_type_of_the_numbers_does_not_matter(kind: str) -> None:
    """cran/ChannelAttribution #3: all zero on some machines."""
    journeys = build_journeys(
        np.array([0, 0, 1], dtype=kind), np.array([0, 1, 1], dtype=kind),
        conversions=np.array([1, 0], dtype=kind), value=np.array([10, 0], dtype=kind), channels=2,
    )  # fmt: skip
    assert attribute_markov(journeys).value == pytest.approx([10 / 3, 20 / 3])


def test_value_counts_apart_from_conversions() -> None:
    """DP6 2.x ignores the value of a conversion."""
    credit = attribute_markov(journeys_of(GOLDEN_A, value=[1000, 10, 90, 0]))
    assert credit.value == pytest.approx([660, 440], abs=1e-9)
    assert credit.conversions == pytest.approx([2.4, 1.6], abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_credits_add_up_to_what_journeys_with_touches_earned(seed: int) -> None:
    journeys = random_journeys(seed, untouched=4)
    credit = attribute_markov(journeys)
    assert credit.value.sum() == pytest.approx(journeys.value[journeys.touched].sum(), abs=1e-6)
    assert credit.conversions.sum() == pytest.approx(journeys.conversions[journeys.touched].sum(), abs=1e-9)


def test_no_journeys_give_no_credit() -> None:
    nothing: Journeys = build_journeys([], [], conversions=[], value=[], channels=2)
    assert attribute_markov(nothing).value.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("journey", "channel", "problem"),
    [
        ([0, 3], [0, 0], "Journeys are numbered"),
        ([0, 1], [0, 9], "Channels are numbered"),
        ([0], [0, 1], "one channel"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(journey: list[int], channel: list[int], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        build_journeys(journey, channel, conversions=[1, 0], value=[5, 0], channels=2)
