"""The plans by which the rows of a file go in: its mappings over its headers, with all that the company agreed.

And the rows, checked by these plans from the place in the file where a checkpoint says that the last commit ended.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from imports.files import storage
from imports.files.blocks import read_blocks
from imports.files.sample import first_rows
from imports.inference.empty_cells import LEAVE, empty_cell_treatment
from imports.inference.evidence import parse_options_of
from imports.inference.occurrences import RowNumbering, row_numbering_of
from imports.load import corrections, stage_lookup
from imports.load.checks import Prepared
from imports.load.row_currency import with_parse_options
from imports.load.validation import prepare_block
from imports.mapping import stage_meanings
from imports.mapping.bare_plans import bare_plans, columns_read_of
from imports.mapping.catalogue import FileKind
from imports.mapping.conversion import current_conversion
from imports.mapping.editing import file_kind_of
from imports.mapping.plan import Plan
from imports.mapping.suggestions import guess_type
from imports.models import CustomField, CustomType, ImportFile, ImportJob

NUMBER = r"-?\d{1,15}(?:\.\d+)?"  # as rules compare it; amounts with signs and thousands stay text


class FilePosition(NamedTuple):
    """From where a file is read on."""

    offset: int
    line: int


def position_in(checkpoint: dict[str, Any], file: ImportFile) -> FilePosition:
    """Return the place that a checkpoint keeps of a file; its first row when it keeps none, or that of another file."""
    position = checkpoint if checkpoint.get("file") == file.pk else {}
    return FilePosition(position.get("offset", file.start), position.get("line", file.first_line))


def position_after(prepared: Prepared, file: ImportFile) -> dict[str, int]:
    """Return what a checkpoint keeps once a block of a file is in."""
    return {"file": file.pk, "offset": prepared.end, "line": prepared.next_line}


def prepare_from(position: FilePosition, file: ImportFile, currency: str) -> Iterator[Prepared]:
    """Check the rows of a file from a place on, block by block; the iterator needs no database, so that a thread can run it."""
    plans = plans_of(file, currency)
    numbers = row_numbering_of(file, plans, currency)
    if numbers is None:
        return _prepare_blocks(position, file, plans, None)
    if numbers.load_blocks(file.start, position.offset) == position.offset:
        return _store_numbering(_prepare_blocks(position, file, plans, numbers), numbers, position)
    numbers = row_numbering_of(file, plans, currency)  # what is kept of the blocks before does not reach so far
    first = FilePosition(file.start, file.first_line)
    prepared_blocks = _store_numbering(_prepare_blocks(first, file, plans, numbers), numbers, first)
    return (prepared for prepared in prepared_blocks if prepared.end > position.offset)


def _prepare_blocks(
    position: FilePosition, file: ImportFile, plans: list[Plan], numbers: RowNumbering | None
) -> Iterator[Prepared]:
    file_blocks = read_blocks(storage.path_of(file.plain), file.header, file.delimiter, *position)
    return (
        corrections.prepare_corrections(file_blocks, plans, numbers)
        if file.mends_id
        else (prepare_block(block, plans, numbers) for block in file_blocks)
    )


def _store_numbering(
    prepared_blocks: Iterable[Prepared], numbers: RowNumbering | None, position: FilePosition
) -> Iterator[Prepared]:
    """Keep for a resume what the numbers of later rows need of each block."""
    start = position.offset
    for prepared in prepared_blocks:
        if numbers:
            numbers.save_block(start, prepared.end)
        start = prepared.end
        yield prepared


def plans_of(file: ImportFile, currency: str) -> list[Plan]:
    """Return the plans of a file, one for each kind of record that its rows make."""
    agreed_conversion, book = current_conversion(), stage_meanings.load_stage_book(file.source)
    plans = plans_with_options(file, file_kind_of(file), currency)
    return [stage_lookup.with_stages(replace(plan, conversion=agreed_conversion), book) for plan in plans]


def plans_with_options(file: ImportFile, kind: FileKind, currency: str) -> list[Plan]:
    """Return plans of a file by any mappings, with the parse options that the file proves or the user chose."""
    plans = bare_plans(file.header, kind, currency, columns_read_of(file))
    manners = parse_options_of(file, plans)
    leaves = empty_cell_treatment(file, kind.source.is_templates)[0] == LEAVE
    return [replace(with_parse_options(plan, manners), leaves_empty=leaves) for plan in plans]


def note_custom_fields(run: ImportJob, files: list[ImportFile]) -> None:
    """Keep a list of the custom fields that records carry; a type that the user chose replaces the stored one.

    Without a choice the type is guessed from the first rows, also for files of known systems.
    """
    for file in files:
        rows = first_rows(file)
        for plan in bare_plans(file.header, file_kind_of(file), "", columns_read_of(file)):
            kind, chosen = plan.mapping.object, {name for name, _ in plan.mapping.custom_types}
            fields = [
                CustomField(kind=kind, key=key, type=_custom_type(key, plan, chosen, rows), first_import=run)
                for key in plan.custom
            ]
            CustomField.objects.bulk_create(
                [field for field in fields if field.key not in chosen], ignore_conflicts=True
            )
            CustomField.objects.bulk_create(
                [field for field in fields if field.key in chosen],
                update_conflicts=True, unique_fields=["kind", "key"], update_fields=["type"],
            )  # fmt: skip


def _custom_type(key: str, plan: Plan, chosen: Collection[str], rows: pd.DataFrame) -> str:
    if key in chosen or key not in rows:
        return plan.custom_types.get(key, CustomType.TEXT)
    column = rows[key].str.strip()
    guessed = guess_type(column)
    is_plain = guessed != CustomType.NUMBER or column[column != ""].str.fullmatch(NUMBER).all()
    return guessed if is_plain else CustomType.TEXT
