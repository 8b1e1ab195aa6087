"""Make numbers add up to a sum exactly, none of them moved by more than its share and one unit."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal


def distribute_total(weights: Sequence[float], total: Decimal, unit: Decimal) -> list[Decimal]:
    """Share out the total by weight in whole units; the largest remainders get the units left over.

    Raises:
        ValueError: the total is not a multiple of the unit, or there is nothing to share it out to.
    """
    units, odd = divmod(total, unit)
    if odd or (units and not sum(weights)):
        raise ValueError(f"{total} cannot be shared out in units of {unit} to {len(weights)} weights.")
    exact = [Decimal(weight) for weight in weights]
    whole = sum(exact, Decimal(0))
    ideal = [weight / whole * units if whole else Decimal(0) for weight in exact]
    given = [share.to_integral_value(ROUND_FLOOR) for share in ideal]
    left = int(units - sum(given, Decimal(0)))
    order = sorted(range(len(ideal)), key=lambda index: (given[index] - ideal[index], index))
    for index in order[:left]:
        given[index] += 1
    return [share * unit for share in given]
