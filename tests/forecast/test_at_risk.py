"""Which open deals need attention, on any evening."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.periods import Period
from forecast.at_risk import FEWEST_WON, IDLE_DAYS, PUSHED_TIMES, deals_at_risk
from tests.kpis.ask_metric import ask
from tests.kpis.memory_facts import MemoryFacts

TODAY = date(2026, 11, 22)
NOW = Period(date(2026, 10, 1), date(2026, 12, 31))


def entered(deal: int, day: date, stage: str = "Offer", close: date | None = None, amount: int = 100) -> dict[str, Any]:
    moment = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return {
        "opportunity_id": deal,
        "entered_at": moment,
        "stage": stage,
        "amount": Decimal(amount),
        "expected_close_on": close,
    }


def deal(**fields: Any) -> dict[str, Any]:
    return {"amount": Decimal(100), "stage": "Offer", "opened_on": TODAY - timedelta(days=20), **fields}


def risk_of(facts: MemoryFacts, evening: date = TODAY, deal_id: int = 1) -> dict[str, Any]:
    frame = facts.execute(deals_at_risk(facts, [evening], TODAY))
    rows = frame[frame.deal_id == deal_id].to_dict("records")
    return rows[0] if rows else {}


def test_a_deal_past_its_close_date_has_slipped() -> None:
    facts = MemoryFacts(
        opportunities=[deal(expected_close_on=TODAY - timedelta(days=5)), deal(expected_close_on=TODAY)]
    )
    assert risk_of(facts)["days_past"] == 5
    assert risk_of(facts)["is_slipped"]
    assert not risk_of(facts, deal_id=2)["is_slipped"]
    assert ask(facts, "slipped_pipeline", NOW).value == 100


def test_a_close_date_moved_to_a_later_day_is_a_push_and_to_an_earlier_one_is_not() -> None:
    start, ahead = date(2026, 3, 1), TODAY + timedelta(days=9)
    dates = [date(2026, 5, 1), date(2026, 7, 1), date(2026, 6, 1), date(2026, 10, 1), ahead]
    history = [entered(1, start + timedelta(days=30 * n), close=day) for n, day in enumerate(dates)]
    facts = MemoryFacts(opportunities=[deal(opened_on=start, expected_close_on=ahead)], stage_changes=history)
    assert risk_of(facts)["pushes"] == PUSHED_TIMES == 3
    assert risk_of(facts)["is_slipped"]
    assert ask(facts, "deals_pushed_repeatedly", NOW).value == 1
    # As it stood before the last two moves.
    assert risk_of(facts, start + timedelta(days=65))["pushes"] == 1


def test_a_deal_without_change_or_activity_is_idle() -> None:
    quiet = deal(opened_on=TODAY - timedelta(days=IDLE_DAYS), account_id=1)
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    assert risk_of(MemoryFacts(opportunities=[quiet]))["is_idle"]
    own = MemoryFacts(opportunities=[quiet], activities=[{"opportunity_id": 1, "happened_at": moment}])
    assert risk_of(own)["idle_days"] == 2
    of_account = MemoryFacts(opportunities=[quiet], activities=[{"account_id": 1, "happened_at": moment}])
    assert risk_of(of_account)["idle_days"] == 2
    other = MemoryFacts(opportunities=[quiet, deal()], activities=[{"opportunity_id": 2, "happened_at": moment}])
    assert risk_of(other)["is_idle"]
    # What happened later was not known on that evening.
    assert risk_of(own, TODAY - timedelta(days=5))["idle_days"] == IDLE_DAYS - 5


@pytest.mark.parametrize(("won", "is_rotting"), [(FEWEST_WON, True), (FEWEST_WON - 1, False)])
def test_a_deal_longer_in_its_stage_than_nine_of_ten_won_ones_rots(won: int, is_rotting: bool) -> None:
    start = date(2026, 1, 5)
    deals = [deal(opened_on=TODAY - timedelta(days=18), expected_close_on=TODAY)]
    history = [entered(1, TODAY - timedelta(days=18))]
    for number in range(2, won + 2):
        days = number  # in the stage: 2 … 11, nine of ten at most 10.1
        deals.append(deal(opened_on=start, outcome="won", stage="Won", closed_on=start + timedelta(days=days)))
        history.append(entered(number, start))
    facts = MemoryFacts(opportunities=deals, stage_changes=history)
    risk = risk_of(facts)
    assert (risk["stage_days"], bool(risk["is_rotting"])) == (18, is_rotting)
    assert ask(facts, "rotting_pipeline", NOW).value == (100 if is_rotting else 0)
    if is_rotting:
        assert risk["stage_limit"] == pytest.approx(10.1)


def test_a_deal_that_was_closed_on_the_evening_is_not_at_risk() -> None:
    facts = MemoryFacts(
        opportunities=[deal(outcome="lost", closed_on=TODAY - timedelta(days=3), opened_on=date(2026, 1, 1))]
    )
    assert risk_of(facts) == {}
    assert risk_of(facts, TODAY - timedelta(days=4))["is_idle"]


def test_the_limit_of_an_evening_rests_on_deals_won_in_the_year_before_it_whatever_else_is_asked() -> None:
    """An answer must not depend on the other evenings of the question, nor on what was won later."""
    evening = TODAY - timedelta(days=200)
    deals, history = [deal(opened_on=evening - timedelta(days=30), expected_close_on=TODAY)], []
    history.append(entered(1, evening - timedelta(days=30)))
    for number in range(2, FEWEST_WON + 2):
        opened = evening - timedelta(days=60)
        deals.append(deal(opened_on=opened, outcome="won", stage="Won", closed_on=opened + timedelta(days=20)))
        history.append(entered(number, opened))
    for number in range(FEWEST_WON + 2, 2 * FEWEST_WON + 2):  # won after that evening, after a longer stay
        deals.append(deal(opened_on=evening, outcome="won", stage="Won", closed_on=evening + timedelta(days=90)))
        history.append(entered(number, evening))
    facts = MemoryFacts(opportunities=deals, stage_changes=history)
    alone = risk_of(facts, evening)
    assert alone["stage_limit"] == 20
    both = facts.execute(deals_at_risk(facts, [evening, TODAY], TODAY))
    then = both[(both.deal_id == 1) & (both.counted_on.astype(str) == str(evening))].to_dict("records")[0]
    assert then["stage_limit"] == alone["stage_limit"]
    assert then["is_rotting"]
