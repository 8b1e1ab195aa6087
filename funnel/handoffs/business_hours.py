"""By which working hours each hand-off's clock runs, and business time for many of them at once."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from crm.models import Owner
from funnel.models import HandOff
from team.calendars.business_time import BusinessTime
from team.calendars.queries import Hours, HoursBook, Person


class OwnersHours:
    """The hours of owners: those of their user, else of their territory, else of the company."""

    def __init__(self) -> None:
        self._book = HoursBook()
        self._known: dict[int, Hours] = {}

    def of(self, owner: Owner | None) -> Hours:
        key = owner.pk if owner else 0
        if key not in self._known:
            user = self._book.users.get(owner.user_id or 0) if owner else None
            self._known[key] = self._book.of(Person(user, owner.territory_id if owner else None))
        return self._known[key]


def group_by_hours(handoffs: Iterable[HandOff], hours: OwnersHours) -> Mapping[Hours, list[HandOff]]:
    """Put together the hand-offs (with `to_owner` fetched) whose clocks run by the same hours."""
    groups: dict[Hours, list[HandOff]] = {}
    for handoff in handoffs:
        groups.setdefault(hours.of(handoff.to_owner), []).append(handoff)
    return groups


def to_epoch_seconds(moments: Iterable[datetime]) -> NDArray[np.float64]:
    return np.array([moment.timestamp() for moment in moments], dtype=np.float64)


def from_epoch_seconds(epoch: NDArray[np.float64]) -> list[datetime]:
    return [datetime.fromtimestamp(second, UTC) for second in epoch.tolist()]


def table_for(hours: Hours, handoffs: Iterable[HandOff], *others: datetime) -> BusinessTime:
    """Return the table that covers the starts of the hand-offs and other moments, and their deadlines."""
    instants = [*(handoff.started_at for handoff in handoffs), *others]
    return hours.table(min(instants), max(instants))
