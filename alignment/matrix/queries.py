"""Reads of the accountability matrix: the active rows with the value of each metric, and its versions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from agreements.models import Agreement, Version
from agreements.queries import STATES
from alignment.matrix.forms import ROLES, metric_names, stage_names
from alignment.matrix.rules import KEY, KIND, Row, describe_changes, read_rows
from alignment.metric_values import MetricValue, read_values
from team.models import User


@dataclass(frozen=True)
class Line:
    """An active row, with its cells in the order of the roles, and the value of its metric as the reader may know it."""

    row: Row
    cells: list[tuple[str, str]]  # label of the role, letter
    value: MetricValue | None

    @property
    def accountable(self) -> str:
        return ROLES.get(self.row.accountable, "")


@dataclass(frozen=True)
class History:
    """A version with what it changes against the one that was active before it."""

    version: Version
    changes: list[str]

    @property
    def label(self) -> str:
        return STATES[self.version.state][0]


@dataclass(frozen=True)
class Matrix:
    """The matrix for one reader; `version` is what binds, `waiting` what waits for signatures or is a draft."""

    agreement: Agreement | None
    version: Version | None
    waiting: Version | None
    lines: list[Line]
    versions: list[History]
    missing_stages: list[str]
    roles: list[str]

    @property
    def as_of(self) -> datetime | None:
        """The moment up to which all values know the records."""
        moments = [line.value.result.as_of for line in self.lines if line.value and line.value.result.as_of]
        return min(moments, default=None)


def read_matrix(user: User, *, waits: bool = True) -> Matrix:
    """Read the active matrix; roles that no row names have no column. With `waits` false it shows the last values."""
    agreement = find_agreement(user)
    versions = list_versions(agreement, user) if agreement else []
    binding = next(
        (version for version in versions if version.state == "in_force" and not version.pilot_manager_id), None
    )
    waiting = next((version for version in versions if version.state in {"draft", "proposed", "disputed"}), None)
    rows = read_rows(binding.terms) if binding else []
    used = [role for role in ROLES if any(row.cells.get(role) for row in rows)]
    values = read_values([row.metric for row in rows], user, waits=waits)
    lines = [
        Line(row, [(ROLES[role], row.cells.get(role, "")) for role in used], values.get(row.metric)) for row in rows
    ]
    in_rows = {row.stage for row in rows}
    missing = [name for key, name in stage_names().items() if key not in in_rows] if binding else []
    return Matrix(agreement, binding, waiting, lines, _history(versions), missing, [ROLES[role] for role in used])


def signed_metrics() -> list[str]:
    """Return the keys of the metrics that the active matrix names."""
    version = Version.objects.in_force().filter(agreement__kind=KIND, agreement__key=KEY, pilot_manager=None).first()
    return [row.metric for row in read_rows(version.terms)] if version else []


def find_agreement(user: User) -> Agreement | None:
    return Agreement.objects.visible_to(user).filter(kind=KIND, key=KEY).first()


def list_versions(agreement: Agreement, user: User) -> list[Version]:
    """Return the versions that the reader may read, the newest first."""
    versions = agreement.versions.readable_by(user).select_related("drafted_by").prefetch_related(
        "signatures__signed_by", "disputes"
    )  # fmt: skip
    return list(versions)


def _history(versions: Iterable[Version]) -> list[History]:
    """Pair each version with what it changed against the last one before it that came into force."""
    ordered = sorted(versions, key=lambda version: version.number)
    metrics, history = metric_names(), []
    before: Version | None = None
    for version in ordered:
        changes = describe_changes(read_rows(before.terms), read_rows(version.terms), ROLES, metrics) if before else []
        history.append(History(version, changes))
        if version.in_force_at and not version.pilot_manager_id:
            before = version
    return history[::-1]
