"""Detectors that read what both sides signed and how scores fared: each alerts on a case, and is silent on its healthy twin."""

from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from django.utils import timezone

from agreements import actions
from agreements.models import Version
from alarms.context import Context
from alarms.judges import Watch, judge
from alarms.registry import Finding, declared_detectors
from core.work import State
from crm.models import Owner
from scoring.models import Proof
from scoring.proof.evidence import OutcomeContext, gather_evidence
from team.models import Company, User
from tests.alarms.detector_cases import TODAY
from tests.funnel.handoff_factory import handed, local, owing, seller, signed
from tests.kpis.memory_facts import MemoryFacts

pytestmark = pytest.mark.django_db


def look(key: str, today: date = TODAY) -> Finding:
    detector = next(detector for detector in declared_detectors() if detector.key == key)
    return judge(Context(MemoryFacts(), today, "EUR"), Watch(detector))  # type: ignore[arg-type]


def days_on(days: int) -> date:
    """Return a day after the one on which the test signs: what was signed is not dated back."""
    return Company.today() + timedelta(days=days)


@pytest.fixture
def ada(cmo: User, cro: User, ceo: User, company: Company) -> Owner:
    signed(cmo, cro, since=local("2026-08-01T00:00:00"))
    return seller("Ada", cro)


def test_a_month_with_fewer_leads_than_owed_alerts(ada: Owner, cmo: User, cro: User) -> None:
    assert "No SLA of Marketing was active" in look("marketing_sla_missed").judgement.reason
    owing(cmo, cro, "2026-09-20T00:00:00", pipeline_value="0.00")
    for day in (5, 6):
        handed(local(f"2026-10-{day:02}T10:00:00"))
    short = look("marketing_sla_missed")
    assert short.judgement.is_bad
    assert short.sentence == "In October 2026 Marketing delivered 2 of 3 leads and €0 of €0 of pipeline."
    assert short.cost_cases == 12  # one lead a month
    handed(local("2026-10-07T10:00:00"))
    healthy = look("marketing_sla_missed")
    assert (healthy.judgement.is_bad, healthy.judgement.reason, healthy.cost_cases) == (False, "", 0)


def test_a_definition_in_the_place_of_another_alerts_for_a_week_and_a_first_one_does_not(cmo: User, cro: User) -> None:
    signed(cmo, cro)
    assert not look("definition_changed", days_on(1)).judgement.is_bad
    signed(cmo, cro, response=2)
    changed = look("definition_changed", days_on(1))
    assert changed.judgement.is_bad
    assert changed.sentence == "1 definition changed in the last 7 days: SLA of Sales."
    assert not look("definition_changed", days_on(9)).judgement.is_bad


def evidence_of(strength: float, n: int = 2_000) -> dict[str, object]:
    """Return what validation finds of a score that tells the won apart by so many standard deviations."""
    chance = np.random.default_rng(5)
    won = chance.random(n) < 0.2
    asked = pd.Timestamp("2025-01-03", tz="UTC") + pd.to_timedelta(np.arange(n) * 500 / n, unit="D")
    rows = {"lead_id": np.arange(n), "score": chance.normal(50, 10, n) + strength * 10 * won, "won": won}
    frame = pd.DataFrame({**rows, "revenue": np.where(won, 1_000.0, 0.0), "asked_at": asked, "accepted": None})
    frame["accepted"] = frame["accepted"].astype("boolean")
    return asdict(gather_evidence(frame, 60, OutcomeContext(currency="EUR", zone="Europe/Berlin")))


def test_a_score_that_tells_no_one_apart_alerts_and_one_that_works_does_not(cmo: User, cro: User) -> None:
    terms = {"threshold": 60, "fit": {"Large": {"rule": {"field": "employees", "is": ">=", "value": 50}, "points": 70}}}
    draft = actions.draft_version(by=cmo, kind="score", key="fit", title="Fit", text="Points.", terms=terms)
    version = actions.sign_version(by=cro, version=actions.propose_version(by=cmo, version=draft))
    assert "enough outcomes" in look("score_without_lift").judgement.reason

    def prove(key: str, strength: float) -> None:
        Proof.objects.create(
            key=key, version=version, state=State.DONE, as_of=timezone.now(), evidence=evidence_of(strength)
        )

    prove("noise", strength=0)
    useless = look("score_without_lift")
    assert useless.judgement.is_bad
    assert useless.sentence.startswith("Fit: This score does not work")
    prove("later", strength=1.5)
    works = look("score_without_lift")
    assert not works.judgement.is_bad
    assert works.judgement.is_calm


def propose_message(by: User, review_on: date | None = None) -> Version:
    draft = actions.draft_version(
        by=by, kind="message", key="one", title="Message", text="We save you time.", review_on=review_on
    )
    return actions.propose_version(by=by, version=draft)


def test_what_is_disputed_or_past_its_review_is_to_settle_each_agreement_once(cmo: User, cro: User, cfo: User) -> None:
    actions.sign_version(by=cro, version=propose_message(cmo, review_on=days_on(30)))
    assert not look("agreements_unsettled", days_on(30)).judgement.is_bad
    assert look("agreements_unsettled", days_on(31)).sentence == "To settle: 1 review overdue."
    newer = propose_message(cmo)
    assert not look("agreements_unsettled", days_on(13)).judgement.is_bad
    late = look("agreements_unsettled", days_on(31))
    assert late.sentence == "To settle: 1 agreement unsigned for 14 days, 1 review overdue."
    assert late.evidence[0].count == 1  # one agreement
    actions.dispute_version(by=cro, version=newer, reason="Too long")
    assert look("agreements_unsettled", days_on(1)).sentence == "To settle: 1 agreement disputed."
    actions.withdraw_version(by=cmo, version=newer)
    actions.sign_version(by=cro, version=propose_message(cmo))
    assert not look("agreements_unsettled", days_on(31)).judgement.is_bad
