from itertools import permutations

import numpy as np
import pytest

from attribution.methods.journeys import Journeys, build_journeys
from attribution.methods.shapley import attribute_shapley, attribute_shapley_by_rate
from tests.attribution.paths import GOLDEN_A, GOLDEN_C, journeys_of, random_journeys


def test_shapley_gives_the_golden_vectors() -> None:
    assert attribute_shapley(journeys_of(GOLDEN_A)).conversions == pytest.approx([2.5, 1.5], abs=1e-9)
    assert attribute_shapley(journeys_of(GOLDEN_C)).conversions == pytest.approx([3, 1.5, 2.5], abs=1e-9)


def _set_value(journeys: Journeys, channels: set[int], *, rate: bool) -> float:
    """Return v(S) by its definition, journey by journey."""
    won = ended = 0.0
    for number in range(len(journeys.value)):
        own = set(journeys.channel[journeys.journey == number].tolist())
        if own and own <= channels:
            won += journeys.conversions[number]
            ended += journeys.conversions[number] + journeys.nulls[number]
    return won if not rate else won / ended if ended else 0.0


def _average_over_orders(journeys: Journeys, *, rate: bool) -> list[float]:
    """Return the Shapley value by its definition: what each channel adds, on average over all orders of joining."""
    added = [0.0] * journeys.channels
    orders = list(permutations(range(journeys.channels)))
    for order in orders:
        for position, channel in enumerate(order):
            before = _set_value(journeys, set(order[:position]), rate=rate)
            added[channel] += _set_value(journeys, set(order[: position + 1]), rate=rate) - before
    return [total / len(orders) for total in added]


@pytest.mark.parametrize("seed", range(3))
def test_the_closed_form_equals_the_definition(seed: int) -> None:
    journeys = random_journeys(seed, journeys=20, channels=4)
    expected = _average_over_orders(journeys, rate=False)
    assert attribute_shapley(journeys).conversions == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_raw_rate_form_equals_the_definition(seed: int) -> None:
    journeys = random_journeys(seed, journeys=20, channels=4)
    raw = attribute_shapley_by_rate(journeys, monotone=False)
    assert raw.contributions == pytest.approx(_average_over_orders(journeys, rate=True), abs=1e-9)


def test_a_repeat_of_a_channel_counts_once() -> None:
    assert attribute_shapley(journeys_of([("ABAAB", 1, 0)])).conversions == pytest.approx([0.5, 0.5])


def test_thirty_channels_all_get_credit_whatever_their_order() -> None:
    """DP6 cuts an unordered Shapley to the four channels that come last in the alphabet."""
    channels = np.arange(30)
    forward = build_journeys([0] * 30, channels, conversions=[1], value=[300], channels=30)
    backward = build_journeys([0] * 30, channels[::-1], conversions=[1], value=[300], channels=30)
    assert attribute_shapley(forward).value == pytest.approx([10] * 30)
    assert attribute_shapley(backward).value == pytest.approx([10] * 30)


@pytest.mark.parametrize("seed", range(5))
def test_every_form_adds_up_to_the_value(seed: int) -> None:
    journeys = random_journeys(seed, untouched=3)
    total = pytest.approx(journeys.value[journeys.touched].sum(), abs=1e-6)
    assert attribute_shapley(journeys).value.sum() == total
    assert attribute_shapley_by_rate(journeys).value.sum() == total
    assert attribute_shapley_by_rate(journeys, monotone=False).value.sum() == total


def test_a_channel_that_lowers_the_rate_is_negative_unless_made_monotone() -> None:
    journeys = journeys_of([("A", 9, 1), ("AB", 1, 9)])
    raw = attribute_shapley_by_rate(journeys, monotone=False)
    assert raw.negatives.tolist() == [1]
    assert raw.falls == 1
    monotone = attribute_shapley_by_rate(journeys)
    assert monotone.negatives.tolist() == []
    assert monotone.contributions == pytest.approx([0.9, 0])
    assert monotone.value.sum() == pytest.approx(10)


def test_the_rate_form_sees_journeys_that_failed() -> None:
    won_alone, with_failures = journeys_of([("A", 1, 0), ("B", 1, 0)]), journeys_of([("A", 1, 0), ("B", 1, 9)])
    assert attribute_shapley(won_alone).conversions == pytest.approx(attribute_shapley(with_failures).conversions)
    assert attribute_shapley_by_rate(won_alone).shares == pytest.approx([0.5, 0.5])
    assert attribute_shapley_by_rate(with_failures).shares[0] > 0.9


def test_the_rate_form_refuses_thirteen_channels_and_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="at most 12 channels, not 13"):
        attribute_shapley_by_rate(random_journeys(1, channels=13))
    assert len(attribute_shapley_by_rate(random_journeys(1, channels=12)).shares) == 12


def test_no_conversions_give_no_credit() -> None:
    nothing = journeys_of([("A", 0, 1)])
    assert attribute_shapley(nothing).value.tolist() == [0]
    assert attribute_shapley_by_rate(nothing).value.tolist() == [0]
