"""What the tests of scores share: a model that both sides signed, leads with events, and a run."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agreements.actions import draft_version, propose_version, sign_version
from agreements.models import Version
from crm.models import Activity, Lead, Touch, UsageEvent
from facts.refresh import refresh
from scoring.batch_scoring import score_all
from team.models import User
from tests import make

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
Run = Callable[..., int | None]
EVENTS = {"touches": Touch, "activities": Activity, "usage_events": UsageEvent}


@pytest.fixture
def run(company: Any) -> Run:
    """Copy the records to the facts and score the leads."""

    def go(**options: Any) -> int | None:
        refresh()
        return score_all(**{"moment": NOW, **options})

    return go


@pytest.fixture
def signed(cmo: User, cro: User) -> Callable[..., Version]:
    """Bring a model into force: `signed({"threshold": …}, key="leads")`."""

    def bring(terms: dict[str, Any], key: str = "leads") -> Version:
        version = draft_version(by=cmo, kind="score", key=key, title=key, text="Points.", terms=terms)
        propose_version(by=cmo, version=version)
        return sign_version(by=cro, version=version)

    return bring


def terms(**given: Any) -> dict[str, Any]:
    return {"threshold": 20, "position": 0, "leads": None, "fit": {}, "engagement": {}, "groups": {}, **given}


def event(lead: Lead, days_ago: float, name: str = "touches", **fields: Any) -> Any:
    return make.record(EVENTS[name], lead=lead, happened_at=NOW - timedelta(days=days_ago), **fields)


def rule(points: float, **fields: Any) -> dict[str, Any]:
    return {"events": "touches", "points": points, **fields}


def kind(word: str) -> dict[str, Any]:
    return {"field": "kind", "is": "is", "value": word}
