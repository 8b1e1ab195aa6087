"""What a file proves of how it is to be read, what it leaves open, and that nothing open is guessed."""

from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from core.work import State, run_claimed
from crm.models import Lead, Opportunity, Spend
from imports.actions import answer_questions, confirm_import
from imports.inference.questions import list_findings, open_questions
from imports.models import ImportFile, ImportJob
from team.models import Company, User
from tests.imports.importing import bring, queue, refused

pytestmark = pytest.mark.django_db
HEAD = "Opportunity ID,Opportunity Name,Stage,Close Date,Amount"


def deals(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows]) + "\n"


def held(files: dict[str, str | bytes], **options: Any) -> ImportJob:
    """Queue an import and work at it until it waits."""
    run = run_claimed(ImportJob, queue(files, **options).pk, budget=1e9)
    assert run is not None
    run.refresh_from_db()
    return run


def asked(run: ImportJob) -> list[tuple[str, tuple[str, ...], str]]:
    return [(one.key, one.about, one.sample) for file in run.files.all() for one in open_questions(file)]


def said(run: ImportJob) -> dict[str, str]:
    return {one.what: one.value for file in run.files.exclude(kind="") for one in list_findings(file)}


def closes() -> dict[str, date | None]:
    return dict(Opportunity.objects.values_list("external_id", "expected_close_on"))


def amounts() -> dict[str, Decimal | None]:
    return dict(Opportunity.objects.values_list("external_id", "amount"))


def test_a_date_that_could_be_two_is_asked_and_nothing_goes_in(ops: User) -> None:
    run = held({"x.csv": deals("1,A,Open,01/02/2026,5", "2,B,Open,03/04/2026,6")})
    assert run.is_held
    assert not Opportunity.objects.exists()
    [question] = open_questions(run.files.get())
    assert (question.key, question.about, question.sample, question.likely) == (
        "dates",
        ("Close Date",),
        "01/02/2026",
        "",
    )
    assert {choice.value: choice.reads for choice in question.choices} == {
        "day-first": "Feb 1, 2026",
        "month-first": "Jan 2, 2026",
    }
    answer_questions(file=run.files.get(), answers={"dates": "day-first"}, user=None)
    confirm_import(run=run, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    assert closes() == {"1": date(2026, 2, 1), "2": date(2026, 4, 3)}


@pytest.mark.parametrize(
    ("proof", "found"),
    [("13/02/2026", date(2026, 2, 1)), ("02/13/2026", date(2026, 1, 2))],
)
def test_one_cell_of_the_column_proves_the_order(proof: str, found: date) -> None:
    bring({"x.csv": deals("1,A,Open,01/02/2026,5", f"2,B,Open,{proof},6")})
    assert closes() == {"1": found, "2": date(2026, 2, 13)}


def test_the_proof_may_stand_in_another_column_or_another_file_of_the_source() -> None:
    head = f"{HEAD},Created Date"
    bring({"x.csv": deals("1,A,Open,01/02/2026,5,31/12/2025", head=head)})
    assert closes() == {"1": date(2026, 2, 1)}
    leads = "Lead ID,Last Name,Company / Account,Lead Status,Created Date\nL1,A,X,New,12/31/2025\n"
    bring({"x.csv": deals("1,A,Open,01/02/2026,5"), "Lead.csv": leads}, source="salesforce")
    assert closes() == {"1": date(2026, 1, 2)}


def test_dots_names_and_years_in_front_leave_nothing_open() -> None:
    rows = [
        "1,A,Open,01.02.2026,5",
        "2,B,Open,2 Jan 2026,5",
        "3,C,Open,2026/01/02,5",
        '4,D,Open,"Jan 2, 2026",5',
        "5,E,Open,3. März 2026,5",
        "6,F,Open,02/02/2026,5",
    ]
    bring({"x.csv": deals(*rows)})
    day = date(2026, 1, 2)
    assert list(closes().values()) == [date(2026, 2, 1), day, day, day, date(2026, 3, 3), date(2026, 2, 2)]


def test_a_column_that_contradicts_itself_is_asked_of_and_what_does_not_fit_comes_back(ops: User) -> None:
    run = held({"x.csv": deals("1,A,Open,13/02/2026,5", "2,B,Open,02/25/2026,6", "3,C,Open,01/02/2026,6")})
    [question] = open_questions(run.files.get())
    assert question.key == "dates:Close Date"
    assert "both 13/02/2026" in question.text
    assert "02/25/2026" in question.text
    answer_questions(file=run.files.get(), answers={question.key: "day-first"}, user=None)
    confirm_import(run=run, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    assert closes() == {"1": date(2026, 2, 13), "3": date(2026, 2, 1)}
    assert refused(run) == [(3, "Close Date", "“02/25/2026” puts the month first, where other cells have the day")]


def test_a_column_that_no_one_reads_is_no_question() -> None:
    bring({"x.csv": deals("1,A,Open,2026-01-02,5,01/02/2026", head=f"{HEAD},Hat date")})
    assert Opportunity.objects.get().custom == {"Hat date": "01/02/2026"}


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        (["1.234", "1.234,50"], ["1234", "1234.50"]),
        (["1.234", "12.5"], ["1.23", "12.5"]),
        (["1,234", "12.5"], ["1234", "12.5"]),
        (["1,234", "12,5"], ["1.23", "12.5"]),
        (["1.234", "1.234.567"], ["1234", "1234567"]),
        (["0.123", "1.234"], ["0.12", "1.23"]),
        (["1 234", "1'234"], ["1234", "1234"]),
    ],
)
def test_one_amount_proves_what_parts_the_decimals(cells: list[str], found: list[str]) -> None:
    rows = [f"{n};A;Open;2026-01-02;{cell}" for n, cell in enumerate(cells)]
    bring({"x.csv": deals(*rows, head=HEAD.replace(",", ";"))})
    assert [amounts()[str(n)] for n in range(len(cells))] == [Decimal(one) for one in found]


def test_an_amount_that_could_be_two_is_asked() -> None:
    run = held({"x.csv": deals("1,A,Open,2026-01-02,1.234", "2,A,Open,2026-01-02,500")})
    assert asked(run) == [("decimal", ("Amount",), "1.234")]
    [question] = open_questions(run.files.get())
    assert {choice.value: choice.reads for choice in question.choices} == {"point": "1.234", "comma": "1234"}
    assert question.likely == "comma"


def test_whole_numbers_and_shares_prove_what_parts_the_decimals() -> None:
    leads = "Id,LastName,Company,Status,NumberOfEmployees,AnnualRevenue\n1,A,X,New,1.234,5.678\n"
    bring({"Lead.csv": leads}, source="salesforce")
    lead = Lead.objects.get()
    assert (lead.employees, lead.annual_revenue) == (1234, 5678)


def test_currencies_beside_the_amounts_and_in_the_names_of_columns() -> None:
    Company.objects.update_or_create(pk=1, defaults={"currency": "CHF"})
    head = HEAD.replace("Amount", "Amount (EUR)")
    bring(
        {
            "x.csv": deals("1,A,Open,2026-01-02,5", head=head),
            "y.csv": deals("2,A,Open,2026-01-02,£ 5.50", "3,A,Open,2026-01-02,7", "4,A,Open,2026-01-02,8 PLN"),
        }
    )
    found = dict(Opportunity.objects.values_list("external_id", "currency"))
    assert found == {"1": "EUR", "2": "GBP", "3": "CHF", "4": "PLN"}
    assert amounts()["2"] == Decimal("5.50")


def test_a_sign_of_several_currencies_is_asked_unless_the_company_or_the_source_uses_it() -> None:
    Company.get()
    Company.objects.update(currency="EUR")
    spend = "Date,Side,Category,Amount\n2025-03-31,Marketing,People,$5\n"
    run = held({"spend.csv": spend}, source="accord")
    assert asked(run) == [("currency:$", ("Amount",), "$")]
    Company.objects.update(currency="CAD")
    bring({"spend.csv": spend}, source="accord")
    assert Spend.objects.get().currency == "CAD"
    Company.objects.update(currency="EUR")
    bring({"y.csv": deals("1,A,Open,2026-01-02,$5")})
    assert Opportunity.objects.get().currency == "USD"


def test_words_for_nothing_are_nothing_in_a_number_and_a_name_in_a_name() -> None:
    bring({"x.csv": deals("1,Null,Open,N/A,NULL", "2,B,Open,2026-01-02,-")})
    assert amounts() == {"1": None, "2": None}
    assert Opportunity.objects.get(external_id="1").name == "Null"


def test_a_zone_in_the_name_of_a_column_or_said_by_someone() -> None:
    Company.get()
    Company.objects.update(time_zone="America/New_York")
    head = "Event id,Event,Happened at (UTC+2)"
    bring({"usage.csv": f"{head}\n1,Login,2026-01-02 12:00\n"}, source="accord")
    from crm.models import UsageEvent

    assert UsageEvent.objects.get().happened_at.isoformat() == "2026-01-02T10:00:00+00:00"
    run = bring({"usage.csv": "Event id,Event,Happened at\n2,Login,2026-01-02 12:00\n"}, source="accord")
    assert UsageEvent.objects.get(external_id="2").happened_at.isoformat() == "2026-01-02T17:00:00+00:00"
    assert said(run)["Time zone"] == "America/New_York"


def test_what_was_found_is_said() -> None:
    text = deals("1;Größe;Open;13.02.2026;1.234,50", head=HEAD.replace(",", ";")).encode("cp1252")
    run = bring({"x.csv": text})
    assert said(run) | {"Time zone": ""} == {
        "Encoding": "cp1252", "Delimiter": ";", "Numbers in Amount": "comma", "Time zone": "", "Empty cells": "clear",
    }  # fmt: skip


def test_late_in_a_long_file_what_no_one_knows_is_refused_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.files.blocks.BLOCK", 2000)
    rows = [f"{n},A,Open,2026-01-02,{n}" for n in range(200)]
    run = bring({"x.csv": deals(*rows, "900,A,Open,01/02/2026,5", "901,A,Open,2026-01-02,1.234")})
    assert Opportunity.objects.count() == 200
    assert [column for _, column, _ in refused(run)] == ["Close Date", "Amount"]
    assert "; write it as" in refused(run)[0][2]


def test_a_proof_late_in_a_long_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imports.files.blocks.BLOCK", 2000)
    rows = [f"{n},A,Open,01/02/2026,1.234" for n in range(200)]
    bring({"x.csv": deals(*rows, '900,A,Open,31/01/2026,"1.234,5"')})
    assert set(closes().values()) == {date(2026, 2, 1), date(2026, 1, 31)}
    assert amounts()["0"] == 1234


def test_the_command_ends_with_the_question_and_the_flags_that_answer(tmp_path: Any) -> None:
    path = tmp_path / "x.csv"
    path.write_text(deals("1,A,Open,01/02/2026,5"))
    with pytest.raises(CommandError) as ended:
        call_command("import_crm", str(path))
    assert ended.value.returncode == 2
    words = str(ended.value)
    assert words.startswith("x.csv: 01/02/2026 in “Close Date” can be read")
    assert "Feb 1, 2026 (--dates day-first) or Jan 2, 2026 (--dates month-first)" in words
    assert not Opportunity.objects.exists()
    assert ImportJob.objects.get().state == State.CANCELLED
    call_command("import_crm", str(path), "--dates", "month-first", stdout=StringIO())
    assert closes() == {"1": date(2026, 1, 2)}


def test_spend_in_the_words_of_germany() -> None:
    rows = "Date;Side;Category;Amount\n31.03.2025;Marketing;Lead generation;12.500,00 €\n1.4.2025;Sales;People;1.500,00 €\n"
    bring({"spend.csv": rows}, source="accord")
    assert sorted(Spend.objects.values_list("amount", "currency")) == [
        (Decimal("1500.00"), "EUR"),
        (Decimal("12500.00"), "EUR"),
    ]


def test_files_that_are_in_ask_nothing() -> None:
    run = bring({"x.csv": deals("1,A,Open,2026-01-02,5")})
    assert [open_questions(file) for file in ImportFile.objects.filter(run=run)] == [[]]
