"""What a question to a metric is answered with: periods, cuts, filters, currencies, quantiles."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from core import periods
from core.number_locale import use_locale
from core.periods import Period
from kpis.compute import compare_periods, compute_metric, compute_trend
from kpis.models import Benchmark
from kpis.registry import BadCut, UnknownMetric, get_metric
from team.models import Company
from tests.kpis.ask_metric import ask, parts
from tests.kpis.memory_facts import MemoryFacts

YEAR = periods.year_period(2025)
DAY = date(2025, 5, 5)


def deal(outcome: str = "won", amount: Any = 100, closed_on: date | None = DAY, **more: Any) -> dict[str, Any]:
    value = None if amount is None else Decimal(str(amount))
    return {"outcome": outcome, "amount": value, "closed_on": None if outcome == "open" else closed_on, **more}


# Periods


def test_both_edges_of_a_period_belong_to_it() -> None:
    days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1)]
    facts = MemoryFacts(opportunities=[deal(closed_on=day) for day in days])
    assert ask(facts, "opportunities_won", YEAR).value == 2


def test_undated_rows_count_only_when_no_dates_are_asked_for() -> None:
    facts = MemoryFacts(opportunities=[deal(closed_on=None), deal()])
    assert ask(facts, "opportunities_won").value == 2
    assert ask(facts, "opportunities_won", Period(date(1900, 1, 1), None)).value == 1
    assert ask(facts, "opportunities_won", Period(None, date(2100, 1, 1))).value == 1


def test_a_moment_belongs_to_the_companys_day_and_not_to_utcs() -> None:
    late = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    assert ask(MemoryFacts(contacts=[{"created_at": late}]), "contacts", YEAR).value == 1
    assert ask(MemoryFacts(zone="America/New_York", contacts=[{"created_at": late}]), "contacts", YEAR).value == 0


def test_an_open_deals_hoped_for_close_is_no_close() -> None:
    """HubSpot writes a close date on every open deal."""
    facts = MemoryFacts(opportunities=[deal("open") | {"closed_on": DAY}, deal()])
    assert ask(facts, "opportunities_closed", YEAR).value == 1
    assert parts(ask(facts, "opportunities_won", by="month"))["2025-05"].n == 1


# Cuts


def test_blank_and_a_literal_unknown_stay_apart() -> None:
    facts = MemoryFacts(leads=[{"lead_source": name} for name in ("", None, "unknown", "unknown", "web")])
    assert {name: part.value for name, part in parts(ask(facts, "leads", by="lead_source")).items()} == {
        "unknown": 2, "web": 1, "(blank)": 2,
    }  # fmt: skip
    assert ask(facts, "leads", where={"lead_source": "(blank)"}).value == 2


def test_two_people_of_one_name_are_two_parts_and_a_filter_by_name_means_both() -> None:
    facts = MemoryFacts(
        owners=[{"name": "Kim", "external_id": "a"}, {"name": "Kim", "external_id": "b"}],
        opportunities=[deal(owner_id=1), deal(owner_id=2), deal(owner_id=2)],
    )
    cut = ask(facts, "opportunities_won", by="owner")
    assert [(part.label, part.key, part.external_id, part.value) for part in cut.parts] == [
        ("Kim", "id:2", "b", 2),
        ("Kim", "id:1", "a", 1),
    ]
    assert ask(facts, "opportunities_won", where={"owner": "Kim"}).value == 3
    assert ask(facts, "opportunities_won", where={"owner": "id:2"}).value == 2
    assert ask(facts, "opportunities_won", where={"owner": "a"}).value == 1


def test_a_deal_takes_territory_source_and_vertical_from_what_it_belongs_to() -> None:
    facts = MemoryFacts(
        territories=[{"name": "North"}, {"name": "South"}],
        owners=[{"name": "Rita", "territory_id": 1}],
        verticals=[{"name": "Steel"}],
        accounts=[{"name": "A", "vertical_id": 1}],
        leads=[{"lead_source": "web"}],
        opportunities=[deal(owner_id=1, account_id=1, lead_id=1), deal(owner_id=1, territory_id=2, lead_source="fair")],
    )
    found = {
        by: [part.label for part in ask(facts, "won_revenue", by=by).parts]
        for by in ("territory", "vertical", "lead_source")
    }
    assert found == {"territory": ["North", "South"], "vertical": ["Steel", "(blank)"], "lead_source": ["fair", "web"]}


def test_a_part_without_counted_rows_shows_that_it_has_none() -> None:
    facts = MemoryFacts(
        owners=[{"name": "Rita"}, {"name": "Sam"}], opportunities=[deal(owner_id=1), deal("open", owner_id=2)]
    )
    rates = parts(ask(facts, "close_rate", by="owner"))
    assert (rates["Rita"].value, rates["Sam"].value, rates["Sam"].n) == (1.0, None, 0)


def test_time_is_cut_by_calendar_units_in_order() -> None:
    facts = MemoryFacts(
        opportunities=[deal(closed_on=date(2025, 11, 1)), deal(closed_on=date(2025, 2, 1)), deal(closed_on=None)]
    )
    assert [part.key for part in ask(facts, "opportunities_won", by="quarter").parts] == ["2025Q1", "2025Q4", "(blank)"]
    assert [part.key for part in ask(facts, "opportunities_won", by="week").parts] == [
        "2025-01-27",
        "2025-10-27",
        "(blank)",
    ]
    assert ask(facts, "opportunities_won", where={"month": "2025-02"}).value == 1
    assert ask(facts, "opportunities_won", where={"year": "(blank)"}).value == 1


def test_own_columns_can_be_cut_and_filtered_whatever_their_name() -> None:
    rows = [
        '{"Lead Type": "big"}',
        '{"Lead Type": "small"}',
        '{"Lead Type": ""}',
        "{}",
        '{"Lead Type": null, "size": 12}',
    ]
    facts = MemoryFacts(opportunities=[deal(custom=row) for row in rows])
    cut = ask(facts, "opportunities_won", by="custom.Lead Type")
    assert {part.key: part.value for part in cut.parts} == {"big": 1, "small": 1, "(blank)": 3}
    assert ask(facts, "opportunities_won", where={"custom.size": "12"}).value == 1
    with pytest.raises(BadCut, match=r"custom\.Lead Type, custom\.size"):
        ask(facts, "opportunities_won", by="custom.lead_type")


def test_a_word_of_the_screen_is_a_filter_too() -> None:
    facts = MemoryFacts(
        opportunities=[
            deal("no_decision", is_new_business=True),
            deal("lost", is_new_business=False),
            deal(is_new_business=None),
        ]
    )
    assert ask(facts, "opportunities_closed", where={"outcome": "No decision"}).value == 1
    assert ask(facts, "opportunities_closed", where={"is_new_business": "New business"}).value == 1
    assert parts(ask(facts, "opportunities_closed", by="is_new_business")).keys() == {
        "New business",
        "Existing business",
        "(blank)",
    }


def test_what_cannot_be_asked_is_refused_with_what_can() -> None:
    facts: Any = MemoryFacts()
    with pytest.raises(UnknownMetric, match="close_rate"):
        get_metric("closing_rate")
    with pytest.raises(BadCut, match=r"Use one of: .*campaign.*source_system"):
        compute_metric("smroi", YEAR, by="owner", facts=facts)
    with pytest.raises(BadCut, match="cannot be broken down by “colour”"):
        compute_metric("leads", YEAR, where={"colour": "red"}, facts=facts)


def test_a_filter_that_matches_nothing_says_so() -> None:
    assert ask(MemoryFacts(), "leads", where={"lead_source": "webb"}).warnings == (
        "No records match lead_source = webb.",
    )


# Money


def test_rows_without_a_currency_are_in_the_companys() -> None:
    facts = MemoryFacts(opportunities=[deal(amount="10.10", currency=""), deal(amount="0.05", currency="EUR")])
    assert (ask(facts, "won_revenue").value, ask(facts, "won_revenue").currency) == (Decimal("10.15"), "EUR")


def test_one_foreign_currency_is_shown_as_it_is() -> None:
    facts = MemoryFacts(opportunities=[deal(currency="USD")] * 2)
    result = ask(facts, "won_revenue")
    assert (result.value, result.currency, result.warnings) == (Decimal(200), "USD", ())


def test_several_currencies_are_never_added_as_one() -> None:
    facts = MemoryFacts(
        owners=[{"name": "Ed"}, {"name": "Una"}],
        opportunities=[
            deal(amount=100, owner_id=1),
            deal(amount=900, currency="USD", owner_id=2),
            deal(amount=5, currency="GBP", owner_id=1),
        ],
    )
    result = ask(facts, "won_revenue", by="owner")
    assert (result.value, result.currency, result.n) == (Decimal(100), "EUR", 1)
    assert result.warnings == (
        "1 records in GBP are left out: there is no exchange rate for them.",
        "1 records in USD are left out: there is no exchange rate for them.",
    )
    assert [(part.label, part.value, part.currency) for part in result.parts] == [
        ("Una", Decimal(900), "USD"),
        ("Ed", Decimal(100), "EUR"),
    ]
    assert ask(facts, "opportunities_won").value == 3


def test_a_remembered_answer_is_written_in_each_number_format(company: Company) -> None:
    facts: Any = MemoryFacts(opportunities=[deal(), *[deal(currency="USD")] * 1200])
    facts.snapshot = SimpleNamespace(pk=1, taken_at=datetime(2026, 11, 22, tzinfo=UTC))
    for locale, count in (("en_US", "1,200"), ("de_DE", "1.200"), ("en_US", "1,200")):
        with use_locale(locale):
            (warning,) = compute_metric("won_revenue", YEAR, facts=facts).warnings
        assert warning.startswith(f"{count} records in USD are left out")
    assert facts.questions == 2


def test_money_is_exact_where_floats_are_not() -> None:
    facts = MemoryFacts(opportunities=[deal(amount="0.10")] * 3 + [deal(amount="99999999999999.99")])
    assert ask(facts, "won_revenue").value == Decimal("100000000000000.29")


def test_credit_notes_take_away_and_the_basis_is_said() -> None:
    invoices = [
        {"issued_on": DAY, "amount": Decimal(500)},
        {"issued_on": DAY, "amount": Decimal(120), "kind": "credit"},
    ]
    both = MemoryFacts(invoices=invoices, opportunities=[deal(amount=1000)])
    assert (ask(both, "revenue", YEAR).value, ask(both, "revenue", YEAR).basis) == (
        Decimal(380),
        "invoices, net of credit notes",
    )
    won = MemoryFacts(opportunities=[deal(amount=1000)])
    assert ask(won, "revenue", YEAR).value == Decimal(1000)
    assert "won" in ask(won, "revenue", YEAR).basis


def test_a_person_without_invoices_earns_nothing_where_others_have_some() -> None:
    facts = MemoryFacts(
        owners=[{"name": "Rita"}],
        invoices=[{"issued_on": DAY, "amount": Decimal(5)}],
        opportunities=[deal(amount=1000, owner_id=1)],
    )
    assert ask(facts, "revenue", YEAR, where={"owner": "Rita"}).value == 0


def test_gross_profit_takes_only_what_has_a_cost_and_says_what_it_leaves_out() -> None:
    facts = MemoryFacts(
        invoices=[
            {"issued_on": DAY, "amount": Decimal(500), "cost": Decimal(200)},
            {"issued_on": DAY, "amount": Decimal(900)},
        ],
        spend=[{"spent_on": DAY, "amount": Decimal(100)}],
    )
    result = ask(facts, "smroi_gross_profit", YEAR)
    assert (result.value, result.numerator, result.n) == (2.0, Decimal(200), 2)
    assert result.warnings == ("Invoices without a cost: 1. They are left out.",)


def test_without_spend_there_is_no_return() -> None:
    result = ask(MemoryFacts(opportunities=[deal()]), "smroi", YEAR)
    assert (result.value, result.denominator, result.n) == (None, Decimal(0), 1)


def test_an_average_counts_the_deals_of_its_currency_only() -> None:
    facts = MemoryFacts(opportunities=[deal(amount=100), deal(amount=50), deal(amount=7, currency="USD")])
    result = ask(facts, "average_revenue_per_transaction")
    assert (result.value, result.denominator) == (Decimal(75), 2)


# Durations


def test_a_cycle_begins_with_the_first_contact_else_the_opening() -> None:
    facts = MemoryFacts(
        leads=[{"first_contact_on": date(2025, 5, 1)}],
        opportunities=[
            deal(first_contact_on=date(2025, 4, 25), opened_on=date(2025, 5, 4)),
            deal(lead_id=1, opened_on=date(2025, 5, 4)),
            deal(opened_on=date(2025, 5, 3)),
            deal(),
            deal(opened_on=date(2025, 5, 7)),
        ],
    )
    result = ask(facts, "sales_cycle_time")
    assert result.quartiles
    assert (result.n, result.value, result.quartiles.lowest, result.quartiles.highest) == (4, 3.0, -2, 10)
    assert result.warnings == (
        "Deals closed before their first contact: 1. Their days count as negative.",
        "Deals without a first contact, opening or closing date: 1. They are left out.",
    )


def test_deals_won_in_time_tell_of_those_won_before_their_first_contact() -> None:
    facts = MemoryFacts(
        opportunities=[
            deal(opened_on=date(2025, 5, 3)),
            deal(opened_on=date(2025, 5, 7)),
            deal(opened_on=date(2025, 1, 1)),
        ]
    )
    result = ask(facts, "won_within_30_days")
    assert (result.numerator, result.denominator) == (2, 3)
    assert result.warnings == ("Deals closed before their first contact: 1. They count as won in time.",)


def test_days_are_calendar_days_over_a_change_of_clocks() -> None:
    facts = MemoryFacts(opportunities=[deal(opened_on=date(2025, 3, 29), closed_on=date(2025, 3, 31))])
    assert ask(facts, "sales_cycle_time").value == 2


# Stocks


def test_the_pipeline_of_a_past_day_does_not_know_what_came_after() -> None:
    moment = datetime(2025, 3, 1, 12, tzinfo=UTC)
    facts = MemoryFacts(
        opportunities=[
            deal("won", 1000, date(2025, 8, 1), opened_on=date(2025, 1, 1), probability=Decimal(1), stage="Closed Won"),
            deal("won", 500, date(2025, 8, 1), opened_on=date(2025, 1, 1), probability=Decimal(1)),
            deal("lost", 70, date(2025, 2, 1), opened_on=date(2025, 1, 1)),
            deal("open", 200, opened_on=date(2025, 2, 1), probability=Decimal("0.5"), stage="Demo"),
            deal("open", 900, opened_on=date(2025, 9, 1), probability=Decimal("0.5")),
        ],
        stage_changes=[
            {"opportunity_id": 1, "stage": "Offer", "entered_at": moment, "amount": Decimal(800), "probability": Decimal("0.25")},
            {"opportunity_id": 1, "stage": "Closed Won", "entered_at": datetime(2025, 8, 1, tzinfo=UTC), "probability": Decimal(1)},
        ],
    )  # fmt: skip
    spring = Period(date(2025, 1, 1), date(2025, 6, 30))
    weighted = ask(facts, "weighted_pipeline", spring, "stage")
    assert weighted.value == Decimal(300)  # 800 × 0.25 + 200 × 0.5; the second deal's chance is not known
    assert weighted.warnings == ("Open deals without a probability: 1. They count as 0.",)
    assert {part.label: part.n for part in weighted.parts} == {"Offer": 1, "Demo": 1, "(blank)": 1}
    assert ask(facts, "open_pipeline", spring).value == Decimal(1500)
    assert ask(facts, "open_pipeline", Period(date(2026, 1, 1), date(2026, 12, 31))).value == Decimal(1100)
    assert ask(facts, "open_pipeline").value == Decimal(1100)


def test_the_trend_of_a_stock_is_the_stock_of_each_evening(company: Company) -> None:
    rows = [deal("open", 10, opened_on=date(2025, month, 1)) for month in range(1, 13)] + [
        deal("won", 100, date(2025, 4, 15), opened_on=date(2025, 2, 1))
    ]
    facts: Any = MemoryFacts(opportunities=rows)
    points = compute_trend("open_pipeline", YEAR, facts=facts).parts
    singly = [compute_metric("open_pipeline", Period(None, month.end), facts=facts).value for month in YEAR.months()]
    assert [part.value for part in points] == singly
    assert [str(part.value) for part in points[:5]] == ["10.00", "120.00", "130.00", "40.00", "50.00"]


# Trends and comparisons


def test_a_trend_has_every_month_also_where_nothing_happened(company: Company) -> None:
    facts: Any = MemoryFacts(opportunities=[deal(closed_on=date(2025, 2, 1)), deal(closed_on=date(2025, 4, 1))])
    found = compute_trend("won_revenue", Period(date(2025, 1, 15), date(2025, 5, 31)), facts=facts)
    assert [(part.key, part.value) for part in found.parts] == [
        ("2025-01", Decimal(0)),
        ("2025-02", Decimal(100)),
        ("2025-03", Decimal(0)),
        ("2025-04", Decimal(100)),
        ("2025-05", Decimal(0)),
    ]
    rates = compute_trend("close_rate", YEAR, facts=facts)
    assert [part.value for part in rates.parts][:3] == [None, 1.0, None]
    assert len(compute_trend("close_rate", Period(), facts=facts).parts) == 3  # February to April is all there is


def test_months_that_have_not_begun_are_left_out(company: Company) -> None:
    facts: Any = MemoryFacts(opportunities=[deal()])
    for key in ("won_revenue", "open_pipeline", "pipeline_velocity"):
        assert compute_trend(key, periods.year_period(2026), facts=facts).parts[-1].key == "2026-11"


def test_a_period_is_compared_with_the_one_before(company: Company) -> None:
    facts: Any = MemoryFacts(opportunities=[deal(), deal("lost"), deal(closed_on=date(2024, 5, 5))])
    now, before = compare_periods("close_rate", YEAR, facts=facts)
    assert before
    assert (now.value, before.value, before.period) == (0.5, 1.0, periods.year_period(2024))
    assert compare_periods("close_rate", Period(), facts=facts)[1] is None
    assert compare_periods("close_rate", Period(date(1, 1, 1), date(1, 12, 31)), facts=facts)[1] is None


def test_velocity_is_open_deals_times_chance_times_revenue_over_days() -> None:
    facts = MemoryFacts(
        opportunities=[deal("open")] * 10
        + [
            deal(amount=100, opened_on=date(2025, 4, 25)),
            deal(amount=300, opened_on=date(2025, 4, 15)),
            deal("lost"),
            deal("lost"),
        ]
    )
    result = ask(facts, "pipeline_velocity")
    assert result.value == Decimal("66.67")  # 10 × 0.5 × 200 ÷ 15
    assert (result.per, result.n) == ("day", 10)


def test_the_gap_is_computed_from_the_newest_reference(company: Company) -> None:
    Benchmark.objects.create(metric="smroi", value=Decimal("2"), label="Ours", dated_on=date(2024, 1, 1))
    Benchmark.objects.create(
        metric="smroi", value=Decimal("9"), label="A peer", dated_on=date(2025, 1, 1), is_reference=False
    )
    facts: Any = MemoryFacts(opportunities=[deal(amount=100)], spend=[{"spent_on": DAY, "amount": Decimal(50)}])
    gap = compute_metric("smroi", YEAR, facts=facts).gap
    assert (gap["benchmark"], gap["extra_revenue"], gap["spend_saved"]) == (Decimal(2), Decimal(50), Decimal("16.67"))


def test_booleans_of_own_columns_read_yes_and_no_and_are_found_by_either() -> None:
    rows = ['{"Renewal": true}', '{"Renewal": false}', '{"Renewal": true}']
    facts = MemoryFacts(opportunities=[deal(custom=row) for row in rows])
    cut = ask(facts, "opportunities_won", by="custom.Renewal")
    assert {part.label: part.value for part in cut.parts} == {"Yes": 2, "No": 1}
    for word in ("Yes", "true"):
        assert ask(facts, "opportunities_won", where={"custom.Renewal": word}).value == 2


SPENT = {"spent_on": DAY, "amount": Decimal(100)}


@pytest.mark.parametrize(
    ("key", "given", "value", "unrecorded"),
    [
        ("sm_share_of_revenue", {"opportunities": [deal()]}, None, ("spend",)),
        ("sm_share_of_revenue", {"opportunities": [deal(amount=400)], "spend": [SPENT]}, 0.25, ()),
        ("sm_share_of_revenue", {"spend": [SPENT]}, None, ("revenue",)),
        ("smroi", {"spend": [SPENT]}, None, ("revenue",)),
        ("smroi", {"opportunities": [deal()]}, None, ("spend",)),
        (
            "smroi",
            {"opportunities": [deal(outcome="lost")], "spend": [SPENT]},
            -1.0,
            (),
        ),  # sold nothing, which is known
        ("campaign_roi", {"spend": [{**SPENT, "campaign_id": 1}], "campaigns": [{"name": "A"}]}, None, ("deal",)),
        (
            "smroi_gross_profit",
            {"invoices": [{"issued_on": DAY, "amount": Decimal(5)}], "spend": [SPENT]},
            None,
            ("revenue whose cost is known",),
        ),
        ("lead_win_rate", {"leads": [{"first_contact_on": DAY}]}, None, ("deal",)),
        ("lead_win_rate", {"leads": [{"first_contact_on": DAY}], "opportunities": [deal()]}, 0.0, ()),
        ("lead_conversion_rate", {"leads": [{"first_contact_on": DAY}]}, None, ("deal",)),
        (
            "lead_conversion_rate",
            {"leads": [{"first_contact_on": DAY, "is_converted": True}, {"first_contact_on": DAY}]},
            0.5,
            (),
        ),
        ("close_rate", {"opportunities": [deal(outcome="lost")]}, 0.0, ()),
    ],
)
def test_a_rate_of_what_was_never_recorded_has_no_value(
    key: str, given: dict[str, Any], value: float | None, unrecorded: tuple[str, ...]
) -> None:
    result = ask(MemoryFacts(**given), key, YEAR)
    assert (result.value, result.unrecorded) == (value, unrecorded)
    assert all(f"No {what} is recorded" in " ".join(result.warnings) for what in unrecorded)


def test_the_share_of_a_month_without_spend_is_unknown() -> None:
    facts = MemoryFacts(
        opportunities=[deal(amount=400), deal(amount=400, closed_on=date(2025, 8, 1))],
        spend=[{**SPENT, "spent_on": date(2025, 8, 2)}],
    )
    parts = ask(facts, "sm_share_of_revenue", YEAR, by="month").parts
    assert {part.key: part.value for part in parts if part.key == "2025-08"} == {"2025-08": 0.25}
    assert all(part.value is None for part in parts if part.key != "2025-08")


# People


def test_records_of_one_person_are_one_part_and_one_filter() -> None:
    owners = [
        {"name": "noah@example.com", "email": "Noah@example.com", "external_id": "h1"},
        {"name": "Noah Lindqvist", "email": "noah@example.com", "user_id": 7, "external_id": "s1"},
        {"name": "N. Lindqvist", "email": "n@old.example", "user_id": 7, "is_active": False, "external_id": "z1"},
        {"name": "Ann", "email": "", "external_id": "a1"},
        {"name": "Ben", "email": "", "external_id": "b1"},
    ]
    given = [{"is_active": True, **one} for one in owners]
    facts = MemoryFacts(
        owners=given, opportunities=[deal(owner_id=place, amount=10**place) for place in (1, 2, 3, 4, 5)]
    )
    result = ask(facts, "won_revenue", by="owner")
    assert [(part.label, part.value) for part in result.parts] == [
        ("Ben", 100_000),
        ("Ann", 10_000),
        ("Noah Lindqvist", 1_110),
    ]
    for value in ("Noah Lindqvist", "noah@example.com", "z1", "id:1", "id:2"):
        assert ask(facts, "won_revenue", where={"owner": value}).value == 1_110, value
