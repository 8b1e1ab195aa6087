"""Who may buy: how many came, and what became of them, by the day of their first contact."""

from typing import Any

import ibis

from kpis.deals import count_one
from kpis.registry import Measure, Metric, register_metric
from kpis.rows import Build, Row


def lead_day(row: Row) -> Any:
    """Return the day a lead belongs to: its first contact, else the day it was made."""
    return ibis.coalesce(row["first_contact_on"], row.day("created_at"))


def has_won(row: Row) -> Any:
    return row["deals.won"].fill_null(False)


def is_converted(row: Row) -> Any:
    return row["is_converted"].fill_null(False) | has_won(row)


COHORT_DAYS = 365  # a lead that has not converted in a year is taken for one that will not
COHORT = "Cohort: a lead belongs to the day of its first contact, whenever it converts."

register_metric(
    Metric(
        key="leads",
        name="Leads",
        definition="People who may buy, by the day of their first contact, else the day their record was made.",
        formula="count of leads",
        unit="count",
        owner_side="marketing",
        measures=(Measure("leads", day=lead_day, numerator=count_one),),
        default_cut="lead_source",
        section="Leads",
    )
)


def _register_rate(key: str, name: str, definition: str, formula: str, became: Build) -> None:
    register_metric(
        Metric(
            key=key,
            name=name,
            definition=f"{definition} {COHORT}",
            formula=formula,
            unit="percent",
            measures=(
                Measure(
                    "leads",
                    day=lead_day,
                    numerator=lambda row: became(row).cast("int64"),
                    denominator=count_one,
                    rests_on=("opportunities",),
                ),
            ),
            is_proportion=True,
            default_cut="lead_source",
            section="Leads",
            matures_days=COHORT_DAYS,
        )
    )


_register_rate(
    "lead_conversion_rate",
    "Lead conversion rate",
    "Of the leads of the period, the share that the CRM converted to a deal, or that won one.",
    "leads converted or with a won deal ÷ leads",
    is_converted,
)
_register_rate(
    "lead_win_rate",
    "Lead win rate",
    "Of the leads of the period, the share that became customers: at least one deal of theirs was won.",
    "leads with a won deal ÷ leads",
    has_won,
)
register_metric(
    Metric(
        key="leads_converted",
        name="Leads converted",
        definition=f"Leads of the period that the CRM converted to a deal, or that won one. {COHORT}",
        formula="count of leads converted or with a won deal",
        unit="count",
        measures=(Measure("leads", day=lead_day, keep=is_converted, numerator=count_one),),
        default_cut="lead_source",
        section="Leads",
        matures_days=COHORT_DAYS,
    )
)
