"""How the first rows of a file would be read, as the mapping page shows it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

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
class PerColumn(Checks):
    """Checks that remember what is wrong with each column, not with each row."""

    faults: dict[str, dict[int, str]] = field(default_factory=dict)

    def note(self, mask: np.ndarray, column: str, reason: Callable[[int], str]) -> None:
        for place in np.flatnonzero(self.of_record(mask))[:ROWS]:
            self.faults.setdefault(column, {}).setdefault(int(place), reason(int(place)))


def shown(column: pd.Series) -> list[str]:
    """Return the first different cells of a column that hold something, cut to a length that can be shown."""
    found = column[column != ""].drop_duplicates().head(SHOWN)
    return [cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}…" for cell in found]


@dataclass(frozen=True)
class Landed:
    """How the first rows of a file land: each column's first cell, and a few whole rows."""

    readings: dict[str, Reading] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # of the staged columns that the rows show
    rows: list[list[str]] = field(default_factory=list)  # a row that is left out is empty
    kept: int = 0  # of the rows looked at
    left_out: int = 0


def landed(frame: pd.DataFrame, plan: Plan, rows: int) -> Landed:
    """Return for each column that the plan reads how its first cell lands, and the first rows as they land."""
    checks = PerColumn(frame, np.arange(len(frame)), np.zeros(len(frame), bool))
    read = read_columns(plan, checks)
    landing = _landing(plan)
    found = {
        header: _reading(frame[header], read[landing[header]], checks.faults.get(header, {}))
        for header in frame
        if header in landing
    }
    about = makes_a_record(plan, frame)
    names = [*(one.column for one in plan.fields), *(one.staged for one in plan.references)]
    labels = {one.column: dict(one.model_field.choices or ()) for one in plan.fields}
    cells = [
        [_labelled(read[name].iat[place], labels.get(name, {})) for name in names] if about[place] else []
        for place in range(min(rows, len(frame)))
    ]
    return Landed(found, names, cells, int(about.sum()), int((~about).sum()))


def _labelled(value: object, labels: dict[str, str]) -> str:
    return str(labels[value]) if isinstance(value, str) and value in labels else _word(value)


def _landing(plan: Plan) -> dict[str, str]:
    """Return {column of the file: staged column that it feeds}."""
    found: dict[str, str] = {header: f"custom_{place}" for place, header in enumerate(plan.custom)}
    fed: list[PlannedField | PlannedReference] = [*plan.references, *plan.fields]
    for planned in fed:
        name = planned.column if isinstance(planned, PlannedField) else planned.staged
        calculation = planned.calculation if isinstance(planned, PlannedField) else None
        found |= {header: name for header in (calculation.headers if calculation else ()) if header not in found}
        found |= dict.fromkeys((*planned.headers, *getattr(planned, "join", ())), name)
    return {**dict.fromkeys(plan.id_headers[:1], "external_id"), **found}


def _reading(written: pd.Series, read: pd.Series, faults: dict[int, str]) -> Reading:
    if faults:
        place = min(faults)
        more = f" ({len(faults):,} of the first {len(written):,} rows are like that)" if len(faults) > 1 else ""
        return Reading(str(written.iat[place]), "", faults[place] + more)
    filled = np.flatnonzero((written != "").to_numpy())
    if not len(filled):
        return Reading("", "")
    return Reading(str(written.iat[filled[0]]), _word(read.iat[filled[0]]))


def _word(value: object) -> str:
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, pd.Timestamp):
        day = value.strftime("%-d %b %Y")
        return f"{day}, {value:%H:%M} UTC" if value.tzinfo else day
    words = {"t": "yes", "f": "no"}
    return words.get(str(value), str(value)) if len(str(value)) == 1 else str(value)[:LONGEST]
