"""How strongly rules were held back, as it was tried: kept with what was learned. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Strength:
    """A penalty that was tried: how many rules it leaves, and the AUC of cross validation with its standard error."""

    penalty: float
    rules: int
    auc: float
    error: float


def best_strength(tried: Sequence[Strength]) -> Strength:
    """Return the one that tells most."""
    return max(tried, key=lambda strength: strength.auc)


def sparsest_strength(tried: Sequence[Strength]) -> Strength:
    """Return the strongest penalty that is as good as the best, within one standard error; the strongest come first."""
    top = best_strength(tried)
    return next(strength for strength in tried if strength.auc >= top.auc - top.error)


def is_chance(tried: Sequence[Strength]) -> bool:
    """Whether cross validation itself cannot tell the best of what was tried from chance."""
    top = best_strength(tried)
    return top.auc - 2 * top.error <= 0.5
