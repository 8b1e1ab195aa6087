"""The second part of the index: the dimensions of alignment that are agreed on a day, from the dates of the versions."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from agreements.models import Dispute, End, Version
from alignment.index.rules import AGREED, FULL, Input, Part
from alignment.workspace import dimensions
from team.models import Company

LABEL = "Active agreements"
NOTHING_SIGNED = "Nothing has been signed by both sides. Propose an agreement."
KINDS = [kind for dimension in dimensions.DIMENSIONS for kind in dimension.kinds]


@dataclass(frozen=True)
class DatedVersion:
    """A version with the days that decide what it was on any day; `disputes` are the days on which each began and ended."""

    number: int
    in_force_on: date | None
    ended_on: date | None
    end: str
    expires_on: date | None
    review_on: date | None
    is_pilot: bool = False
    disputes: Sequence[tuple[date, date | None]] = field(default=())

    def has_ended(self, day: date) -> bool:
        return self.ended_on is not None and self.ended_on <= day

    def is_expired(self, day: date) -> bool:
        if self.has_ended(day):
            return self.end == End.EXPIRED
        return self.expires_on is not None and self.expires_on < day

    def was_in_force(self, day: date) -> bool:
        return self.in_force_on is not None and self.in_force_on <= day

    def binds(self, day: date) -> bool:
        return not self.is_pilot and self.was_in_force(day) and not self.has_ended(day) and not self.is_expired(day)

    def is_disputed(self, day: date) -> bool:
        is_open = any(began <= day and (ended is None or ended > day) for began, ended in self.disputes)
        return is_open and not self.has_ended(day) and not self.was_in_force(day)


def state_on(versions: Iterable[DatedVersion], day: date) -> str:
    """Return the state of an agreement for its dimension on a day, as `workspace.queries.row_state` does for today."""
    rows = list(versions)
    if any(version.is_disputed(day) for version in rows):
        return dimensions.DISPUTED
    binding = next((version for version in rows if version.binds(day)), None)
    if binding:
        return "stale" if binding.review_on and binding.review_on < day else "in_force"
    ended = [version for version in rows if version.was_in_force(day)]
    newest = max(ended, key=lambda version: version.number, default=None)
    return "expired" if newest and newest.is_expired(day) else ""


def read_agreed_part(day: date) -> Part:
    """Return the part on a day: each dimension is 100 where it is agreed, and 0 where it is stale, disputed or missing."""
    versions = _read_versions()
    if not any(version.was_in_force(day) for _, _, version in versions):
        return Part(AGREED, LABEL, source=NOTHING_SIGNED)
    by_agreement: dict[tuple[str, int], list[DatedVersion]] = defaultdict(list)
    for kind, agreement, version in versions:
        by_agreement[kind, agreement].append(version)
    states: dict[str, set[str]] = defaultdict(set)
    for (kind, _), rows in by_agreement.items():
        states[kind].add(state_on(rows, day))
    inputs = tuple(_read_dimension(dimension, states) for dimension in dimensions.DIMENSIONS)
    agreed = sum(row.score == FULL for row in inputs)
    return Part(AGREED, LABEL, inputs, f"{agreed} of {len(inputs)} dimensions agreed")


def _read_dimension(dimension: dimensions.Dimension, states: dict[str, set[str]]) -> Input:
    own: set[str] = set().union(*(states[kind] for kind in dimension.kinds))
    state = dimensions.dimension_state(own)
    score = FULL if state == dimensions.AGREED else FULL * 0
    return Input(dimension.key, dimension.name, score, dimensions.BADGES[state][0])


def _read_versions() -> list[tuple[str, int, DatedVersion]]:
    """Return the proposed versions of all kinds of the dimensions with their agreement, in two queries."""
    zone = Company.get().zone
    disputes: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    for version, raised_at, decided_at in Dispute.objects.values_list("version_id", "raised_at", "decided_at"):
        disputes[version].append((_local_day(raised_at, zone), _local_day(decided_at, zone) if decided_at else None))
    rows: QuerySet[Version] = Version.objects.filter(agreement__kind__in=KINDS, proposed_at__isnull=False)
    return [
        (
            version.agreement.kind,
            version.agreement_id,
            DatedVersion(
                number=version.number,
                in_force_on=_local_day(version.in_force_at, zone) if version.in_force_at else None,
                ended_on=_local_day(version.ended_at, zone) if version.ended_at else None,
                end=version.end,
                expires_on=version.expires_on,
                review_on=version.review_on,
                is_pilot=version.pilot_manager_id is not None,
                disputes=disputes.get(version.pk, ()),
            ),
        )
        for version in rows.select_related("agreement").defer("text", "terms", "evidence", "reason")
    ]


def _local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
