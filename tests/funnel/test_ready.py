"""One signed threshold a door: the MQL and PQL stages follow it, in the run over all as for one buyer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agreements.actions import draft_version, propose_version, sign_version
from crm.models import Lead, Touch, UsageEvent
from facts.refresh import refresh
from funnel.classify import classify_few
from funnel.definitions import in_force
from funnel.evaluate_one import evaluate_stage
from funnel.models import Move
from scoring.batch_scoring import score_all
from scoring.defaults import PQL_TERMS
from scoring.score_now import score_leads
from team.models import User
from tests import make
from tests.funnel.conftest import Run, deal, lead, way

Sign = Callable[[dict[str, Any], str], None]
ANSWERED = {"events": "touches", "points": 10, "half_life": 30}


@pytest.fixture
def sign_model(cmo: User, cro: User) -> Sign:
    def go(terms: dict[str, Any], key: str) -> None:
        version = propose_version(
            by=cmo, version=draft_version(by=cmo, kind="score", key=key, title=key, text="Points.", terms=terms)
        )
        sign_version(by=cro, version=version)

    return go


def scored() -> None:
    refresh()
    score_all()


def touched(found: Lead, *days: float) -> None:
    for day in days:
        make.record(Touch, lead=found, happened_at=timezone.now() - timedelta(days=day))


def holds(found: Lead, stage: str) -> bool:
    wanted = in_force().get(stage)
    assert wanted is not None
    return evaluate_stage(found, wanted)[0]


def test_a_lead_is_an_mql_when_its_faded_score_reaches_the_signed_threshold(run: Run, sign_model: Sign) -> None:
    sign_model({"threshold": 15, "engagement": {"Answered": ANSWERED}}, "leads")
    ready, faded = lead("2026-01-05"), lead("2026-01-05")
    touched(ready, 0.1, 0.2), touched(faded, 30, 31)
    scored()
    run()
    assert [stage for stage, _ in way(ready)] == ["inquiry", "mql"]
    assert [stage for stage, _ in way(faded)] == ["inquiry"]
    assert [holds(found, "mql") for found in (ready, faded)] == [True, False]
    (said,) = ready.moves.get(stage="mql").evidence["held"].items()
    assert said == ("ready by the signed threshold of the score is yes", "true")


def test_each_door_has_a_score_of_its_own(run: Run, sign_model: Sign) -> None:
    sign_model({"threshold": 15, "engagement": {"Answered": ANSWERED}}, "leads")
    sign_model(PQL_TERMS, "use")
    used, answered = lead("2026-01-05"), lead("2026-01-05")
    for day in range(10):
        make.record(UsageEvent, lead=used, happened_at=timezone.now() - timedelta(days=day))
    touched(answered, 0.1, 0.2)
    scored()
    run()
    assert [stage for stage, _ in way(used)] == ["inquiry", "pql"]
    assert [stage for stage, _ in way(answered)] == ["inquiry", "mql"]
    assert [holds(used, stage) for stage in ("mql", "pql")] == [False, True]
    assert [holds(answered, stage) for stage in ("mql", "pql")] == [True, False]


def test_while_no_model_is_signed_no_one_is_ready(run: Run) -> None:
    found = lead("2026-01-05")
    touched(found, 0.1)
    run()
    assert not holds(found, "mql")
    assert [stage for stage, _ in way(found)] == ["inquiry"]


def test_a_few_at_once_enter_what_the_run_over_all_lets_them_enter(run: Run, sign_model: Sign) -> None:
    sign_model({"threshold": 15, "engagement": {"Answered": ANSWERED}}, "leads")
    leads = [lead("2026-01-05", history={"MQL": "2026-01-07T10:00:00"} if n == 2 else None) for n in range(4)]
    touched(leads[0], 0.1, 0.2), touched(leads[1], 40)
    deal(leads[3], "2026-02-01", "won", "2026-03-01")
    score_leads(leads)
    assert classify_few(leads) == 8
    at_once = [way(found) for found in leads]
    assert [[stage for stage, _ in each] for each in at_once] == [
        ["inquiry", "mql"], ["inquiry"], ["inquiry", "mql"], ["inquiry", "sql", "won"],
    ]  # fmt: skip
    assert (classify_few(leads), run()) == (0, 0)
    Move.objects.all().delete()
    run()
    assert [way(found) for found in leads] == at_once
