"""Work one step ahead: while the database takes one block, a thread reads and checks the next."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefetcher(Generic[T]):
    """An iterator whose next item is computed in a thread while the last one is used."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        # one thread: items come in order, and at most one block waits in memory
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
        self._next: Future[T | None] = self._pool.submit(self._read_next)

    def _read_next(self) -> T | None:
        return next(self._items, None)

    def next(self) -> T | None:
        """Return the next item, None behind the last; an error of the iterator is raised here."""
        item = self._next.result()
        if item is not None:
            self._next = self._pool.submit(self._read_next)
        return item

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
