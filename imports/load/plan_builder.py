"""The plans by which the rows of a file go in: its mappings over its headers, with all that the company agreed.

And the rows, checked by these plans from the place in the file where a checkpoint says that the last commit ended.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd

from imports.files import storage
from imports.files.blocks import blocks
from imports.files.sample import first_rows
from imports.inference.empty_cells import LEAVE, treatment
from imports.inference.evidence import manners_of
from imports.inference.occurrences import Numbering, numbering
from imports.load import corrections, stage_lookup
from imports.load.checks import Prepared
from imports.load.row_currency import with_manners
from imports.load.validation import prepare
from imports.mapping import stage_meanings
from imports.mapping.bare_plans import bare_plans, read_of
from imports.mapping.catalogue import FileKind
from imports.mapping.conversion import conversion
from imports.mapping.editing import kind_for
from imports.mapping.plan import Plan
from imports.mapping.suggestions import guess_type
from imports.models import CustomField, CustomType, ImportFile, ImportJob

NUMBER = r"-?\d{1,15}(?:\.\d+)?"  # as rules compare it; amounts with signs and thousands stay text


class Place(NamedTuple):
    """From where a file is read on."""

    offset: int
    line: int


def place_in(checkpoint: dict[str, Any], file: ImportFile) -> Place:
    """Return the place that a checkpoint keeps of a file; its first row when it keeps none, or that of another file."""
    kept = checkpoint if checkpoint.get("file") == file.pk else {}
    return Place(kept.get("offset", file.start), kept.get("line", file.first_line))


def place_behind(prepared: Prepared, file: ImportFile) -> dict[str, int]:
    """Return what a checkpoint keeps once a block of a file is in."""
    return {"file": file.pk, "offset": prepared.end, "line": prepared.next_line}


def prepared_from(place: Place, file: ImportFile, currency: str) -> Iterator[Prepared]:
    """Check the rows of a file from a place on, block by block; what is yielded needs no database, so a thread may ask."""
    plans = plans_of(file, currency)
    numbers = numbering(file, plans, currency)
    if numbers is None:
        return _prepared(place, file, plans, None)
    if numbers.recall(file.start, place.offset) == place.offset:
        return _numbered(_prepared(place, file, plans, numbers), numbers, place)
    numbers = numbering(file, plans, currency)  # what is kept of the blocks before does not reach so far
    first = Place(file.start, file.first_line)
    found = _numbered(_prepared(first, file, plans, numbers), numbers, first)
    return (prepared for prepared in found if prepared.end > place.offset)


def _prepared(place: Place, file: ImportFile, plans: list[Plan], numbers: Numbering | None) -> Iterator[Prepared]:
    found = blocks(storage.place(file.plain), file.header, file.delimiter, *place)
    return (
        corrections.prepared(found, plans, numbers)
        if file.mends_id
        else (prepare(one, plans, numbers) for one in found)
    )


def _numbered(found: Iterable[Prepared], numbers: Numbering | None, place: Place) -> Iterator[Prepared]:
    """Keep for a resume what the numbers of later rows need of each block."""
    start = place.offset
    for prepared in found:
        if numbers:
            numbers.keep(start, prepared.end)
        start = prepared.end
        yield prepared


def plans_of(file: ImportFile, currency: str) -> list[Plan]:
    """Return the plans of a file, one for each kind of record that its rows make."""
    asked, book = conversion(), stage_meanings.book(file.source)
    found = mannered_plans(file, kind_for(file), currency)
    return [stage_lookup.with_stages(replace(plan, conversion=asked), book) for plan in found]


def mannered_plans(file: ImportFile, kind: FileKind, currency: str) -> list[Plan]:
    """Return plans of a file by whatever mappings, its cells read as the file proves or somebody said."""
    found = bare_plans(file.header, kind, currency, read_of(file))
    manners = manners_of(file, found)
    leaves = treatment(file, kind.source.is_templates)[0] == LEAVE
    return [replace(with_manners(plan, manners), leaves_empty=leaves) for plan in found]


def note_custom_fields(run: ImportJob, files: list[ImportFile]) -> None:
    """Keep a list of the custom fields that records carry; a type that somebody chose goes before what was there.

    Where nobody chose one, the first rows tell, of files of known systems as of any other.
    """
    for file in files:
        rows = first_rows(file)
        for plan in bare_plans(file.header, kind_for(file), "", read_of(file)):
            kind, chosen = plan.mapping.object, {name for name, _ in plan.mapping.custom_types}
            fields = [
                CustomField(kind=kind, key=key, type=_type_of(key, plan, chosen, rows), first_import=run)
                for key in plan.custom
            ]
            CustomField.objects.bulk_create([one for one in fields if one.key not in chosen], ignore_conflicts=True)
            CustomField.objects.bulk_create(
                [one for one in fields if one.key in chosen],
                update_conflicts=True, unique_fields=["kind", "key"], update_fields=["type"],
            )  # fmt: skip


def _type_of(key: str, plan: Plan, chosen: Collection[str], rows: pd.DataFrame) -> str:
    if key in chosen or key not in rows:
        return plan.custom_types.get(key, CustomType.TEXT)
    column = rows[key].str.strip()
    found = guess_type(column)
    is_plain = found != CustomType.NUMBER or column[column != ""].str.fullmatch(NUMBER).all()
    return found if is_plain else CustomType.TEXT
