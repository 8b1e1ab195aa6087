"""Whose clock runs by which calendar."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from team.calendars.public_holidays import public_holidays
from team.calendars.queries import Hours, HoursBook, Person
from team.models import Calendar, Company, Territory, User, check_days, check_spans
from tests import make

WEEK = {"0": [["09:00", "12:30"], ["13:30", "17:00"]], "5": [["22:00", "00:00"]]}


def calendar(name: str, **fields: Any) -> Calendar:
    return Calendar.objects.create(name=name, **fields)


def named(person: Person) -> str:
    return HoursBook().of(person).name


def test_the_nearest_calendar_counts(company: Company, cro: User) -> None:
    north = Territory.objects.create(name="North", calendar=calendar("Of the north"))
    coast = Territory.objects.create(name="Coast", parent=north)
    head = make.user(manager=cro)
    rep = make.user(manager=head, territory=coast)
    assert named(Person()) == "Monday to Friday, 9:00 to 17:00"
    assert named(Person(rep)) == "Of the north"
    assert named(Person(territory_id=coast.pk)) == "Of the north"
    Company.objects.update(calendar=calendar("Of all"))
    assert [named(Person()), named(Person(rep))] == ["Of all", "Of the north"]
    User.objects.filter(pk=cro.pk).update(calendar=calendar("Of the team"))
    assert named(Person(rep)) == "Of the team"
    rep.calendar = calendar("Her own")
    rep.save()
    assert named(Person(rep)) == "Her own"


def test_the_zone_is_the_calendars_else_ones_own_else_the_companys(company: Company) -> None:
    rep = make.user(time_zone="America/New_York")
    zones = [HoursBook().of(person).zone for person in (Person(rep), Person(make.user()))]
    assert zones == ["America/New_York", "Europe/Berlin"]
    rep.calendar = calendar("Tokyo", time_zone="Asia/Tokyo")
    rep.save()
    assert HoursBook().of(Person(rep)).zone == "Asia/Tokyo"


def test_a_circle_of_managers_ends(company: Company) -> None:
    one, two = make.user(), make.user()
    User.objects.filter(pk=one.pk).update(manager=two)
    User.objects.filter(pk=two.pk).update(manager=one)
    assert named(Person(User.objects.get(pk=one.pk))) == "Monday to Friday, 9:00 to 17:00"


def test_two_people_or_twenty_cost_the_same(company: Company) -> None:
    counts = []
    for many in (2, 20):
        people = [Person(make.user()) for _ in range(many)]
        with CaptureQueriesContext(connection) as asked:
            book = HoursBook()
            [book.of(person) for person in people]
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 5


def test_closed_days_and_the_end_of_the_day(company: Company) -> None:
    hours = Hours.of(calendar("Odd", week=WEEK, time_zone="UTC", closed_days=["2026-11-23"]), "UTC")
    start, end = datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert hours.table(start, end).elapsed(start, end) == 2 * 3600 + 2 * 3600 + 7 * 3600
    assert hours.day == (7 + 2) / 2 * 3600


def test_the_holidays_of_a_country_and_of_its_state() -> None:
    pytest.importorskip("holidays")
    assert date(2026, 10, 3) in public_holidays("DE", years=[2026])
    assert date(2026, 1, 6) in public_holidays("DE", "BY", [2026])
    assert date(2026, 1, 6) not in public_holidays("DE", "HH", [2026])
    with pytest.raises(ValidationError):
        public_holidays("XX", years=[2026])


@pytest.mark.parametrize(
    "week", [{}, {"7": [["09:00", "17:00"]]}, {"0": [["09:00", "09:00"]]}, {"0": ["09:00"]}, [], {"0": [["9", "x"]]}]
)
def test_hours_that_are_none_are_refused(week: Any) -> None:
    with pytest.raises(ValidationError):
        check_spans(week)


def test_days_that_are_none_are_refused() -> None:
    check_days(["2026-12-24"])
    for days in (["24.12."], 7, [7]):
        with pytest.raises(ValidationError):
            check_days(days)
