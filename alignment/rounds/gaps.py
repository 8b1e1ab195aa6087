"""Gaps between two readings, with no more than the readings and the sizes of the groups allow. Pure."""

from collections.abc import Sequence

from alignment import statistics
from alignment.disclosure import SPREAD_MINIMUM, VARIANCE_FLOOR, Reading, may_show_spread, show_p
from alignment.rounds.results import Gap
from core.formatting import format_decimal, with_sign

NO_GAP = Gap()


def subtract(first: Reading, second: Reading) -> Gap:
    """Return first − second as far as both are known: a number, at least or at most, or nothing."""
    if not (first.has_edge and second.has_edge) or first.value is None or second.value is None:
        return NO_GAP
    value = round(first.value - second.value, 1)
    directions = {_direction(first), -_direction(second)} - {0}
    if not directions:
        return Gap(_signed(value), value)
    if directions == {1} and value > 0:
        return Gap(f"≥ {_signed(value)}", value)
    if directions == {-1} and value < 0:
        return Gap(f"≤ {_signed(value)}", value)
    return NO_GAP  # two ends that could lie either way, or a bound that does not even tell the direction


def gap_between(first: Reading, second: Reading, first_values: Sequence[float], second_values: Sequence[float]) -> Gap:
    """Return the gap of two groups with its interval, and with p where the spread of both may be shown.

    With fewer than 10 people the interval follows from the shown means and sizes alone, so it tells nothing more.
    With 10 or more, variances count as at least VARIANCE_FLOOR and p is left out below it: a group that answers in
    unison is not distinguished from one that nearly does.
    """
    gap = subtract(first, second)
    if gap.value is None or not (first.is_number and second.is_number):
        return gap
    sizes = (len(first_values), len(second_values))
    if not all(may_show_spread(size) for size in sizes):
        widest = (_widest(first, sizes[0]), _widest(second, sizes[1]))
        return _with_interval(gap, statistics.welch_from_summary(gap.value, widest, sizes), is_widest=True)
    variances = (statistics.variance(first_values), statistics.variance(second_values))
    floored = (max(variances[0], VARIANCE_FLOOR), max(variances[1], VARIANCE_FLOOR))
    p = statistics.gap_p_value(first_values, second_values) if min(variances) > VARIANCE_FLOOR else None
    return _with_interval(gap, statistics.welch_from_summary(gap.value, floored, sizes), p=p)


def gap_within(guess: Reading, own: Reading, pairs: Sequence[tuple[float, float]]) -> Gap:
    """Return the gap of two answers of the same people, with its interval from 10 people on."""
    gap = subtract(guess, own)
    if gap.value is None or not (guess.is_number and own.is_number) or len(pairs) < SPREAD_MINIMUM:
        return gap
    differences = [first - second for first, second in pairs]
    spreads = [statistics.variance(values) for values in (differences, *zip(*pairs, strict=True))]
    if min(spreads) <= VARIANCE_FLOOR:
        return gap
    p = statistics.exact_sign_flip_p(differences)
    interval = statistics.paired_interval(differences)
    reach = interval.high - interval.gap
    return Gap(gap.text, gap.value, _rounded(gap.value - reach, gap.value + reach), p_below=show_p(p))


def _widest(reading: Reading, size: int) -> float:
    assert reading.value is not None
    return statistics.widest_variance(reading.value, size)


def _with_interval(gap: Gap, interval: statistics.Interval, *, is_widest: bool = False, p: float | None = None) -> Gap:
    p_below = None if p is None else show_p(p)
    return Gap(gap.text, gap.value, _rounded(interval.low, interval.high), is_widest, p_below)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Round an interval to steps of 0.1 and to what gaps can be."""
    return max(-4.0, round(low, 1)), min(4.0, round(high, 1))


def _direction(reading: Reading) -> int:
    """Return +1 where the truth may lie above the shown edge, −1 where below, 0 for a number."""
    if reading.kind != "end":
        return 0
    return 1 if reading.text.startswith("≥") else -1


def _signed(value: float) -> str:
    return with_sign(format_decimal(value, 1))
