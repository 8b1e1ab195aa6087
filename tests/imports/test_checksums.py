"""Checksums over all tables: twice is once, and taken back is as before, for every source that Accord can map."""

import csv
import io
import json
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from core.work import run_claimed
from imports import actions
from imports.mapping.templates import list_templates
from imports.models import Duplicate, ImportFile, ImportJob, Undo
from team.models import User
from tests.imports.importing import FIXTURES, bring, records, wipe

pytestmark = pytest.mark.django_db(transaction=True)
FOLDERS = ["salesforce", "salesforce_soql", "hubspot", "hubspot_portal", "pipedrive", "olist", "maven"]
BOOKS = {  # records of imports, copies and work, which stay when an import is undone
    "RowVersion", "Copy", "Deletion", "ImportJob", "ImportFile", "ImportTransaction", "Preview", "RememberedMapping", "Removal",
    "RowError",
    "RestoredRow", "SeenKey", "Snapshot", "SourceZone", "Undo", "Session", "ContentType", "Permission",
}  # fmt: skip


DERIVED = {"DayRate": "id"}  # computed again, so that only what it says counts


def checksum() -> dict[str, str]:
    """Return the checksum of every table by name, the stamp of the last writer left out."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            if model.__name__ not in BOOKS and model._meta.managed and not model._meta.proxy:
                table = connection.ops.quote_name(model._meta.db_table)
                cursor.execute(
                    "SELECT md5(coalesce(string_agg(row, '|' ORDER BY row), '')) FROM "
                    f"(SELECT (to_jsonb(t) - 'changed_xid' - '{DERIVED.get(model.__name__, '')}')::text AS row FROM {table} t) rows"
                )
                found[model._meta.label] = cursor.fetchone()[0]
    return found


def differences(one: dict[str, str], other: dict[str, str]) -> set[str]:
    return {name for name in one if one[name] != other[name]}


def files_of(name: str) -> dict[str, str]:
    if name == "accord":
        return {f"{one.name}.csv": one.as_csv() for one in list_templates()}
    return {path.name: path.read_text("utf-8-sig") for path in sorted((FIXTURES / name).iterdir())}


def undo_import(run: ImportJob, by: User) -> None:
    row = run_claimed(Undo, actions.undo_import(run=run, user=by).pk, budget=1e9)
    assert row
    assert row.state == "done", row.last_error


def earlier(text: str) -> str:
    """Return a file as it may have been before: every other row, with other names, and a column that is gone now."""
    header, *rows = list(csv.reader(io.StringIO(text)))
    places = [
        place
        for place, name in enumerate(header)
        if name.lower() in {"title", "city", "phone", "status", "billingcity"}
    ]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*header, "Gone"])
    for row in rows[::2]:
        if len(row) == len(header):
            writer.writerow(
                [*(f"{cell} once"[:20] if place in places else cell for place, cell in enumerate(row)), "was here"]
            )
    return out.getvalue()


@pytest.mark.parametrize("name", [*FOLDERS, "accord"])
def test_twice_is_once_and_undone_one_after_the_other_all_is_as_before(ops: User, name: str) -> None:
    source = name if name == "accord" else "auto"
    nothing = checksum()
    before = {path: earlier(text) for path, text in files_of(name).items()}
    runs = [bring(before, source=source, duplicates={"email": "skip"})]
    half = checksum()
    runs.append(bring(files_of(name), source=source))
    whole = checksum()
    assert differences(whole, half) or name == "hubspot_portal"  # files of one row

    runs.append(bring(files_of(name), source=source))
    assert differences(checksum(), whole) == set()
    ImportFile.objects.update(fingerprint="")  # now each row is looked at
    runs.append(bring(files_of(name), source=source))
    assert differences(checksum(), whole) == set()
    assert [run.files.exclude(same_as=None).exists() for run in runs] == [False, False, True, False]

    for run, was in zip(reversed(runs), (whole, whole, half, nothing), strict=True):
        undo_import(run, ops)
        assert differences(checksum(), was) == set()


def test_rows_left_out_and_pairs_kept_go_with_their_import(ops: User) -> None:
    rows = "Id,LastName,Company,Status,Email,Shoe size\n1,A,X,New,a@x.com,42\n2,B,X,New,a@x.com,43\n"
    before = checksum()
    for chosen, done in ({"email": "keep"}, "keep"), ({"email": "skip"}, "skip"):
        run = bring({"Lead.csv": rows}, duplicates=chosen)
        assert [pair.done for pair in Duplicate.objects.of(run)] == [done]
        undo_import(run, ops)
        assert differences(checksum(), before) == set()


def test_the_checksum_sees_every_table_of_records_and_every_cell() -> None:
    labels = checksum().keys()
    assert {model._meta.label for model in records()} <= labels
    bring({"Lead.csv": "Id,LastName,Company,Status\n1,A,X,New\n"})
    before = checksum()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE crm_lead SET custom = %s", [json.dumps({"a": 1})])
    assert differences(checksum(), before) == {"crm.Lead"}
    wipe()
    found: Any = differences(checksum(), before)
    assert found == {"crm.Lead"}
