"""How many leads Sales can take in a week; the app `funnel` above knows it and registers a source here."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Capacity:
    """Leads a week of all who take leads; of `assumed` people nobody said how many, and the usual number stands."""

    a_week: float
    people: int
    assumed: int


_sources: list[Callable[[], Capacity | None]] = []


def register_capacity_source(source: Callable[[], Capacity | None]) -> None:
    _sources.append(source)


def weekly_capacity() -> Capacity | None:
    """Return what Sales can take; None while nobody takes leads."""
    return next((capacity for source in _sources if (capacity := source())), None)
