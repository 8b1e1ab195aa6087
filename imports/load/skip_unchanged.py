"""A file that was imported before, and whose records have not changed since, need not be read again.

That is proved, never guessed. The fingerprint holds the bytes of the file and all that they were read by: mapping,
answers, currency, zone, what stages mean, rates, how duplicates are treated, and the code of the import itself. And
every table that its rows went to or point to must be as it was when the file was in:

- no row of it was written since (`changed_xid`), but by that import itself,
- as many rows as then are in it: as none came, none went.

Whatever cannot be proved takes the long way; so do files whose columns are also filled from elsewhere when an import
ends, for they change and change back, and files that share a table with another file of their import.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from core.code_version import hash_code
from core.work import State
from crm.models import ExchangeRate
from crm.registry import find_kind
from facts.models import Snapshot
from imports.load.duplicates import left_out_by
from imports.load.lookups import ANY
from imports.load.plan_builder import plans_of
from imports.load.sql import fetch_value, quote_name
from imports.mapping.catalogue import list_sources
from imports.mapping.plan import Plan
from imports.mapping.schema import MappingError, ObjectMapping
from imports.models import Duplicate, ImportFile, ImportJob, RowError
from imports.models.duplicates import Treatment

DERIVED_FIELDS = {"model", "fields", "references", "conversion"}  # of a plan: what follows from the rest of it
FINGERPRINT_FIELDS = (
    "encoding",
    "delimiter",
    "header",
    "start",
    "first_line",
    "bytes",
    "sha256",
    "source",
    "kind",
    "answers",
    "detected",
)
RULES_WRITE = {"link_only_won_opportunity": ("invoice", "opportunity"), "tell_each_change_once": ("stage_change", "")}
ROOT = Path(__file__).resolve().parents[2]
CODE = (  # folders and files of code and data that decide values
    "imports/load",
    "imports/parsing",
    "imports/files",
    "imports/mapping",
    "imports/mappings",
    "imports/inference",
    "crm/models",
    "crm/rates",
    "crm/kinds",
    "crm/record_kind.py",
    "crm/record_ids.py",
    "core/currencies.py",
    "core/currency_table.py",
    "core/currency_table.json",
    "core/dates.py",
)
TERRITORIES = "team_territory"
Table = tuple[str, str]  # name, and the source whose rows count; "" for all


def skip_if_unchanged(run: ImportJob, file: ImportFile) -> bool:
    """Take over the result of an earlier file if its records are unchanged; else note the state of the tables, and return False.

    Call it before the first row is read, in the transaction that says that the file is done.
    """
    plans = plans_of(file, run.currency)
    file.fingerprint = file_fingerprint(run, file, plans)
    origin = _find_origin(file, plans, run)
    if origin is None:
        file.stood = {"since": _count_tables([])[0], "snapshot": _newest_snapshot()}
        file.save(update_fields=["fingerprint", "stood"])
        return False
    _take_over(file, origin)
    return True


def recheck_fingerprint(run: ImportJob, file: ImportFile) -> None:
    """When the last row is in: forget the fingerprint if what the file was read by changed on the way."""
    if file.fingerprint and file_fingerprint(run, file, plans_of(file, run.currency)) != file.fingerprint:
        file.fingerprint = ""
        file.save(update_fields=["fingerprint"])


def store_table_states(run: ImportJob) -> None:
    """At the end of an import, store for each file the state of its tables, where a later proof can rely on it."""
    planned_files = _read_files(run)
    for number, (file, plans) in enumerate(planned_files):
        begun, file.stood = file.stood, {}
        others = [file_plans for other_number, (_, file_plans) in enumerate(planned_files) if other_number != number]
        later = [file_plans for _, file_plans in planned_files[number:]] if _has_changes(planned_files[number:]) else []
        if (
            file.fingerprint
            and begun
            and not (
                _shares_table(plans, others)
                or _names_change_later(plans, later)
                or any(map(_is_rewritten_at_end, plans))
            )
        ):
            tables = _watched_tables(run, plans)
            if not _was_disturbed(run, begun, tables):
                horizon, counts = _count_tables(tables)
                file.stood = {"horizon": horizon, "tables": counts}
        file.save(update_fields=["stood"])


PlannedFiles = list[tuple[ImportFile, list[Plan]]]


def _read_files(run: ImportJob) -> PlannedFiles:
    """Return the files that were read, in the order in which they were, with their plans."""
    planned_files = []
    for file in run.files.filter(state=ImportFile.State.DONE).order_by("rank", "pk"):
        try:
            planned_files.append((file, plans_of(file, run.currency)))
        except MappingError:  # the mapping was changed meanwhile
            continue
    return planned_files


def _has_changes(files: PlannedFiles) -> bool:
    """Tell whether any of the files changed anything."""
    changes = ("created", "updated", "removed", "merged")
    return any(counts.get(name) for file, _ in files for counts in file.counts.values() for name in changes)


def _shares_table(plans: list[Plan], others: list[list[Plan]]) -> bool:
    """Tell whether another file of the import wrote to the same table: which one came last would count."""
    own = {(plan.table, plan.source.name) for plan in plans}
    return any((plan.table, plan.source.name) in own for file_plans in others for plan in file_plans)


def _names_change_later(plans: list[Plan], later: list[list[Plan]]) -> bool:
    """Tell whether names that the rows point by were written after them: they might point elsewhere now."""
    written = {plan.table for file_plans in later for plan in file_plans}
    by_name = (reference for plan in plans for reference in plan.references if reference.rule.by != "external_id")
    return any(reference.model._meta.db_table in written for reference in by_name)


# what a file was read by


def file_fingerprint(run: ImportJob, file: ImportFile, plans: Iterable[Plan]) -> str:
    """Return the hash of the file's bytes and all that its rows are read by."""
    file_values = {name: getattr(file, name) for name in FINGERPRINT_FIELDS}
    values = [file_values, run.duplicates, _code_hash(), [_plan_values(plan) for plan in plans]]
    return hashlib.sha256(json.dumps(_to_json_value(values), sort_keys=True).encode()).hexdigest()


def _plan_values(plan: Plan) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(plan) if field.name not in DERIVED_FIELDS]
    values = {name: getattr(plan, name) for name in names}
    return {**values, "source": dataclasses.replace(plan.source, mappings=()), "rates": _rates_state(plan)}


def _rates_state(plan: Plan) -> list[str]:
    """Return what decides which amounts are refused: the rates there are, and the day on which open deals are valued."""
    if plan.conversion is None or find_kind(plan.mapping.object).dated_money is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), max(changed_xid) FROM {quote_name(ExchangeRate._meta.db_table)}")
        return [plan.conversion.into, str(plan.conversion.today), *map(str, cursor.fetchone())]


@cache
def _code_hash() -> str:
    """Return the hash of all code and mapping sheets that decide values: after an upgrade every file is read again."""
    return hash_code(ROOT, CODE)


def _to_json_value(value: Any) -> Any:
    """Return a value as JSON has it, the same in every process."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: _to_json_value(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, re.Pattern):
        return [value.pattern, value.flags]
    if isinstance(value, Mapping):
        return sorted([json.dumps(_to_json_value(key)), _to_json_value(item)] for key, item in value.items())
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [_to_json_value(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


# the state of the tables


def _find_origin(file: ImportFile, plans: list[Plan], run: ImportJob) -> ImportFile | None:
    """Return an earlier file with the same fingerprint whose records are provably unchanged."""
    files = ImportFile.objects.filter(fingerprint=file.fingerprint, state=ImportFile.State.DONE, run__state=State.DONE)
    origin = files.filter(run__undone_at=None).exclude(stood={}).select_related("run").order_by("-pk").first()
    # an origin of this very transaction has rows with the same stamp: nothing can be proved
    if origin is None or "tables" not in origin.stood or _is_writing(origin.run):
        return None
    tables = _watched_tables(run, plans)
    if _written_since(origin.run, origin.stood["horizon"], tables):
        return None
    # no row was written since; equal counts show that none was deleted either
    return origin if _count_tables(tables)[1] == origin.stood["tables"] else None


def _is_writing(run: ImportJob) -> bool:
    """Tell whether this very transaction is one of the import's: then what was written since has the same stamp."""
    return fetch_value(
        "SELECT EXISTS (SELECT 1 FROM imports_importtransaction WHERE run_id = %s AND xid = pg_current_xact_id_if_assigned())",
        [run.pk],
    )


def _watched_tables(run: ImportJob, plans: Iterable[Plan]) -> list[Table]:
    """Return the tables that the rows of a file go to or point to, each with the source whose rows matter."""
    tables: set[Table] = set()
    for plan in plans:
        tables.add((plan.table, "" if left_out_by(plan, run.duplicates) else plan.source.name))
        for reference in plan.references:
            any_source = reference.rule.by == ANY or reference.rule.to == "territory"
            tables.add((reference.model._meta.db_table, "" if any_source else plan.source.name))
    return sorted(tables)


def _is_rewritten_at_end(plan: Plan) -> bool:
    """Tell whether the end of an import writes to what the file fills, so that each import changes it and changes it back."""
    mappings = list_sources()[plan.source.name].mappings if plan.source.name in list_sources() else ()
    own = {planned.rule.name for planned in plan.fields} | {reference.rule.name for reference in plan.references} | {""}
    return plan.mapping.object == "exchange_rate" or any(
        kind == plan.mapping.object and name in own for mapping in mappings for kind, name in _written_at_end(mapping)
    )


def _written_at_end(mapping: ObjectMapping) -> list[tuple[str, str]]:
    """Return (kind, field) of all that is written for a mapping when the rows are in; no field means whole rows."""
    return [
        *((link.model, link.name) for link in mapping.back_links),
        *((mapping.object, name) for name, _, _ in mapping.copies),
        *(RULES_WRITE[rule] for rule in mapping.rules),
    ]


def _count_tables(tables: list[Table]) -> tuple[str, dict[str, str]]:
    """Return (first transaction that may still write, rows by table), all at one moment."""
    parts, values = [], []
    for table, source in tables:
        if table == TERRITORIES:  # few, and without a stamp: by what they say
            parts.append(
                f"(SELECT md5(coalesce(string_agg(id || ':' || name, '|' ORDER BY id), '')) FROM {quote_name(table)})"
            )
        else:
            parts.append(f"(SELECT count(*)::text FROM {quote_name(table)}{' WHERE source = %s' if source else ''})")
            values += [source] if source else []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(['pg_snapshot_xmin(pg_current_snapshot())::text', *parts])}", values)
        horizon, *counts = cursor.fetchone()
    return horizon, {f"{table} {source}": count for (table, source), count in zip(tables, counts, strict=True)}


def _written_since(run: ImportJob, horizon: str, tables: list[Table]) -> bool:
    """Tell whether any transaction but the import's own wrote rows that still are there, from the horizon on."""
    return any(
        fetch_value(
            f"SELECT EXISTS (SELECT 1 FROM {quote_name(table)} t WHERE t.changed_xid >= %s::xid8 {'AND t.source = %s' if source else ''} "
            "AND NOT EXISTS (SELECT 1 FROM imports_importtransaction x WHERE x.run_id = %s AND x.xid = t.changed_xid))",
            [horizon, *([source] if source else []), run.pk],
        )
        for table, source in tables
        if table != TERRITORIES
    )


def _was_disturbed(run: ImportJob, begun: dict[str, Any], tables: list[Table]) -> bool:
    """Tell whether anybody else wrote to the tables or took rows out of them while the import ran, or may have."""
    gone = 'SELECT EXISTS (SELECT 1 FROM facts_deletion WHERE "table" = ANY(%s) AND changed_xid >= %s::xid8)'
    return (
        _newest_snapshot() != begun["snapshot"]  # deletions may have been forgotten
        or _written_since(run, begun["since"], tables)
        or fetch_value(gone, [[table for table, _ in tables], begun["since"]])
    )


def _newest_snapshot() -> int | None:
    newest: int | None = Snapshot.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest


# the same once more


def _take_over(file: ImportFile, origin: ImportFile) -> None:
    """Count what the file holds: all of it unchanged, and the same rows refused and left out."""
    file.rows, file.rejected, file.dropped, file.notes = origin.rows, origin.rejected, origin.dropped, origin.notes
    file.counts, nothing = {}, {"created": 0, "updated": 0, "removed": 0, "merged": 0}
    for kind, counts in origin.counts.items():
        total = sum(counts.get(name, 0) for name in ("created", "updated", "unchanged"))
        file.counts[kind] = {**counts, **nothing, "unchanged": total}
    file.same_as, file.state = origin, ImportFile.State.DONE
    file.save()
    errors = RowError.objects.filter(file=origin).iterator(2000)
    RowError.objects.bulk_create(
        (RowError(file=file, line=e.line, column=e.column, reason=e.reason, row=e.row) for e in errors), batch_size=2000
    )
    for pair in (pairs := list(Duplicate.objects.filter(file=origin, done=Treatment.SKIP))):
        pair.pk, pair.run, pair.file = None, file.run, file
    Duplicate.objects.bulk_create(pairs, batch_size=2000)
