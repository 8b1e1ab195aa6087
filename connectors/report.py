"""The status of a connector, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from connectors.forms import RHYTHMS
from connectors.models import Connector, Pull
from connectors.registry import UnknownSource, connector_type
from connectors.schedule import next_pull
from core.formatting import format_count
from core.work import State
from imports.models import ImportFile


@dataclass(frozen=True)
class ConnectorStatus:
    """A connector, its last pull, and what is to be said of it."""

    connector: Connector
    last: Pull | None

    @property
    def state(self) -> str:
        if not self.connector.is_enabled:
            return "Stopped" if self.connector.trouble else "Off"
        if self.last is None:
            return "Not pulled yet"
        if not self.last.is_over:
            return "Waiting" if self.last.state == State.QUEUED else "Pulling"
        if self.last.state != State.DONE:
            return self.last.get_state_display()
        return "With gaps" if self.last.notes else "Up to date"

    @property
    def kind(self) -> str:
        """The badge's colour."""
        if self.state in {"Stopped", "Failed"}:
            return "is-alarm"
        if self.state == "With gaps":
            return "is-warning"
        if self.state == "Up to date":
            return "is-met"
        return "side-joint" if self.state == "Pulling" else ""

    @property
    def waits_for(self) -> str:
        """What the source makes us wait for just now; nothing when we do not wait for it."""
        last = self.last
        waits = last and last.state == State.QUEUED and last.checkpoint.get("waits") and last.run_after > timezone.now()
        return last.last_error if last and waits else ""

    @property
    def next_pull(self) -> datetime | None:
        return next_pull(self.connector)

    @property
    def rhythm(self) -> str:
        return RHYTHMS.get(self.connector.schedule, self.connector.schedule)

    @property
    def sign_in(self) -> str:
        try:
            return connector_type(self.connector.source).method(self.connector.method).title
        except LookupError:  # no longer declared
            return self.connector.method

    @property
    def kinds(self) -> list[tuple[str, datetime | None]]:
        """What is pulled, and up to when each is here."""
        titles = _object_titles(self.connector)
        return [
            (title, self.connector.pulled_until(kind)) for kind, title in titles.items() if kind in self.connector.kinds
        ]

    @property
    def sentence(self) -> str:
        """Say what there is to say first."""
        name = self.connector.name
        if self.connector.trouble:
            return (
                f"{name} has stopped: {self.connector.trouble}. Sign in again; it then continues from where it stopped."
            )
        if not self.connector.is_enabled:
            return f"{name} is off. Switch it on to pull data."
        if self.last is None:
            return f"{name} is ready. The first pull imports all records; later pulls import only changes."
        if not self.last.is_over:
            return describe_pull(self.last)
        if self.last.state == State.FAILED:
            return f"The last pull failed: {self.last.last_error}. The next pull continues from the same place."
        return self._describe_end(self.last)

    def _describe_end(self, last: Pull) -> str:
        if last.state == State.CANCELLED:
            return "The last pull was stopped. Records that had reached the import are imported."
        gone = f", and {_count_text(last.gone, 'record')} that the source has deleted were removed" if last.gone else ""
        return f"The last pull imported {_count_text(last.done_units, 'row')}{gone}." if last.done_units or gone else (
            "The last pull found no changes."
        )  # fmt: skip


def describe_pull(pull: Pull) -> str:
    """Say what a pull is at just now."""
    kinds = pull.checkpoint.get("kinds") or []
    title = _object_titles(pull.connector).get(kinds[0], kinds[0]) if kinds else ""
    rows = f", {_count_text(pull.done_units, 'row')} so far" if pull.done_units else ""
    if pull.state == State.RUNNING and pull.lacks_worker:
        return f"Waiting for a worker{rows}; the pull then resumes where it stopped"
    phases = {
        "read": f"Reads {title.lower()}{rows}" if title else f"Reads{rows}",
        "hand over": f"Hands {_count_text(pull.done_units, 'row')} to the import",
        "import": f"The import processes {_count_text(pull.done_units, 'row')}",
        "over": "Ends",
    }
    return f"{phases.get(pull.checkpoint.get('phase', ''), 'Signs in')} …"


def _object_titles(connector: Connector) -> Mapping[str, str]:
    """Return the titles of what the source has; its own names where no connector is declared for it any more."""
    try:
        return connector_type(connector.source).objects
    except UnknownSource:
        return {name: name for name in connector.kinds}


def _count_text(number: int, noun: str) -> str:
    return f"{format_count(number)} {noun}{'' if number == 1 else 's'}"


def connector_statuses(connectors: Iterable[Connector]) -> list[ConnectorStatus]:
    """Return the status of each, with one query for all their last pulls."""
    shown_connectors = list(connectors)
    last = Pull.objects.filter(connector__in=shown_connectors).order_by("connector_id", "-pk").distinct("connector_id")
    pulls = {pull.connector_id: pull for pull in last.select_related("connector")}
    return [ConnectorStatus(connector, pulls.get(connector.pk)) for connector in shown_connectors]


def pull_history(connector: Connector) -> QuerySet[Pull]:
    """Return its pulls, newest first, with what their imports counted."""
    files = ImportFile.objects.only("run", "rows", "rejected", "dropped", "counts")
    return connector.pulls.select_related("asked_by", "run").prefetch_related(Prefetch("run__files", files))
