"""What was found or answered can be said otherwise until the rows go in; times that name no zone are on a person's clock."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.urls import reverse

from core.work import run_claimed
from crm.models import Account, Lead, Opportunity, Spend, UsageEvent
from imports.actions import answer_questions, choose_currency, choose_zone, confirm_import
from imports.inference.questions import list_findings, open_questions
from imports.inference.zone_choices import list_zone_choices
from imports.models import ImportFile, ImportJob, SourceZone
from team.models import Company, User
from tests.imports.importing import bring, queue, refused

pytestmark = pytest.mark.django_db
DEALS = "Opportunity ID,Opportunity Name,Stage,Close Date,Amount\n{}\n"
USAGE = "Event id,Event,Happened at\n1,Login,2026-01-02 12:00\n"


def held(files: dict[str, str | bytes], **options: Any) -> ImportJob:
    run = run_claimed(ImportJob, queue(files, waits=True, **options).pk, budget=1e9)
    assert run
    assert run.is_held
    return run


def only(run: ImportJob) -> ImportFile:
    return run.files.get()


def go(run: ImportJob, user: User) -> ImportJob:
    confirm_import(run=run, user=user)
    done = run_claimed(ImportJob, run.pk, budget=1e9)
    assert done
    return done


def found(run: ImportJob) -> dict[str, str]:
    return {one.key: one.value for one in list_findings(only(run)) if one.key}


def test_an_answer_is_changed_until_the_rows_go_in(ops: User) -> None:
    run = held({"x.csv": DEALS.format("1,A,Open,01/02/2026,5")})
    answer_questions(file=only(run), answers={"dates": "month-first"}, user=None)
    assert (open_questions(only(run)), found(run)["dates:Close Date"]) == ([], "month-first")
    answer_questions(file=only(run), answers={"dates:Close Date": "day-first"}, user=None)
    go(run, ops)
    assert Opportunity.objects.get().expected_close_on == date(2026, 2, 1)


def test_what_the_file_proves_is_overruled_and_undone(ops: User) -> None:
    run = held({"x.csv": DEALS.format("1,A,Open,13/02/2026,5\n2,B,Open,01/02/2026,5")})
    assert found(run)["dates:Close Date"] == "day-first"
    answer_questions(file=only(run), answers={"dates:Close Date": "month-first"}, user=None)
    answer_questions(file=only(run), answers={"dates:Close Date": "day-first"}, user=None)
    assert only(run).answers == {}  # as it was
    answer_questions(
        file=only(run),
        answers={"dates:Close Date": "month-first", "dates:Nothing": "x", "decimal:Amount": "neither"},
        user=None,
    )
    done = go(run, ops)
    assert Opportunity.objects.get().expected_close_on == date(2026, 1, 2)
    assert refused(done) == [(2, "Close Date", "“13/02/2026” puts the day first, where other cells have the month")]


def test_a_file_is_read_in_another_encoding_and_parted_otherwise(ops: User) -> None:
    text = "Account id;Account;Domain\n1;Łódź, Żabka;zabka.pl\n"
    run = held({"accounts.csv": text.encode("cp1250")}, source="accord")
    assert (found(run)["encoding"], found(run)["delimiter"]) == ("cp1250", ";")
    assert run_claimed(
        ImportJob, answer_questions(file=only(run), answers={"encoding": "cp1252"}, user=None).pk, budget=1e9
    )
    assert found(run)["encoding"] == "cp1252"
    assert run_claimed(
        ImportJob, answer_questions(file=only(run), answers={"delimiter": ","}, user=None).pk, budget=1e9
    )
    assert (only(run).kind, len(only(run).header)) == ("", 1)
    assert run_claimed(
        ImportJob, answer_questions(file=only(run), answers={"delimiter": ";"}, user=None).pk, budget=1e9
    )
    assert only(run).answers == {"encoding": "cp1252"}
    assert run_claimed(
        ImportJob, answer_questions(file=only(run), answers={"encoding": "cp1250"}, user=None).pk, budget=1e9
    )
    assert only(run).answers == {"encoding": "cp1250"}  # of two words alone nothing is certain
    go(run, ops)
    assert Account.objects.get().name == "Łódź, Żabka"


def test_a_way_to_read_that_cannot_be_is_given_up() -> None:
    run = held({"x.csv": DEALS.format("1,A,Open,2026-01-02,5")})
    file = only(run)
    file.answers, file.state = {"delimiter": "\t", "encoding": "shift_jis"}, ImportFile.State.WAITING
    file.save()
    from imports.load.pipeline import inspect_file

    inspect_file(file, "auto")
    assert file.header
    assert file.state in {"reading", "skipped"}


def test_a_clock_is_chosen_for_a_source_and_remembered(ops: User) -> None:
    Company.get()
    Company.objects.update(time_zone="America/New_York")
    run = held({"usage.csv": USAGE}, source="accord")
    [clock] = list_zone_choices(run.files.all())
    assert (clock.zone, clock.why, clock.columns, clock.sample) == (
        "America/New_York", "The company's", ["Happened at"], "2026-01-02 12:00",
    )  # fmt: skip
    choose_zone(run=run, source="accord", zone="Asia/Tokyo", user=None)
    assert not SourceZone.objects.exists()
    go(run, ops)
    assert UsageEvent.objects.get().happened_at == datetime(2026, 1, 2, 3, tzinfo=UTC)
    again = held({"usage.csv": USAGE.replace("1,Login", "2,Login")}, source="accord")
    assert list_zone_choices(again.files.all())[0].why == "Chosen before for this source"
    go(again, ops)
    assert UsageEvent.objects.get(external_id="2").happened_at == datetime(2026, 1, 2, 3, tzinfo=UTC)
    with pytest.raises(ValueError, match="not a valid time zone"):
        choose_zone(run=run, source="accord", zone="Mars/Base", user=None)


def test_what_salesforce_shows_to_people_is_not_on_the_clock_of_its_programs() -> None:
    Company.get()
    Company.objects.update(time_zone="Europe/Berlin")
    head = "Lead ID,Last Name,Company / Account,Lead Status,Created Date\n"
    report = held({"report.csv": head + "00Q1,Lee,X,New,1/31/2026 9:00 AM\n"}, source="salesforce")
    [clock] = list_zone_choices(report.files.all())
    assert (clock.zone, clock.sample) == ("Europe/Berlin", "1/31/2026 9:00 AM")
    bring({"report.csv": head + "00Q1,Lee,X,New,1/31/2026 9:00 AM\n"}, source="salesforce")
    assert Lead.objects.get().created_at == datetime(2026, 1, 31, 8, tzinfo=UTC)
    SourceZone.objects.create(source="salesforce", time_zone="Asia/Tokyo", decided_at=datetime.now(UTC))
    export = "Id,LastName,Company,Status,CreatedDate\n00Q2,Lee,X,New,2026-01-31 09:00:00\n"
    assert not list_zone_choices(held({"Lead.csv": export}, source="salesforce").files.all())  # it is known
    bring({"Lead.csv": export})
    assert Lead.objects.get(external_id="00Q2").created_at == datetime(2026, 1, 31, 9, tzinfo=UTC)


def test_the_currency_of_amounts_without_one_is_chosen(ops: User) -> None:
    Company.get()
    Company.objects.update(currency="EUR")
    run = held({"spend.csv": "Date,Side,Category,Amount\n2025-03-31,Marketing,People,5\n"}, source="accord")
    choose_currency(run=run, currency="CHF", user=None)
    go(run, ops)
    assert Spend.objects.get().currency == "CHF"


def test_the_page_shows_how_cells_are_read_and_takes_what_someone_says(ops: User, as_user: Any) -> None:
    run = held({"x.csv": DEALS.format("1,A,Open,13/02/2026,5"), "usage.csv": USAGE}, source="auto")
    client, url = as_user(ops), reverse("import_run", args=[run.pk])
    page = client.get(url).content.decode()
    assert 'name="dates:Close Date"' in page
    assert "Times like <strong>2026-01-02 12:00</strong> from Accord templates" in page
    client.post(reverse("choose_zone", args=[run.pk]), {"source": "accord", "zone": "Asia/Tokyo"})
    client.post(reverse("choose_currency", args=[run.pk]), {"currency": "chf"})
    run.refresh_from_db()
    assert run.currency_asked == "CHF"
    page = client.get(url).content.decode()
    assert '<option value="Asia/Tokyo" selected>' in page
    told = client.post(reverse("choose_currency", args=[run.pk]), {"currency": "12"}, follow=True).content.decode()
    assert "currency" in told
    file = run.files.get(name="x.csv")
    client.post(reverse("answer_file", args=[run.pk, file.pk]), {"dates:Close Date": "month-first"})
    file.refresh_from_db()
    assert file.answers == {"dates:Close Date": "month-first"}


def test_the_clock_of_a_source_is_listed_and_forgotten(ops: User, as_user: Any) -> None:
    row = SourceZone.objects.create(source="olist", time_zone="America/Sao_Paulo", decided_at=datetime.now(UTC))
    client = as_user(ops)
    assert "America/Sao_Paulo" in client.get(reverse("remembered")).content.decode()
    client.post(reverse("forget_zone", args=[row.pk]))
    assert not SourceZone.objects.exists()
