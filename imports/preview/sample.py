"""How the first rows of a file would be read, as the mapping page shows it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from core.date_formatting import format_day, format_moment
from core.formatting import format_count
from imports.files.sample import ROWS
from imports.load.checks import Checks
from imports.load.record_keys import makes_a_record
from imports.load.validation import read_columns
from imports.mapping.plan import Plan, PlannedField, PlannedReference

SHOWN = 3
LONGEST = 80


@dataclass(frozen=True)
class Reading:
    """How the first cell of a column that holds something is read; or why it cannot be."""

    written: str
    read: str
    fault: str = ""


@dataclass
class ColumnChecks(Checks):
    """Checks that remember what is wrong with each column, not with each row."""

    faults: dict[str, dict[int, str]] = field(default_factory=dict)

    def refuse(self, mask: np.ndarray, column: str, reason: Callable[[int], str]) -> None:
        for row in np.flatnonzero(self.of_record(mask))[:ROWS]:
            self.faults.setdefault(column, {}).setdefault(int(row), reason(int(row)))


def sample_cells(column: pd.Series) -> list[str]:
    """Return the first different cells of a column that hold something, cut to a length that can be shown."""
    cells = column[column != ""].drop_duplicates().head(SHOWN)
    return [cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}…" for cell in cells]


@dataclass(frozen=True)
class SampleRows:
    """How the first rows of a file land: each column's first cell, and a few whole rows."""

    readings: dict[str, Reading] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # of the staged columns that the rows show
    rows: list[list[str]] = field(default_factory=list)  # a row that is left out is empty
    read_rows: int = 0  # of the rows looked at
    left_out: int = 0


def read_sample(frame: pd.DataFrame, plan: Plan, rows: int) -> SampleRows:
    """Return for each column that the plan reads how its first cell lands, and the first rows as they land."""
    checks = ColumnChecks(frame, np.arange(len(frame)), np.zeros(len(frame), bool))
    read = read_columns(plan, checks)
    landing = _staged_by_header(plan)
    readings = {
        header: _read_first_cell(frame[header], read[landing[header]], checks.faults.get(header, {}))
        for header in frame
        if header in landing
    }
    record_rows = makes_a_record(plan, frame)
    names = [*(planned.column for planned in plan.fields), *(planned.staged for planned in plan.references)]
    labels = {planned.column: dict(planned.model_field.choices or ()) for planned in plan.fields}
    cells = []
    for row in range(min(rows, len(frame))):
        values = [(name, read[name].iat[row]) for name in names] if record_rows[row] else []
        cells.append(
            [
                str(labels[name][value])
                if isinstance(value, str) and value in labels.get(name, {})
                else _value_to_text(value)
                for name, value in values
            ]
        )
    return SampleRows(readings, names, cells, int(record_rows.sum()), int((~record_rows).sum()))


def _staged_by_header(plan: Plan) -> dict[str, str]:
    """Return {column of the file: staged column that it feeds}."""
    staged: dict[str, str] = {header: f"custom_{number}" for number, header in enumerate(plan.custom)}
    fed: list[PlannedField | PlannedReference] = [*plan.references, *plan.fields]
    for planned in fed:
        name = planned.column if isinstance(planned, PlannedField) else planned.staged
        calculation = planned.calculation if isinstance(planned, PlannedField) else None
        staged |= {header: name for header in (calculation.headers if calculation else ()) if header not in staged}
        staged |= dict.fromkeys((*planned.headers, *getattr(planned, "join", ())), name)
    return {**dict.fromkeys(plan.id_headers[:1], "external_id"), **staged}


def _read_first_cell(written: pd.Series, read: pd.Series, faults: dict[int, str]) -> Reading:
    if faults:
        row = min(faults)
        more = (
            f" ({format_count(len(faults))} of the first {format_count(len(written))} rows have this problem)"
            if len(faults) > 1
            else ""
        )
        return Reading(str(written.iat[row]), "", faults[row] + more)
    filled = np.flatnonzero((written != "").to_numpy())
    if not len(filled):
        return Reading("", "")
    return Reading(str(written.iat[filled[0]]), _value_to_text(read.iat[filled[0]]))


def _value_to_text(value: object) -> str:
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, pd.Timestamp):
        return format_moment(value, ZoneInfo("UTC")) if value.tzinfo else format_day(value)
    flags = {"t": "yes", "f": "no"}
    return flags.get(str(value), str(value)) if len(str(value)) == 1 else str(value)[:LONGEST]
