from datetime import date
from decimal import Decimal

import pytest

from alarms.digest import publish_digest
from alarms.models import Alarm
from alarms.queries import calling_alarms, total_cost
from alarms.summary import summarize_alarms
from notify.models import Notice
from team.models import User

pytestmark = pytest.mark.django_db
DAY = date(2025, 3, 3)


def make_alarm(detector: str, cost: int | None = None, **fields: object) -> Alarm:
    money = {} if cost is None else {"cost": cost, "cost_low": cost - 10, "cost_high": cost + 10, "currency": "EUR"}
    return Alarm.objects.create(detector=detector, name=detector.title(), **money, **fields)


def test_the_digest_comes_once_a_day_and_says_what_is_open(cro: User) -> None:
    make_alarm("breaches", 100_000)
    make_alarm("rejections", 50_000)
    assert publish_digest(DAY) == 1
    assert publish_digest(DAY) == 0
    notice = Notice.objects.get()
    assert notice.user == cro
    assert notice.event.title.startswith("Two alarms are open; together they cost about")
    assert notice.event.link == "/alarms/"


def test_an_owner_who_does_not_read_all_alarms_is_told_of_their_own(cro: User, rep: User) -> None:
    make_alarm("breaches", owner=rep)
    make_alarm("rejections", owner=cro)
    publish_digest(DAY)
    assert Notice.objects.get(user=rep).event.title == "1 alarm of yours is open."


def test_without_an_open_alarm_there_is_no_digest(cro: User) -> None:
    assert publish_digest(DAY) == 0
    assert not Notice.objects.exists()


def test_a_cost_that_contains_others_is_not_added_to_them(cro: User) -> None:
    make_alarm("smroi", 4_000_000, is_overall_cost=True)
    assert total_cost(calling_alarms()) is not None
    make_alarm("breaches", 100_000)
    total = total_cost(calling_alarms())
    assert total is not None
    assert total.middle == Decimal(100_000)
    make_alarm("unsigned")
    assert summarize_alarms(calling_alarms()) == (
        "Three alarms are open; one of them costs about €100K a year (€100K to €100K); one contains the cost of others; one is not priced."
    )
