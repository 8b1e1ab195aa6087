"""How alike touched deals and the deals they are compared with are, before and after matching. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kpis.help_to_close.matching import NONE, Bools, Deals, Floats, Ints, Match, Stays, end_of_risk

MOST_SAMPLED = 200  # touched deals whose whole risk set is looked at


@dataclass(frozen=True)
class Trait:
    """What a deal or a stay is of: `values` has one entry for each row of Deals, or of Stays where `of_stay`."""

    key: str
    label: str
    values: Sequence[str]
    is_matched: bool
    of_stay: bool = False


@dataclass(frozen=True)
class Balance:
    """The share of deals that would have to be of another kind for both mixes to be alike: 0 is alike, 1 has nothing in common.

    Before: beside all deals that were open and untouched at the same age. After: beside the matched ones.
    """

    trait: Trait
    before: float
    after: float


def measure_balance(deals: Deals, stays: Stays, match: Match, traits: Sequence[Trait]) -> list[Balance]:
    """Return the balance of each trait; nothing where no deal is matched."""
    if not len(match.treated):
        return []
    pool, pool_weights = _pool_stays(deals, stays, match)
    is_control = match.control_stays != NONE
    weights = (is_control / is_control.sum(axis=1, keepdims=True))[is_control]
    controls = match.control_stays[is_control]
    balances = []
    for trait in traits:
        of_stays = np.asarray(trait.values, dtype=str)
        of_stays = of_stays if trait.of_stay else of_stays[stays.deals]
        treated = of_stays[match.stays]
        balances.append(
            Balance(
                trait,
                mix_distance(treated, of_stays[pool], pool_weights),
                mix_distance(treated, of_stays[controls], weights),
            )
        )
    return balances


def _pool_stays(deals: Deals, stays: Stays, match: Match) -> tuple[Ints, Floats]:
    """Return the stays of all deals that were open and untouched at the ages of the touches; each touched deal weighs the same."""
    step = max(1, len(match.treated) // MOST_SAMPLED)
    ends, pools, weights = end_of_risk(deals, stays), [], []
    for deal in match.treated[::step]:
        age = deals.touched[deal]
        is_fit: Bools = (stays.starts <= age) & (age < ends) & (stays.deals != deal)
        rows = np.flatnonzero(is_fit)
        pools.append(rows)
        weights.append(np.full(len(rows), 1 / max(1, len(rows))))
    return np.concatenate(pools), np.concatenate(weights)


def mix_distance(treated: npt.NDArray[np.str_], others: npt.NDArray[np.str_], weights: Floats) -> float:
    """Return half of the sum of differences between the shares of two mixes."""
    kinds, codes = np.unique(np.concatenate([treated, others]), return_inverse=True)
    first = np.bincount(codes[: len(treated)], minlength=len(kinds)) / max(1, len(treated))
    second = np.bincount(codes[len(treated) :], weights=weights, minlength=len(kinds)) / max(1e-12, weights.sum())
    return round(float(np.abs(first - second).sum() / 2), 9)
