"""How the deals stood is stored in the night, and asked of the store only while it is of the same records and day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from crm.models import StageChange
from facts.engine import Facts, open_facts
from facts.refresh import refresh
from facts.steps import ordered_steps
from forecast.facts import DEAL_STATES
from forecast.history import deal_states, with_progress
from forecast.states import read_states
from forecast.steps import update_states
from team.models import Company
from tests import make

MARCH = datetime(2026, 3, 2, 9, tzinfo=UTC)


def run_step() -> int:
    return update_states(lambda *_: None)


def today_of(facts: Facts) -> date:
    assert facts.as_of
    return facts.as_of.astimezone(Company.get().zone).date()


def is_stored(facts: Facts, day: date) -> bool:
    return getattr(read_states(facts, day).op(), "name", "") == DEAL_STATES.name


@pytest.fixture
def deals(company: Company) -> list[Any]:
    first = make.opportunity(amount=Decimal("100.01"), stage="Offer", opened_on=MARCH.date())
    make.record(
        StageChange,
        opportunity=first,
        stage="Visit",
        entered_at=MARCH,
        amount=Decimal(80),
        expected_close_on=date(2026, 5, 1),
    )
    make.record(
        StageChange, opportunity=first, stage="Offer", entered_at=MARCH + timedelta(days=9), amount=Decimal(90), expected_close_on=date(2026, 6, 1)
    )  # fmt: skip
    return [first, make.opportunity(amount=Decimal(50), outcome="won", closed_at=MARCH)]


def test_what_is_stored_is_what_the_records_tell(deals: list[Any]) -> None:
    refresh()
    live = open_facts()
    computed = live.execute(with_progress(deal_states(live, today_of(live))))
    assert run_step() == len(computed) > len(deals)
    facts = open_facts()
    stored = facts.execute(read_states(facts, today_of(facts)))
    assert is_stored(facts, today_of(facts))
    assert _as_text(stored) == _as_text(computed)


def _as_text(frame: Any) -> list[dict[str, str]]:
    """Return the rows in order without what only the computation needs."""
    names = [column.name for column in DEAL_STATES.columns if column.name != "id"]
    rows = frame.sort_values(["deal_id", "number"])[names].astype(object)
    return [
        {name: "" if pd.isna(value) else str(value) for name, value in row.items()} for row in rows.to_dict("records")
    ]


def test_it_is_stored_once_and_again_after_a_change(deals: list[Any]) -> None:
    refresh()
    assert run_step() > 0
    assert run_step() == 0
    make.opportunity(amount=Decimal(7), opened_on=MARCH.date())
    refresh()
    facts = open_facts()
    assert not is_stored(facts, today_of(facts))  # older than the records: computed until the step has run
    assert len(facts.execute(read_states(facts, today_of(facts)).select("deal_id").distinct())) == 3
    assert run_step() > 0
    assert is_stored(open_facts(), today_of(open_facts()))


def test_another_day_or_time_zone_is_computed_anew(deals: list[Any], company: Company) -> None:
    refresh()
    run_step()
    facts = open_facts()
    day = today_of(facts)
    assert is_stored(facts, day)
    assert not is_stored(facts, day + timedelta(days=1))
    company.time_zone = "Pacific/Auckland"
    company.save()
    assert not is_stored(facts, day)


def test_the_step_runs_before_the_metrics_that_need_it() -> None:
    names = [step.name for step in ordered_steps()]
    assert names.index("deal_states") < names.index("forecast") < names.index("metrics")
