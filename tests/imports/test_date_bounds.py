"""Imports read the dates that represent none as no date, and refuse those that cannot be meant."""

from datetime import date
from typing import Any

import pytest

from core.work import run_claimed
from crm.models import Lead, Opportunity
from imports.models import ImportJob, Preview
from imports.parsing.notes import note_sentences
from tests.imports.importing import bring, queue, refused

HEAD = "Lead id,Email,Lead source,First contact on\n"
EMPTY = ["0001-01-01", "1900-01-00", "0000-00-00 00:00:00", "1/1/0001 12:00:00 AM", "12/31/9999", "1970-01-01"]


def leads(*days: str) -> str:
    return HEAD + "".join(f"L{n},l{n}@a.example,web,{day}\n" for n, day in enumerate(days, 1))


def test_empty_dates_are_no_dates_and_are_counted(company: Any) -> None:
    run = bring({"leads.csv": leads(*EMPTY, "2026-01-05")}, source="accord")
    assert refused(run) == []
    days = list(Lead.objects.order_by("external_id").values_list("first_contact_on", flat=True))
    assert days == [None] * len(EMPTY) + [date(2026, 1, 5)]
    assert note_sentences(run.files.get().notes) == [
        f"{len(EMPTY)} rows with an empty date (0001-01-01), read as no date."
    ]


@pytest.mark.parametrize("day", ["1899-06-01", "1066-10-14", "2200-01-01", "3024-01-05"])
def test_a_year_that_cannot_be_meant_refuses_the_row_and_says_what_to_change(company: Any, day: str) -> None:
    run = bring({"leads.csv": leads(day, "2026-01-05")}, source="accord")
    assert refused(run) == [
        (2, "First contact on", f"“{day}” is outside 1900 to 2199; correct the year or leave the date empty")
    ]
    assert Lead.objects.get().first_contact_on == date(2026, 1, 5)


def test_the_preview_tells_of_empty_dates_before_anything_is_written(company: Any, ops: Any, as_user: Any) -> None:
    run = queue({"leads.csv": leads("0001-01-01", "2026-01-05")}, source="accord", waits=True, user=ops)
    run_claimed(ImportJob, run.pk, budget=1e9)
    run_claimed(Preview, Preview.objects.get().pk, budget=1e9)
    page = as_user(ops).get(f"/imports/{run.pk}/", follow=True).content.decode()
    assert "1 row with an empty date (0001-01-01), read as no date." in page
    assert not Lead.objects.exists()


def test_a_birthday_in_a_column_of_one_s_own_stays_what_it_is(company: Any) -> None:
    text = "Lead id,Email,Lead source,Born,Founded\nL1,a@a.example,web,1899-12-30,1650\n"
    bring({"leads.csv": text}, source="accord")
    assert Lead.objects.get().custom == {"Born": "1899-12-30", "Founded": "1650"}


def test_a_chance_beyond_its_field_is_refused_and_not_the_import(company: Any) -> None:
    text = "Opportunity id,Opportunity,Outcome,Probability\nD1,A,open,20\nD2,B,open,99999999\n"
    run = bring({"opportunities.csv": text}, source="accord")
    assert [line for line, *_ in refused(run)] == [3]
    assert Opportunity.objects.get().external_id == "D1"
