"""Taking an import back: what stands in the way, what exactly will go, and the going itself.

An import can be undone while nothing later stands on it: no row of it was changed since (its last writer is one
of the import's transactions) and no row from elsewhere points to a row that it made. Rows it changed get their
old image back, then the rows it made go, those that point before those pointed to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone

from crm.models import ExchangeRate
from crm.rates import exchange_rates
from imports.load.linking import records
from imports.load.locks import one_at_a_time
from imports.load.removals import put_back
from imports.load.upsert import quoted
from imports.mapping.schema import model_of
from imports.models import CustomField, Duplicate, ImportJob, Removal, RowError, Undo
from team.models import Company, Territory

PORTION = 20_000
KEPT = {"id", "changed_xid"}  # of a row that gets its image back: its place and the stamp of who wrote it last


@dataclass(frozen=True)
class Line:
    """Of one kind of record: how many rows the import made, changed and took away."""

    name: str
    made: int
    changed: int
    gone: int


@dataclass(frozen=True)
class Blocker:
    """Why an import cannot be taken back, in words."""

    words: str


def what_goes(run: ImportJob) -> list[Line]:
    """Say exactly what taking the import back would remove and restore."""
    lines = []
    for model in records():
        made = _number(f"SELECT count(*) FROM {_table(model)} WHERE first_import_id = %s", run.pk)
        images = 'SELECT count(*) FROM imports_rowversion WHERE run_id = %s AND "table" = %s AND '
        changed = _number(f"{images} NOT is_removed", run.pk, model._meta.db_table)
        gone = _number(f"{images} is_removed", run.pk, model._meta.db_table)
        if made or changed or gone:
            lines.append(Line(str(model._meta.verbose_name_plural), made, changed, gone))
    return lines


def blockers(run: ImportJob) -> list[Blocker]:
    """Return everything that stands in the way; an empty list means that the import can be taken back."""
    if run.undone_at:
        return [Blocker("It was undone already.")]
    if not run.is_over:
        return [Blocker("It still runs. Cancel it first.")]
    return [*_changed_since(run), *_pointed_to(run)]


def _changed_since(run: ImportJob) -> Iterator[Blocker]:
    for model in records():
        table = _table(model)
        mine = (
            f"NOT EXISTS (SELECT 1 FROM imports_importtransaction x WHERE x.run_id = %s AND x.xid = {_writer(model)})"
        )
        number = _number(f"SELECT count(*) FROM {table} t WHERE t.first_import_id = %s AND {mine}", run.pk, run.pk)
        number += _number(
            f'SELECT count(*) FROM imports_rowversion b LEFT JOIN {table} t ON t.id = b.row_id WHERE b.run_id = %s AND b."table" = %s '
            f"AND NOT b.is_removed AND (t.id IS NULL OR {mine})",
            run.pk, model._meta.db_table, run.pk,
        )  # fmt: skip
        number += _gone_since(run, model)
        if number:
            yield Blocker(f"{number:,} {model._meta.verbose_name_plural} were changed since.")


def _gone_since(run: ImportJob, model: type[models.Model]) -> int:
    """Count the removed rows in whose place others came, and those that the import made and a later one removed."""
    table = _table(model)
    return _number(
        f"SELECT count(*) FROM imports_rowversion b JOIN {table} t ON t.source = b.image ->> 'source' "
        "AND t.external_id = b.image ->> 'external_id' WHERE b.run_id = %s AND b.\"table\" = %s AND b.is_removed",
        run.pk, model._meta.db_table,
    ) + _number(
        'SELECT count(*) FROM imports_rowversion b WHERE b."table" = %s AND b.is_removed AND b.run_id <> %s '
        "AND (b.image ->> 'first_import_id' = %s OR EXISTS (SELECT 1 FROM imports_rowversion o WHERE o.run_id = %s "
        'AND o."table" = b."table" AND o.row_id = b.row_id AND NOT o.is_removed))',
        model._meta.db_table, run.pk, str(run.pk), run.pk,
    )  # fmt: skip


def _writer(model: type[models.Model]) -> str:
    """Return SQL for who wrote a row last; what was given back is whose it was before."""
    return (
        f"coalesce((SELECT r.was FROM imports_restoredrow r WHERE r.\"table\" = '{model._meta.db_table}' AND r.row_id = t.id "
        "AND r.xid = t.changed_xid), t.changed_xid)"
    )


def _pointed_to(run: ImportJob) -> Iterator[Blocker]:
    """Rows from elsewhere that point to what the import made, unless they go along or get their old image back."""
    for field in _links():
        if _goes_along(field):
            continue
        table, target = _table(field.model), _table(_target(field))
        number = _number(
            f"SELECT count(*) FROM {table} t JOIN {target} o ON o.id = t.{quoted(field.column)} "
            f"WHERE o.first_import_id = %s AND {_not_ours(field.model)} AND NOT EXISTS (SELECT 1 FROM imports_rowversion b "
            'WHERE b.run_id = %s AND b."table" = %s AND b.row_id = t.id)',
            run.pk, *([run.pk] if _is_record(field.model) else []), run.pk, field.model._meta.db_table,
        )  # fmt: skip
        if number:
            kinds = field.model._meta.verbose_name_plural, _target(field)._meta.verbose_name_plural
            yield Blocker(f"{number:,} {kinds[0]} from elsewhere point to {kinds[1]} of this import.")


def _not_ours(model: type[models.Model]) -> str:
    return "t.first_import_id IS DISTINCT FROM %s" if _is_record(model) else "true"


def _links() -> list["models.ForeignKey[models.Model, models.Model]"]:
    """Return every reference of any room to a record."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and _is_record(_target(field))
    ]


def _target(field: "models.ForeignKey[models.Model, models.Model]") -> type[models.Model]:
    found = field.related_model
    assert isinstance(found, type)
    return found


def _goes_along(field: "models.ForeignKey[models.Model, models.Model]") -> bool:
    """What was derived from a record (a move, a score) is part of it and goes with it."""
    return not _is_record(field.model) and field.remote_field.on_delete is models.CASCADE


def _is_record(model: type[models.Model]) -> bool:
    return model in records()


def step(row: Undo) -> bool:
    """Do one portion: old images back, derived rows and made rows out, then the last threads. True when done."""
    with transaction.atomic():
        one_at_a_time()
        done = row.done_units + (moved := _portion(row.run_id))
        if moved == 0:
            _settle(row.run)
        row.advance(row.checkpoint, done_units=done)
    return moved == 0


def _portion(run_id: int) -> int:
    if back := put_back(run_id):
        return back
    for model in records():
        if restored := _restore(run_id, model):
            return restored
    for kind in _children_first():
        if removed := _remove(run_id, kind):
            return removed
    return 0


def _restore(run_id: int, model: type[models.Model]) -> int:
    """Give up to PORTION rows of a table their image back."""
    columns = [quoted(str(field.column)) for field in model._meta.concrete_fields if field.column not in KEPT]
    table, values = _table(model), ", ".join(f"{column} = was.{column}" for column in columns)
    return _execute(
        f'WITH batch AS (DELETE FROM imports_rowversion WHERE id IN (SELECT id FROM imports_rowversion WHERE run_id = %s AND "table" = %s '
        f"AND image IS NOT NULL LIMIT {PORTION}) RETURNING row_id, image), "
        f"put AS (UPDATE {table} t SET {values} FROM batch, LATERAL jsonb_populate_record(NULL::{table}, batch.image) was "
        "WHERE t.id = batch.row_id) "
        'INSERT INTO imports_restoredrow ("table", row_id, xid, was) SELECT %s, b.row_id, pg_current_xact_id(), '
        "coalesce(r.was, (b.image ->> 'changed_xid')::xid8) FROM batch b LEFT JOIN imports_restoredrow r ON r.\"table\" = %s "
        "AND r.row_id = b.row_id AND r.xid = (b.image ->> 'changed_xid')::xid8 "
        'ON CONFLICT ("table", row_id) DO UPDATE SET xid = excluded.xid, was = excluded.was',
        run_id, model._meta.db_table, model._meta.db_table, model._meta.db_table,
    )  # fmt: skip


def _remove(run_id: int, model: type[models.Model]) -> int:
    """Remove up to PORTION rows that the import made, and what was derived from them."""
    table = _table(model)
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and field.related_model is model:
            column = quoted(field.column)
            _execute(f"UPDATE {table} SET {column} = NULL WHERE first_import_id = %s AND {column} IS NOT NULL", run_id)
    chosen = f"SELECT id FROM {table} WHERE first_import_id = %s LIMIT {PORTION}"
    for field in _links():
        if _target(field) is model and _goes_along(field):
            _remove_derived(field, chosen, run_id)
    return _execute(f"DELETE FROM {table} WHERE id IN ({chosen})", run_id)


def _remove_derived(field: "models.ForeignKey[models.Model, models.Model]", chosen: str, run_id: int) -> None:
    """Let Django find what hangs on derived rows in turn; they are few and belong to apps above."""
    with connection.cursor() as cursor:
        cursor.execute(chosen, [run_id])
        owners = [found for (found,) in cursor.fetchall()]
    field.model._base_manager.filter(**{f"{field.name}__in": owners}).delete()


def _children_first() -> list[type[models.Model]]:
    """Return the kinds of records so that those that point come before those pointed to."""
    sorter: TopologicalSorter[type[models.Model]] = TopologicalSorter(dict.fromkeys(records(), ()))
    for field in _links():
        if _is_record(field.model) and _target(field) is not field.model:
            sorter.add(_target(field), field.model)
    return list(sorter.static_order())


def _settle(run: ImportJob) -> None:
    """The last threads: territories that nothing needs any more, the company's currency, the note that it is done."""
    _remove_territories(run.pk)
    Duplicate.objects.filter(run=run).delete()
    Removal.objects.filter(run=run).delete()
    RowError.objects.filter(mended_by=run).update(mended_by=None)
    _forget_custom_fields(run)
    brought = any("exchange_rate" in file.counts for file in run.files.all())
    if brought and not ExchangeRate.objects.exists():  # the first rates had switched the conversion on
        Company.objects.filter(pk=1).update(foreign_amounts=Company.ForeignAmounts.KEEP)
    exchange_rates.settle()
    others = ImportJob.objects.filter(undone_at=None).exclude(pk=run.pk).exclude(currency="")
    if run.gave_currency and not others.exists():
        Company.objects.filter(pk=1, currency=run.currency).update(currency="")
    ImportJob.objects.filter(pk=run.pk).update(undone_at=timezone.now())


def _forget_custom_fields(run: ImportJob) -> None:
    """Forget the custom fields that the import brought, as far as no record carries them any more."""
    for one in CustomField.objects.filter(first_import=run):
        if not model_of(one.kind)._base_manager.filter(custom__has_key=one.key).exists():
            one.delete()


def _remove_territories(run_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM imports_rowversion WHERE run_id = %s AND image IS NULL RETURNING row_id", [run_id])
        made = [found for (found,) in cursor.fetchall()]
    used = models.Q()
    for relation in Territory._meta.related_objects:
        used |= models.Q(
            **{
                f"{relation.get_accessor_name() if not relation.related_query_name else relation.related_query_name}__isnull": False
            }
        )
    Territory.objects.filter(pk__in=made).exclude(pk__in=Territory.objects.filter(used).values("pk")).delete()


def _table(model: type[models.Model]) -> str:
    return str(quoted(model._meta.db_table))


def _number(statement: str, *values: str | int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])


def _execute(statement: str, *values: str | int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
