"""How many leads Sales can take in a week; the app `funnel` above knows it and registers a source here."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """Leads a week of all who take leads; for `assumed` of the people no number was set, so the default counts."""

    a_week: float
    people: int
    assumed: int


_sources: list[Callable[[], Capacity | None]] = []


def register_capacity_source(source: Callable[[], Capacity | None]) -> None:
    _sources.append(source)


def weekly_capacity() -> Capacity | None:
    """Return what Sales can take; None while no one takes leads."""
    return next((capacity for source in _sources if (capacity := source())), None)
