"""How both sides behaved: shares of what was due, and inputs that the records do not show are missing."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agreements.models import Version
from alignment.index import behaviour
from alignment.index.behaviour import FEEDBACK, MARKETING_SLA, SALES_SLA, SCORES, VERDICTS, read_behaviour_part
from alignment.index.rules import Input
from core.periods import Period
from facts.engine import open_facts
from funnel.handoffs.marketing_sla import Owed
from funnel.models import Answer, HandOff, Verdict
from funnel.verdicts.report import count_answered_rejections
from scoring.proof.verdict import Verdict as ProofVerdict
from team.models import Company, User
from tests import make

pytestmark = pytest.mark.django_db
DAY = date(2026, 10, 31)


def inputs(day: date = DAY) -> dict[str, Input]:
    return {row.key: row for row in read_behaviour_part(day, open_facts()).inputs}


def owed(month: date, leads: int, value: int, *, is_over: bool = True) -> Owed:
    return Owed(month, leads, 100, Decimal(value), Decimal(1000), "EUR", 0, Version(), is_over, 1.0)


def test_a_company_without_records_has_no_behaviour_and_each_input_says_why(company: Company) -> None:
    part = read_behaviour_part(DAY, open_facts())
    assert part.is_missing
    assert {row.key for row in part.missing} == {SALES_SLA, MARKETING_SLA, VERDICTS, FEEDBACK, SCORES}
    assert all(row.detail for row in part.missing)
    assert part.source.endswith("Import hand-offs and verdicts.")


def test_marketing_is_measured_by_what_it_delivered_of_full_months(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = [
        owed(date(2026, 11, 1), 0, 0, is_over=False),  # the day after is in November, which runs
        owed(date(2026, 10, 1), 50, 1000),  # half of the leads, all of the value
        owed(date(2026, 9, 1), 200, 3000),  # more than all counts as all
    ]
    monkeypatch.setattr(behaviour, "months_owed", lambda today, how_many: months)
    row = inputs()[MARKETING_SLA]
    assert row.score == Decimal("87.5")
    assert row.detail.replace("\u202f", "") == "Delivered: Sep 100%, Oct 75%"


@pytest.mark.parametrize(
    ("kinds", "score"),
    [
        (["works"], "100.0"),
        (["works", "weak"], "75.0"),
        (["chance"], "0.0"),
        (["few"], None),
        (["works", "few"], "100.0"),
        ([None], None),
    ],
)
def test_a_score_that_cannot_be_judged_yet_is_missing(
    company: Company, monkeypatch: pytest.MonkeyPatch, kinds: list[str | None], score: str | None
) -> None:
    verdicts = [("Leads", ProofVerdict(kind, "Too early to say.") if kind else None) for kind in kinds]
    monkeypatch.setattr(behaviour, "verdicts_on", lambda day: verdicts)
    row = inputs()[SCORES]
    assert row.score == (None if score is None else Decimal(score))


def rejection(cmo: User, given_at: datetime, answered_at: datetime | None, **fields: Any) -> None:
    lead = make.lead()
    handoff = HandOff.objects.create(lead=lead, started_at=given_at - timedelta(hours=2))
    verdict = Verdict.objects.create(
        handoff=handoff, lead=lead, answer="rejected", note="No budget", given_by=cmo, given_at=given_at, **fields
    )
    if answered_at:
        Answer.objects.create(verdict=verdict, words="Source closed.", given_by=cmo, given_at=answered_at)


def test_feedback_counts_as_answered_only_by_the_day(company: Company, cmo: User) -> None:
    given = datetime(2026, 10, 5, 12, tzinfo=UTC)
    rejection(cmo, given, given + timedelta(days=3))
    rejection(cmo, given, given + timedelta(days=60))  # in December
    rejection(cmo, given, None, undone_at=given)
    rejection(cmo, given - timedelta(days=200), None)
    assert inputs()[FEEDBACK].detail == "1 of 2 rejections answered"
    assert inputs()[FEEDBACK].score == Decimal("50.0")
    assert count_answered_rejections(Period(date(2026, 10, 1), date(2026, 12, 31))) == (2, 2)
