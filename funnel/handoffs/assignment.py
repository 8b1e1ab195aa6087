"""Deal leads to people in proportion to their capacity: fair over the week, the same for the same state. Pure.

Whoever has the smallest share of their week's capacity used comes next; among equals whoever waits longest.
A person whose day or week is full comes only when everybody's is.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

USUAL_WEEK = 20  # leads that somebody takes in a week when nobody said how many
WORKDAYS = 5


@dataclass
class Taker:
    """Somebody who takes leads: what they can take, what they got today and this week, and their last turn."""

    owner_id: int
    name: str
    per_day: int | None = None
    per_week: int | None = None
    today: int = 0
    this_week: int = 0
    last: float = 0.0

    @property
    def weight(self) -> float:
        if self.per_week is not None:
            return float(self.per_week)
        return float(self.per_day * WORKDAYS if self.per_day is not None else USUAL_WEEK)

    @property
    def takes(self) -> bool:
        return self.weight > 0

    @property
    def is_full(self) -> bool:
        full_day = self.per_day is not None and self.today >= self.per_day
        return full_day or (self.per_week is not None and self.this_week >= self.per_week)

    @property
    def turn(self) -> tuple[bool, float, float, int]:
        """The smallest comes next. It only grows while leads are dealt."""
        return self.is_full, (self.this_week + 1) / self.weight, self.last, self.owner_id

    @property
    def words(self) -> str:
        said = f"lead {self.this_week} of {self.weight:g} this week"
        over = (self.per_day is not None and self.today > self.per_day) or self.this_week > self.weight
        return f"{said}; everybody's capacity is used up" if over else said


class Dealer:
    """Deals to pools of takers who may overlap; each deal counts for all of them."""

    def __init__(self, takers: Iterable[Taker]) -> None:
        self.takers: Mapping[int, Taker] = {taker.owner_id: taker for taker in takers if taker.takes}
        self._heaps: dict[tuple[int, ...], list[tuple[tuple[bool, float, float, int], int]]] = {}
        self._turns = max((taker.last for taker in self.takers.values()), default=0.0)

    def deal(self, pool: Collection[int], without: Collection[int] = ()) -> Taker | None:
        """Give one lead to the next of the pool; None when nobody of it takes any."""
        found = self._among(pool, without) if without else self._next(tuple(pool))
        return self.give(found.owner_id) if found else None

    def give(self, owner_id: int) -> Taker | None:
        """Count a lead for somebody whose turn it need not be."""
        found = self.takers.get(owner_id)
        if found:
            self._turns += 1
            found.today, found.this_week, found.last = found.today + 1, found.this_week + 1, self._turns
        return found

    def _among(self, pool: Collection[int], without: Collection[int]) -> Taker | None:
        present = [self.takers[one] for one in pool if one in self.takers and one not in without]
        return min(present, key=lambda taker: taker.turn, default=None)

    def _next(self, pool: tuple[int, ...]) -> Taker | None:
        """Keep a heap for each pool; who moved back since is put where they belong now."""
        heap = self._heaps.get(pool)
        if heap is None:
            heap = self._heaps[pool] = [(self.takers[one].turn, one) for one in set(pool) if one in self.takers]
            heapq.heapify(heap)
        while heap:
            turn, one = heap[0]
            if turn == self.takers[one].turn:
                return self.takers[one]
            heapq.heapreplace(heap, (self.takers[one].turn, one))
        return None
