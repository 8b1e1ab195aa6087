"""The score at a moment, computed from stored logarithms that do not change with time. Pure.

For each pool of points that fade together a score keeps log2(Σ points · 2^(days since 2020 / half-life)). At a moment
the pool is worth 2^(that − days until the moment / half-life), bounded by its cap; so nothing is written while
nothing happens.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from scoring.terms import Model

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
DAY = 86_400
DIGITS = 4  # of a score: what is beyond them is noise of the arithmetic
HORIZON = 3_650  # days looked ahead


def days_since_epoch(moment: datetime) -> float:
    """Whole seconds count, as they do in bulk."""
    return (int(moment.timestamp()) - int(EPOCH.timestamp())) / DAY


def total_points(model: Model, fit: Any, amounts: Sequence[Any], least: Callable[[Any, Any], Any]) -> Any:
    """Add fit and pools under their caps; for numbers with `min`, for columns with `ibis.least`."""
    groups: dict[str, Any] = {}
    for pool, amount in zip(model.pools, amounts, strict=True):
        bounded = least(amount, pool.cap) if pool.cap else amount
        groups[pool.group] = groups.get(pool.group, 0.0) + pool.sign * bounded
    caps = model.groups or {}
    return sum((least(value, caps[name]) if name in caps else value for name, value in groups.items()), start=fit)


def amounts_at(model: Model, state: Mapping[str, float], moment: datetime) -> list[float]:
    """What each pool holds at a moment, before caps, without sign."""
    day = days_since_epoch(moment)
    logarithms = [state.get(str(pool_index)) for pool_index in range(len(model.pools))]
    return [
        0.0 if log is None else float(2 ** min(log - day * pool.rate, 1_000.0))
        for log, pool in zip(logarithms, model.pools, strict=True)
    ]


def amounts_to_state(model: Model, amounts: Sequence[float], moment: datetime) -> dict[str, float]:
    """Return the form that time does not change, of what each pool holds at a moment."""
    day = days_since_epoch(moment)
    pairs = enumerate(zip(model.pools, amounts, strict=True))
    return {str(pool_index): math.log2(amount) + day * pool.rate for pool_index, (pool, amount) in pairs if amount > 0}


def score_at(model: Model, fit: float, state: Mapping[str, float], moment: datetime) -> float:
    return round(total_points(model, fit, amounts_at(model, state, moment), min), DIGITS)


def falls_under_at(
    model: Model, fit: float, state: Mapping[str, float], moment: datetime, until: datetime | None = None
) -> datetime | None:
    """Return the second in which the score first is under the threshold if nothing happens; None if it never does.

    `until` is where this state ends, when events leave a window. A score under the threshold already has None.
    """

    def is_under(seconds: int) -> bool:
        return score_at(model, fit, state, moment + timedelta(seconds=seconds)) < model.threshold

    if is_under(0):
        return None
    last = HORIZON if until is None else min(HORIZON, math.ceil((until - moment).total_seconds() / DAY))
    day = next((day for day in range(1, last + 1) if is_under(day * DAY)), None)
    if day is None:
        return None
    low, high = (day - 1) * DAY, day * DAY
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_under(middle) else (middle, high)
    falls_at = moment + timedelta(seconds=high)
    return falls_at if until is None or falls_at < until else None
