"""What may be shown of answers that were given in confidence. Pure; every figure of a round passes through here.

The rules, and the hole that each one closes:

- A group is shown from 5 people on (3, if a round says so before it opens), and only if its complement is empty or as
  large: otherwise the complement is the difference of two shown figures.
- A mean is shown in steps of 0.1, and near an end of the scale only as "≤ 1.5" or "≥ 4.5": a mean of exactly 1 tells
  everyone's answer. In small groups the ends are wider (2.0 for five people): a respondent who answered 5 could
  otherwise tell that the other four answered 1.
- No standard deviation, variance or agreement index below 10 people; with 10 or more it is capped, so that full
  agreement cannot be distinguished from near agreement.
- Two rounds are compared if the people who answered are the same, or differ by at least 5. If they differ by 1 to 4,
  the later round shows bands instead of means for that side, and a band only where no band could narrow down the few.
- p is shown as the step under which it is (`P_STEPS`).
- A hidden figure must not be a linear combination of shown ones (`is_recoverable`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from core.formatting import format_decimal

MINIMUM = 5
LOWEST_MINIMUM = 3
SPREAD_MINIMUM = 10
LEAST_DIFFERENCE = 5  # people by which two compared rounds differ, if they differ at all
STEP = 0.1
LOWEST, HIGHEST = 1.0, 5.0
END_WIDTH = 0.5
VARIANCE_FLOOR = 0.4  # intervals are computed with no less, so that unanimity cannot be read from their width
AGREEMENT_CAP = 0.8  # 1 − VARIANCE_FLOOR ÷ 2, the variance of evenly spread answers
P_STEPS = (0.001, 0.01, 0.05, 0.1, 1.0)  # p in full digits is a fingerprint of the answers: few worlds give the same
LEAST_DOUBT = 2.0  # points of the scale that must stay open about those by whom two rounds differ


@dataclass(frozen=True)
class Band:
    """A part of the scale, for means that may not be shown in steps."""

    name: str
    low: float
    high: float


BANDS = (Band("low", 1.0, 2.5), Band("middle", 2.5, 3.5), Band("high", 3.5, 5.0))


@dataclass(frozen=True)
class Reading:
    """A mean as readers may see it; `low` and `high` are the bounds that readers know.

    `value` is the mean in steps of 0.1, or the edge of the end or band; None where nothing is shown, for `reason`.
    """

    kind: str  # number, end, band or hidden
    low: float = LOWEST
    high: float = HIGHEST
    value: float | None = None
    text: str = "–"
    reason: str = ""

    @property
    def is_number(self) -> bool:
        return self.kind == "number"

    @property
    def is_shown(self) -> bool:
        return self.kind != "hidden"

    @property
    def has_edge(self) -> bool:
        """Whether it can be part of a difference: as a number, or as a lower or upper bound."""
        return self.kind in {"number", "end"}


@dataclass(frozen=True)
class Earlier:
    """What readers know of the same figure in an earlier round, and by how many people that round differs."""

    reading: Reading
    size: int
    joined: int
    left: int


def hide(reason: str) -> Reading:
    return Reading("hidden", reason=reason)


def may_show_group(size: int, complement: int, minimum: int = MINIMUM) -> bool:
    """Tell whether a group is large enough, and what remains of the whole without it too."""
    return size >= minimum and (complement == 0 or complement >= minimum)


def may_show_spread(size: int) -> bool:
    return size >= SPREAD_MINIMUM


def show_p(p: float) -> float:
    """Return the step under which p is; its digits would tell which answers gave them."""
    return next((step for step in P_STEPS if p < step), P_STEPS[-1])


def end_width(size: int) -> float:
    """Return how far from an end of the scale a mean is shown as that end only.

    One respondent at the far end moves the mean of otherwise equal answers by 4 ÷ size. That respondent knows their own
    answer, so the end must reach a point further: to where one of the others answered differently.
    """
    reach = (HIGHEST - LOWEST + 1) / size
    return max(END_WIDTH, ceil(round(reach / STEP, 6)) * STEP)


def show_mean(mean: float, size: int, minimum: int = MINIMUM) -> Reading:
    """Return a mean of answers from 1 to 5 as it may be shown."""
    if size < minimum:
        return hide(f"Fewer than {minimum} people answered.")
    width = end_width(size)
    rounded = round(mean + 1e-9, 1)
    if rounded <= round(LOWEST + width, 1):
        edge = round(LOWEST + width, 1)
        return Reading("end", LOWEST, edge + STEP / 2, edge, f"≤ {format_decimal(edge, 1)}")
    if rounded >= round(HIGHEST - width, 1):
        edge = round(HIGHEST - width, 1)
        return Reading("end", edge - STEP / 2, HIGHEST, edge, f"≥ {format_decimal(edge, 1)}")
    return Reading("number", rounded - STEP / 2, rounded + STEP / 2, rounded, format_decimal(rounded, 1))


def show_band(mean: float, size: int, earlier: Sequence[Earlier], minimum: int = MINIMUM) -> Reading:
    """Return a mean as a band, or nothing where some band would say too much about those who joined or left.

    Whether it is hidden depends on the sizes and on what was shown before, never on the mean itself: otherwise the
    hiding would tell.
    """
    if size < minimum:
        return hide(f"Fewer than {minimum} people answered.")
    if not all(_leaves_doubt(size, before) for before in earlier):
        return hide("Too few people differ from an earlier round: this figure could reveal how they answered.")
    band = next(band for band in BANDS if mean <= band.high)
    return Reading("band", band.low, band.high, None, band.name)


def _leaves_doubt(size: int, before: Earlier) -> bool:
    """Tell whether every band that is possible leaves the few enough room, if all others answered as before."""
    least = before.joined * LOWEST - before.left * HIGHEST
    most = before.joined * HIGHEST - before.left * LOWEST
    for band in BANDS:
        low = max(least, band.low * size - before.reading.high * before.size)
        high = min(most, band.high * size - before.reading.low * before.size)
        if low <= high and high - low < LEAST_DOUBT:
            return False
    return True


def count_difference(first: Collection[str], second: Collection[str]) -> int:
    """Return how many people answered in one of two rounds but not in both."""
    return len(set(first) ^ set(second))


def may_compare(first: Collection[str], second: Collection[str]) -> bool:
    """Tell whether two rounds may be set against each other: the same people answered, or at least 5 differ."""
    difference = count_difference(first, second)
    return difference == 0 or difference >= LEAST_DIFFERENCE


def may_show_means(members: frozenset[str], earlier: Sequence[frozenset[str]], minimum: int = MINIMUM) -> bool:
    """Tell whether a round's means may be shown beside those of earlier rounds.

    Each pair of rounds must be comparable, and no group below the minimum may follow from several of them together.
    """
    if not all(may_compare(members, before) for before in earlier):
        return False
    return not recoverable_groups([*earlier, members], minimum)


def recoverable_groups(shown: Sequence[frozenset[str]], minimum: int = MINIMUM) -> list[frozenset[str]]:
    """Return the groups below the minimum whose sum follows from the sums of the shown groups.

    People who are in the same shown groups cannot be distinguished, so only whole classes of them can be recovered.
    """
    classes: dict[tuple[bool, ...], set[str]] = {}
    for person in frozenset().union(*shown):
        classes.setdefault(tuple(person in group for group in shown), set()).add(person)
    small = [frozenset(people) for people in classes.values() if len(people) < minimum]
    return [people for people in small if is_recoverable(people, shown)]


def is_recoverable(hidden: Collection[str], shown: Sequence[Collection[str]]) -> bool:
    """Tell whether the sum of a hidden group is a linear combination of the sums of shown groups (row-space test)."""
    people = sorted(set(hidden).union(*shown))
    rows = np.array([[person in group for person in people] for group in shown], dtype=float)
    target = np.array([[person in set(hidden) for person in people]], dtype=float)
    if not len(rows):
        return False
    return bool(np.linalg.matrix_rank(np.vstack([rows, target])) == np.linalg.matrix_rank(rows))
