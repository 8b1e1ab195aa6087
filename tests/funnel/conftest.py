"""What the funnel's tests share: a small book of leads, and a run over it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm.models import Lead, Owner, StageChange
from facts.refresh import refresh
from funnel.classify import classify_buyers
from team.models import User
from tests import make
from tests.funnel.handoff_factory import seller

BERLIN = ZoneInfo("Europe/Berlin")
Run = Callable[..., int | None]


@pytest.fixture
def run(company: Any) -> Run:
    """Copy the records to the facts and write the moves; another refresh lets the numbers know them."""

    def go(**options: Any) -> int | None:
        refresh()
        written = classify_buyers(**options)
        refresh()
        return written

    return go


@pytest.fixture
def ada(cro: User) -> Owner:
    return seller("Ada", cro)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def lead(first_contact: str, *, history: dict[str, str] | None = None, **fields: Any) -> Lead:
    """A lead with the history that its source kept: {stage: moment}."""
    found = make.lead(first_contact_on=date.fromisoformat(first_contact), **fields)
    for stage, moment in (history or {}).items():
        make.record(StageChange, lead=found, track="lifecycle", stage=stage, entered_at=at(moment))
    return found


def deal(of: Lead, opened: str | None, outcome: str = "open", closed: str | None = None, **fields: Any) -> Any:
    return make.opportunity(
        lead=of, opened_on=opened and date.fromisoformat(opened), outcome=outcome,
        closed_on=closed and date.fromisoformat(closed), **fields,
    )  # fmt: skip


def way(of: Lead) -> list[tuple[str, str]]:
    """The stages a lead entered with their local days, in the order of time."""
    return [
        (move.stage, move.entered_at.astimezone(BERLIN).date().isoformat())
        for move in of.moves.order_by("entered_at", "pk")
    ]
