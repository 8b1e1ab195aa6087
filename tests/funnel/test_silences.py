"""How long an enquiry lies still: up to the next hand-over or the answer, in business time."""

from datetime import UTC, datetime

import pytest

from crm import models as crm
from facts.engine import open_facts
from facts.refresh import refresh
from funnel.silences import compute_silences, find_silences, update_silences
from team.models import Company
from tests import make


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_a_silence_ends_with_the_next_hand_over_or_the_answer() -> None:
    silences = find_silences([(2, at(4, 9)), (1, at(3, 9))], at(5, 9))
    assert [(silence.key, silence.until) for silence in silences] == [(1, at(4, 9)), (2, at(5, 9))]
    assert [silence.until for silence in find_silences([(1, at(3, 9))], None)] == [None]
    assert find_silences([(1, at(3, 9))], at(2, 9)) == []
    assert find_silences([], at(2, 9)) == []


@pytest.mark.django_db(transaction=True)
def test_silences_are_in_business_time_and_written_once(company: Company) -> None:
    Company.objects.update(time_zone="UTC")
    ada, bob = make.owner(), make.owner()
    enquiry = make.record(crm.Enquiry, answered_at=at(9, 10))  # Monday
    friday = make.record(crm.EnquiryHandover, enquiry=enquiry, from_owner=ada, to_owner=bob, handed_at=at(6, 16))
    make.record(crm.EnquiryHandover, enquiry=enquiry, from_owner=bob, to_owner=bob, handed_at=at(9, 9))  # to itself
    open_one = make.record(crm.EnquiryHandover, enquiry=make.record(crm.Enquiry), to_owner=bob, handed_at=at(6, 16))
    rows = [row for batch in compute_silences() for row in batch.to_pylist()]
    assert {row["id"]: row["seconds"] for row in rows} == {friday.pk: 7200.0, open_one.pk: None}
    refresh()
    assert update_silences(lambda *_: None) == 2
    assert update_silences(lambda *_: None) == 0
    assert open_facts().execute(open_facts().table("silences").count()).iat[0, 0] == 2
