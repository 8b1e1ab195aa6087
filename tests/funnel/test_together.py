"""Two at once: each clock rings once, each lead has one hand-off, and an undo and its effect never both win."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from funnel.handoffs.clock_tick import tick_clocks
from funnel.models import HandOff, Move, Verdict
from funnel.verdicts import actions
from notify.models import Event
from team.models import Company, Role
from tests import make
from tests.funnel.handoff_factory import handed, local, qualified, seller, signed

pytestmark = pytest.mark.django_db(transaction=True)
START = local("2026-11-18T09:00:00")


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Do all of it at the same time, each on a connection of its own; what one refuses is its answer."""
    ready = Barrier(len(works))

    def go(work: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return work()
        except ValidationError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(go, works))


@pytest.fixture
def company_that_sells() -> None:
    company = Company.get()
    company.time_zone = "Europe/Berlin"
    company.save()
    cmo, cro = make.user(Role.CMO), make.user(Role.CRO)
    for name in ("Ada", "Bob"):
        seller(name, cro)
    signed(cmo, cro, since=local("2026-11-01T00:00:00"), reroute=None)


def test_two_looks_at_once_ring_once(company_that_sells: None) -> None:
    for _ in range(30):
        qualified(START)
    at_once(*[lambda: tick_clocks(START)] * 2)
    assert HandOff.objects.count() == 30
    at_once(*[lambda: tick_clocks(START + timedelta(hours=4))] * 2)
    assert Event.objects.filter(kind="funnel.breached").count() == 30
    assert Event.objects.filter(kind="funnel.warned").count() == 0


def test_an_undo_and_its_effect_never_both_win(company_that_sells: None) -> None:
    found = handed(timezone.now())
    assert found.to_owner
    rep = found.to_owner.user
    assert rep
    verdict = actions.accept_lead(by=rep, handoff=found)
    soon = timezone.now() + timedelta(seconds=11)
    at_once(lambda: tick_clocks(soon), lambda: actions.undo_verdict(by=rep, verdict=verdict))
    verdict.refresh_from_db()
    moved = Move.objects.filter(stage="sal").exists()
    assert (verdict.undone_at is None) == moved == (verdict.settled_at is not None)


def test_two_verdicts_at_once_are_one(company_that_sells: None) -> None:
    found = handed(timezone.now())
    assert found.to_owner
    rep = found.to_owner.user
    assert rep
    answers = at_once(
        lambda: actions.accept_lead(by=rep, handoff=found),
        lambda: actions.reject_lead(by=rep, handoff=found, note="No"),
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["ValidationError", "Verdict"]
    assert Verdict.objects.count() == 1
