"""Working hours: an ops admin keeps them as people write them, everyone reads by which their clock runs."""

from datetime import date
from typing import Any

import pytest

from team.calendars.actions import save_calendar
from team.calendars.views import days_off
from team.hours import read_spans, read_week, week_in_words, write_spans
from team.models import Calendar, Company, User
from tests import make


def test_hours_are_read_and_written_as_people_do() -> None:
    week, wrong = read_week({0: "9:00-12:30, 13:30–24:00", 1: " "})
    assert (week, wrong) == ({"0": [["09:00", "12:30"], ["13:30", "00:00"]]}, {})
    assert write_spans(week["0"]) == "09:00–12:30, 13:30–24:00"


def test_hours_that_end_at_midnight_can_be_read_again() -> None:
    week, _ = read_week(dict.fromkeys(range(7), "00:00–24:00"))
    texts = {day: write_spans(week[str(day)]) for day in range(7)}
    assert texts[0] == "00:00–24:00"
    assert read_week(texts) == (week, {})


def test_hours_past_midnight_are_two_spans() -> None:
    week, wrong = read_week({4: "09:00–12:00, 22:00–06:00", 5: "05:00–10:00", 6: "20:00-02:00"})
    assert wrong == {}
    assert week == {
        "0": [["00:00", "02:00"]], "4": [["09:00", "12:00"], ["22:00", "00:00"]], "5": [["00:00", "10:00"]],
        "6": [["20:00", "00:00"]],
    }  # fmt: skip
    assert read_week({int(day): write_spans(spans) for day, spans in week.items()}) == (week, {})


@pytest.mark.parametrize(
    "text", ["nine to five", "09:00-09:00", "09:00-25:00", "13:00-17:00, 09:00-12:00", "9:70-10:00"]
)
def test_hours_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write"):
        read_spans(text)


def test_a_week_is_said_in_as_few_words_as_it_has_kinds_of_days() -> None:
    week = {**{str(day): [["09:00", "17:00"]] for day in range(4)}, "4": [["09:00", "13:00"]]}
    assert week_in_words(week) == [
        ("Monday to Thursday", "09:00–17:00"), ("Friday", "09:00–13:00"), ("Saturday and Sunday", "Closed"),
    ]  # fmt: skip


def filled(**fields: Any) -> dict[str, Any]:
    return {"name": "Munich", **{f"day_{day}": "08:30-12:00, 13:00-17:30" for day in range(4)}, **fields}


def test_ops_adds_a_calendar_and_says_whom_it_binds(as_user: Any, ops: User, cro: User, rep: User) -> None:
    south = make.territory(name="South")
    fields = filled(
        country="DE", region="BY", closed_days="2026-12-24", territories=[south.pk], people=[cro.pk], is_company="on"
    )
    answer = as_user(ops).post("/calendars/new/", fields)
    assert answer.status_code == 302, answer.content.decode()
    found = Calendar.objects.get()
    assert found.week["0"] == [["08:30", "12:00"], ["13:00", "17:30"]]
    assert "4" not in found.week
    assert Company.get().calendar == found
    south.refresh_from_db()
    cro.refresh_from_db()
    assert (south.calendar, cro.calendar) == (found, found)
    page = as_user(rep).get("/calendars/").content.decode()
    assert "Your clock runs by Munich, Europe/Berlin time." in page  # their manager's
    assert "Add a calendar" not in page
    page = as_user(rep).get(f"/calendars/{found.pk}/").content.decode()
    assert "Monday to Thursday" in page
    assert "Rob CRO and the people who report to them" in page
    as_user(ops).post(f"/calendars/{found.pk}/edit/", filled())
    cro.refresh_from_db()
    assert (Company.get().calendar, cro.calendar) == (None, None)
    as_user(ops).post(f"/calendars/{found.pk}/remove/")
    assert not Calendar.objects.exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"day_0": "noon"}, "is not a valid time span"),
        ({f"day_{day}": "" for day in range(4)}, "Enter working hours"),
        ({"country": "DE", "region": "XX"}, "The holidays of"),
        ({"closed_days": "Christmas"}, "Use YYYY-MM-DD"),
        ({"name": ""}, "required"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(as_user: Any, ops: User, fields: dict[str, str], words: str) -> None:
    answer = as_user(ops).post("/calendars/new/", filled(**fields))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Calendar.objects.exists()


def test_no_one_else_keeps_calendars(as_user: Any, cro: User, ops: User) -> None:
    found = save_calendar(by=ops, calendar=Calendar(name="Ours"))
    assert as_user(cro).post("/calendars/new/", filled()).status_code == 403
    assert as_user(cro).post(f"/calendars/{found.pk}/remove/").status_code == 403
    assert as_user(cro).get(f"/calendars/{found.pk}/edit/").status_code == 403


def test_the_next_days_off_are_named(company: Company) -> None:
    found = days_off(Calendar(country="DE", closed_days=["2026-12-24"]), date(2026, 12, 20))
    assert [(one.day.day, one.name) for one in found[:3]] == [
        (24, "Closed"), (25, "Christmas Day"), (26, "Second Day of Christmas"),
    ]  # fmt: skip


def test_a_calendar_of_nights_is_kept_and_opened_again(as_user: Any, ops: User) -> None:
    page = as_user(ops)
    fields = {"name": "Nights", **{f"day_{day}": "22:00–06:00" for day in range(7)}}
    assert page.post("/calendars/new/", fields).status_code == 302
    found = Calendar.objects.get()
    assert found.week["3"] == [["00:00", "06:00"], ["22:00", "00:00"]]
    form = page.get(f"/calendars/{found.pk}/edit/").content.decode()
    assert 'value="00:00–06:00, 22:00–24:00"' in form
    again = {"name": "Nights", **{f"day_{day}": "00:00–06:00, 22:00–24:00" for day in range(7)}}
    assert page.post(f"/calendars/{found.pk}/edit/", again).status_code == 302
    found.refresh_from_db()
    assert found.week["3"] == [["00:00", "06:00"], ["22:00", "00:00"]]
