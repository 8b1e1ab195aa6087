"""The inventory of detectors as its page lists them: by section, filtered by what an address names."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from alarms.models import Condition
from alarms.queries import DetectorRow, read_inventory
from alarms.registry import SECTIONS
from alarms.rows import Label, condition_badge
from core.formatting import format_percent
from core.request_values import read_text
from team.models import Role, User

FIRED = {"fired": True, "never": False}


@dataclass(frozen=True)
class InventoryFilter:
    """Which detectors are wanted; what is empty does not filter."""

    words: str = ""
    section: str = ""
    condition: str = ""
    fired: str = ""

    @property
    def is_empty(self) -> bool:
        return self == InventoryFilter()


@dataclass(frozen=True)
class InventoryLine:
    """A detector in the list."""

    row: DetectorRow
    badge: Label
    owner: str
    record: str


def read_inventory_filter(query: QueryDict) -> InventoryFilter:
    """Read the filters of an address; a value that is not offered does not filter."""
    query_text, section, condition, fired = (
        read_text(query.get(name), most=80) for name in ("words", "section", "state", "fired")
    )
    return InventoryFilter(
        words=query_text,
        section=section if section in SECTIONS else "",
        condition=condition if condition in {*Condition.values, "off"} else "",
        fired=fired if fired in FIRED else "",
    )


def build_inventory(wanted: InventoryFilter) -> tuple[list[tuple[str, list[InventoryLine]]], int]:
    """Return the sections with their detectors, and how many detectors there are in all."""
    rows = read_inventory()
    owners = User.objects.in_bulk({row.watch.setup.owner_id for row in rows if row.watch.setup} - {None})
    lines = [
        InventoryLine(row, detector_badge(row), _owner_name(row, owners), record_in_words(row))
        for row in rows
        if _is_wanted(row, wanted)
    ]
    sections = [(name, [line for line in lines if line.row.watch.detector.section == name]) for name in SECTIONS]
    return [(name, members) for name, members in sections if members], len(rows)


def _is_wanted(row: DetectorRow, wanted: InventoryFilter) -> bool:
    detector = row.watch.detector
    text = f"{detector.name} {detector.looks_for}".casefold()
    return (
        (not wanted.words or wanted.words.casefold() in text)
        and (not wanted.section or detector.section == wanted.section)
        and (not wanted.condition or condition_of(row) == wanted.condition)
        and (not wanted.fired or row.has_fired == FIRED[wanted.fired])
    )


def condition_of(row: DetectorRow) -> str:
    """Return the state of a detector; `off` where it is turned off, empty before its first evaluation."""
    if not row.watch.is_on:
        return "off"
    return row.state.condition if row.state else ""


def detector_badge(row: DetectorRow) -> Label:
    if not row.watch.is_on:
        return Label("Off")
    if row.state is None:
        return Label("Not evaluated yet")
    return condition_badge(row.state.condition, row.state.get_condition_display())


def _owner_name(row: DetectorRow, owners: dict[int, User]) -> str:
    setup = row.watch.setup
    owner = owners.get(setup.owner_id) if setup and setup.owner_id else None
    return str(owner) if owner else f"{Role(row.watch.detector.owner).label}, by role"


def record_in_words(row: DetectorRow) -> str:
    """Say how many of the closed alarms were real: 3 of 8 (14% to 69%)."""
    record = row.record
    if not record.closed or record.interval is None:
        return ""
    low, high = (format_percent(end, 0) for end in record.interval)
    return f"{record.real} of {record.closed} ({low} to {high})"


def names_of_states() -> Sequence[tuple[str, str]]:
    return (*Condition.choices, ("off", "Off"))
