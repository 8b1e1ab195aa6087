"""Chance with a memory: the same name always throws the same numbers."""

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

SEED = "AppLexus"
T = TypeVar("T")


def dice(name: str) -> Random:
    """Return the generator of this part of the story; parts do not disturb each other."""
    return Random(f"{SEED} {name}")  # noqa: S311


def pick(rng: Random, items: Sequence[T], weight: Callable[[T], float], count: int) -> list[T]:
    """Draw `count` different items, the heavier the likelier; they keep their order."""
    keys = [(rng.random() ** (1 / max(weight(item), 1e-9)), place) for place, item in enumerate(items)]
    chosen = sorted(keys, reverse=True)[:count]
    return [items[place] for place in sorted(place for _, place in chosen)]


def skewed(rng: Random, median: float, spread: float, low: float = 0, high: float = math.inf) -> float:
    """Draw from a lognormal with this median; `spread` is the deviation of the logarithm."""
    return min(max(rng.lognormvariate(math.log(median), spread), low), high)


def counted(rng: Random, mean: float) -> int:
    """Draw how often something happens that happens `mean` times on average (Poisson)."""
    limit, number, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        number += 1
        product *= rng.random()
    return number
