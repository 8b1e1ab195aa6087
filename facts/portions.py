"""Portions of a table's rows: a long run does one after the other and records how far it came."""

from dataclasses import dataclass

import numpy as np
from django.db import connection


@dataclass(frozen=True)
class Portion:
    """Some rows: those of a range of ids, or the ones named."""

    first: int
    last: int
    ids: np.ndarray | None = None

    @property
    def sql(self) -> tuple[str, list[object]]:
        if self.ids is None:
            return "BETWEEN %s AND %s", [self.first, self.last]
        return "= ANY(%s)", [self.ids.tolist()]


def portions(table: str, after: int, size: int) -> list[Portion]:
    """Return the next range of at most `size` rows after an id; empty when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT min(id), max(id) FROM (SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s) next",
            [after, size],
        )
        first, last = cursor.fetchone()
    return [] if first is None else [Portion(first, last)]


def cut(ids: np.ndarray, after: int, size: int) -> list[Portion]:
    """Return the next of the named rows after an id."""
    left = ids[np.searchsorted(ids, after, side="right") :][:size]
    return [Portion(int(left[0]), int(left[-1]), left)] if left.size else []
