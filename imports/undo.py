"""Undo of an import: what prevents it, what it would remove, and the work itself.

An import can be undone while nothing later depends on it: no row of it was changed since (its last writer is one
of the import's transactions) and no row from elsewhere points to a row that it made. Rows it changed get their
old image back, then the rows it made go, those that point before those pointed to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from core.database import is_still_referenced
from core.formatting import format_count
from crm.models import DealChange, ExchangeRate
from crm.rates import exchange_rates
from imports.load.journal import lock_import_writes, mark_restoring
from imports.load.linking import record_models
from imports.load.removals import NOTE_RESTORED, Link, restore_removed
from imports.load.sql import fetch_value, quote_name, run_statement, table_of
from imports.mapping.schema import model_of
from imports.models import CustomField, Duplicate, ImportJob, Removal, RowError, Undo
from team.models import Company, Territory

BATCH = 20_000
TRIES = 3  # of a batch
UNTOUCHED = {"id", "changed_xid"}  # of a row that gets its image back: its place and the stamp of who wrote it last


@dataclass(frozen=True)
class Line:
    """Of one kind of record: how many rows the import made, changed and took away."""

    name: str
    made: int
    changed: int
    gone: int


@dataclass(frozen=True)
class Blocker:
    """Why an import cannot be undone."""

    reason: str


def undo_effects(run: ImportJob) -> list[Line]:
    """Return exactly what an undo would remove and restore."""
    lines = []
    for model in record_models():
        made = fetch_value(f"SELECT count(*) FROM {table_of(model)} WHERE first_import_id = %s", [run.pk])
        images = 'SELECT count(*) FROM imports_rowversion WHERE run_id = %s AND "table" = %s AND '
        changed = fetch_value(f"{images} NOT is_removed", [run.pk, model._meta.db_table])
        gone = fetch_value(f"{images} is_removed", [run.pk, model._meta.db_table])
        if made or changed or gone:
            lines.append(Line(str(model._meta.verbose_name_plural), made, changed, gone))
    return lines


def undo_blockers(run: ImportJob) -> list[Blocker]:
    """Return everything that prevents an undo; an empty list means that the import can be undone."""
    if run.undone_at:
        return [Blocker("It has already been undone.")]
    if not run.is_over:
        return [Blocker("It is still running. Cancel it first.")]
    return [*_changed_blockers(run), *_reference_blockers(run)]


def _changed_blockers(run: ImportJob) -> Iterator[Blocker]:
    for model in record_models():
        table = table_of(model)
        writer = (  # the last writer of a row; a row that an undo restored counts as written by its earlier writer
            f"coalesce((SELECT r.was FROM imports_restoredrow r WHERE r.\"table\" = '{model._meta.db_table}' AND r.row_id = t.id "
            "AND r.xid = t.changed_xid), t.changed_xid)"
        )
        mine = f"NOT EXISTS (SELECT 1 FROM imports_importtransaction x WHERE x.run_id = %s AND x.xid = {writer})"
        number = fetch_value(
            f"SELECT count(*) FROM {table} t WHERE t.first_import_id = %s AND {mine}", [run.pk, run.pk]
        )
        number += fetch_value(
            f'SELECT count(*) FROM imports_rowversion b LEFT JOIN {table} t ON t.id = b.row_id WHERE b.run_id = %s AND b."table" = %s '
            f"AND NOT b.is_removed AND (t.id IS NULL OR {mine})",
            [run.pk, model._meta.db_table, run.pk],
        )
        number += _count_replaced(run, model)
        if number:
            yield Blocker(f"{format_count(number)} {model._meta.verbose_name_plural} were changed since.")


def _count_replaced(run: ImportJob, model: type[models.Model]) -> int:
    """Count the removed rows in whose place others came, and those that the import made and a later one removed."""
    table = table_of(model)
    return fetch_value(
        f"SELECT count(*) FROM imports_rowversion b JOIN {table} t ON t.source = b.image ->> 'source' "
        "AND t.external_id = b.image ->> 'external_id' WHERE b.run_id = %s AND b.\"table\" = %s AND b.is_removed",
        [run.pk, model._meta.db_table],
    ) + fetch_value(
        'SELECT count(*) FROM imports_rowversion b WHERE b."table" = %s AND b.is_removed AND b.run_id <> %s '
        "AND (b.image ->> 'first_import_id' = %s OR EXISTS (SELECT 1 FROM imports_rowversion o WHERE o.run_id = %s "
        'AND o."table" = b."table" AND o.row_id = b.row_id AND NOT o.is_removed))',
        [model._meta.db_table, run.pk, str(run.pk), run.pk],
    )


def _reference_blockers(run: ImportJob) -> Iterator[Blocker]:
    """Rows from elsewhere that point to what the import made, unless they go along or get their old image back."""
    for field in _record_links():
        if _is_derived(field):
            continue
        table, target = table_of(field.model), table_of(_target_model(field))
        not_ours = "t.first_import_id IS DISTINCT FROM %s" if _is_record(field.model) else "true"
        number = fetch_value(
            f"SELECT count(*) FROM {table} t JOIN {target} o ON o.id = t.{quote_name(field.column)} "
            f"WHERE o.first_import_id = %s AND {not_ours} AND NOT EXISTS (SELECT 1 FROM imports_rowversion b "
            'WHERE b.run_id = %s AND b."table" = %s AND b.row_id = t.id)',
            [run.pk, *([run.pk] if _is_record(field.model) else []), run.pk, field.model._meta.db_table],
        )
        if number:
            kinds = field.model._meta.verbose_name_plural, _target_model(field)._meta.verbose_name_plural
            yield Blocker(f"{format_count(number)} {kinds[0]} from elsewhere point to {kinds[1]} of this import.")


def _record_links() -> list[Link]:
    """Return every reference of any app to a record."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and _is_record(_target_model(field))
    ]


def _target_model(field: Link) -> type[models.Model]:
    model = field.related_model
    assert isinstance(model, type)
    return model


def _is_derived(field: Link) -> bool:
    """What was derived from a record (a move, a score) is part of it and goes with it."""
    return not _is_record(field.model) and field.remote_field.on_delete is models.CASCADE


def _is_record(model: type[models.Model]) -> bool:
    return model in record_models()


def undo_step(row: Undo) -> bool:
    """Do one batch: restore old images, delete derived and made rows, then clean up. True when done.

    A run that scores or classifies may write a row of a record in the moment in which the record is removed. The
    commit is refused then, and the batch is done again with the new row.
    """
    done_before = row.done_units
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                lock_import_writes()
                mark_restoring()
                moved = _undo_batch(row.run_id)
                if moved == 0:
                    _finish_undo(row.run)
                row.advance(row.checkpoint, done_units=done_before + moved)
            return moved == 0
        except IntegrityError as error:
            if not tries_left or not is_still_referenced(error):
                raise
    raise AssertionError("unreachable")


def _undo_batch(run_id: int) -> int:
    if back := restore_removed(run_id):
        return back
    # images first: a restored row may stop pointing to a row that is removed next
    for model in record_models():
        if restored := _restore_images(run_id, model):
            return restored
    for kind in _children_first():
        if removed := _remove_rows(run_id, kind):
            return removed
    return 0


def _restore_images(run_id: int, model: type[models.Model]) -> int:
    """Give up to BATCH rows of a table their image back."""
    columns = [quote_name(str(field.column)) for field in model._meta.concrete_fields if field.column not in UNTOUCHED]
    table, values = table_of(model), ", ".join(f"{column} = was.{column}" for column in columns)
    return run_statement(
        f'WITH batch AS (DELETE FROM imports_rowversion WHERE id IN (SELECT id FROM imports_rowversion WHERE run_id = %s AND "table" = %s '
        f"AND image IS NOT NULL LIMIT {BATCH}) RETURNING row_id, image), "
        f"put AS (UPDATE {table} t SET {values} FROM batch, LATERAL jsonb_populate_record(NULL::{table}, batch.image) was "
        "WHERE t.id = batch.row_id) " + NOTE_RESTORED,
        [run_id, model._meta.db_table, model._meta.db_table, model._meta.db_table],
    )


def _remove_rows(run_id: int, model: type[models.Model]) -> int:
    """Remove up to BATCH rows that the import made, and what was derived from them."""
    table = table_of(model)
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and field.related_model is model:
            column = quote_name(field.column)
            run_statement(
                f"UPDATE {table} SET {column} = NULL WHERE first_import_id = %s AND {column} IS NOT NULL", [run_id]
            )
    chosen = f"SELECT id FROM {table} WHERE first_import_id = %s LIMIT {BATCH}"
    for field in _record_links():
        if _target_model(field) is model and _is_derived(field):
            # Django finds what depends on derived rows in turn; they are few and belong to other apps.
            with connection.cursor() as cursor:
                cursor.execute(chosen, [run_id])
                owners = [pk for (pk,) in cursor.fetchall()]
            field.model._base_manager.filter(**{f"{field.name}__in": owners}).delete()
    return run_statement(f"DELETE FROM {table} WHERE id IN ({chosen})", [run_id])


def _children_first() -> list[type[models.Model]]:
    """Return the kinds of records so that those that point come before those pointed to."""
    sorter: TopologicalSorter[type[models.Model]] = TopologicalSorter(dict.fromkeys(record_models(), ()))
    for field in _record_links():
        if _is_record(field.model) and _target_model(field) is not field.model:
            sorter.add(_target_model(field), field.model)
    return list(sorter.static_order())


def _finish_undo(run: ImportJob) -> None:
    """Clean up: unused territories, the company's currency, and the note that the import is undone."""
    _remove_territories(run.pk)
    DealChange.objects.filter(import_id=run.pk).delete()
    Duplicate.objects.filter(run=run).delete()
    Removal.objects.filter(run=run).delete()
    RowError.objects.filter(mended_by=run).update(mended_by=None)
    for custom_field in CustomField.objects.filter(first_import=run):
        if not model_of(custom_field.kind)._base_manager.filter(custom__has_key=custom_field.key).exists():
            custom_field.delete()
    brought = any("exchange_rate" in file.counts for file in run.files.all())
    if brought and not ExchangeRate.objects.exists():  # the first rates had switched the conversion on
        Company.objects.filter(pk=1).update(foreign_amounts=Company.ForeignAmounts.KEEP)
    exchange_rates.update_day_rates()
    others = ImportJob.objects.filter(undone_at=None).exclude(pk=run.pk).exclude(currency="")
    if run.gave_currency and not others.exists():
        Company.objects.filter(pk=1, currency=run.currency).update(currency="")
    ImportJob.objects.filter(pk=run.pk).update(undone_at=timezone.now())


def _remove_territories(run_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM imports_rowversion WHERE run_id = %s AND image IS NULL RETURNING row_id", [run_id])
        made = [pk for (pk,) in cursor.fetchall()]
    used = models.Q()
    for relation in Territory._meta.related_objects:
        name = relation.related_query_name or relation.get_accessor_name()
        used |= models.Q(**{f"{name}__isnull": False})
    Territory.objects.filter(pk__in=made).exclude(pk__in=Territory.objects.filter(used).values("pk")).delete()
