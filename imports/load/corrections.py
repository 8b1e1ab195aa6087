"""Refused rows that come back corrected: the file we handed out is known again, and its rows land as if right at first.

We hand out the file's own columns, then the line, the reason, and a column whose name says which file it corrects
(`Corrects file 34 a1b2c3`). A spreadsheet may save it with another delimiter and a byte order mark. The file is then read
by the same mapping, answers and currency as the first; our own columns are left out, and the quote that keeps a cell
from being a formula is removed again.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pandas as pd
from django.db.models import Count

from core.csv_export import unguard_formula
from imports.files.blocks import Block
from imports.files.encodings import ASSUMED_ENCODING
from imports.inference.occurrences import RowNumbering
from imports.inference.questions import CURRENCY, DATES, DECIMAL, DELIMITER, ENCODING, ZONE, parse_options_of
from imports.load.checks import Prepared
from imports.load.validation import prepare_block
from imports.mapping.plan import Plan
from imports.models import ImportFile, ImportJob, RowError
from imports.parsing.headers import REJECTED_LINE, fold, is_added_header, parse_correction_header

AT_FIRST = {ENCODING, ASSUMED_ENCODING, DELIMITER}  # the corrected file is written in its own


@dataclass(frozen=True)
class Correction:
    """How many refused rows of an import a later one imported, corrected."""

    run: ImportJob
    rows: int


def recognise_correction(file: ImportFile) -> bool:
    """Read a file of corrected rows like the file that they were refused from; False when it is not one."""
    origin = origin_of(file.header)
    if origin is None:
        return False
    file.mends, file.source, file.kind, file.rank = origin, origin.source, origin.kind, origin.rank
    file.mappings, file.mapped_by_id, file.remembered_id = origin.mappings, origin.mapped_by_id, origin.remembered_id
    file.header = [unguard_formula(name) for name in file.header]
    _copy_readings(file, origin)
    file.state = ImportFile.State.READING
    return True


def _copy_readings(file: ImportFile, origin: ImportFile) -> None:
    """Have ambiguous cells read as in the first file: what all of it proved, a few rows of it may leave open."""
    manners = parse_options_of(origin)
    by_question = {DATES: manners.date_order, DECIMAL: manners.decimal, ZONE: manners.zone}
    readings = {
        f"{what}:{column}" if column else what: value
        for what, by in by_question.items()
        for column, value in by.items()
    }
    signs = {f"{CURRENCY}:{sign}": code for by_sign in manners.signs.values() for sign, code in by_sign.items()}
    # encoding and delimiter are those of the corrected file itself, not of the first one
    own = {key: value for key, value in file.answers.items() if key in AT_FIRST}
    file.answers = own | {
        key: value for key, value in (readings | signs | origin.answers).items() if value and key not in AT_FIRST
    }
    for column, null_words in manners.nulls.items():
        seen = file.detected.setdefault("columns", {}).setdefault(column, {})
        seen["nulls"] = sorted({*seen.get("nulls", ()), *null_words})


def origin_of(header: list[str]) -> ImportFile | None:
    """Return the file that the header names, if its columns are there too."""
    correction_of = next(filter(None, map(parse_correction_header, header)), None)
    origin = (
        ImportFile.objects.filter(pk=correction_of[0], sha256__startswith=correction_of[1]).first()
        if correction_of
        else None
    )
    if origin is None or not origin.kind:
        return None
    return origin if own_columns(origin.header) <= own_columns(header) else None


def own_columns(header: Iterable[str]) -> set[str]:
    return {fold(name) for name in header if not is_added_header(name)}


def prepare_corrections(
    blocks: Iterable[Block], plans: list[Plan], numbering: RowNumbering | None = None
) -> Iterator[Prepared]:
    """Check the rows as any others, and say which lines of the first file those are that can go in."""
    for block in blocks:
        original_lines = _original_lines(block)
        result = prepare_block(replace(block, frame=_remove_guards(block.frame)), plans, numbering)
        wrong = {refused.line for refused in result.refused}
        result.corrected = [original_line for line, original_line in original_lines.items() if line not in wrong]
        yield result


def _remove_guards(frame: pd.DataFrame) -> pd.DataFrame:
    """Take our quotes away in the few cells that have one."""
    columns = {position: frame.iloc[:, position] for position in range(frame.shape[1])}
    for position, column in columns.items():
        quoted = column.str.contains("'", regex=False)
        if quoted.any():
            columns[position] = column.where(~quoted, column.map(unguard_formula))
    return pd.DataFrame(columns).set_axis(frame.columns, axis=1)


def _original_lines(block: Block) -> dict[int, int]:
    """Return {line in this file: line in the file that it corrects}."""
    column = next((name for name in block.frame if fold(str(name)) == fold(REJECTED_LINE)), None)
    if column is None:
        return {}
    cells = block.frame[column].str.strip()
    pairs = zip(block.lines, cells, strict=True)
    return {int(line): int(cell) for line, cell in pairs if re.fullmatch(r"\d{1,15}", cell)}


def mark_corrected(file: ImportFile, lines: list[int]) -> None:
    """Note on refused rows which import corrected them; a correction of a correction counts for the first file too."""
    origin = file.mends
    while origin and lines:
        errors = RowError.objects.filter(file=origin, line__in=lines, mended_by=None)
        rows = list(errors.values_list("row", flat=True)) if origin.mends_id else []
        errors.update(mended_by=file.run_id)
        line_cells = (cell for row in rows for name, cell in row.items() if fold(name) == fold(REJECTED_LINE))
        lines = [int(line) for line in line_cells if line.isdigit()]
        origin = origin.mends


def corrections_of(run: ImportJob) -> list[Correction]:
    """Return the imports that corrected refused rows of this one, oldest first."""
    errors = RowError.objects.filter(file__run=run).exclude(mended_by=None)
    counts = Counter(dict(errors.values_list("mended_by").annotate(Count("pk")).order_by()))
    runs = ImportJob.objects.filter(pk__in=counts).order_by("pk")
    return [Correction(run, counts[run.pk]) for run in runs]
