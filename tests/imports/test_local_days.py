"""A day that is read from a time is the company's day, by whatever zone the time is in."""

from datetime import date

import pandas as pd
import pytest
from rest_framework.exceptions import ValidationError

from crm.models import Opportunity
from imports.api.push import LocalDay
from imports.parsing.column_values import read_days, read_times
from team.models import Company
from tests.imports.importing import bring, refused

PHOENIX = "America/Phoenix"
HUBSPOT = """Record ID,Deal Name,Deal Stage,Close Date,Create Date
1,Evening,Closed Won,2023-04-01T01:09:44.000Z,2023-01-01T03:00:00.000Z
"""
SALESFORCE = """Id,Name,StageName,CloseDate,CreatedDate,Amount
006A,Opened in the evening,Closed Won,2023-05-10 00:00:00,2023-04-01 01:09:44,1
"""


def days(
    *cells: str, formats: tuple[str, ...] = (), order: str = "", zone: str = "UTC", home: str = PHOENIX
) -> list[str]:
    found, wrong = read_days(pd.Series(cells, dtype="str"), formats, order, zone, home)
    assert not wrong.any()
    return [str(moment.date()) for moment in found]


def test_a_time_with_its_own_zone_is_the_day_of_the_company() -> None:
    assert days("2023-04-01T01:09:44.000Z", "2023-04-01T01:09:44+0000", "2023-04-01 01:09:44-07:00", "2023-03-15T18:00:00.000Z") == [
        "2023-03-31", "2023-03-31", "2023-04-01", "2023-03-15",
    ]  # fmt: skip
    assert days("2023-03-31T22:30:00Z", home="Europe/Berlin") == ["2023-04-01"]
    assert days("04/01/2023 1:09 AM UTC", order="month-first") == ["2023-03-31"]
    assert days("1680311384000") == ["2023-03-31"]  # milliseconds, as APIs write times


def test_a_time_without_a_zone_is_in_that_of_its_source() -> None:
    assert days("2023-04-01 01:09:44", zone="UTC") == ["2023-03-31"]
    assert days("2023-04-01 01:09:44", zone=PHOENIX) == ["2023-04-01"]
    assert days("01.04.2023 01:09", zone="UTC") == ["2023-03-31"]
    assert days("20230401 01:09", formats=("%Y%m%d %H:%M",), zone="UTC") == ["2023-03-31"]


def test_a_day_and_a_midnight_without_a_zone_stay_that_day() -> None:
    assert (
        days("2023-05-10", "2023-05-10 00:00:00", "2023-05-10T00:00:00.000", "10.05.2023", "10.05.2023 00:00")
        == ["2023-05-10"] * 5
    )


def test_what_is_no_date_is_wrong_whatever_stands_behind_it() -> None:
    found, wrong = read_days(pd.Series(["2023-13-01T10:00:00Z", "soon", ""], dtype="str"), (), "", "UTC", PHOENIX)
    assert (list(wrong), found.isna().all()) == ([True, True, False], True)


@pytest.fixture
def in_phoenix(company: Company) -> Company:
    company.time_zone = PHOENIX
    company.save()
    return company


@pytest.mark.django_db
def test_a_deal_closed_in_the_evening_stays_in_its_quarter(in_phoenix: Company) -> None:
    bring({"deals.csv": HUBSPOT})
    run = bring({"Opportunity.csv": SALESFORCE})
    assert refused(run) == []
    found = {
        name: (opened, closed)
        for name, opened, closed in Opportunity.objects.values_list("name", "opened_on", "closed_on")
    }
    assert found == {
        "Evening": (date(2022, 12, 31), date(2023, 3, 31)), "Opened in the evening": (date(2023, 3, 31), date(2023, 5, 10)),
    }  # fmt: skip


@pytest.mark.django_db
def test_a_pushed_day_may_be_a_time_with_its_zone(in_phoenix: Company) -> None:
    assert LocalDay().to_internal_value("2023-04-01T01:09:44Z") == date(2023, 3, 31)
    assert LocalDay().to_internal_value("2023-04-01") == date(2023, 4, 1)
    with pytest.raises(ValidationError):
        LocalDay().to_internal_value("2023-04-01T01:09:44")


def test_a_day_read_as_a_time_begins_where_the_company_is() -> None:
    cells = pd.Series(["2023-04-01", "04/01/2023", "2023-04-01 00:00:00", "2023-04-01T01:00:00Z"], dtype="str")
    found, wrong = read_times(cells, (), "UTC", "month-first", PHOENIX)
    assert not wrong.any()
    assert [str(moment) for moment in found] == [
        "2023-04-01 07:00:00+00:00", "2023-04-01 07:00:00+00:00", "2023-04-01 00:00:00+00:00", "2023-04-01 01:00:00+00:00",
    ]  # fmt: skip
