"""The import page: who may, what it takes, what it shows while an import runs and when it is over."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import disk
from core.csv_export import guard_formula
from core.work import LEASE, SILENT_AFTER, State, run_claimed, start_worker
from crm.models import Lead
from imports.files import blocks as blocks_module
from imports.models import ImportJob
from imports.preview import report
from imports.preview.report import duration_text
from team.models import Role, User
from tests import make
from tests.imports.importing import bring, queue

pytestmark = pytest.mark.slow

LEADS = b"Id,LastName,Company,Status\n1,A,X,New\n,B,X,New\n"
LISTED = ["imports", "import_run", "rejected", "rejected_csv"]


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Hear the bell instead of ringing it."""
    heard: list[int] = []
    monkeypatch.setattr("imports.views.jobs.enqueue", lambda row: heard.append(row.pk))
    return heard


def upload(client: Client, *files: tuple[str, bytes], **more: str) -> Any:
    given = [SimpleUploadedFile(name, data) for name, data in files]
    return client.post(reverse("imports"), {"upload": given, "source": "auto", "currency": "", **more})


def address(name: str, run: ImportJob) -> str:
    if name == "imports":
        return reverse(name)
    return reverse(name, args=[run.pk, run.files.get().pk] if name == "rejected_csv" else [run.pk])


@pytest.mark.parametrize("name", [*LISTED, "cancel_import"])
@pytest.mark.parametrize("role", list(Role))
def test_only_those_with_the_right_see_imports(company: None, as_user: Any, role: str, name: str) -> None:
    run = bring({"Lead.csv": LEADS})
    client = as_user(make.user(role))
    path = address(name, run)
    answer = client.post(path) if name == "cancel_import" else client.get(path)
    may = role in {Role.OPS, Role.CMO, Role.CRO}
    assert (answer.status_code == 403) is not may
    if not may:
        assert b"Lead.csv" not in answer.content


@pytest.mark.parametrize("name", LISTED)
def test_a_visitor_is_asked_to_sign_in(company: None, client: Client, name: str) -> None:
    answer = client.get(address(name, bring({"Lead.csv": LEADS})))
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, reverse("account_login"))


def test_an_upload_is_kept_and_rings_once_it_is_committed(
    ops: User, as_user: Any, rung: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(as_user(ops), ("Lead.csv", LEADS), ("Account.csv", b"Id,Name,BillingCity\n1,A,B\n"))
    run = ImportJob.objects.get()
    assert answer["Location"] == reverse("import_run", args=[run.pk])
    assert (run.started_by, run.name, run.state, rung) == (ops, "Lead.csv, Account.csv", State.QUEUED, [run.pk])
    run_claimed(ImportJob, run.pk)
    assert not Lead.objects.exists()
    assert "Waiting for you" in as_user(ops).get(reverse("import_run", args=[run.pk])).content.decode()
    as_user(ops).post(reverse("confirm_import", args=[run.pk]))
    run_claimed(ImportJob, run.pk)
    assert Lead.objects.count() == 1


def test_names_of_uploaded_files_are_only_ever_shown(ops: User, as_user: Any, rung: list[int], settings: Any) -> None:
    upload(as_user(ops), ("..%2f..%2fetc%2fpasswd<b>.csv", LEADS))
    stored = ImportJob.objects.get().files.get().stored
    assert re.fullmatch(r"imports/[0-9a-f]{32}/1", stored)
    page = as_user(ops).get(reverse("import_run", args=[ImportJob.objects.get().pk]))
    assert b"<b>" not in page.content.replace(b"<body", b"")


@pytest.mark.parametrize(
    ("files", "more", "words"),
    [
        ([], {}, "Choose at least one file"),
        ([("a.csv", b"")], {}, "One of the files is empty"),
        ([("a.csv", LEADS)], {"currency": "euro"}, "at most 3 characters"),
        ([("a.csv", LEADS)], {"currency": "e1"}, "three capital letters, such as EUR"),
        ([("a.csv", LEADS)], {"source": "myspace"}, "not one of the available choices"),
    ],
)
def test_a_wrong_form_says_what_to_change(
    ops: User, as_user: Any, files: list[tuple[str, bytes]], more: dict[str, str], words: str
) -> None:
    answer = upload(as_user(ops), *files, **more)
    assert words in answer.content.decode()
    assert not ImportJob.objects.exists()


def test_too_much_at_once_is_refused(ops: User, as_user: Any, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 50
    assert "larger than 0 MB" in upload(as_user(ops), ("a.csv", LEADS), ("b.csv", LEADS)).content.decode()


def test_the_list_names_who_what_and_how_many(ops: User, as_user: Any) -> None:
    run = bring({"Lead.csv": LEADS}, user=ops)
    page = as_user(ops).get(reverse("imports")).content.decode()
    assert "Olga Ops" in page
    assert "Lead.csv" in page
    assert reverse("rejected", args=[run.pk]) in page


def test_the_list_is_paged_and_costs_the_same_however_long(
    ops: User, as_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imports.views.jobs.IMPORTS_PER_PAGE", 20)
    client, counts = as_user(ops), []
    for number in range(12):
        queue({f"{number}.csv": LEADS}, user=ops)
        if number in {1, 11}:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(reverse("imports"))
            counts.append(len(queries))
    assert counts[0] == counts[1] <= 12
    monkeypatch.setattr("imports.views.jobs.IMPORTS_PER_PAGE", 5)
    assert "Page 3 of 3" in client.get(reverse("imports"), {"page": 3}).content.decode()


def test_while_it_runs_the_page_asks_for_itself_and_moves(
    ops: User, as_user: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks_module, "BLOCK", 300)
    run = queue({"Lead.csv": LEADS + b"".join(b"%d,A,X,New\n" % number for number in range(10, 200))}, user=ops)
    client, path = as_user(ops), reverse("import_run", args=[run.pk])
    assert "Waiting for a worker" in client.get(path).content.decode()
    claimed, seen = ImportJob.claim(run.pk), []
    assert claimed is not None
    worker, over = start_worker(claimed), False
    while not over:
        over = worker.step()
        part = client.get(path, headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in part
        assert 'hx-trigger="every 1s"' in part
        assert f'hx-get="{path}' in part
        seen += [int(found) for found in re.findall(r'<progress value="(\d+)"', part)]
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    worker.close()
    claimed.finish(State.DONE)
    whole = client.get(path).content.decode()
    assert 'hx-trigger="every 1s"' not in whole
    assert "192 rows read: 191 new; 1 row was refused." in whole


def test_going_back_in_the_browser_gets_the_whole_page(ops: User, as_user: Any) -> None:
    path = reverse("import_run", args=[bring({"Lead.csv": LEADS}).pk])
    answer = as_user(ops).get(path, headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in answer.content
    assert "HX-Request" in answer["Vary"]


def test_the_page_says_what_was_skipped_and_why(ops: User, as_user: Any) -> None:
    run = bring({"dictionary.csv": "Table,Field\na,b\n", "Lead.csv": LEADS})
    page = as_user(ops).get(reverse("import_run", args=[run.pk])).content.decode()
    assert "No mapping matches a file with these columns: Table, Field" in page
    assert "Leads: 1 new" in page


def test_a_failed_import_says_why(ops: User, as_user: Any) -> None:
    run = queue({"Lead.csv": LEADS})
    ImportJob.objects.filter(pk=run.pk).update(state=State.FAILED, last_error="Disk full.")
    page = as_user(ops).get(reverse("import_run", args=[run.pk])).content.decode()
    assert "Disk full." in page
    assert "It then failed" in page


def test_cancelling(ops: User, as_user: Any) -> None:
    run, client = queue({"Lead.csv": LEADS}), as_user(ops)
    assert client.get(reverse("cancel_import", args=[run.pk])).status_code == 405
    answer = client.post(reverse("cancel_import", args=[run.pk]), follow=True).content.decode()
    assert "The import is cancelled" in answer
    assert "It was then cancelled" in answer
    assert "already ended" in client.post(reverse("cancel_import", args=[run.pk]), follow=True).content.decode()
    assert run_claimed(ImportJob, run.pk) is None


def test_refused_rows_are_listed_with_their_reasons(ops: User, as_user: Any) -> None:
    run = bring({"Lead.csv": LEADS})
    page = as_user(ops).get(reverse("rejected", args=[run.pk])).content.decode()
    assert "The id is missing" in page
    assert reverse("rejected_csv", args=[run.pk, run.files.get().pk]) in page
    assert (
        "No row was refused"
        in as_user(ops).get(reverse("rejected", args=[bring({"a.csv": b"x\n"}).pk])).content.decode()
    )


def test_refused_rows_come_back_as_csv_and_go_in_once_corrected(ops: User, as_user: Any) -> None:
    run = bring({"Lead.csv": 'Id,LastName,Company,Status,Mood\n1,A,X,New,\n,Müller,"X, Y",New,good\n2\n'})
    answer = as_user(ops).get(reverse("rejected_csv", args=[run.pk, run.files.get().pk]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["Rejected because"] for row in rows] == [
        "Id: The id is missing", "The row has 1 cell where the header has 5",
    ]  # fmt: skip
    assert (rows[0]["LastName"], rows[0]["Rejected line"], rows[1]["Id"]) == ("Müller", "3", "2")
    bring({"corrected.csv": text.replace(",Müller", "3,Müller")})
    assert Lead.objects.get(external_id="3").custom == {"Mood": "good"}


def test_no_cell_of_the_csv_is_a_formula(ops: User, as_user: Any) -> None:
    run = bring({"Lead.csv": 'Id,LastName,=Company,Status,Company\n,"=HYPERLINK(1)",@x,-12.5,+49 30\n'})
    answer = as_user(ops).get(reverse("rejected_csv", args=[run.pk, run.files.get().pk]))
    header, row = csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    assert header[2] == "'=Company"
    assert row[:5] == ["", "'=HYPERLINK(1)", "'@x", "-12.5", "'+49 30"]
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-cmd", "@x", "\t1", "\r1"])
def test_what_a_spreadsheet_would_compute_gets_a_quote(cell: str) -> None:
    assert guard_formula(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "plain", "-5", "+1.5", "-12,345.67", "3%", "a=b"])
def test_plain_words_and_numbers_stay(cell: str) -> None:
    assert guard_formula(cell) == cell


def test_time_left_in_words() -> None:
    from datetime import timedelta

    assert [duration_text(timedelta(seconds=s)) for s in (0, 45, 300, 7200)] == ["1 s", "45 s", "5 min", "2 h"]


def test_an_import_whose_worker_has_died_shows_no_time_left(ops: User, as_user: Any) -> None:
    run = bring({"Lead.csv": "Id,LastName\n1,Ada\n"})
    now = timezone.now()
    ImportJob.objects.filter(pk=run.pk).update(
        state=State.RUNNING, finished_at=None, started_at=now - timedelta(seconds=60), lease_until=now + LEASE,
        checkpoint={"phase": "load"}, total_units=100, done_units=50,
    )  # fmt: skip
    run.refresh_from_db()
    assert report.import_pace(run, 1000).left
    assert report.describe_phase(run) == "Reading the rows"
    ImportJob.objects.filter(pk=run.pk).update(lease_until=now + LEASE - SILENT_AFTER - timedelta(seconds=1))
    run.refresh_from_db()
    assert report.import_pace(run, 1000).left is None
    text = as_user(ops).get(reverse("import_run", args=[run.pk])).content.decode()
    assert "Waiting for a worker; the import then resumes where it stopped" in text
    assert "left" not in report.import_pace(run, 1000).sentence


@pytest.mark.django_db
def test_a_disk_that_is_nearly_full_is_named(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "RESERVE_BYTES", 10**18)
    client.force_login(make.user(role=Role.OPS))
    upload = SimpleUploadedFile("Lead.csv", b"Id,LastName,Company,Status\n1,A,X,New\n")
    page = client.post("/imports/", {"upload": upload, "source": "auto"})
    assert page.status_code == 200
    assert "The disk is nearly full. Ask your ops admin" in page.content.decode()
    assert not ImportJob.objects.exists()
