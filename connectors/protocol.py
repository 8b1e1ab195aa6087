"""What a reader hands over: one page of a source, as rows of the files that the source's own export would hold."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from connectors.answer import Answer
from connectors.session import Session

T = TypeVar("T")


@dataclass(frozen=True)
class Window:
    """Which records are wanted: changed at or after `since` (None: ever) and before `until`, by the source's clock.

    The window of a pull begins a little before the end of the last one, for what became visible late. `seen` has the
    modification time of each record that the last pull saw in that overlap, so that it is not imported again.
    """

    since: datetime | None
    until: datetime
    tail: datetime  # from here on the next pull will look again
    seen: Mapping[str, str] = field(default_factory=dict)

    def is_news(self, key: str, modified: str) -> bool:
        return self.seen.get(key) != modified


@dataclass(frozen=True)
class Table:
    """Rows for one file. The columns of a file are the same on every page of a pull."""

    file: str
    header: tuple[str, ...]
    rows: list[list[str]]


@dataclass
class Page:
    """One page, and where the next one begins."""

    tables: list[Table] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)  # (kind of record, id): what the source has deleted
    recent: dict[str, str] = field(default_factory=dict)  # {id: modified} of what is in the window's tail
    position: dict[str, Any] = field(default_factory=dict)
    is_last: bool = False
    wait: float = 0.0  # seconds until it is worth asking for the next page


class Connection(Protocol):
    """What a reader sends its requests through; it signs in, and signs in again when the session has ended."""

    session: Session
    secrets: tuple[str, ...]

    def request(self, method: str, path: str, **content: Any) -> Answer:
        """Send a request to a path of the source, with the options of httpx (`params`, `json`, `data`).

        Raises:
            Fault: in one of its kinds (`connectors/errors.py`).
        """

    def with_session(self, question: Callable[[Session], T]) -> T:
        """Call a function with the session, and once more with a fresh one when that has ended."""

    def close(self) -> None: ...


class Reader(Protocol):
    """Reads one source. It keeps nothing that a page's position does not say, so any worker can go on."""

    def greet(self) -> str:
        """Return the account that we are signed in to, as the source names it."""

    def page(self, kind: str, window: Window, position: dict[str, Any]) -> Page:
        """Read the page at a position; {} is the first."""

    def close(self) -> None: ...


def to_cell(value: Any) -> str:
    """Write a JSON value as an export would."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace("\0", "")


def distinct_labels(labels: Iterable[tuple[str, str]], taken: Iterable[str]) -> dict[str, str]:
    """Return {key: label}; a label that is taken gets its key appended."""
    from imports.parsing.headers import fold

    seen, labels_by_key = {fold(label) for label in taken}, {}
    for key, label in labels:
        name = label.strip() or key
        if fold(name) in seen:
            name = f"{name} ({key})"
        seen.add(fold(name))
        labels_by_key[key] = name
    return labels_by_key
