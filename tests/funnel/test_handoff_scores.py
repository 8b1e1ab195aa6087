"""A hand-off keeps the score as it stood: the kept one, or what the events before that moment make of it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from agreements.actions import draft_version, propose_version, sign_version
from crm.models import Lead, Touch
from facts.refresh import refresh
from funnel.handoffs.scores import scores_at
from scoring.batch_scoring import score_all
from scoring.models import ScoreChange
from team.models import User
from tests import make
from tests.funnel.handoff_factory import enters, handed, local, seller, signed

NOON = local("2026-11-18T12:00:00")


def scored_by(cmo: User, cro: User, points: int = 10, **terms: Any) -> None:
    rule = {"events": "touches", "points": points}
    given = {
        "threshold": 20,
        "position": 0,
        "leads": None,
        "fit": {},
        "engagement": {"touches": rule},
        "groups": {},
        **terms,
    }
    version = propose_version(
        by=cmo, version=draft_version(by=cmo, kind="score", key="all", title="All", text="Points.", terms=given)
    )
    sign_version(by=cro, version=version)


def touched(lead: Lead, **before_noon: float) -> None:
    make.record(Touch, lead=lead, happened_at=NOON - timedelta(**before_noon))


def test_a_hand_off_keeps_the_score_of_its_moment(cmo: User, cro: User) -> None:
    seller("Ada", cro)
    signed(cmo, cro, since=local("2026-11-01T00:00:00"))
    scored_by(cmo, cro)
    lead = make.lead()
    touched(lead, days=2)
    touched(lead, days=1)
    refresh()
    score_all(moment=NOON - timedelta(hours=1))
    enters(lead, NOON)
    assert scores_at({lead.pk: NOON}) == {lead.pk: Decimal("20.00")}
    assert handed(NOON, name="Unknown to the facts").score is None
    assert lead.handoffs.get().score == Decimal("20.00")


def test_a_score_that_was_not_kept_yet_is_made_of_the_events_before(cmo: User, cro: User) -> None:
    scored_by(cmo, cro)
    lead = make.lead()
    for days in (1, 2, 10):
        touched(lead, days=days)
    refresh()
    score_all(moment=NOON)
    assert scores_at({lead.pk: NOON}) == {lead.pk: Decimal("30.00")}
    assert scores_at({lead.pk: NOON - timedelta(days=5)}) == {lead.pk: Decimal("10.00")}
    assert not ScoreChange.objects.exists()


def test_without_a_model_there_is_no_score(company: Any) -> None:
    assert scores_at({make.lead().pk: NOON}) == {}
