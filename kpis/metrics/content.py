"""Content: what buyers open of what Marketing makes, how often Sales uses it, and how long a buyer waits for it.

What Sales does not use is declared in `kpis.metrics.follow_up`.
"""

from typing import Any

from kpis.deals import count_one
from kpis.metrics.follow_up import OF_TODAY_DAYS, UNUSED_DAYS, days_ago
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Row

MINUTE = 60


def is_unopened(row: Row) -> Any:
    return row["last_opening.at"].isnull() | (row.day("last_opening.at") < days_ago(row, UNUSED_DAYS))


def requested_day(row: Row) -> Any:
    return row.first("requested_at", "used_at", "created_at").date()


def used_day(row: Row) -> Any:
    return row.day("used_at")


def is_used(row: Row) -> Any:
    return row["used_at"].notnull() & (row["reason_unused"].fill_null("") == "")


def is_passed_over(row: Row) -> Any:
    return row["reason_unused"].fill_null("") != ""


def is_noted_afterwards(row: Row) -> Any:
    """The use was noted in one go, so that no time between request and opening is known."""
    return row["opened_at"] == row["requested_at"]


def is_timed(row: Row) -> Any:
    return (row["opened_at"] >= row["requested_at"]).fill_null(False) & ~is_noted_afterwards(row)


register_metric(
    Metric(
        key="content_unopened_rate",
        name="Share of content that buyers do not open",
        definition=(
            f"Of the assets created in the period, the share that no buyer has opened for {UNUSED_DAYS} days: neither an asset "
            "that Sales sent, nor one that a touch of Marketing names and the buyer responded to."
        ),
        formula="assets that no buyer opened ÷ assets",
        unit="percent",
        better="down",
        owner_side="marketing",
        measures=(
            Measure(
                "content_assets",
                day=lambda row: row.day("created_at"),
                numerator=lambda row: is_unopened(row).fill_null(False).cast("int64"),
                denominator=count_one,
            ),
        ),
        is_proportion=True,
        default_cut="kind",
        matures_days=OF_TODAY_DAYS,
        section="Campaigns",
    )
)
register_metric(
    Metric(
        key="content_used",
        name="Uses of content",
        definition="How often Sales used an asset with a buyer, by the day of the use.",
        formula="count of uses of content",
        unit="count",
        owner_side="sales",
        measures=(Measure("content_uses", day=used_day, keep=is_used, numerator=count_one),),
        default_cut="journey_stage",
        section="Campaigns",
    )
)
register_metric(
    Metric(
        key="content_passed_over",
        name="Content passed over",
        definition="How often Sales wrote down why an asset was not used, by the day of the request.",
        formula="count of reasons why content was not used",
        unit="count",
        better="down",
        owner_side="joint",
        measures=(Measure("content_uses", day=requested_day, keep=is_passed_over, numerator=count_one),),
        default_cut="content",
        section="Campaigns",
    )
)
register_metric(
    Metric(
        key="content_time_to_open",
        name="Time from request to opening",
        definition=(
            "Minutes in calendar time from the request for an asset until the buyer opened it, for the assets requested in the "
            "period. The median: half took longer."
        ),
        formula="median of minutes from request to opening",
        unit="minutes",
        better="down",
        owner_side="joint",
        measures=(
            Measure(
                "content_uses",
                day=requested_day,
                keep=is_timed,
                spread=lambda row: (
                    (row["opened_at"].epoch_seconds() - row["requested_at"].epoch_seconds()) / MINUTE
                ).cast("int64"),
                checks=(
                    Check(
                        lambda row: is_used(row) & row["opened_at"].isnull(),
                        "Uses that the buyer has not opened: {n}. They are left out.",
                        is_left_out=True,
                    ),
                    Check(
                        is_noted_afterwards,
                        "Uses noted afterwards, without a time of their own: {n}. They are left out.",
                        is_left_out=True,
                    ),
                    Check(
                        lambda row: row["opened_at"] < row["requested_at"],
                        "Uses opened before they were requested: {n}. They are left out.",
                        is_left_out=True,
                    ),
                ),
            ),
        ),
        default_cut="journey_stage",
        matures_days=90,
        section="Campaigns",
    )
)
