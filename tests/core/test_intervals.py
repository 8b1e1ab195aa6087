"""The interval of a share, with the golden one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.intervals import newcombe_interval, wilson_interval


def test_wilson_of_three_in_ten_is_the_golden_interval() -> None:
    low, high = wilson_interval(3, 10) or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.108, 0.603)


def test_there_is_no_interval_of_nothing() -> None:
    assert wilson_interval(0, 0) is None


@given(st.integers(0, 500), st.integers(1, 500))
@example(0, 242)
def test_an_interval_holds_its_share(part: int, more: int) -> None:
    whole = part + more
    low, high = wilson_interval(part, whole) or (0, 0)
    assert 0 <= low <= part / whole <= high <= 1


@pytest.mark.parametrize(
    ("first", "second", "interval"),
    [
        ((24, 200), (40, 200), (-0.1518, -0.0079)),
        ((3, 20), (8, 20), (-0.4847, 0.0277)),
        ((56, 70), (48, 80), (0.0524, 0.3339)),
    ],
)
def test_the_golden_intervals_of_differences(
    first: tuple[int, int], second: tuple[int, int], interval: tuple[float, float]
) -> None:
    low, high = newcombe_interval(first, second) or (0, 0)
    assert (round(low, 4), round(high, 4)) == interval


def test_a_difference_to_nothing_has_no_interval() -> None:
    assert newcombe_interval((1, 2), (0, 0)) is None
