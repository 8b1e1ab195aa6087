"""Records that their source has deleted, or merged into others, are removed when all files of an import are in.

What hangs on a deleted record alone goes with it, and what else pointed to it points nowhere. What pointed to a merged record
points to its master, or waits for it. The image of each row that goes is kept, so that the import can be undone.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, partial
from graphlib import TopologicalSorter
from typing import TypeAlias

from django.apps import apps
from django.db import connection, models

from crm.models import Record
from crm.record_ids import LONG, SHORT, is_of_salesforce
from crm.registry import dependents_of
from imports.load.sql import quote_name, run_statement, table_of
from imports.load.stored_ids import has_short_ids
from imports.mapping.departures import Departure, resolve_masters
from imports.mapping.schema import column_of, model_of
from imports.models import ImportFile, ImportJob, Removal, RowVersion

BATCH = 2000
NOTE_RESTORED = (  # who wrote a row last before an undo put it back, so that a second undo knows whose it is
    'INSERT INTO imports_restoredrow ("table", row_id, xid, was) SELECT %s, b.row_id, pg_current_xact_id(), '
    "coalesce(r.was, (b.image ->> 'changed_xid')::xid8) FROM batch b LEFT JOIN imports_restoredrow r ON r.\"table\" = %s "
    "AND r.row_id = b.row_id AND r.xid = (b.image ->> 'changed_xid')::xid8 "
    'ON CONFLICT ("table", row_id) DO UPDATE SET xid = excluded.xid, was = excluded.was'
)
Link: TypeAlias = "models.ForeignKey[models.Model, models.Model]"


def note_departures(run: ImportJob, file: ImportFile, kind: str, source: str, departures: Iterable[Departure]) -> None:
    """Keep what the rows of a block say of records that are gone."""
    Removal.objects.bulk_create(
        (
            Removal(
                run=run,
                file=file,
                kind=kind,
                source=source,
                external_id=departure.external_id[:255],
                master=departure.master[:255],
            )
            for departure in departures
        ),
        batch_size=BATCH,
    )


def count_removals(kind: str, source: str, departures: Iterable[Departure], preview_id: int) -> dict[str, int]:
    """Say how many records there are to be removed and merged."""
    masters = {departure.external_id: departure.master for departure in departures}
    existing = (
        {key for _, key in _find_records(model_of(kind), source, list(masters), ("preview", preview_id))}
        if masters
        else set()
    )
    merged = sum(bool(masters[key]) for key in existing)
    return {"removed": len(existing) - merged, "merged": merged}


def apply_removals(run: ImportJob) -> int:
    """Take away what the files of an import say is gone, and count it on each file; nothing is left to do a second time."""
    for source, kind in sorted(set(run.removals.values_list("source", "kind"))):
        rows = list(run.removals.filter(source=source, kind=kind).order_by("pk"))
        of_file = {row.external_id: row.file_id for row in rows}
        masters = resolve_masters({row.external_id: row.master for row in rows})
        records = dict(_find_records(model_of(kind), source, list(masters), ("import", run.pk)))
        merged = {pk: masters[key] for pk, key in records.items() if masters[key]}
        _redirect_merged(run, kind, source, merged)
        _delete_records(run, model_of(kind), sorted(records))
        numbers = Counter((of_file[key], "merged" if masters[key] else "removed") for key in records.values())
        for file in run.files.filter(pk__in={pk for pk, _ in numbers}):
            counts = file.counts.setdefault(kind, {})
            for name in ("removed", "merged"):
                counts[name] = counts.get(name, 0) + numbers[file.pk, name]
            file.save(update_fields=["counts"])
    return 0


def _find_records(
    model: type[models.Model], source: str, keys: list[str], run: tuple[str, int]
) -> Iterator[tuple[int, str]]:
    """Yield (row, key as it was asked for) of the records that are here under one of the keys."""
    table = table_of(model)
    seen: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.id, t.external_id FROM {table} t WHERE t.source = %s AND t.external_id = ANY(%s)", [source, keys]
        )
        for pk, key in cursor.fetchall():
            seen.add(key)
            yield pk, key
        rest = [key for key in keys if key not in seen and len(key) == LONG]
        if rest and is_of_salesforce(source) and has_short_ids(model._meta.db_table, source, run):
            cursor.execute(
                f"SELECT DISTINCT ON (t.id) t.id, k.key FROM unnest(%s::text[]) AS k(key) JOIN {table} t ON t.source = %s "
                f"AND length(t.external_id) = {SHORT} AND t.external_id = left(k.key, {SHORT})",
                [rest, source],
            )
            yield from cursor.fetchall()


# records that were merged


def _redirect_merged(run: ImportJob, kind: str, source: str, merged: dict[int, str]) -> None:
    """Let what points to merged records point to their masters; to those that are not here yet it waits."""
    existing = {
        key: pk for pk, key in _find_records(model_of(kind), source, sorted(set(merged.values())), ("import", run.pk))
    }
    pairs = [(pk, existing.get(master), master) for pk, master in merged.items() if existing.get(master) != pk]
    for start in range(0, len(pairs), BATCH):
        for field in links_to(model_of(kind)):
            if issubclass(field.model, Record):
                _point_to_masters(field, pairs[start : start + BATCH])


def _point_to_masters(field: Link, pairs: list[tuple[int, int | None, str]]) -> None:
    table, column = quote_name(field.model._meta.db_table), quote_name(field.column)
    old, new, master_ids = zip(*pairs, strict=True)
    run_statement(
        f"UPDATE {table} t SET {column} = m.new, pending = CASE WHEN m.new IS NULL THEN t.pending || "
        "jsonb_build_object(%s::text, jsonb_build_object('external_id', m.word)) ELSE t.pending END "
        f"FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS m(old, new, word) WHERE t.{column} = m.old",
        [field.name, list(old), list(new), list(master_ids)],
    )


def wait_for_masters(source: str) -> int:
    """Let links that wait for a record that was merged wait for its master."""
    kinds = set(Removal.objects.filter(source=source).exclude(master="").values_list("kind", flat=True))
    changed = 0
    for kind in sorted(kinds):
        for field in links_to(model_of(kind)):
            if issubclass(field.model, Record):
                changed += _wait_for_master(source, kind, field)
    return changed


def _wait_for_master(source: str, kind: str, field: Link) -> int:
    table, path = quote_name(field.model._meta.db_table), [field.name, "external_id"]
    return run_statement(
        f"UPDATE {table} t SET pending = jsonb_set(t.pending, %s, to_jsonb(m.master)) FROM (SELECT DISTINCT ON (external_id) "
        "external_id, master FROM imports_removal WHERE source = %s AND kind = %s AND master <> '' ORDER BY external_id, id DESC) m "
        "WHERE t.source = %s AND NOT (t.pending = '{}'::jsonb) AND t.pending #>> %s = m.external_id",
        [path, source, kind, source, path],
    )


# rows that go


@cache
def links_to(model: type[models.Model]) -> tuple[Link, ...]:
    """Return every reference of any app to a kind of row."""
    return tuple(
        field
        for other in apps.get_models(include_auto_created=True)
        for field in other._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is model
    )


def _delete_records(run: ImportJob, model: type[models.Model], ids: list[int]) -> None:
    """Delete rows with all that is part of them, their images kept; links of other rows to them become empty."""
    dependents = list(dependents_of(model))
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        for other, name in dependents:
            _delete_children(run, other, column_of(other, name), batch)
        for field in links_to(model):
            if field.remote_field.on_delete is models.CASCADE:
                _delete_children(run, field.model, field.column, batch)
            else:
                table, column = quote_name(field.model._meta.db_table), quote_name(field.column)
                run_statement(f"UPDATE {table} SET {column} = NULL WHERE {column} = ANY(%s)", [batch])
        _keep_images(run, model, batch)
        run_statement(f"DELETE FROM {table_of(model)} WHERE id = ANY(%s)", [batch])


def _delete_children(run: ImportJob, model: type[models.Model], column: str, ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table_of(model)} WHERE {quote_name(column)} = ANY(%s) ORDER BY id", [ids])
        children = [pk for (pk,) in cursor.fetchall()]
    _delete_records(run, model, children)


def _keep_images(run: ImportJob, model: type[models.Model], ids: list[int]) -> None:
    """Keep the rows as they are; of those that the import changed before the older image is there, of its own none is needed."""
    table = table_of(model)
    is_ours = "t.first_import_id IS NOT DISTINCT FROM %s" if issubclass(model, Record) else "%s IS NULL"
    run_statement(
        f'INSERT INTO {RowVersion._meta.db_table} (run_id, "table", row_id, image, is_removed) '
        f"SELECT %s, %s, t.id, to_jsonb(t), true FROM {table} t WHERE t.id = ANY(%s) AND NOT ({is_ours}) "
        'ON CONFLICT (run_id, "table", row_id) DO UPDATE SET is_removed = true',
        [run.pk, model._meta.db_table, ids, run.pk],
    )


def restore_removed(run_id: int) -> int:
    """Put back the rows that an import took away, those that others point to first; return how many."""
    tables = set(RowVersion.objects.filter(run_id=run_id, is_removed=True).values_list("table", flat=True))
    back = [model for model in parents_first() if model._meta.db_table in tables]
    return sum(map(partial(_restore_table, run_id), back))


@cache
def parents_first() -> tuple[type[models.Model], ...]:
    """Return all kinds of rows so that those come first to which others point."""
    kinds = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    # rows that a restored row needs must be restored before it
    sorter: TopologicalSorter[type[models.Model]] = TopologicalSorter(dict.fromkeys(kinds, ()))
    for model in kinds:
        for field in model._meta.concrete_fields:
            target = field.related_model
            if (
                isinstance(field, models.ForeignKey)
                and target in kinds
                and target is not model
                and _must_exist_first(field)
            ):
                sorter.add(model, target)
    return tuple(sorter.static_order())


def _must_exist_first(field: Link) -> bool:
    return field.remote_field.on_delete is models.CASCADE or (
        issubclass(field.model, Record)
        and isinstance(field.related_model, type)
        and issubclass(field.related_model, Record)
    )


def _restore_table(run_id: int, model: type[models.Model]) -> int:
    """Put the rows of a table back; a link to a row that has gone meanwhile is empty, and what was part of one stays away."""
    table, name = table_of(model), model._meta.db_table
    columns: list[str] = []
    values: list[str] = []
    wanted = ["true"]
    for field in model._meta.concrete_fields:
        # a trigger sets it
        if field.column == "changed_xid":
            continue
        value = f"was.{quote_name(str(field.column))}"
        target = field.related_model
        if isinstance(field, models.ForeignKey) and isinstance(target, type) and target is not model:
            there = f"{quote_name(target._meta.db_table)} o WHERE o.{quote_name(str(target._meta.pk.column))} = {value}"
            if field.null and field.remote_field.on_delete is not models.CASCADE:
                value = f"(SELECT o.{quote_name(str(target._meta.pk.column))} FROM {there})"
            else:
                wanted.append(f"({value} IS NULL OR EXISTS (SELECT 1 FROM {there}))")
        columns.append(quote_name(str(field.column)))
        values.append(value)
    return run_statement(
        f'WITH batch AS (DELETE FROM imports_rowversion WHERE run_id = %s AND "table" = %s AND is_removed RETURNING row_id, image), '
        f"put AS (INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM batch, "
        f"LATERAL jsonb_populate_record(NULL::{table}, batch.image) was WHERE {' AND '.join(wanted)}) "
        + (NOTE_RESTORED if issubclass(model, Record) else "SELECT 1 FROM batch"),
        [run_id, name, *([name, name] if issubclass(model, Record) else [])],
    )
