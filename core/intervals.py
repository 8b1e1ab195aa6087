"""How far chance may move a share, and the difference of two. Pure."""

import math

Z = 1.959963984540054  # of the normal distribution, for 95 %


def wilson_interval(part: int, whole: int) -> tuple[float, float] | None:
    """Return the 95 % interval (Wilson) of a share of counted rows, as fractions; None of nothing."""
    if not whole:
        return None
    share = part / whole
    middle = (share + Z * Z / (2 * whole)) / (1 + Z * Z / whole)
    reach = Z / (1 + Z * Z / whole) * math.sqrt(share * (1 - share) / whole + Z * Z / (4 * whole * whole))
    return max(0.0, min(share, middle - reach)), min(1.0, max(share, middle + reach))  # rounding keeps it inside


def newcombe_interval(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float] | None:
    """Return the 95 % interval of a difference of two shares (Newcombe): of first − second, each as (part, whole).

    None where one of them is a share of nothing. Source: Newcombe 1998, method 10.
    """
    first_interval, second_interval = wilson_interval(*first), wilson_interval(*second)
    if first_interval is None or second_interval is None:
        return None
    share, other = first[0] / first[1], second[0] / second[1]
    below = math.hypot(share - first_interval[0], second_interval[1] - other)
    above = math.hypot(first_interval[1] - share, other - second_interval[0])
    return share - other - below, share - other + above
