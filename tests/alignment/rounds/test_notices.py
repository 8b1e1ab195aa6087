"""The end of a round is told once, whatever ended it."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from alignment.rounds import actions
from alignment.rounds.models import InvitationLink
from alignment.tasks import run_daily_checks
from notify.models import Notice
from team.models import User
from tests.alignment.rounds.answering import open_round


def in_days(days: int) -> datetime:
    return timezone.now() + timedelta(days=days)


@pytest.fixture
def people(ceo: User, cmo: User, cro: User, cfo: User, ops: User, rep: User) -> list[User]:
    return [ceo, cmo, cro, cfo, ops, rep]


def test_the_ceo_and_the_signatories_are_told_once_after_the_last_day(people: list[User]) -> None:
    opened, _links = open_round(people[0])
    run_daily_checks()
    assert not Notice.objects.exists()
    with time_machine.travel(in_days(8)):
        run_daily_checks()
        run_daily_checks()
    assert {notice.user for notice in Notice.objects.all()} == set(people[:3])
    assert Notice.objects.count() == 3
    event = Notice.objects.select_related("event").first().event  # type: ignore[union-attr]
    assert event.title == "The round “Autumn” has ended. Its results are ready."
    assert event.link == f"/rounds/{opened.pk}/results/"


def test_a_round_that_is_closed_early_is_told_of_at_once_and_not_again(people: list[User]) -> None:
    opened, _links = open_round(people[0])
    actions.close_round(by=people[0], of=opened)
    assert Notice.objects.count() == 3
    with time_machine.travel(in_days(8)):
        run_daily_checks()
    assert Notice.objects.count() == 3


def test_rounds_of_long_ago_are_not_told_of(people: list[User]) -> None:
    open_round(people[0])
    with time_machine.travel(in_days(20)):
        run_daily_checks()
    assert not Notice.objects.exists()


def test_links_are_deleted_a_month_after_the_end(people: list[User]) -> None:
    open_round(people[0])
    with time_machine.travel(in_days(37)):
        run_daily_checks()
        assert InvitationLink.objects.count() == 11
    with time_machine.travel(in_days(39)):
        run_daily_checks()
        assert not InvitationLink.objects.exists()
