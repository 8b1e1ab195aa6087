"""Where the next page of a search begins.

HubSpot's search numbers its pages by position and ends at 10,000 results. Both lose rows: what changes while we read
moves to the end and pulls the others up, and beyond the ten-thousandth nothing is shown. So we never ask for a
second page: each question begins at the time at which the last answer ended. Only where one whole page shares a
single time do we go through that time by id.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

Stamped = tuple[str, int]  # id, modified in ms since the epoch


@dataclass(frozen=True)
class SearchPosition:
    """The position of a search. `seen` are the ids already read at exactly `at`; `tie` goes through `at` by id."""

    at: int = 0
    seen: tuple[str, ...] = ()
    tie: bool = False
    after: str = "0"

    @classmethod
    def from_dict(cls, position: dict[str, Any]) -> "SearchPosition":
        return cls(position["at"], tuple(position["seen"]), position["tie"], position["after"])

    def as_dict(self) -> dict[str, Any]:
        return {"at": self.at, "seen": list(self.seen), "tie": self.tie, "after": self.after}

    def search_filters(self, modified: str, until: int) -> list[dict[str, str]]:
        """Return the search's filters; all of them hold at once."""
        if self.tie:
            return [
                {"propertyName": modified, "operator": "GTE", "value": str(self.at)},
                {"propertyName": modified, "operator": "LTE", "value": str(self.at)},
                {"propertyName": "hs_object_id", "operator": "GT", "value": self.after},
            ]
        return [
            {"propertyName": modified, "operator": "GTE", "value": str(self.at)},
            {"propertyName": modified, "operator": "LT", "value": str(until)},
        ]

    def sort_order(self, modified: str) -> dict[str, str]:
        return {"propertyName": "hs_object_id" if self.tie else modified, "direction": "ASCENDING"}


def next_position(
    position: SearchPosition, rows: Sequence[Stamped], size: int
) -> tuple[list[str], SearchPosition | None]:
    """Return (ids of an answer that are to be taken, the next place), None when this was the last page."""
    ids = [key for key, _ in rows]
    unseen = [key for key in ids if key not in position.seen]
    if position.tie:
        return unseen, replace(position, after=ids[-1]) if len(rows) == size else SearchPosition(at=position.at + 1)
    # fewer than asked for: nothing changed later in the window
    if len(rows) < size:
        return unseen, None
    first, last = rows[0][1], rows[-1][1]
    if first == last:  # a whole page at one time: start it again, by id
        return [], SearchPosition(at=last, seen=position.seen if last == position.at else (), tie=True)
    return unseen, SearchPosition(at=last, seen=tuple(key for key, at in rows if at == last))
