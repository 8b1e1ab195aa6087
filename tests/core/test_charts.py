"""An axis is labelled with the numbers of its places, whatever the values are."""

import pytest

from core.charts import axis_ticks, build_axis
from core.formatting import NO_BREAK, axis_label


@pytest.mark.parametrize(
    ("values", "unit", "labels"),
    [
        ([0.0, 0.0, 0.0], "percent", ["0%"]),
        ([0.0, 0.0], "money", ["€0"]),
        ([0.0], "count", ["0"]),
        ([None, None], "count", ["0"]),
        ([1.0, 1.0], "count", ["0", "1"]),
        ([2.0, 2.0], "count", ["0", "1", "2"]),
        ([12.0, 12.0], "count", ["0", "5", "10", "15"]),
        ([0.125, 0.125], "percent", ["0%", "2.5%", "5%", "7.5%", "10%", "12.5%"]),
        ([0.5, 0.5], "money", ["€0", "€0.1", "€0.2", "€0.3", "€0.4", "€0.5"]),
        ([1_250_000.0], "money", ["€0", "€250K", "€500K", "€750K", "€1M", "€1.25M"]),
        ([-3.0, -3.0], "days", ["−3 days", "−2 days", "−1 day", "0 days"]),
    ],
)
def test_flat_values_have_an_axis_of_real_numbers(values: list[float | None], unit: str, labels: list[str]) -> None:
    shown = build_axis(values, unit, "EUR")
    assert [label.replace(NO_BREAK, " ") for label in shown["ticktext"]] == labels
    assert len(shown["tickvals"]) == len(labels)


@pytest.mark.parametrize("high", [0.03, 0.7, 1, 3, 7, 9, 12, 26, 113, 4_999, 12_345, 7_777_777])
@pytest.mark.parametrize("unit", ["count", "money", "percent", "days", "ratio"])
def test_no_two_places_of_an_axis_read_the_same(high: float, unit: str) -> None:
    shown = build_axis([high], unit, "USD")
    assert len(set(shown["ticktext"])) == len(shown["tickvals"]) > 1
    assert shown["tickvals"][-1] >= high


def test_counts_are_labelled_with_whole_numbers() -> None:
    for high in range(1, 200):
        assert all(place == int(place) for place in axis_ticks(0, high, is_whole=True))


def test_a_place_is_written_without_rounding() -> None:
    assert axis_label(0.0025, "percent") == "0.25%"
    assert axis_label(90, "minutes") == "1\u202fh 30\u202fmin"
