"""Deal leads to people in proportion to their capacity: fair over the week, the same for the same state. Pure.

The person with the smallest used share of the week's capacity comes next; among equals the one who waits longest.
A person whose day or week is full comes only when everyone's is.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.formatting import format_exact

USUAL_WEEK = 20  # leads a week, where no capacity is set
WORKDAYS = 5


@dataclass
class Taker:
    """A person who takes leads: their capacity, what they got today and this week, and their last turn."""

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
    def takes_leads(self) -> bool:
        return self.weight > 0

    @property
    def is_full(self) -> bool:
        full_day = self.per_day is not None and self.today >= self.per_day
        return full_day or (self.per_week is not None and self.this_week >= self.per_week)

    @property
    def turn(self) -> tuple[bool, float, float, int]:
        """The smallest comes next. It only grows while leads are assigned."""
        return self.is_full, (self.this_week + 1) / self.weight, self.last, self.owner_id

    @property
    def words(self) -> str:
        sentence = f"lead {self.this_week} of {format_exact(self.weight)} this week"
        over = (self.per_day is not None and self.today > self.per_day) or self.this_week > self.weight
        return f"{sentence}; all capacities are used up" if over else sentence


class Dealer:
    """Deals to pools of takers who may overlap; each deal counts for all of them."""

    def __init__(self, takers: Iterable[Taker]) -> None:
        self.takers: Mapping[int, Taker] = {taker.owner_id: taker for taker in takers if taker.takes_leads}
        self._heaps: dict[tuple[int, ...], list[tuple[tuple[bool, float, float, int], int]]] = {}
        self._turns = max((taker.last for taker in self.takers.values()), default=0.0)

    def deal(self, pool: Collection[int], without: Collection[int] = ()) -> Taker | None:
        """Give one lead to the next of the pool; None when it has no takers."""
        taker = self._next_present(pool, without) if without else self._next_of_pool(tuple(pool))
        return self.give(taker.owner_id) if taker else None

    def give(self, owner_id: int) -> Taker | None:
        """Count a lead for a person outside their turn."""
        taker = self.takers.get(owner_id)
        if taker:
            self._turns += 1
            taker.today, taker.this_week, taker.last = taker.today + 1, taker.this_week + 1, self._turns
        return taker

    def _next_present(self, pool: Collection[int], without: Collection[int]) -> Taker | None:
        present = [self.takers[pk] for pk in pool if pk in self.takers and pk not in without]
        return min(present, key=lambda taker: taker.turn, default=None)

    def _next_of_pool(self, pool: tuple[int, ...]) -> Taker | None:
        """Keep a heap for each pool. Turns only grow, so an outdated entry is pushed back when it comes to the top."""
        heap = self._heaps.get(pool)
        if heap is None:
            heap = self._heaps[pool] = [(self.takers[pk].turn, pk) for pk in set(pool) if pk in self.takers]
            heapq.heapify(heap)
        while heap:
            turn, pk = heap[0]
            if turn == self.takers[pk].turn:
                return self.takers[pk]
            heapq.heapreplace(heap, (self.takers[pk].turn, pk))
        return None
