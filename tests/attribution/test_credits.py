"""Which touches get the credit of which lead or deal, and how much of it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from team.models import Company
from tests.kpis.memory_facts import MemoryFacts

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def on_day(number: int, hour: int = 9) -> datetime:
    return START.replace(hour=hour) + timedelta(days=number)


def touch(number: int, channel: str = "mail", **fields: Any) -> dict[str, Any]:
    return {"happened_at": on_day(number), "channel": channel, "lead_id": 1, **fields}


def won(number: int, amount: int = 100, **fields: Any) -> dict[str, Any]:
    return {"outcome": "won", "amount": Decimal(amount), "closed_at": on_day(number), "lead_id": 1, **fields}


def credit(
    facts: MemoryFacts, company: Company, model: str = "linear", column: str = "opportunity_id"
) -> dict[Any, Any]:
    """Return the credited touches of each outcome, in their order, as touch or channel and weight."""
    facts.add_credits(company)
    rows = facts.execute(facts.table("credits").order_by("id"))
    given: dict[Any, Any] = defaultdict(list)
    for row in rows.to_dict("records"):
        if row[column] == row[column] and row[f"{model}_weight"]:
            name = int(row["touch_id"]) if row["touch_id"] == row["touch_id"] else row["channel"]
            given[int(row[column])].append((name, float(row[f"{model}_weight"])))
    return dict(given)


def approx(*pairs: tuple[Any, float]) -> list[Any]:
    return [(name, pytest.approx(weight, abs=1e-9)) for name, weight in pairs]


def test_touches_up_to_the_close_count_and_later_ones_do_not(company: Company) -> None:
    facts = MemoryFacts(leads=[{}], touches=[touch(1), touch(5), touch(6)], opportunities=[won(5)])
    assert credit(facts, company)[1] == approx((1, 0.5), (2, 0.5))


def test_a_close_without_a_time_takes_its_whole_local_day(company: Company) -> None:
    company.time_zone = "Europe/Berlin"
    late = datetime(2026, 3, 7, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    facts = MemoryFacts(
        leads=[{}],
        touches=[touch(0, happened_at=late), touch(0, happened_at=late + timedelta(hours=1))],
        opportunities=[won(5, closed_at=None, closed_on=date(2026, 3, 7))],
    )
    assert credit(facts, company)[1] == approx((1, 1))


def test_a_journey_is_that_of_the_company_or_of_the_person(company: Company) -> None:
    facts = MemoryFacts(
        accounts=[{}],
        contacts=[{"account_id": 1}, {"account_id": 1}],
        leads=[{"account_id": 1}, {"contact_id": 2}],
        touches=[
            touch(1),
            touch(2, lead_id=None, contact_id=1),
            touch(3, lead_id=2),
            touch(4, lead_id=None, contact_id=2),
        ],
        opportunities=[won(9, lead_id=None, contact_id=2, account_id=1)],
    )
    assert credit(facts, company)[1] == approx(*((number, 0.25) for number in (1, 2, 3, 4)))
    company.journey_basis = Company.JourneyBasis.PERSON
    assert credit(facts, company)[1] == approx((3, 0.5), (4, 0.5))


def test_what_was_earned_by_one_deal_is_not_earned_again_by_the_next(company: Company) -> None:
    facts = MemoryFacts(
        leads=[{}], touches=[touch(1), touch(5), touch(8)], opportunities=[won(3), won(9, opened_on=date(2026, 3, 6))]
    )
    assert credit(facts, company) == {1: approx((1, 1)), 2: approx((2, 0.5), (3, 0.5))}


def test_deals_that_are_open_at_the_same_time_share_touches(company: Company) -> None:
    early = date(2026, 3, 2)
    facts = MemoryFacts(
        leads=[{}], touches=[touch(1), touch(5)], opportunities=[won(3, opened_on=early), won(9, opened_on=early)]
    )
    assert credit(facts, company) == {1: approx((1, 1)), 2: approx((1, 0.5), (2, 0.5))}


def test_touches_on_open_deals_count_and_those_on_lost_ones_go_on_to_the_next(company: Company) -> None:
    facts = MemoryFacts(
        leads=[{}, {}],
        touches=[touch(1), touch(2, lead_id=2), touch(4, lead_id=2)],
        opportunities=[
            won(3, outcome="open", closed_at=None),
            won(3, outcome="lost", lead_id=2),
            won(6, lead_id=2),
        ],
    )
    assert credit(facts, company) == {1: approx((1, 1)), 3: approx((2, 0.5), (3, 0.5))}


def test_milestones_are_the_touches_that_were_last_before_them(company: Company) -> None:
    facts = MemoryFacts(
        leads=[{"created_at": on_day(2, 10)}],
        touches=[touch(number) for number in (1, 2, 3, 4, 6)],
        opportunities=[won(7, created_at=on_day(5))],
    )
    assert credit(facts, company, "w_shaped")[1] == approx((1, 0.3), (2, 0.3), (3, 0.05), (4, 0.3), (5, 0.05))


def test_a_lead_is_credited_to_the_touches_of_its_day_and_before(company: Company) -> None:
    facts = MemoryFacts(
        leads=[{"created_at": on_day(2, 8)}, {"created_at": on_day(0, 8)}],
        touches=[touch(1), touch(2), touch(3), touch(0, lead_id=2)],
    )
    assert credit(facts, company, column="lead_id") == {1: approx((1, 0.5), (2, 0.5)), 2: approx((4, 1))}


def test_incoming_activities_count_unless_the_company_says_otherwise(company: Company) -> None:
    facts = MemoryFacts(
        leads=[{}],
        touches=[touch(1)],
        activities=[
            {"direction": "incoming", "kind": "Call", "lead_id": 1, "happened_at": on_day(2)},
            {"direction": "outgoing", "kind": "Call", "lead_id": 1, "happened_at": on_day(3)},
        ],
        opportunities=[won(5)],
    )
    assert credit(facts, company)[1] == approx((1, 0.5), ("Incoming call", 0.5))
    company.counts_incoming_activities = False
    assert credit(facts, company)[1] == approx((1, 1))


def test_a_channel_is_the_touchs_own_else_that_of_its_campaign_else_its_kind(company: Company) -> None:
    facts = MemoryFacts(
        leads=[{}],
        campaigns=[{"kind": "Fair"}],
        touches=[
            touch(1, campaign_id=1),
            touch(2, None, campaign_id=1),
            touch(3, None, kind="Click"),
            touch(4, None),
        ],
        opportunities=[won(5)],
    )
    facts.add_credits(company)
    names = facts.execute(facts.table("credits").order_by("id"))["channel"]
    assert list(names)[:4] == ["mail", "Fair", "Click", "Other"]


Path = tuple[str, int, int]  # channels in their order, conversions, ends without one
GOLDEN: dict[str, tuple[list[Path], dict[str, float], dict[str, float]]] = {
    "A": (
        [("g", 2, 0), ("m", 1, 0), ("gm", 1, 0), ("g", 0, 1)],
        {"g": 2.4, "m": 1.6},
        {"g": 2.5, "m": 1.5},
    ),
    "C": (
        [("ABAC", 3, 2), ("BBC", 1, 4), ("CA", 2, 2), ("A", 1, 5), ("BA", 0, 3)],
        {"A": 2.691950, "B": 1.819269, "C": 2.488781},
        {"A": 3, "B": 1.5, "C": 2.5},
    ),
}


def facts_of_paths(paths: Iterable[Path]) -> MemoryFacts:
    touches, deals, leads = [], [], []
    for channels, conversions, nulls in paths:
        for turn in range(conversions + nulls):
            leads.append({})
            touches += [touch(number, channel, lead_id=len(leads)) for number, channel in enumerate(channels)]
            if turn < conversions:
                deals.append(won(20, amount=1, lead_id=len(leads)))
    return MemoryFacts(leads=leads, touches=touches, opportunities=deals)


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize(("model", "column"), [("markov", 1), ("shapley", 2)])
def test_channels_get_what_the_published_vectors_say(name: str, model: str, column: int, company: Company) -> None:
    """Credit is the removal effect as a share of all, not by the channels that happen to be in a journey (2.6 and 1.4)."""
    facts = facts_of_paths(GOLDEN[name][0])
    facts.add_credits(company)
    rows = facts.execute(facts.table("credits").filter(facts.table("credits").opportunity_id.notnull()))
    sums = rows.groupby("channel")[f"{model}_weight"].sum()
    expected: dict[str, float] = GOLDEN[name][column]  # type: ignore[assignment]
    assert {key: float(value) for key, value in sums.items()} == pytest.approx(expected, abs=1e-6)
    for _deal, weights in rows.groupby("opportunity_id")[f"{model}_weight"]:
        assert sum(map(Fraction, weights)) == 1


def test_a_channel_that_alone_brought_more_than_its_share_keeps_every_sum(company: Company) -> None:
    """The chain of B gives C1 a fifth, though C1 was in the only deal with an amount: the rest has no touch."""
    facts = facts_of_paths([("g", 5, 0), ("mg", 1, 9), ("m", 1, 30)])
    facts.add_credits(company)
    rows = facts.execute(facts.table("credits").filter(facts.table("credits").opportunity_id.notnull()))
    for model in Company.AttributionModel.values:
        for _deal, weights in rows.groupby("opportunity_id")[f"{model}_weight"]:
            assert sum(map(Fraction, weights)) == 1, model
    detached = rows[rows["touch_id"].isna()]
    assert len(detached)
    assert set(detached["channel"]) <= {"g", "m"}
    assert (detached["linear_weight"] == 0).all()
