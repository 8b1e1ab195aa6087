"""Files that are broken in every way: each ends with a word, no good row is lost, each row is counted once."""

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings

from core.work import State, run_claimed
from crm.models import Lead
from imports.load import pipeline as running
from imports.models import ImportFile, ImportJob, RowError
from tests.imports.corrupt_files import HEAD, LEAD, Sample, ids, rows, samples, text, zipped
from tests.imports.importing import bring, queue, refused
from tests.imports.workbooks import xlsx

pytestmark = pytest.mark.slow

SECONDS = 20  # within which every file has to come to an end
OVER = {ImportFile.State.DONE, ImportFile.State.SKIPPED, ImportFile.State.FAILED, ImportFile.State.UNPACKED}


@contextmanager
def undone() -> Iterator[None]:
    """Leave nothing behind, so that the next file meets empty tables."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def deadline(what: str) -> Iterator[None]:
    def late(*_: Any) -> None:
        raise AssertionError(f"{what} hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def brought(sample: Sample) -> ImportJob:
    with deadline(sample.what):
        run = run_claimed(ImportJob, queue({sample.name: sample.data}, source="salesforce").pk, budget=1e9)
    assert run is not None
    run.refresh_from_db()
    return run


def check(run: ImportJob, sample: Sample) -> None:
    """Tell whether the import came to a good end."""
    if run.is_held:  # a byte that turned a date into one that could be two
        return
    assert run.state == State.DONE, f"{sample.what}: {run.last_error}"
    for file in run.files.all():
        assert file.state in OVER, sample.what
        assert file.reason or file.state not in {ImportFile.State.FAILED, ImportFile.State.SKIPPED}, sample.what
        assert_counted(file, sample.what)
    there = set(Lead.objects.values_list("external_id", flat=True))
    assert sample.sure <= there, f"{sample.what}: lost {sorted(sample.sure - there)}, {refused(run)[:3]}"


def assert_counted(file: ImportFile, what: str) -> None:
    """Each row is created, updated, unchanged, repeated, left out, dropped or rejected, and only one of them."""
    counts = file.counts.get("lead", {})
    taken = sum(counts.get(name, 0) for name in ("created", "updated", "unchanged", "repeated", "duplicates"))
    assert taken + file.dropped + file.rejected == file.rows, (
        f"{what}: {counts} {file.dropped} {file.rejected} {file.rows}"
    )
    assert RowError.objects.filter(file=file).count() == file.rejected, what
    assert not RowError.objects.filter(file=file, reason="").exists(), what


@pytest.mark.django_db
@given(sample=samples())
@settings(
    max_examples=100, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
def test_no_broken_file_hangs_fails_unsaid_or_loses_a_good_row(sample: Sample) -> None:
    with undone():
        check(brought(sample), sample)


@pytest.mark.django_db
def test_a_quote_that_stays_open_costs_its_own_line_alone() -> None:
    table = rows(20)
    lines = text(table, end="\n").splitlines()
    lines.insert(10, 'Q1,"open')
    sample = Sample(LEAD, ("\n".join(lines) + "\n").encode(), ids(table), "open quote")
    run = brought(sample)
    check(run, sample)
    assert len(refused(run)) == 1


@pytest.mark.django_db
def test_a_cell_of_fifty_megabytes() -> None:
    table = rows(3)
    data = text([*table, ["Z1", "A", "X", "New", "x" * 50_000_000, ""], *rows(2, 10)]).encode()
    sample = Sample(LEAD, data, ids(table) | {"L10", "L11"}, "a cell of 50 MB")
    began = time.monotonic()
    check(brought(sample), sample)
    assert time.monotonic() - began < SECONDS


@pytest.mark.django_db
def test_formulas_come_in_as_text_and_go_out_harmless(client: Client, ops: Any) -> None:
    table = [
        ["F1", '=HYPERLINK("http://x.example")', "X", "New", "", "2026-01-02"],
        ["", "=CMD()", "@X", "New", "", ""],
    ]
    run = brought(Sample(LEAD, text(table).encode(), frozenset({"F1"}), "formulas"))
    assert Lead.objects.get().last_name == '=HYPERLINK("http://x.example")'
    client.force_login(ops)
    page = client.get(f"/imports/{run.pk}/rejected/{run.files.get().pk}.csv")
    handed_back = b"".join(page.streaming_content) if page.streaming else page.content
    assert b"'=CMD()" in handed_back
    assert b"'@X" in handed_back


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Lead.csv", b"\x00" * 5000),
        ("Lead.csv", text(rows(2)).encode("utf-16")[:-1]),
        ("x.zip", zipped({"a": b"PK\x03\x04"})[:-10]),
        ("x.xlsx", xlsx({"S": [HEAD]})[:500]),
        ("\u202e../../etc/passwd", b"Id,Name\n"),
        ("Lead.csv.gz", b"\x1f\x8b\x08\x00"),
        ("Lead.csv", ",".join(f"c{n}" for n in range(10_000)).encode()),
    ],
)
def test_no_upload_is_an_error_of_ours(client: Client, ops: Any, name: str, data: bytes) -> None:
    client.force_login(ops)
    page = client.post("/imports/", {"upload": SimpleUploadedFile(name, data), "source": "auto", "currency": ""})
    assert page.status_code in {200, 302}
    for run in ImportJob.objects.all():
        run_claimed(ImportJob, run.pk, budget=1e9)
        assert client.get(f"/imports/{run.pk}/").status_code == 200


def test_a_small_file_of_refused_rows_does_not_fill_the_database(
    client: Client, ops: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "MAX_REFUSED", 30)
    done = bring({"Lead.csv": ",".join(HEAD) + "\n" + "x\n" * 100})
    file = done.files.get()
    assert (file.rows, file.rejected) == (100, 100)
    assert RowError.objects.of(done).count() == 30
    client.force_login(ops)
    page = client.get(f"/imports/{done.pk}/rejected/").content.decode()
    assert "Only 30 of 100 refused rows are stored" in " ".join(re.sub("<[^>]+>", "", page).split())


def test_long_names_of_columns_do_not_multiply_a_file(company: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MAX_REFUSED_CHARACTERS", 10_000)
    header = [*HEAD, *(f"{number}{'c' * 200}" for number in range(5))]
    wrong = "".join(f"L{number},Ada,X,New,,99 May,,,,,\n" for number in range(50))
    done = bring({"Lead.csv": ",".join(header) + "\n" + wrong})
    assert done.files.get().rejected == 50
    assert 5 < RowError.objects.of(done).count() < 10
