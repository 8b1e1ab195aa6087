"""Which rows of the facts one reader may read, and when a figure over the others would give one of them away.

The rule for readers who may not read every buyer is on the page “Who sees what” of the documentation.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from core.periods import Period, month_end
from crm.models import Owner, RecordQuerySet
from facts import registry
from team.access import achievement_ids, can_see_all_buyers
from team.models import User

Reader = User | AnonymousUser
FEWEST = 5  # records that a reader may not read are counted together, or not at all


@dataclass(frozen=True)
class ReadableRows:
    """The rows of each fact table that the reader may read, as Postgres knows them now."""

    user: Reader
    _ids: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def visible(self, table: str) -> QuerySet[Any]:
        rows = registry.get_table(table).model._default_manager.all()
        assert isinstance(rows, RecordQuerySet)
        return rows.visible_to(self.user)

    def is_whole(self, table: str) -> bool:
        """Whether the reader may read every row of the table."""
        query = self.visible(table).query
        return not (query.has_filters() or query.is_empty())

    def ids(self, table: str) -> Any:
        """Return the ids as an array in their order; None for all there are."""
        if table not in self._ids:
            rows = self.visible(table).order_by().values_list("pk", flat=True)
            self._ids[table] = None if self.is_whole(table) else np.sort(np.fromiter(rows, dtype=np.int64))
        return self._ids[table]

    def only(self, table: str, rows: Any, column: str = "id") -> Any:
        """Return the rows whose column holds an id of the table that the reader may read."""
        ids = self.ids(table)
        if ids is None:
            return rows
        readable = ibis.memtable(pa.table({"readable_id": ids}))
        return rows.semi_join(readable, rows[column] == readable.readable_id)

    def digest(self, tables: Iterable[str]) -> str:
        """Return a hash of what may be read, so that a cached answer serves all who may read the same."""
        sha256 = hashlib.sha256()
        for table in sorted(set(tables)):
            ids = self.ids(table)
            sha256.update(f"{table} ".encode() + (b"all" if ids is None else ids.tobytes()))
        return sha256.hexdigest()


def is_too_few(hidden: int) -> bool:
    """Whether a figure over so many unreadable records would tell of single ones."""
    return 0 < hidden < FEWEST


def few_keys(hidden: Mapping[Any, int]) -> set[Any]:
    """Return the parts to hold back: those of too few unreadable records, and as many more as keep the rest from telling them."""
    few = {key for key, n in hidden.items() if is_too_few(n)}
    rest = sorted((key for key, n in hidden.items() if n >= FEWEST), key=lambda key: hidden[key])
    while rest and is_too_few(sum(hidden[key] for key in few)):
        few.add(rest.pop(0))
    return few


def is_published(period: Period, today: date) -> bool:
    """Whether the company's figures of the period are shown to all: it is made of whole months, the last may run."""
    starts = period.start is None or period.start.day == 1
    return starts and (period.end is None or period.end == month_end(period.end) or period.end >= today)


def is_limited(user: Reader) -> bool:
    """Whether the reader may not read every buyer."""
    return not can_see_all_buyers(user)


def achieving_owners(user: Reader) -> QuerySet[Owner] | None:
    """Return the owners whose achievement the reader may see; None means all owners."""
    people = achievement_ids(user)
    return None if people is None else Owner.objects.filter(user_id__in=people)


def check_achievement(user: Reader, owners: QuerySet[Owner]) -> None:
    """Refuse figures of owners whose achievement the reader may not see.

    A filter that means no owner is refused like one that means a colleague: the copy of the records may still hold
    a person under a name that was changed since, or a person who was deleted.

    Raises:
        PermissionDenied: with what decides it.
    """
    allowed = achieving_owners(user)
    if allowed is not None and (not owners.exists() or owners.exclude(pk__in=allowed).exists()):
        raise PermissionDenied(
            "This colleague does not exist, or you do not have permission to see their figures. The company settings define who can."
        )
