"""Which quotas a report is made of: those of one category and version whose days lie in the period and are over. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from core.periods import Period
from kpis.quotas.categories import version_order

NO_OWNER = "without an owner"
NO_DAYS = "without a first and last day"
NO_AMOUNT = "without an amount above 0"
NO_CATEGORY = "of a category that is none of the five"
CURRENCY = "in another currency than the company’s"
OUTSIDE = "with days outside of the period as well as in it"
RUNNING = "whose days are not over yet"
OVERLAP = "that overlap another quota of the same person, category and version"


@dataclass(frozen=True)
class QuotaRow:
    """One quota as it is on record; `owner` is the record that represents the person, 0 for none."""

    pk: int
    owner: int
    category: str  # the key of a category; empty for an unknown one
    version: str
    start: date | None
    end: date | None
    amount: Decimal | None
    potential: Decimal | None
    is_home: bool  # in the company's currency

    @property
    def span(self) -> tuple[date, date]:
        assert self.start
        assert self.end
        return self.start, self.end


@dataclass(frozen=True)
class Selection:
    """The quotas that count, and how many do not, by reason."""

    rows: tuple[QuotaRow, ...]
    left_out: tuple[tuple[str, int], ...]
    versions: tuple[str, ...]  # of the category in the period, the earliest first


def select_quotas(
    rows: Iterable[QuotaRow], category: str, period: Period, today: date, version: str | None = None
) -> Selection:
    """Return the quotas of a version; with None, of each person and span the last version.

    Quotas of one person that overlap without having the same days are all left out: neither sum is right.
    """
    counts: dict[str, int] = {}
    sound = []
    for row in rows:
        if row.category not in {category, ""} or not _touches(row, period):
            continue
        if reason := _find_fault(row, period, today):
            counts[reason] = counts.get(reason, 0) + 1
        else:
            sound.append(row)
    versions = tuple(sorted({row.version for row in sound}, key=version_order))
    chosen = _latest(sound) if version is None else [row for row in sound if row.version == version]
    clear = without_overlaps(chosen)
    if len(clear) < len(chosen):
        counts[OVERLAP] = len(chosen) - len(clear)
    return Selection(tuple(clear), tuple(sorted(counts.items())), versions)


def _touches(row: QuotaRow, period: Period) -> bool:
    """Whether a quota has days in the period; one without days may have."""
    if row.start is None or row.end is None:
        return True
    return not ((period.end and row.start > period.end) or (period.start and row.end < period.start))


def _find_fault(row: QuotaRow, period: Period, today: date) -> str:
    faults = (
        (NO_CATEGORY, not row.category),
        (NO_OWNER, not row.owner),
        (NO_DAYS, row.start is None or row.end is None or row.start > row.end),
        (CURRENCY, not row.is_home),
        (NO_AMOUNT, row.amount is None or row.amount <= 0),
    )
    if reason := next((reason for reason, holds in faults if holds), ""):
        return reason
    start, end = row.span
    if (period.start and start < period.start) or (period.end and end > period.end):
        return OUTSIDE
    return RUNNING if end >= today else ""


def _latest(rows: Sequence[QuotaRow]) -> list[QuotaRow]:
    """Return of each person and span the rows of the last version."""
    last: dict[tuple[int, date, date], str] = {}
    for row in rows:
        key = (row.owner, *row.span)
        last[key] = max(last.get(key, row.version), row.version, key=version_order)
    return [row for row in rows if row.version == last[row.owner, *row.span]]


def without_overlaps(rows: Sequence[QuotaRow]) -> list[QuotaRow]:
    """Return the rows of people none of whose quotas share a day."""
    by_owner: dict[int, list[QuotaRow]] = {}
    for row in rows:
        by_owner.setdefault(row.owner, []).append(row)
    return [row for its in by_owner.values() if not _do_overlap(its) for row in its]


def _do_overlap(rows: Sequence[QuotaRow]) -> bool:
    spans = sorted(row.span for row in rows)
    return any(later[0] <= earlier[1] for earlier, later in pairwise(spans))
