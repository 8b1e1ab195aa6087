"""Rows of which their source says that the record is deleted, or merged into another one: which they are, and the master.

A mapping names the columns (`deleted_when`, `merged_into`, `merged_ids`). Where it names none, columns are known by what
systems call them, unless the mapping reads them as something else.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from imports.parsing.column_values import TRUE
from imports.parsing.headers import NAME_PART_SEPARATOR, fold

KEPT_WHEN_GONE = frozenset({"owner", "exchange_rate", "territory", "vertical", "stage_change", "quota"})
DELETED_FLAGS = frozenset(
    {"deleted", "isdeleted", "recorddeleted", "deletedrecord", "hsisdeleted", "gelöscht", "supprimé"}
)
ARCHIVED_FLAGS = frozenset({"archived", "isarchived"})
DELETED_DAYS = frozenset({"deletedat", "deletedon", "deleteddate", "deletiondate", "datedeleted", "deletedtime"})
MERGED_INTO = frozenset(
    {"masterrecordid", "masterrecord", "mergedinto", "mergedintoid", "mergedintorecordid", "mergedtoid", "masterid"}
)
MERGED_IDS = frozenset(
    {"mergedids", "mergedrecordids", "mergedcontactids", "mergedcompanyids", "mergeddealids", "mergedleadids",
     "hsmergedobjectids", "hscalculatedmergedvids", "mergedvids"}
)  # fmt: skip
ARCHIVE_IS_NO_DELETION = frozenset(
    {"salesforce", "pipedrive", "zoho"}
)  # old tasks, deals put away: they are still there
TRUE_WORDS = frozenset(filter(None, map(fold, TRUE))) | {"deleted", "archived"}
ANYTHING: frozenset[str] = frozenset()
Marks = tuple[tuple[str, frozenset[str]], ...]  # (column, folded words; none: whatever it holds)


@dataclass(frozen=True)
class DepartureColumns:
    """The columns of a file that say of a record that it is deleted or merged."""

    deleted_when: Marks = ()
    merged_into: tuple[str, ...] = ()
    merged_ids: tuple[str, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        return (*(header for header, _ in self.deleted_when), *self.merged_into, *self.merged_ids)


NO_DEPARTURES = DepartureColumns()


@dataclass(frozen=True)
class Departure:
    """A record that is to be removed: its id in the source, and that of the record it was merged into, if any."""

    external_id: str
    master: str = ""


def departure_columns(
    header: Iterable[str], kind: str, source: str, read: Iterable[str], given: DepartureColumns
) -> DepartureColumns:
    """Return the columns that a mapping names, else those that are called like what they say.

    Args:
        read: the folded names of the columns that the mapping reads as something else.
    """
    if kind in KEPT_WHEN_GONE:
        return NO_DEPARTURES
    taken = set(read)
    free = [(name, fold(NAME_PART_SEPARATOR.split(name)[-1])) for name in header if fold(name) not in taken]
    flags = DELETED_FLAGS | (frozenset() if source.partition("-")[0] in ARCHIVE_IS_NO_DELETION else ARCHIVED_FLAGS)
    marks = [(name, TRUE_WORDS) for name, called in free if called in flags]
    marks += [(name, ANYTHING) for name, called in free if called in DELETED_DAYS]
    return DepartureColumns(
        given.deleted_when or tuple(marks),
        given.merged_into or tuple(name for name, called in free if called in MERGED_INTO),
        given.merged_ids or tuple(name for name, called in free if called in MERGED_IDS),
    )


def is_departure_column(name: str, kind: str, source: str) -> bool:
    """Return whether a column that nothing reads otherwise says which records are deleted or merged."""
    return name in departure_columns([name], kind, source, (), NO_DEPARTURES).headers


def find_departed_rows(
    columns: DepartureColumns, frame: pd.DataFrame, nulls: Iterable[str]
) -> tuple[np.ndarray, pd.Series]:
    """Return which rows say that their record is gone, and the id of the record that each was merged into, "" for none."""
    gone = np.zeros(len(frame), bool)
    nulls = [*nulls, ""]
    for header, deleted_words in columns.deleted_when:
        cells = frame[header]
        if deleted_words:
            marked = [word for word in cells.unique() if fold(word) in deleted_words]
            gone |= cells.isin(marked).to_numpy()
        else:
            gone |= ~cells.isin(nulls).to_numpy()
    masters = pd.Series("", index=frame.index, dtype="str")
    for header in columns.merged_into:
        masters = masters.where(masters != "", frame[header].where(~frame[header].isin(nulls), ""))
    return gone | (masters != "").to_numpy(), masters


def merged_records(
    columns: DepartureColumns, frame: pd.DataFrame, keys: pd.Series, rows: np.ndarray
) -> Iterator[Departure]:
    """Yield the records of which these rows say that they were merged into their own."""
    for header in columns.merged_ids:
        filled = rows & (frame[header] != "").to_numpy()
        for cell, key in zip(frame[header][filled], keys[filled], strict=True):
            for word in str(cell).replace(",", ";").split(";"):
                merged = word.partition(":")[0].strip()
                if merged and merged != key:
                    yield Departure(merged, str(key))


def resolve_masters(departures: Mapping[str, str]) -> dict[str, str]:
    """Return {id: master} with the last master where one was merged into one that was merged in turn."""
    resolved = {}
    for key, master in departures.items():
        seen = {key}
        # `seen` ends a circle of records that claim to be merged into each other.
        while master and departures.get(master) and master not in seen:
            seen.add(master)
            master = departures[master]
        resolved[key] = "" if master == key else master
    return resolved
