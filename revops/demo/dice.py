"""Chance with a memory: the same name always throws the same numbers."""

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

SEED = "AppLexus"
T = TypeVar("T")


def seeded_random(name: str) -> Random:
    """Return the generator of this part of the story; parts do not disturb each other."""
    return Random(f"{SEED} {name}")  # noqa: S311


def draw_weighted(rng: Random, items: Sequence[T], weight: Callable[[T], float], count: int) -> list[T]:
    """Draw `count` different items, the heavier the likelier; they keep their order."""
    keys = [(rng.random() ** (1 / max(weight(item), 1e-9)), index) for index, item in enumerate(items)]
    chosen = sorted(keys, reverse=True)[:count]
    return [items[index] for index in sorted(index for _, index in chosen)]


def draw_lognormal(rng: Random, median: float, spread: float, low: float = 0, high: float = math.inf) -> float:
    """Draw from a lognormal with this median; `spread` is the deviation of the logarithm."""
    return min(max(rng.lognormvariate(math.log(median), spread), low), high)


def draw_poisson(rng: Random, mean: float) -> int:
    """Draw how often something happens that happens `mean` times on average (Poisson)."""
    limit, number, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        number += 1
        product *= rng.random()
    return number
