"""How well the CRM is kept: close dates that have passed, next steps and fields that are missing, on the deals that are open today."""

from typing import Any

from kpis.deals import opened_day
from kpis.metrics.follow_up import OF_TODAY_DAYS, days_ago, register_pair
from kpis.registry import Measure
from kpis.rows import Build, Row

NEEDED = "amount, expected close date, account or contact"


def is_open(row: Row) -> Any:
    return row["outcome"] == "open"


def is_overdue(row: Row) -> Any:
    return row["expected_close_on"] < days_ago(row, 0)


def lacks_next_step(row: Row) -> Any:
    return row["next_step"].fill_null("").strip() == ""


def lacks_field(row: Row) -> Any:
    has_buyer = row["account_id"].notnull() | row["contact_id"].notnull()
    return row["amount"].isnull() | row["expected_close_on"].isnull() | ~has_buyer


def _register_diligence(key: str, count: str, share: str, what: str, is_bad: Build) -> None:
    register_pair(
        key,
        (count, share),
        f"Deals opened in the period that are open today and {what}.",
        "open deals",
        Measure("opportunities", day=opened_day, keep=is_open),
        is_bad,
        matures_days=OF_TODAY_DAYS,
        side="sales",
        cut="owner",
        section="CRM diligence",
    )


_register_diligence(
    "overdue_close_dates",
    "Overdue close dates",
    "Share of deals with an overdue close date",
    "whose expected close date has passed",
    is_overdue,
)
_register_diligence(
    "missing_next_steps",
    "Deals without a next step",
    "Share of deals without a next step",
    "that name no next step",
    lacks_next_step,
)
_register_diligence(
    "missing_deal_fields",
    "Deals with missing fields",
    "Share of deals with missing fields",
    f"that lack one of these: {NEEDED}",
    lacks_field,
)
