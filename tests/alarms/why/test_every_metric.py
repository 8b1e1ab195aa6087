"""For every metric and dimension the parts add up to the change exactly."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from alarms.why.chains import OWN, chain_of, decompose_chain
from alarms.why.comparison import Comparison
from alarms.why.groups import load_groups, read_groups
from alarms.why.movements import query_movements
from alarms.why.parts import decompose_dimension, join_groups, limit_parts
from core import periods
from kpis.cube import Cube, cube_dimensions, query_cube
from kpis.query import Cut
from kpis.registry import Measure, Metric, all_metrics, get_metric
from kpis.result import Result
from kpis.rows import Scope
from kpis.shared_queries import choose_basis
from team.models import Company
from tests.kpis.ask_metric import TODAY, ask
from tests.kpis.market import compute_derived, play
from tests.kpis.memory_facts import MemoryFacts

NOW, BEFORE = periods.year_period(2025), periods.year_period(2024)
SUMMED = [metric.key for metric in all_metrics() if not metric.factors and not metric.is_spread]
NO_CASES = {  # at one of the two periods
    "nrr", "grr",  # nothing was invoiced two years before
    "stale_leads_rate", "nurture_untouched_rate",  # every lead that was handed over has a deal
}  # fmt: skip
CHAINED = [metric.key for metric in all_metrics() if chain_of(metric)]


@pytest.fixture(scope="module")
def market() -> MemoryFacts:
    tables = play(11, 60)
    for line in tables["spend"][::3]:
        line["category"] = "lead_generation"
    facts = MemoryFacts(**tables, **compute_derived(tables))
    facts.add_credits(Company(currency="EUR", time_zone="Europe/Berlin"))
    return facts


@pytest.fixture(scope="module")
def answers(market: MemoryFacts) -> dict[tuple[str, ...], Cube]:
    """All dimensions of all metrics that can be cut by the same ones, over the same tables, by one question."""
    alike: dict[tuple[str, ...], list[Metric]] = {}
    for key in SUMMED:
        alike.setdefault(group_of(get_metric(key)), []).append(get_metric(key))
    return {
        group: query_cube(
            scope_of(market),
            [measure for metric in metrics for measure in bases(market, metric)],
            cube_dimensions(metrics[0])[0] if not any(metric.is_money for metric in metrics) else
            [name for name in cube_dimensions(metrics[0])[0] if name != "currency"],
            periods=(NOW, BEFORE),
        )
        for group, metrics in alike.items()
    }  # fmt: skip


def group_of(metric: Metric) -> tuple[str, ...]:
    return (*metric.tables, *cube_dimensions(metric)[0])


def bases(facts: MemoryFacts, metric: Metric) -> list[Measure]:
    return [choose_basis(scope_of(facts), measure, Cut()) for measure in metric.measures]


def compare(metric: Metric, facts: MemoryFacts, where: Mapping[str, str] | None = None) -> Comparison:
    return Comparison(metric, NOW, BEFORE, where or {}, None, facts, None)  # type: ignore[arg-type]


def scope_of(facts: MemoryFacts) -> Scope:
    return Scope(facts, NOW, "EUR", TODAY)  # type: ignore[arg-type]


def exact(result: Result) -> Fraction:
    if result.denominator is not None:
        return Fraction(result.numerator or 0) / Fraction(result.denominator)
    return Fraction(result.value or 0)


@pytest.mark.parametrize("key", SUMMED)
def test_the_parts_of_every_dimension_add_up_to_the_change(
    key: str, market: MemoryFacts, answers: dict[tuple[str, ...], Cube]
) -> None:
    metric = get_metric(key)
    cube = answers[group_of(metric)]
    names = [name for name in cube_dimensions(metric)[0] if name in cube.dimensions]
    assert len(names) >= len(cube_dimensions(metric)[0]) - 1
    table = read_groups(cube, bases(market, metric), names, scope_of(market), Cut())
    now, before = (side.value(metric.is_rate) for side in (table.whole.now, table.whole.before))
    if key in NO_CASES:
        assert None in (now, before)
        return
    assert now is not None
    assert before is not None
    for name in names:
        dimension = decompose_dimension(name, name, table.groups[name], is_rate=metric.is_rate)
        together = join_groups(table.groups[name], [group.key for group in table.groups[name][:2]])
        hidden = decompose_dimension(name, name, together, is_rate=metric.is_rate)
        assert dimension.change == hidden.change == limit_parts(dimension, 3).change == now - before, name
        assert len(limit_parts(dimension, 3).parts) <= 3
        if metric.is_rate and not dimension.is_shared:
            assert dimension.rate + dimension.mix == dimension.change


@pytest.mark.parametrize("key", CHAINED)
def test_the_links_of_a_metric_make_its_change(key: str, market: MemoryFacts) -> None:
    metric = get_metric(key)
    chain = chain_of(metric)
    assert chain
    now, before = (
        {OWN: ask(market, key, period), **{source: ask(market, source, period) for source in chain.sources}}
        for period in (NOW, BEFORE)
    )
    change = exact(now[OWN]) - exact(before[OWN])
    links = decompose_chain(metric, chain, before, now, change)
    assert len(links) == len(chain.links)
    assert abs(Fraction(sum(link.part for link in links)) - change) <= Fraction(1, 100)


@pytest.mark.parametrize(
    "key", [metric.key for metric in all_metrics() if metric.is_stock and not (metric.factors or metric.is_rate)]
)
def test_rows_added_removed_and_changed_make_the_change_of_a_stock(key: str, market: MemoryFacts) -> None:
    metric = get_metric(key)
    movements = query_movements(scope_of(market), metric.all_measures[0], BEFORE, NOW, {}, "EUR")
    change = exact(ask(market, key, NOW)) - exact(ask(market, key, BEFORE))
    assert abs(sum(movement.total for movement in movements) - change) <= (Fraction(1, 100) if "weighted" in key else 0)
    assert {movement.name for movement in movements} <= {"added", "removed", "changed", "same"}
    counts: dict[str, Any] = {movement.name: movement.n for movement in movements}
    assert counts.get("added", 0) - counts.get("removed", 0) == ask(market, key, NOW).n - ask(market, key, BEFORE).n


def test_a_filter_holds_for_the_parts_too(market: MemoryFacts) -> None:
    metric, where = get_metric("close_rate"), {"lead_source": "web"}
    table = load_groups(scope_of(market), compare(metric, market, where), ["owner"])
    change = exact(ask(market, metric.key, NOW, where=where)) - exact(ask(market, metric.key, BEFORE, where=where))
    assert decompose_dimension("owner", "Owner", table.groups["owner"], is_rate=True).change == change
