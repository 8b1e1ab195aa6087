"""Imports in tests: hand files in, work them off in this process, and look at what is in the tables."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.test.utils import override_settings

from core.work import State, run_claimed
from crm.models import Record
from imports.actions import start_import
from imports.files import storage
from imports.load.journal import mark_transaction
from imports.models import ImportJob, RowError
from team.models import Company, Territory

FIXTURES = Path(__file__).parent / "fixtures"
NOT_FROM_THE_FILE = {"id", "changed_xid", "first_import_id", "last_import_id"}


def given(files: Mapping[str, str | bytes]) -> list[storage.IncomingFile]:
    return [
        storage.IncomingFile(name, [data.encode() if isinstance(data, str) else data]) for name, data in files.items()
    ]


def queue(files: Mapping[str, str | bytes] | Path, **options: Any) -> ImportJob:
    return start_import(files=storage.files_at(files) if isinstance(files, Path) else given(files), **options)


def bring(files: Mapping[str, str | bytes] | Path, **options: Any) -> ImportJob:
    """Import files, or a path, to the end."""
    run = run_claimed(ImportJob, queue(files, **options).pk, budget=1e9)
    assert run is not None
    assert run.state == State.DONE
    return run


@contextmanager
def brought_for_all(path: Path, uploads: Path, blocker: Any) -> Iterator[ImportJob]:
    """Import a path once for several tests, and take it back behind them."""
    with blocker.unblock(), override_settings(MEDIA_ROOT=str(uploads)), transaction.atomic():
        yield bring(path)
        transaction.set_rollback(True)


def refused(run: ImportJob) -> list[tuple[int, str, str]]:
    return list(RowError.objects.of(run).values_list("line", "column", "reason"))


def records() -> list[type[Record]]:
    return [model for model in apps.get_app_config("crm").get_models() if issubclass(model, Record)]


def picture(models: Iterable[type[Record]] | None = None) -> dict[str, dict[tuple[str, str], dict[str, Any]]]:
    """Return every record by what it says, links by what they point to; equal pictures are equal tables."""
    return {model.__name__: _rows(model) for model in models or records()}


def _rows(model: type[Record]) -> dict[tuple[str, str], dict[str, Any]]:
    names = [
        f"{field.name}__{'external_id' if hasattr(field.related_model, 'external_id') else 'pk'}"
        if field.is_relation
        else field.name
        for field in model._meta.concrete_fields
        if field.name not in NOT_FROM_THE_FILE
    ]
    return {(row["source"], row["external_id"]): row for row in model.objects.values(*names)}


def stamps() -> dict[str, dict[int, int]]:
    """Return the transaction that wrote each row last, by table and row."""
    return {model.__name__: dict(model.objects.values_list("pk", "changed_xid")) for model in records()}


def checksums(but: str = "") -> dict[str, str]:
    """Return a checksum of every table that an import writes, of whole rows; `but` names a column to leave out."""
    found = {}
    for model in [*records(), Territory, Company]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT md5(coalesce(string_agg((to_jsonb(t) - %s)::text, '|' ORDER BY id), '')) "
                f"FROM {model._meta.db_table} t",
                [but],
            )
            found[model.__name__] = cursor.fetchone()[0]
    return found


def wipe() -> None:
    """Empty the records' tables."""
    tables = ", ".join(model._meta.db_table for model in records())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables} CASCADE")


@contextmanager
def imported(began: datetime) -> Iterator[ImportJob]:
    """Write as an import that began at a moment does: what is changed leaves its image."""
    run = ImportJob.objects.create(
        key=f"import {began}", name="later.csv", folder="none", started_at=began, state=State.DONE
    )
    with transaction.atomic(), connection.cursor() as cursor:
        mark_transaction(run.pk)
        yield run
        cursor.execute("SELECT set_config('accord.import', '', true)")
