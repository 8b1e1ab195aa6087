"""Metrics by attribution: whatever the model and the cut, the credits are the revenue; the model is named beside each number."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.periods import Period
from kpis.compute import compute_metric, scope_of
from kpis.grains import GRAINS
from kpis.query import Cut, query_measure
from kpis.registry import BadCut, get_metric
from team.models import Company, User
from tests.kpis.market import play
from tests.kpis.memory_facts import MemoryFacts

MODELS = Company.AttributionModel.values
BERLIN = Company(currency="EUR", time_zone="Europe/Berlin")


def exact_sums(facts: MemoryFacts, key: str, by: str, model: str) -> list[Decimal]:
    measure = get_metric(key).all_measures[0]
    scope = scope_of(Period(), facts)  # type: ignore[arg-type]
    rows = query_measure(scope, measure, Cut(by, {"model": model}))
    return [row.numerator for row in rows if row.currency in ("", "EUR")]


@pytest.mark.django_db
@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_credits_are_the_revenue_to_the_last_digit_in_every_model_and_cut(seed: int) -> None:
    facts = MemoryFacts(**play(seed, 25))
    facts.add_credits(BERLIN)
    cuts = [name for name in get_metric("attributed_revenue").dimensions if name not in GRAINS and name != "currency"]
    totals = {
        "attributed_revenue": sum(exact_sums(facts, "won_revenue", "", "linear")),
        "attributed_leads": sum(exact_sums(facts, "leads", "", "linear")),
    }
    for model in MODELS:
        for by in ("", *cuts) if model == "markov" else ("", "channel", "campaign", "persona"):
            assert sum(exact_sums(facts, "attributed_revenue", by, model)) == totals["attributed_revenue"], (model, by)
        assert sum(exact_sums(facts, "attributed_leads", "channel", model)) == totals["attributed_leads"], model


def test_a_cost_counts_once_however_many_deals_a_campaign_won(company: Company) -> None:
    """Cost 100 and three won deals of 100 are a return of 200 %, not of 0 % as by a join of the two."""
    moment = datetime(2026, 3, 2, 9, tzinfo=UTC)
    facts = MemoryFacts(
        leads=[{}, {}, {}],
        campaigns=[{"name": "Fair"}],
        touches=[{"lead_id": lead, "campaign_id": 1, "happened_at": moment} for lead in (1, 2, 3)],
        opportunities=[
            {"lead_id": lead, "amount": Decimal(100), "outcome": "won", "closed_at": moment} for lead in (1, 2, 3)
        ],
        spend=[{"campaign_id": 1, "amount": Decimal(100), "category": "lead_generation", "spent_on": date(2026, 3, 1)}],
    )
    facts.add_credits(company)

    def value(key: str, by: str | None = None) -> Any:
        result = compute_metric(key, Period(), by=by, facts=facts)  # type: ignore[arg-type]
        return result.parts[0].value if by else result.value

    assert value("attributed_campaign_return") == value("attributed_campaign_return", "campaign") == 2.0
    assert value("lead_cost_per_revenue_dollar") == value("cost_per_order_dollar", "campaign") == pytest.approx(1 / 3)


def test_a_deal_in_two_parts_counts_once_in_the_whole(company: Company) -> None:
    moment = datetime(2026, 3, 2, 9, tzinfo=UTC)
    facts = MemoryFacts(
        leads=[{}],
        touches=[{"lead_id": 1, "channel": channel, "happened_at": moment} for channel in ("a", "b", "b")],
        opportunities=[{"lead_id": 1, "amount": Decimal(90), "outcome": "won", "closed_at": moment}],
    )
    facts.add_credits(company)
    result = compute_metric("attributed_revenue", Period(), by="channel", facts=facts)  # type: ignore[arg-type]
    assert (result.n, [(part.key, part.n, part.value) for part in result.parts]) == (1, [("b", 1, 60), ("a", 1, 30)])


def test_credits_are_converted_like_the_deal(company: Company) -> None:
    company.foreign_amounts = "convert"
    company.save()
    day = date(2026, 3, 2)
    facts = MemoryFacts(
        leads=[{}],
        touches=[{"lead_id": 1, "channel": name, "happened_at": datetime(2026, 3, 1, tzinfo=UTC)} for name in "abc"],
        opportunities=[
            {"lead_id": 1, "amount": Decimal("100.01"), "currency": "USD", "outcome": "won", "closed_on": day}
        ],
        day_rates=[{"currency": "USD", "into": "EUR", "day": day, "up": Decimal(1), "down": Decimal("1.25")}],
    )
    facts.add_credits(company)
    result = compute_metric("attributed_revenue", Period(), by="channel", facts=facts)  # type: ignore[arg-type]
    assert (result.value, result.currency) == (Decimal("80.01"), "EUR")
    assert [part.value for part in result.parts] == [Decimal("26.67")] * 3


def test_a_model_that_does_not_exist_is_refused_with_those_that_do(company: Company) -> None:
    facts = MemoryFacts()
    with pytest.raises(BadCut, match="Use one of: first, last, linear"):
        compute_metric("attributed_revenue", Period(), where={"model": "best"}, facts=facts)  # type: ignore[arg-type]
    with pytest.raises(BadCut, match="does not depend on an attribution model"):
        compute_metric("won_revenue", Period(), where={"model": "first"}, facts=facts)  # type: ignore[arg-type]
    with pytest.raises(BadCut, match="cannot be broken down by “model”"):
        compute_metric("attributed_revenue", Period(), by="model", facts=facts)  # type: ignore[arg-type]


def test_the_model_stands_beside_the_number_on_the_page_in_the_csv_and_in_the_api(
    ops: User, as_user: Any, company: Company
) -> None:
    client = as_user(ops)
    page = client.get("/metrics/attributed_revenue/?model=markov&by=channel").content.decode()
    assert "<h1>Revenue by attribution (Markov)</h1>" in page
    assert "The company’s model is Linear." in page
    assert "Revenue by attribution (Linear)" in client.get("/metrics/attributed_revenue/").content.decode()
    records = client.get("/metrics/attributed_revenue/records/?model=last").content.decode()
    assert "Records behind Revenue by attribution (Last touch)" in records
    sheet = b"".join(client.get("/metrics/attributed_revenue/?model=first&by=channel&format=csv")).decode()
    assert sheet.splitlines()[0].endswith(",model")
    answer = client.get("/api/v1/metrics/attributed_revenue/?where=model:first").json()
    assert (answer["model"], answer["name"]) == ("first", "Revenue by attribution (First touch)")
    company.attribution_model = "w_shaped"
    company.save()
    assert client.get("/api/v1/metrics/attributed_revenue/").json()["model"] == "w_shaped"
