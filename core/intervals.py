"""How far chance may move a share. Pure."""

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
