"""What must hold for every metric: it is whole, it survives emptiness, its parts add up, it costs few questions."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache, partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import periods
from kpis import dimensions
from kpis.record_tables import columns_of
from kpis.registry import SECTIONS, Metric, all_metrics, get_metric
from kpis.result import Figures, Result
from team.models import Company
from tests.kpis.ask_metric import ALL, ask
from tests.kpis.market import compute_derived, play
from tests.kpis.memory_facts import MemoryFacts

KEYS = [metric.key for metric in all_metrics()]
YEAR = periods.year_period(2025)
DEMANDED = {
    "smroi", "smroi_gross_profit", "sm_share_of_revenue", "revenue", "sm_spend", "won_revenue", "invoiced_revenue",
    "weighted_pipeline", "open_pipeline", "close_rate", "loss_rate", "no_decision_rate", "close_rate_by_value",
    "loss_rate_by_value", "no_decision_rate_by_value", "sales_cycle_time", "sales_cycle_time_lost", "sales_cycle_time_closed",
    "average_revenue_per_transaction", "leads", "lead_conversion_rate", "opportunities", "opportunities_won",
    "opportunities_lost", "campaign_leads", "campaign_revenue", "pipeline_velocity",
}  # fmt: skip


@pytest.fixture(scope="module")
def market() -> MemoryFacts:
    rows = play(7)
    facts = MemoryFacts(**rows, **compute_derived(rows))
    facts.add_credits(Company(currency="EUR", time_zone="Europe/Berlin"))
    return facts


Asked = Callable[..., Result]


@pytest.fixture(scope="module")
def ask_market(market: MemoryFacts) -> Asked:
    """Ask the market once for each question, since several tests look at one answer."""
    return cache(partial(ask, market))


@pytest.fixture(scope="module")
def nothing() -> MemoryFacts:
    return MemoryFacts()


def test_the_metrics_that_the_product_promises_are_there() -> None:
    assert set(KEYS) >= DEMANDED


@pytest.mark.parametrize("key", KEYS)
def test_a_declaration_is_whole(key: str) -> None:
    metric = get_metric(key)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", key)
    assert len(metric.definition) > 20
    assert metric.formula
    assert metric.section in SECTIONS
    assert metric.default_cut in metric.dimensions
    assert bool(metric.measures) != bool(metric.factors)
    assert all(dimensions.dimensions_of(table) and columns_of(table) for table in metric.tables)


@pytest.mark.parametrize("key", KEYS)
def test_an_empty_database_has_every_metric(key: str, nothing: MemoryFacts) -> None:
    metric = get_metric(key)
    is_zero = metric.adds_up or (metric.is_stock and not (metric.factors or metric.is_rate))
    for period, by in ((ALL, ""), (YEAR, metric.default_cut), (ALL, "month")):
        result = ask(nothing, key, period, by)
        assert (result.n, result.parts) == (0, ())
        assert result.value == (0 if is_zero else None)


@pytest.mark.parametrize("key", KEYS)
def test_the_parts_add_up_to_the_whole(key: str, ask_market: Asked) -> None:
    metric = get_metric(key)
    for period in (ALL, YEAR):
        whole = ask_market(key, period)
        for by in (metric.default_cut, "quarter"):
            cut = ask_market(key, period, by)
            same(whole, cut)
            if not metric.factors:
                adds_up(metric, cut)


@pytest.mark.parametrize("key", {get_metric(key).tables: key for key in KEYS if not get_metric(key).factors}.values())
def test_the_parts_of_every_dimension_add_up_to_the_whole(key: str, ask_market: Asked) -> None:
    """A dimension is found on the rows of a table, so one metric for each table shows it for all."""
    metric = get_metric(key)
    whole = ask_market(key, ALL)
    own = ["custom.Plan"] if metric.tables == ("opportunities",) else []
    for by in [*metric.dimensions, *own]:
        cut = ask_market(key, ALL, by)
        same(whole, cut)
        adds_up(metric, cut)


def same(one: Result, other: Result) -> None:
    names = ("value", "numerator", "denominator", "n", "currency", "quartiles", "low", "high", "records")
    assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


def adds_up(metric: Metric, cut: Result) -> None:
    parts = [part for part in cut.parts if part.currency == cut.currency or not part.n]
    total_n = sum(part.n for part in parts)
    # a record that is divided over touches is in the part of each of them
    assert total_n >= cut.n if metric.is_credited else total_n == cut.n, cut.by
    for name in ("numerator", "denominator"):
        whole = getattr(cut, name)
        total = sum(Decimal(str(getattr(part, name) or 0)) for part in parts)
        assert total == pytest.approx(Decimal(str(whole or 0)), abs=_slack(metric, len(parts))), (cut.by, name)


def _slack(metric: Metric, parts: int) -> Decimal:
    """Return half a cent for each part that is rounded to cents: amount × probability or × share has more places."""
    is_split = "weighted" in metric.key or metric.is_credited or metric.key == "icp_share_of_spend"
    return Decimal("0.005") * (parts + 1) if is_split else Decimal(0)


@pytest.mark.parametrize("key", KEYS)
def test_every_part_is_what_its_filter_finds(key: str, market: MemoryFacts, ask_market: Asked) -> None:
    metric = get_metric(key)
    cut = ask_market(key, ALL, metric.default_cut)
    for part in cut.parts[:3]:
        found = ask(market, key, ALL, where={metric.default_cut: part.key})
        assert _figures(found) == _figures(part), part.label


def _figures(found: Figures) -> list[object]:
    return [found.value, found.numerator, found.denominator, found.n, found.quartiles]


@pytest.mark.parametrize("key", KEYS)
def test_a_metric_asks_few_questions_however_it_is_cut(key: str, market: MemoryFacts) -> None:
    metric = get_metric(key)
    most = 2 * len(metric.tables) if not metric.factors else len(metric.factors)
    for by in ("", metric.default_cut):
        before = market.questions
        ask(market, key, YEAR, by)
        assert market.questions - before <= most


@pytest.mark.parametrize("key", KEYS)
def test_json_is_made_of_plain_figures(key: str, ask_market: Asked) -> None:
    found = ask_market(key, YEAR, get_metric(key).default_cut).as_json()
    needed = {"key", "unit", "value", "numerator", "denominator", "n", "from", "to", "as_of", "parts", "currency"}
    assert found.keys() >= needed
    assert (found["from"], found["to"]) == ("2025-01-01", "2025-12-31")
    assert all(value is None or isinstance(value, (int, float)) for value in _values(found))


def _values(found: dict[str, object]) -> Iterator[object]:
    for holder in [found, *found["parts"]]:  # type: ignore[misc]
        yield from (holder[name] for name in ("value", "numerator", "denominator", "n"))


RATES = [
    "close_rate",
    "loss_rate",
    "no_decision_rate",
    "close_rate_by_value",
    "average_revenue_per_transaction",
    "smroi",
    "sales_cycle_time",
]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), size=st.integers(3, 30))
def test_rates_roll_up_exactly_whatever_the_deals(seed: int, size: int) -> None:
    facts = MemoryFacts(**play(seed, size))
    for key in RATES:
        metric = get_metric(key)
        for by in (metric.default_cut, "month"):
            adds_up(metric, ask(facts, key, ALL, by))
    three = [ask(facts, key) for key in RATES[:3]]
    if three[0].n:
        assert sum(rate.numerator or 0 for rate in three) == three[0].denominator  # type: ignore[misc]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6))
def test_months_add_up_to_their_year_and_years_to_all_time(seed: int) -> None:
    facts = MemoryFacts(**play(seed, 20))
    for key in ("won_revenue", "leads", "invoiced_revenue"):
        year, months, every = ask(facts, key, YEAR), ask(facts, key, YEAR, "month"), ask(facts, key, ALL, "year")
        assert sum(part.numerator or 0 for part in months.parts) == year.numerator  # type: ignore[misc]
        found = {part.key: part.numerator for part in every.parts}
        assert found.get("2025", 0) == year.numerator
        assert sum(part.n for part in every.parts) == every.n
