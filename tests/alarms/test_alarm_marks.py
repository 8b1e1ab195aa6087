"""Alarms are marked on the charts of their metric, for those who may read them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from alarms.models import Alarm
from core.periods import Period
from kpis.mark_registry import MarkQuery, collect_marks
from kpis.registry import get_metric
from team.models import Company, User

pytestmark = pytest.mark.django_db
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))


def open_alarm(metric: str = "close_rate", **fields: Any) -> Alarm:
    opened_at = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)  # the 6th in Berlin
    name = fields.pop("name", "Close rate fell")
    return Alarm.objects.create(**{"detector": name, "name": name, "metric": metric, "opened_at": opened_at, **fields})


def marked(metric: str, reader: User, where: Mapping[str, str] | None = None) -> list[str]:
    marks, _left_out = collect_marks(MarkQuery(get_metric(metric), YEAR, reader, where or {}))
    return [f"{mark.day} {mark.label}" for mark in marks]


def test_an_alarm_is_marked_on_its_metric_on_the_companys_day(company: Company, cmo: User) -> None:
    alarm = open_alarm()
    assert marked("close_rate", cmo) == ["2026-03-06 Close rate fell opened"]
    assert marked("revenue", cmo) == []
    alarm.closed_at, alarm.verdict = alarm.opened_at, Alarm.Verdict.NOT_REAL
    alarm.save()
    assert marked("close_rate", cmo) == ["2026-03-06 Close rate fell opened, closed as not real"]


def test_an_alarm_on_a_part_is_not_marked_on_the_chart_of_another_part(company: Company, cmo: User) -> None:
    open_alarm(where={"territory": "North"})
    assert marked("close_rate", cmo, {"territory": "North"})
    assert marked("close_rate", cmo)
    assert marked("close_rate", cmo, {"territory": "South"}) == []


def test_an_alarm_that_the_reader_may_not_read_is_not_marked(company: Company, rep: User) -> None:
    Company.objects.update(visibility=Company.Visibility.RESTRICTED)
    open_alarm()
    assert marked("close_rate", rep) == []
    open_alarm(name="Mine", owner=rep)
    assert marked("close_rate", rep) == ["2026-03-06 Mine opened"]
