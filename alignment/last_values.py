"""Values that a page shows without waiting: as of the newest records, else the last that were computed.

A value is stored under its name together with its state, which says what it was computed from. Where the state has changed,
a page shows the stored value and requests a new one, which the worker computes within a minute. Only a value that was
never computed is computed while the page waits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.cache import cache

STORED_SECONDS = 60 * 24 * 3600
REQUEST = "alignment:new-values-requested"
Value = TypeVar("Value")


@dataclass(frozen=True)
class StoredValue(Generic[Value]):
    """A value with the state that it was computed from."""

    state: str
    value: Value


def read_value(name: str, state: str, compute: Callable[[], Value], *, waits: bool) -> Value:
    """Return the value of this state; with `waits` false the last one, where another state was computed before."""
    address = f"alignment:value:{name}"
    stored: StoredValue[Value] | None = cache.get(address)
    if stored and stored.state == state:
        return stored.value
    if stored and not waits:
        cache.set(REQUEST, True, STORED_SECONDS)
        return stored.value
    value = compute()
    cache.set(address, StoredValue(state, value), STORED_SECONDS)
    return value


def take_request() -> bool:
    """Tell whether a page has shown a value of an earlier state since this was last asked."""
    return bool(cache.delete(REQUEST))
