"""Reads of the workspace: the dimensions with their agreements, what waits for the reader, and what the arbiter decided."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from agreements import kinds
from agreements.models import Dispute, Seat, Version
from agreements.queries import AgreementRow, agreement_row, search_agreements
from agreements.signing import held_seats
from alignment.workspace.dimensions import (
    AGREED,
    BADGES,
    DIMENSIONS,
    DISPUTED,
    MISSING,
    STALE,
    Dimension,
    dimension_state,
)
from team.models import User

LAST_DECISIONS = 10
SIGNING_SEATS = [Seat.MARKETING, Seat.SALES, Seat.SUPPORT, Seat.FINANCE]


@dataclass(frozen=True)
class DimensionRow:
    """A dimension with its agreements, the urgent ones first."""

    dimension: Dimension
    state: str
    rows: list[AgreementRow]
    kinds: list[kinds.Kind]

    @property
    def badge(self) -> tuple[str, str]:
        return BADGES[self.state]

    @property
    def binding_count(self) -> int:
        return sum(row.binding is not None for row in self.rows)

    @property
    def binding_kind(self) -> str:
        """The kind of the first agreement that binds, for the list of them."""
        return next((row.agreement.kind for row in self.rows if row.binding), "")

    @property
    def next_review(self) -> date | None:
        days = [row.binding.review_on for row in self.rows if row.binding and row.binding.review_on]
        return min(days, default=None)

    @property
    def urgent_rows(self) -> list[AgreementRow]:
        """The agreements that need attention: disputed, stale, expired or proposed."""
        return [row for row in self.rows if row_state(row) in {"disputed", "stale", "expired", "proposed"}]


@dataclass(frozen=True)
class Decision:
    """A dispute that the arbiter decided, with the version that followed it."""

    dispute: Dispute
    next_version: Version | None


@dataclass(frozen=True)
class Workspace:
    dimensions: list[DimensionRow]
    awaiting: list[Version]
    decisions: list[Decision]

    def count(self, state: str) -> int:
        return sum(row.state == state for row in self.dimensions)

    @property
    def open_states(self) -> str:
        """How many dimensions are disputed, stale or missing: “1 is disputed, 4 are missing”."""
        counts = [(state, self.count(state)) for state in (DISPUTED, STALE, MISSING)]
        return ", ".join(f"{count} {'is' if count == 1 else 'are'} {state}" for state, count in counts if count)

    @property
    def agreed_count(self) -> int:
        return self.count(AGREED)


def read_workspace(user: User) -> Workspace:
    """Read the workspace as far as the reader may know it; as many queries for many agreements as for few."""
    rows = [agreement_row(agreement) for agreement in search_agreements(user)]
    versions = [version for row in rows for version in row.agreement.versions.all()]
    return Workspace(
        [_read_dimension(dimension, rows) for dimension in DIMENSIONS],
        select_awaiting(versions, user),
        select_decisions(versions),
    )


def row_state(row: AgreementRow) -> str:
    """Return the state of an agreement for its dimension: expired where a version ran out and none took its place.

    An agreement that binds and has another version proposed still binds.
    """
    if row.state == "disputed":
        return "disputed"
    if row.binding:
        return "stale" if row.binding.is_stale else "in_force"
    ended = [version for version in row.agreement.versions.all() if version.in_force_at]
    newest = max(ended, key=lambda version: version.number, default=None)
    return "expired" if newest and newest.state == "expired" else row.state


def _read_dimension(dimension: Dimension, rows: Iterable[AgreementRow]) -> DimensionRow:
    own = [row for row in rows if row.agreement.kind in dimension.kinds]
    order = ["disputed", "stale", "expired", "proposed"]
    own.sort(key=lambda row: order.index(state) if (state := row_state(row)) in order else len(order))
    state = dimension_state({row_state(row) for row in own})
    return DimensionRow(dimension, state, own, _declared_kinds(dimension))


def _declared_kinds(dimension: Dimension) -> list[kinds.Kind]:
    declared = {kind.key for kind in kinds.all_kinds()}
    return [kinds.get_kind(key) for key in dimension.kinds if key in declared]


def select_awaiting(versions: Iterable[Version], user: User) -> list[Version]:
    """Return those of the versions that wait for the signature of this reader, the oldest first."""
    sides = held_seats(user, SIGNING_SEATS)
    waiting = [
        version
        for version in versions
        if version.state in {"proposed", "disputed"} and any(side in version.unsigned for side in sides)
    ]
    return sorted(waiting, key=lambda version: (version.proposed_at or version.drafted_at, version.pk))


def select_decisions(versions: Collection[Version]) -> list[Decision]:
    """Return the last decisions of the arbiter on these versions, the newest first."""
    decided = [
        (dispute.decided_at, dispute)
        for version in versions
        for dispute in version.disputes.all()
        if dispute.decided_at
    ]
    decided.sort(key=lambda pair: pair[0], reverse=True)
    return [Decision(dispute, _find_next(dispute, versions)) for _, dispute in decided[:LAST_DECISIONS]]


def _find_next(dispute: Dispute, versions: Iterable[Version]) -> Version | None:
    """Return the first version of the agreement that was drafted after the decision."""
    return min(
        (
            version
            for version in versions
            if version.agreement_id == dispute.version.agreement_id
            and version.number > dispute.version.number
            and dispute.decided_at
            and version.drafted_at >= dispute.decided_at
        ),
        key=lambda version: version.number,
        default=None,
    )
