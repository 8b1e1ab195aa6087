"""Reads of the alignment index: one point for each month, and what moved it since the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models.functions import TruncMonth

from alignment.index.models import IndexSnapshot
from alignment.index.rules import Contribution, Index, Part, format_score, split_change
from core.formatting import with_sign
from core.periods import add_months
from team.models import Company

MONTHS = 13


@dataclass(frozen=True)
class History:
    """The points by day, the earliest first; the last one is what the index is now."""

    points: Sequence[IndexSnapshot]

    @property
    def latest(self) -> IndexSnapshot | None:
        return self.points[-1] if self.points else None

    @property
    def index(self) -> Index | None:
        return self.latest.index if self.latest else None

    @property
    def before(self) -> IndexSnapshot | None:
        """The last point with an index before the newest."""
        return next((point for point in reversed(self.points[:-1]) if point.score is not None), None)

    @property
    def scores(self) -> list[Decimal | None]:
        """The index by month, from the first month that has one."""
        scores = [point.score for point in self.points]
        first = next((position for position, score in enumerate(scores) if score is not None), len(scores))
        return scores[first:]

    @property
    def change(self) -> Decimal | None:
        if self.latest is None or self.before is None or self.latest.score is None or self.before.score is None:
            return None
        return self.latest.score - self.before.score

    @property
    def change_text(self) -> str:
        return "" if self.change is None else with_sign(format_score(self.change))

    @cached_property
    def contributions(self) -> tuple[Contribution, ...]:
        """What each part added to the change; together they are the change."""
        if self.latest is None or self.before is None:
            return ()
        return split_change(self.before.index, self.latest.index)

    def part_before(self, key: str) -> Part | None:
        return next((part for part in self.before.index.parts if part.key == key), None) if self.before else None


def read_history() -> History:
    """Read the last snapshot of each of the last months, in one query."""
    since = add_months(Company.today().replace(day=1), 1 - MONTHS)
    rows = IndexSnapshot.objects.filter(local_day__gte=since).annotate(month=TruncMonth("local_day"))
    latest = rows.order_by("month", "-local_day").distinct("month")
    return History(list(latest))
