"""What each group of a dimension did to a change, in parts that add up to it exactly. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Self

from core.decomposition import Group, decompose_rate, explain_by_parts, measure_surprise

OTHERS = "others"


@dataclass(frozen=True)
class Totals:
    """The sums of a group in one period."""

    numerator: Fraction = Fraction(0)
    denominator: Fraction = Fraction(0)
    n: int = 0

    def __add__(self, other: Self) -> "Totals":
        return Totals(self.numerator + other.numerator, self.denominator + other.denominator, self.n + other.n)

    def value(self, is_rate: bool) -> Fraction | None:
        """Return the figure of the group; None for a rate of nothing."""
        if not is_rate:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


@dataclass(frozen=True)
class GroupTotals:
    """A group of a dimension before and now; `count` is how many groups are taken together in it."""

    key: str
    label: str
    before: Totals
    now: Totals
    count: int = 1


@dataclass(frozen=True)
class ChangePart:
    """The part of a group in the change; of a rate, what its own rate and what its share of all did."""

    group: GroupTotals
    total: Fraction
    rate: Fraction | None = None
    mix: Fraction | None = None

    @property
    def is_others(self) -> bool:
        return self.group.key == OTHERS


@dataclass(frozen=True)
class DimensionChange:
    """The change by one dimension: its parts, the largest first, add up to the change exactly.

    `is_decided` says that the dimension decides the rate: each group has all or none of the hits. `is_shared` says that
    some group has revenue and no spend, so that groups have no rates of their own, but shares in the whole rate.
    """

    name: str
    label: str
    parts: tuple[ChangePart, ...]
    is_decided: bool = False
    is_shared: bool = False

    @property
    def change(self) -> Fraction:
        return sum((part.total for part in self.parts), Fraction(0))

    @property
    def rate(self) -> Fraction:
        return sum((part.rate or Fraction(0) for part in self.parts), Fraction(0))

    @property
    def mix(self) -> Fraction:
        return sum((part.mix or Fraction(0) for part in self.parts), Fraction(0))


def decompose_dimension(name: str, label: str, groups: Sequence[GroupTotals], *, is_rate: bool) -> DimensionChange:
    """Return what each group did to the change.

    Raises:
        ValueError: it is a rate without a value in one of the periods.
    """
    if not is_rate:
        parts = [ChangePart(group, group.now.numerator - group.before.numerator) for group in groups]
        return DimensionChange(name, label, _largest_first(parts))
    if any(side.numerator and not side.denominator for group in groups for side in (group.before, group.now)):
        return DimensionChange(name, label, _largest_first(_share_changes(groups)), is_shared=True)
    pairs = {
        group.key: Group(
            (group.before.numerator, group.before.denominator), (group.now.numerator, group.now.denominator)
        )
        for group in groups
    }
    rate_parts = decompose_rate(pairs)
    parts = [
        ChangePart(group, rate_parts[group.key].total, rate_parts[group.key].rate, rate_parts[group.key].mix)
        for group in groups
    ]
    return DimensionChange(name, label, _largest_first(parts), _is_decided(groups))


def _share_changes(groups: Sequence[GroupTotals]) -> list[ChangePart]:
    """Return how the share of each group in the whole rate changed: what it has above the line, by all below it."""
    before, now = (sum((side.denominator for side in sides), Fraction(0)) for sides in _sides_of(groups))
    if not before or not now:
        raise ValueError("A rate without cases has no change to explain.")
    return [ChangePart(group, group.now.numerator / now - group.before.numerator / before) for group in groups]


def _sides_of(groups: Sequence[GroupTotals]) -> tuple[list[Totals], list[Totals]]:
    return [group.before for group in groups], [group.now for group in groups]


def _largest_first(parts: Iterable[ChangePart]) -> tuple[ChangePart, ...]:
    return tuple(sorted(parts, key=lambda part: (part.is_others, -abs(part.total), part.group.label)))


def _is_decided(groups: Sequence[GroupTotals]) -> bool:
    """Whether every group has all or none of the hits, as deals by their outcome have in a close rate."""
    totals = [totals for group in groups for totals in (group.before, group.now) if totals.denominator]
    rates = {totals.numerator / totals.denominator for totals in totals}
    return rates == {Fraction(0), Fraction(1)}


def join_groups(groups: Sequence[GroupTotals], keys: Iterable[str]) -> list[GroupTotals]:
    """Return the groups with those of the keys taken together as one, which hides what each of them is."""
    hidden = set(keys)
    together = [group for group in groups if group.key in hidden]
    rest = [group for group in groups if group.key not in hidden]
    if not together:
        return rest
    before, now = Totals(), Totals()
    for group in together:
        before, now = before + group.before, now + group.now
    return [*rest, GroupTotals(OTHERS, _others_label(together), before, now, sum(group.count for group in together))]


def _others_label(groups: Sequence[GroupTotals]) -> str:
    return f"All others ({sum(group.count for group in groups)})"


def limit_parts(dimension: DimensionChange, most: int) -> DimensionChange:
    """Return the dimension with its smallest parts added up as one, so that at most so many are listed."""
    if len(dimension.parts) <= most:
        return dimension
    listed = [part for part in dimension.parts if not part.is_others][: most - 1]
    rest = [part for part in dimension.parts if part not in listed]
    before, now = Totals(), Totals()
    for part in rest:
        before, now = before + part.group.before, now + part.group.now
    groups = [part.group for part in rest]
    others = ChangePart(
        GroupTotals(OTHERS, _others_label(groups), before, now, sum(group.count for group in groups)),
        sum((part.total for part in rest), Fraction(0)),
        *(
            None if rest[0].rate is None else sum((getattr(part, name) for part in rest), Fraction(0))
            for name in ("rate", "mix")
        ),
    )
    return replace(dimension, parts=(*listed, others))


def rank_dimensions(
    dimensions: Sequence[DimensionChange], *, results: Iterable[str] = ()
) -> tuple[DimensionChange, ...]:
    """Return the dimension that explains most first (Adtributor).

    At the end are those with one group, those that decide the rate, and `results`, which tell what became of the
    records and not where they came from.
    """
    late = set(results)
    surprises = {
        dimension.name: {
            part.group.key: (float(part.total), surprise)
            for part, surprise in zip(dimension.parts, _surprises(dimension), strict=True)
        }
        for dimension in dimensions
    }
    order = {row.dimension: position for position, row in enumerate(explain_by_parts(surprises))}

    def rank(dimension: DimensionChange) -> tuple[bool, bool, bool, int, str]:
        is_single = len(dimension.parts) < 2
        return (
            dimension.is_decided,
            is_single,
            dimension.name in late,
            order.get(dimension.name, len(order)),
            dimension.name,
        )

    return tuple(sorted(dimensions, key=rank))


def _surprises(dimension: DimensionChange) -> list[float]:
    """Return how surprising each part is: by its share of the sum; of a rate, of what is above and below its line."""
    names = ["numerator"] if dimension.parts and dimension.parts[0].rate is None else ["numerator", "denominator"]
    by_sum: list[Mapping[str, float]] = [
        measure_surprise(
            {
                part.group.key: (float(getattr(part.group.before, name)), float(getattr(part.group.now, name)))
                for part in dimension.parts
            }
        )
        for name in names
    ]
    return [math.fsum(surprises[part.group.key] for surprises in by_sum) for part in dimension.parts]


def round_parts(parts: Sequence[Fraction | float], step: Decimal) -> list[Decimal]:
    """Round the parts to a step so that they still add up to their rounded sum: the largest remainders go up."""
    units = [Fraction(part) / Fraction(step) for part in parts]
    floors = [math.floor(unit) for unit in units]
    total = sum(units, Fraction(0))
    goal = int((Decimal(total.numerator) / Decimal(total.denominator)).quantize(Decimal(1), ROUND_HALF_UP))
    by_remainder = sorted(range(len(units)), key=lambda index: (floors[index] - units[index], index))
    for index in by_remainder[: goal - sum(floors)]:
        floors[index] += 1
    return [floor * step for floor in floors]
