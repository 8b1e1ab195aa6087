"""What a won deal takes: visits, demos, hours."""

from typing import Any

from kpis.deals import closed_day, count_one, is_won
from kpis.metrics.follow_up import is_of_kind
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Build, Row

HOUR = 3600
SECONDS = "decimal(18,0)"


def happened_day(row: Row) -> Any:
    return row.day("happened_at")


def is_timed(row: Row) -> Any:
    return row["seconds"].fill_null(0) > 0


def _register_driver(key: str, name: str, definition: str, formula: str, activities: Measure) -> None:
    register_metric(
        Metric(
            key=key,
            name=name,
            definition=definition,
            formula=formula,
            unit="ratio",
            better="down",
            owner_side="sales",
            measures=(activities, Measure("opportunities", day=closed_day, keep=is_won, denominator=count_one)),
            default_cut="owner",
            section="Cost drivers",
        )
    )


def _count_of(kind: Build) -> Measure:
    return Measure("activities", day=happened_day, keep=kind, numerator=count_one)


_register_driver(
    "site_visits_per_won_deal",
    "Visits per won deal",
    "How many visits and meetings of the period come on each deal won in it, whatever deal they were for.",
    "visits and meetings ÷ won deals",
    _count_of(is_of_kind("visit", "meeting")),
)
_register_driver(
    "demos_per_won_deal",
    "Demos per won deal",
    "How many demos of the period come on each deal won in it, whatever deal they were for.",
    "demos ÷ won deals",
    _count_of(is_of_kind("demo")),
)
_register_driver(
    "hours_per_won_deal",
    "Hours per won deal",
    (
        "How many hours of calls, visits, demos and other activities of the period come on each deal won in it, as far as their "
        "duration is on record."
    ),
    "hours of activities ÷ won deals",
    Measure(
        "activities",
        day=happened_day,
        numerator=lambda row: row["seconds"].fill_null(0).cast(SECONDS).cast("decimal(18,6)") / HOUR,
        checks=(Check(lambda row: ~is_timed(row), "Activities without a duration: {n}. They count as no time."),),
    ),
)
