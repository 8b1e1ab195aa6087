"""Both engines give every metric the same figures, from the same files, by the same declaration."""

from typing import Any

import pyarrow as pa
import pytest

from core import periods
from core.periods import Period
from facts.derived import write_table
from facts.engine import latest_snapshot, open_facts
from facts.refresh import refresh
from facts.registry import derived_tables
from kpis import compute
from kpis.compute import compute_uncached, scope_of
from kpis.query import Cut
from kpis.registry import all_metrics
from team.models import Company
from tests.kpis.market import compute_derived, play, settle

YEAR = periods.year_period(2025)


def fill_facts() -> None:
    """Put the market into the facts, with what steps of the nightly run compute."""
    tables = play(3)
    for line in tables["spend"][::3]:
        line["category"] = "lead_generation"
    settle(tables)
    refresh()
    for name, rows in compute_derived(tables).items():
        table, snapshot = derived_tables()[name], latest_snapshot()
        assert snapshot
        numbered = [{"id": pk, **row} for pk, row in enumerate(rows, 1)]
        write_table(table, [pa.RecordBatch.from_pylist(numbered, schema=table.arrow_schema)], snapshot, "")


def every_answer() -> dict[str, Any]:
    """Return what each metric is: whole, cut, for a past year, over its months."""
    facts, found = open_facts(), {}
    for metric in all_metrics():
        own = ["custom.Plan"] if metric.tables == ("opportunities",) else []
        for by in ["", metric.default_cut, *own]:
            found[f"{metric.key} by {by}"] = compute_uncached(scope_of(Period(), facts), metric, Cut(by)).as_json()
        found[f"{metric.key} 2025"] = compute.compute_trend(metric, YEAR, facts=facts).as_json()
    return found


def test_every_metric_is_answered_from_delta_tables(company: Company) -> None:
    fill_facts()
    found = every_answer()
    assert len(found) > 3 * len(all_metrics())
    assert sum(bool(result["n"]) for result in found.values()) > 0.9 * len(found)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore")
def test_both_engines_give_every_metric_the_same_figures(company: Company, settings: Any) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed: pip install .[spark]")
    fill_facts()
    ours = every_answer()
    settings.FACTS_ENGINE = "spark"
    theirs = every_answer()
    for name, figures in ours.items():
        assert theirs[name] == figures, name
