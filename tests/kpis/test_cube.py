"""All parts of a metric by one question are the parts that a question by each dimension gives."""

from datetime import date

import pytest

from core import periods
from core.periods import Period
from kpis.aggregation import compute_figures, fold_totals
from kpis.cube import Cube, cube_dimensions, query_cube
from kpis.query import Cut, PartTotals
from kpis.registry import Measure, Metric, all_metrics, get_metric
from kpis.rows import Scope
from kpis.shared_queries import choose_basis
from tests.kpis.ask_metric import TODAY, ask, shapes
from tests.kpis.market import play
from tests.kpis.memory_facts import MemoryFacts

NOW, BEFORE = periods.year_period(2025), periods.year_period(2024)
SUMMED = [metric for metric in all_metrics() if not metric.factors and not metric.is_spread]


@pytest.fixture(scope="module")
def market() -> MemoryFacts:
    return MemoryFacts(**play(7))


def scope_of(facts: MemoryFacts, period: Period = NOW) -> Scope:
    return Scope(facts, period, "EUR", TODAY)  # type: ignore[arg-type]


def chosen(facts: MemoryFacts, metric: Metric) -> list[Measure]:
    return [choose_basis(scope_of(facts), measure, Cut()) for measure in metric.measures]


def rows_of_slot(cube: Cube, measures: list[Measure], name: str, slot: int | str) -> list[PartTotals]:
    return [row for measure in measures for row in cube.totals(measure, name, slot)]


@pytest.mark.parametrize("key", [metric.key for metric in shapes() if metric in SUMMED])
def test_every_dimension_of_a_metric_is_answered_by_one_question(key: str, market: MemoryFacts) -> None:
    metric = get_metric(key)
    measures, (offered, _) = chosen(market, metric), cube_dimensions(metric)
    names = [metric.default_cut if metric.default_cut in offered else offered[0], offered[-1]]
    before = market.questions
    cube = query_cube(scope_of(market), measures, names, periods=(NOW, BEFORE))
    assert market.questions - before == len({measure.table for measure in measures})
    for slot, period in enumerate((NOW, BEFORE)):
        whole = fold_totals(rows_of_slot(cube, measures, "", slot), "EUR")
        result = ask(market, key, period)
        assert compute_figures(metric, whole)["numerator"] == result.numerator
    check_parts(metric, market, NOW, names[0], rows_of_slot(cube, measures, names[0], 0))


TABLES = {metric.tables: metric.key for metric in SUMMED}


@pytest.mark.parametrize("key", TABLES.values())
def test_the_parts_are_those_of_a_question_by_the_dimension(key: str, market: MemoryFacts) -> None:
    """A dimension is found on the rows of a table, so one metric for each table shows it for all."""
    metric = get_metric(key)
    measures, (names, _) = chosen(market, metric), cube_dimensions(metric)
    cube = query_cube(scope_of(market), measures, names, periods=(BEFORE, NOW))
    for name in names:
        check_parts(metric, market, NOW, name, rows_of_slot(cube, measures, name, 1))


def check_parts(metric: Metric, facts: MemoryFacts, period: Period, name: str, rows: list[PartTotals]) -> None:
    expected = {part.key: part for part in ask(facts, metric.key, period, name).parts}
    groups: dict[str, list[PartTotals]] = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    for part_key in expected.keys() | groups.keys():
        figures = compute_figures(metric, fold_totals(groups.get(part_key, []), "EUR"))
        part = expected.get(part_key)
        sums = (figures["numerator"], figures["denominator"], figures["n"])
        assert sums == ((part.numerator, part.denominator, part.n) if part else (0, 0 if metric.is_rate else None, 0))
        if part and part_key in groups:
            assert (groups[part_key][0].label, groups[part_key][0].external_id) == (part.label, part.external_id)


def test_weeks_are_those_of_a_question_by_week(market: MemoryFacts) -> None:
    for key in ("close_rate", "leads", "handoffs"):
        metric = get_metric(key)
        cube = query_cube(scope_of(market), metric.all_measures, ["owner"], grain="week")
        for part in ask(market, key, NOW, "week").parts:
            whole = rows_of_slot(cube, list(metric.all_measures), "", part.key)
            owners = rows_of_slot(cube, list(metric.all_measures), "owner", part.key)
            assert sum(row.n for row in whole) == sum(row.n for row in owners) == part.n


def test_a_stock_is_asked_for_on_the_evening_of_each_week(market: MemoryFacts) -> None:
    period, metric = Period(date(2025, 1, 6), date(2025, 2, 2)), get_metric("opportunities_open")
    cube = query_cube(scope_of(market, period), metric.all_measures, ["owner"], grain="week")
    for key, end in (("2025-01-06", date(2025, 1, 12)), ("2025-01-27", date(2025, 2, 2))):
        evening = ask(market, metric.key, Period(date(2025, 1, 6), end))
        assert sum(row.n for row in cube.totals(metric.all_measures[0], "", key)) == evening.n > 0


def test_measures_of_the_same_rows_share_a_question(market: MemoryFacts) -> None:
    wanted = [get_metric(key).all_measures[0] for key in ("opportunities_won", "close_rate", "won_revenue")]
    before = market.questions
    cube = query_cube(scope_of(market), wanted, ["owner", "product"], periods=(BEFORE, NOW))
    assert market.questions - before == 1
    assert sum(row.n for row in cube.totals(wanted[0], "owner", 1)) == ask(market, "opportunities_won", NOW).n
    assert sum(row.n for row in cube.totals(wanted[1], "product", 1)) == ask(market, "close_rate", NOW).n


def test_a_spread_has_no_sums(market: MemoryFacts) -> None:
    with pytest.raises(ValueError, match="spread"):
        query_cube(scope_of(market), get_metric("sales_cycle_time").all_measures, ["owner"], periods=(NOW,))


def test_amounts_are_not_cut_by_currency_and_records_not_by_account() -> None:
    names, left_out = cube_dimensions(get_metric("won_revenue"))
    assert {"account", "currency"} <= set(left_out)
    assert "owner" in names
    assert not set(names) & set(left_out)
