"""A signature is followed by a run of itself: scores, stages and the inbox stand by the new threshold, no one looking."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agreements.actions import draft_version, end_expired_versions, propose_version, sign_version
from agreements.models import Version
from core.work import State
from crm.models import Touch
from funnel.models import HandOff, Move
from kpis import nightly
from kpis.models import NightlyRun
from kpis.nightly import queue_what_is_due
from scoring.models import Score
from team.models import User
from tests import make
from tests.funnel.handoff_factory import local, seller
from tests.funnel.handoff_factory import signed as sla_signed
from tests.kpis.running import go_on, keys

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _to_the_inbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the chain computes behind the inbox is not asked here."""
    chain = [step for step in nightly.ordered_steps() if step.name not in {"metrics", "dashboard"}]
    monkeypatch.setattr(nightly, "ordered_steps", lambda: chain)


@pytest.fixture
def sign_score(cmo: User, cro: User) -> Any:
    def go(threshold: float, **fields: Any) -> Version:
        terms = {"threshold": threshold, "engagement": {"Answered": {"events": "touches", "points": 10}}}
        version = draft_version(by=cmo, kind="score", key="leads", title="Leads", text="Points.", terms=terms, **fields)
        return sign_version(by=cro, version=propose_version(by=cmo, version=version))

    return go


def beat() -> list[str]:
    """What the bell finds: the runs that are due, performed."""
    queue_what_is_due()
    waiting = list(NightlyRun.objects.filter(state=State.QUEUED).order_by("pk"))
    for run in waiting:
        done = go_on(run)
        assert done.state == State.DONE, done.last_error
    return [run.key.split(":")[0] for run in waiting]


def quiet() -> None:
    """The night is over, and all that was signed so far is known."""
    queue_what_is_due()
    NightlyRun.objects.update(state=State.DONE, started_at=timezone.now())


def test_what_is_signed_is_followed_down_to_the_inbox(sign_score: Any, cmo: User, cro: User) -> None:
    seller("Ada", cro)
    sla_signed(cmo, cro, since=local("2026-11-01T00:00:00"))
    lead = make.lead(first_contact_on=timezone.localdate() - timedelta(days=3))
    for days in (1, 2):
        make.record(Touch, lead=lead, happened_at=timezone.now() - timedelta(days=days))
    sign_score(30)
    assert beat() == ["nightly"], "the night's run waits and will see it"
    assert Score.objects.get().score == 20
    assert not Move.objects.filter(stage="mql").exists()
    sign_score(15)
    assert beat() == ["signed"]
    assert lead.moves.get(stage="mql")
    handed = HandOff.objects.get(lead=lead)
    assert (handed.score, handed.to_owner is not None, handed.due_at is not None) == (20, True, True)
    assert beat() == []


def test_what_does_not_concern_the_chain_asks_for_no_run(company: Any, cmo: User, cro: User) -> None:
    quiet()
    word = draft_version(by=cmo, kind="term", key="lead", title="Lead", text="Anyone who may buy.")
    sign_version(by=cro, version=propose_version(by=cmo, version=word))
    queue_what_is_due()
    assert [key for key in keys() if key.startswith("signed")] == []


def test_what_runs_out_is_followed_too_and_once(sign_score: Any, cro: User) -> None:
    version = sign_score(15, expires_on=timezone.localdate() + timedelta(days=1))
    quiet()
    Version.objects.filter(pk=version.pk).update(expires_on=timezone.localdate() - timedelta(days=2))
    assert end_expired_versions() == 1
    for _ in range(3):
        queue_what_is_due()
    (run,) = NightlyRun.objects.filter(kind=NightlyRun.Kind.SIGNED)
    assert run.state == State.QUEUED
