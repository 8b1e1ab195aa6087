"""`manage.py import_crm`: paths, sources, what it says, and who does the work."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.work import run_claimed
from crm.models import Lead, Opportunity
from imports.management.commands import import_crm
from imports.models import ImportJob
from tests.imports.importing import FIXTURES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_crm, "_worker_answers", lambda: False)


def command(*words: Any) -> str:
    out = io.StringIO()
    call_command("import_crm", *map(str, words), stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_without_a_worker_it_works_itself_and_reports() -> None:
    said = command(FIXTURES / "maven", "--source", "maven")
    assert "sales_pipeline.csv: 4 rows as maven sales_pipeline: opportunity 4 created" in said
    assert "data_dictionary.csv: skipped: No maven mapping matches a file" in said
    assert "10 rows: 10 created, 0 updated, 0 unchanged, 0 rejected." in said
    assert Opportunity.objects.count() == 4


def test_twice_says_unchanged() -> None:
    command(FIXTURES / "olist")
    assert "0 created, 0 updated" in command(FIXTURES / "olist", "--source", "auto").splitlines()[-1]


def test_a_single_file_and_its_bad_rows(tmp_path: Path) -> None:
    file = tmp_path / "Lead.csv"
    file.write_text("Id,LastName,Company,Status\n1,A,X,New\n,B,X,New\n")
    assert "  Lead.csv line 3, Id: The id is missing" in command(file)
    assert Lead.objects.count() == 1


def test_a_worker_that_answers_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_crm, "_worker_answers", lambda: True)
    monkeypatch.setattr(import_crm, "enqueue", lambda run: run_claimed(ImportJob, run.pk, budget=1e9))
    assert "3 rows" in command(FIXTURES / "olist" / "olist_marketing_qualified_leads_dataset.csv")


def test_a_worker_that_answers_and_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_crm, "_worker_answers", lambda: True)
    monkeypatch.setattr(import_crm, "enqueue", lambda run: None)
    monkeypatch.setattr(import_crm, "PATIENCE_SECONDS", 0)
    command(FIXTURES / "olist")
    assert Lead.objects.count() == 3


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["/no/such/path"], "There is no file or folder /no/such/path"),
        ([FIXTURES, "--source", "myspace"], "The source “myspace” does not exist. Use one of: auto, "),
        ([FIXTURES, "--currency", "euros"], "“EUROS” is not a currency"),
    ],
)
def test_wrong_words_get_one_clear_sentence(words: list[Any], complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        command(*words)
    assert not ImportJob.objects.exists()


def test_nothing_readable_is_an_error_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"%PDF-1.7")
    with pytest.raises(CommandError, match="No records were imported"):
        command(tmp_path)


def test_a_file_that_no_one_knows_names_the_way_on(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Colour,Taste\nred,sweet\n")
    out = io.StringIO()
    with pytest.raises(CommandError, match="no file could be read"):
        call_command("import_crm", str(tmp_path), stdout=out)
    assert "choose “Map columns”" in out.getvalue()
    assert "MAPPINGS_DIR" in out.getvalue()
