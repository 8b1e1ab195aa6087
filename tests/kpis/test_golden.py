"""Golden numbers, and errors that other products make in the same metrics: each is a test that we do not."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from core import periods
from kpis.metrics.money import gap_to_benchmark
from tests.kpis.ask_metric import ask, parts
from tests.kpis.memory_facts import MemoryFacts

YEAR = periods.year_period(2025)
DAY = date(2025, 5, 5)


def won(amount: Any, **more: Any) -> dict[str, Any]:
    return {"outcome": "won", "amount": Decimal(str(amount)), "closed_on": DAY, **more}


def test_applexus_makes_117_percent_and_the_gap_to_152_is_worth_four_million_or_one_point_six() -> None:
    facts = MemoryFacts(
        invoices=[{"issued_on": DAY, "amount": Decimal("25000000")}, {"issued_on": DAY, "amount": Decimal("300000"), "kind": "credit"}],
        spend=[{"spent_on": DAY, "amount": Decimal("11400000")}],
    )  # fmt: skip
    smroi = ask(facts, "smroi", YEAR)
    assert round(float(smroi.value or 0) * 100) == 117
    assert (smroi.numerator, smroi.denominator, smroi.n) == (Decimal("13300000.00"), Decimal("11400000.00"), 3)
    gap = gap_to_benchmark(Decimal("13300000"), Decimal("11400000"), Decimal("1.52"))
    assert gap["revenue"] == Decimal("24700000")
    assert round(gap["extra_revenue"] / 10**6, 1) == Decimal("4.0")
    assert round(gap["spend_saved"] / 10**6, 1) == Decimal("1.6")


def test_the_two_gaps_close_the_distance_exactly() -> None:
    """With the extra revenue, or without the spend to be saved, SMROI is the benchmark."""
    revenue, spend, benchmark = Decimal("24700000"), Decimal("11400000"), Decimal("1.52")
    gap = gap_to_benchmark(revenue - spend, spend, benchmark)
    assert (revenue + gap["extra_revenue"] - spend) / spend == benchmark
    less = spend - gap["spend_saved"]
    assert round((revenue - less) / less, 12) == benchmark


def test_pink_has_half_more_leads_and_blue_nearly_five_times_the_revenue() -> None:
    leads = [{"campaign_id": 1, "first_contact_on": DAY}] * 150 + [{"campaign_id": 2, "first_contact_on": DAY}] * 100
    deals = [won(10_000, campaign_id=1)] * 10 + [won(48_000, campaign_id=2)] * 10
    facts = MemoryFacts(campaigns=[{"name": "Pink"}, {"name": "Blue"}], leads=leads, opportunities=deals)
    by_leads = parts(ask(facts, "campaign_leads", YEAR, "campaign"))
    by_revenue = parts(ask(facts, "campaign_revenue", YEAR, "campaign"))
    assert {name: part.value for name, part in by_leads.items()} == {"Pink": 150, "Blue": 100}
    assert {name: part.value for name, part in by_revenue.items()} == {
        "Pink": Decimal(100_000),
        "Blue": Decimal(480_000),
    }


def test_a_campaigns_cost_is_counted_once_and_not_for_each_deal_it_won() -> None:
    """SuiteCRM joins the cost to every won deal: cost 100, three deals of 100 show a return of 0 %; it is 200 %."""
    facts = MemoryFacts(
        campaigns=[{"name": "Fair"}],
        opportunities=[won(100, campaign_id=1)] * 3,
        spend=[{"spent_on": DAY, "amount": Decimal(100), "campaign_id": 1}],
    )
    assert ask(facts, "campaign_roi", YEAR).value == 2.0
    assert parts(ask(facts, "campaign_roi", YEAR, "campaign"))["Fair"].value == 2.0
    assert ask(facts, "campaign_spend", YEAR).value == Decimal(100)


def test_a_lost_deal_adds_nothing_to_what_is_expected() -> None:
    """Frappe adds the full value of lost deals to its forecast."""
    deal = {"amount": Decimal(1000), "probability": Decimal("0.5")}
    closed = [{**deal, "outcome": outcome, "closed_on": DAY} for outcome in ("won", "lost", "no_decision")]
    facts = MemoryFacts(opportunities=[*closed, {**deal, "amount": Decimal(300)}])
    assert ask(facts, "weighted_pipeline").value == Decimal(150)
    assert ask(facts, "open_pipeline").value == Decimal(300)


def test_observed_chances_count_a_reentry_once_and_keep_the_lost() -> None:
    """Frappe counts every status change, and forgets deals that were lost since: its rates survive by selection."""
    deals = [won(10)] + [{"outcome": "lost", "closed_on": DAY}] * 3 + [{"stage": "Offer", "amount": Decimal(1000)}]
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    history = [{"opportunity_id": deal, "stage": "Offer", "entered_at": moment} for deal in (1, 1, 1, 2, 3, 4, 5)]
    facts = MemoryFacts(opportunities=deals, stage_changes=history)
    assert ask(facts, "weighted_pipeline_observed").value == Decimal(250)


def test_observed_chances_see_stages_passed_and_not_only_the_last() -> None:
    """EspoCRM and DjangoCRM infer the funnel from the last stage, so who moved on is invisible."""
    deals = [
        won(10, stage="Closed Won"),
        {"outcome": "lost", "closed_on": DAY, "stage": "Closed Lost"},
        {"stage": "Demo", "amount": Decimal(100)},
    ]
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    history = [{"opportunity_id": deal, "stage": "Demo", "entered_at": moment} for deal in (1, 2)]
    assert ask(MemoryFacts(opportunities=deals, stage_changes=history), "weighted_pipeline_observed").value == Decimal(
        50
    )


def test_revenue_of_a_deal_goes_to_one_campaign_however_many_touched_it() -> None:
    """Mautic credits the full amount to every campaign of the contact, so its shares add up to more than all."""
    touched = [
        {"lead_id": 1, "campaign_id": number, "happened_at": datetime(2025, 1, number, tzinfo=UTC)}
        for number in (2, 1, 3)
    ]
    facts = MemoryFacts(
        campaigns=[{"name": "First"}, {"name": "Second"}, {"name": "Third"}],
        leads=[{"first_contact_on": DAY}],
        touches=touched,
        opportunities=[won(900, lead_id=1)],
    )
    revenue = ask(facts, "campaign_revenue", YEAR, "campaign")
    assert revenue.value == sum(part.value for part in revenue.parts) == Decimal(900)  # type: ignore[misc]
    assert parts(revenue)["First"].value == Decimal(900)
    assert parts(ask(facts, "campaign_leads", YEAR, "campaign"))["First"].value == 1


def test_no_join_doubles_a_deal() -> None:
    """BottleCRM sums over a many-to-many join, so what two members share counts twice."""
    facts = MemoryFacts(
        owners=[{"name": "Rita", "manager_id": 2}, {"name": "Mo"}],
        accounts=[{"name": "A", "vertical_id": 1}],
        verticals=[{"name": "Steel"}],
        leads=[{"account_id": 1, "owner_id": 1}],
        touches=[{"lead_id": 1, "campaign_id": 1}] * 3,
        campaigns=[{"name": "C"}],
        opportunities=[won(100, lead_id=1, account_id=1, owner_id=1)],
    )
    for by in ("owner", "manager", "lead_owner", "vertical", "campaign", "account"):
        result = ask(facts, "won_revenue", YEAR, by)
        assert (result.value, [part.n for part in result.parts]) == (Decimal(100), [1])


def test_no_decision_is_a_third_outcome() -> None:
    ends = ["won"] * 5 + ["lost"] * 3 + ["no_decision"] * 2 + ["open"] * 7
    facts = MemoryFacts(opportunities=[{"outcome": end, "closed_on": None if end == "open" else DAY} for end in ends])
    rates = {key: ask(facts, key, YEAR).value for key in ("close_rate", "loss_rate", "no_decision_rate")}
    assert rates == {"close_rate": 0.5, "loss_rate": 0.3, "no_decision_rate": 0.2}
