"""Why a figure moved, in parts that add up to the change. Pure.

Sources: Kitagawa and Das Gupta (rate and mix), Ang (additive log-mean Divisia), Shapley, Bhagwan and others (Adtributor).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

Number = Fraction | float | int


@dataclass(frozen=True)
class Group:
    """A part of the cases of a rate before and after, as (hits, size)."""

    before: tuple[Number, Number]
    after: tuple[Number, Number]


@dataclass(frozen=True)
class RatePart:
    """What a group did to the change of the rate: by being worked otherwise, and by being more or fewer of all."""

    rate: Fraction
    mix: Fraction

    @property
    def total(self) -> Fraction:
        return self.rate + self.mix


def decompose_rate(groups: Mapping[str, Group]) -> dict[str, RatePart]:
    """Return the parts of a change of a rate over groups; together they are exactly the change.

    Raises:
        ValueError: there is no case before or after, so one of the two rates does not exist.
    """
    size_before = sum(Fraction(group.before[1]) for group in groups.values())
    size_after = sum(Fraction(group.after[1]) for group in groups.values())
    if not size_before or not size_after:
        raise ValueError("A rate without cases has no change to explain.")
    rate_before = sum(Fraction(group.before[0]) for group in groups.values()) / size_before
    rate_after = sum(Fraction(group.after[0]) for group in groups.values()) / size_after
    middle = (rate_before + rate_after) / 2
    parts = {}
    for key, group in groups.items():
        share_before, share_after = Fraction(group.before[1]) / size_before, Fraction(group.after[1]) / size_after
        if any(hits and not size for hits, size in (group.before, group.after)):
            # revenue in a group without spend has no rate of its own, but is a part of the whole rate
            parts[key] = RatePart(
                rate=Fraction(group.after[0]) / size_after - Fraction(group.before[0]) / size_before,
                mix=(share_before - share_after) * middle,
            )
            continue
        before, after = _rates_of(group)
        parts[key] = RatePart(
            rate=(share_before + share_after) / 2 * (after - before),
            mix=(share_after - share_before) * ((before + after) / 2 - middle),
        )
    return parts


def _rates_of(group: Group) -> tuple[Fraction, Fraction]:
    """Return the rates of a group; one that has cases on one side alone changed in number, not in rate."""
    rates = [Fraction(hits) / Fraction(size) if size else None for hits, size in (group.before, group.after)]
    before, after = (rates[0] if rates[0] is not None else rates[1]), (rates[1] if rates[1] is not None else rates[0])
    return before or Fraction(0), after or Fraction(0)


def decompose_product(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """Return the parts of the links in the change of their product: by log-mean Divisia, by Shapley where a link is 0."""
    start, end = math.prod(before), math.prod(after)
    if min(*before, *after) <= 0 or not start or not end:
        return list(shapley_parts(before, after))
    logs = [math.log(new) - math.log(old) for old, new in zip(before, after, strict=True)]
    growth = math.fsum(logs)
    weight = (end - start) / growth if growth else start
    return [weight * log for log in logs]


def shapley_parts(before: Sequence[float], after: Sequence[float]) -> Iterator[float]:
    """Yield the mean change that each link makes over all orders in which the links could have changed."""
    size = len(before)
    for link in range(size):
        others = [index for index in range(size) if index != link]
        part = 0.0
        for count in range(size):
            weight = math.factorial(count) * math.factorial(size - count - 1) / math.factorial(size)
            for changed in combinations(others, count):
                rest = math.prod(after[index] if index in changed else before[index] for index in others)
                part += weight * rest * (after[link] - before[link])
        yield part


@dataclass(frozen=True)
class Explanation:
    """How well the elements of a dimension explain a change: the fewest that do, and how unexpected they are."""

    dimension: str
    elements: tuple[str, ...]
    explained: float  # share of the change
    surprise: float


def explain_by_dimension(
    values: Mapping[str, Mapping[str, tuple[float, float]]],
    *,
    least_explained: float = 0.67,
    least_element: float = 0.1,
) -> list[Explanation]:
    """Return the dimensions that explain a change of a sum, the most surprising first.

    Args:
        values: by dimension and element the value before and after.
        least_explained: the share of the change that the elements of a dimension have to explain together.
        least_element: the share that each of them has to explain.
    """
    surprises = {dimension: measure_surprise(elements) for dimension, elements in values.items()}
    return explain_by_parts(
        {
            dimension: {key: (new - old, surprises[dimension][key]) for key, (old, new) in elements.items()}
            for dimension, elements in values.items()
        },
        least_explained=least_explained,
        least_element=least_element,
    )


def explain_by_parts(
    parts: Mapping[str, Mapping[str, tuple[float, float]]],
    *,
    least_explained: float = 0.67,
    least_element: float = 0.1,
) -> list[Explanation]:
    """Return the dimensions that explain a change, the most surprising first.

    Args:
        parts: by dimension and element its part in the change, and how surprising it is.
    """
    explanations = (
        _explain(dimension, elements, least_explained, least_element) for dimension, elements in parts.items()
    )
    return sorted(filter(None, explanations), key=lambda row: (-row.surprise, len(row.elements), row.dimension))


def _explain(
    dimension: str, elements: Mapping[str, tuple[float, float]], least_explained: float, least_element: float
) -> Explanation | None:
    change = math.fsum(part for part, _ in elements.values())
    if not change:
        return None
    chosen: list[str] = []
    for key in sorted(elements, key=lambda key: (-elements[key][1], key)):
        if elements[key][0] / change < least_element:
            continue
        chosen.append(key)
        explained = sum(elements[name][0] for name in chosen) / change
        if explained >= least_explained:
            return Explanation(dimension, tuple(chosen), explained, sum(elements[name][1] for name in chosen))
    return None


def measure_surprise(elements: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    """Return how far the share of each element in the sum is from what it was before."""
    before, after = (sum(max(pair[side], 0) for pair in elements.values()) for side in (0, 1))
    return {
        key: _surprise(max(old, 0) / before if before else 0, max(new, 0) / after if after else 0)
        for key, (old, new) in elements.items()
    }


def _surprise(expected: float, seen: float) -> float:
    """Return the Jensen-Shannon divergence of one share from what was expected of it."""
    both = expected + seen
    parts = (share * math.log(2 * share / both) for share in (expected, seen) if share > 0)
    return sum(parts) / 2
