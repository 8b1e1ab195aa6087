"""What each side believes of a signed term, as it may be shown: medians, and the middle half from 10 people on. Pure."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from alignment.disclosure import may_show_spread
from alignment.rounds.results import ExpectationResult, ExpectationSide

WILD_RATIO = 2


def summarise_term(term: Mapping[str, object], beliefs: Mapping[str, Sequence[float]]) -> ExpectationResult:
    """Return a term with the beliefs of the groups that may be shown; `beliefs` holds only those."""
    sides = tuple(_summarise(side, values) for side, values in beliefs.items())
    return ExpectationResult(
        key=str(term["key"]),
        question=str(term["question"]),
        unit=str(term["unit"]),
        signed=float(str(term["signed"])),
        sides=sides,
        is_wild=is_wild_disagreement(sides),
    )


def _summarise(side: str, values: Sequence[float]) -> ExpectationSide:
    low, median, high = (round_figure(float(value)) for value in np.quantile(values, (0.25, 0.5, 0.75)))
    return ExpectationSide(side, median, (low, high) if may_show_spread(len(values)) else None)


def round_figure(value: float) -> float:
    """Round to two significant figures: a median of few people may be what one of them typed."""
    return float(f"{value:.2g}")


def is_wild_disagreement(sides: Sequence[ExpectationSide]) -> bool:
    """Tell whether two medians differ by more than twice, or two middle halves do not touch."""
    return any(_differ_wildly(first, second) for first, second in combinations(sides, 2))


def _differ_wildly(first: ExpectationSide, second: ExpectationSide) -> bool:
    if first.median is None or second.median is None:
        return False
    smaller, larger = sorted((first.median, second.median))
    if larger > WILD_RATIO * smaller:
        return True
    if not (first.middle and second.middle):
        return False
    return first.middle[1] < second.middle[0] or second.middle[1] < first.middle[0]
