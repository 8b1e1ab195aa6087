"""Open deals that need attention: stocks, counted on the last evening of the period, as the deals stood then."""

from typing import Any

import ibis

from forecast.at_risk import FEWEST_WON, IDLE_DAYS, PUSHED_TIMES, deals_at_risk
from kpis.deals import count_one, deal_amount
from kpis.metrics.pipeline import UNKNOWN_AMOUNT, WHEN, expected_day
from kpis.registry import Measure, Metric, register_metric
from kpis.rows import Build, Scope

FLAGS = ("is_slipped", "is_pushed", "is_idle", "is_rotting")
AS_THEN = ("pipeline", "stage", "amount", "currency")


def risky_deals(scope: Scope) -> Any:
    """Return the deals open on each evening that is asked for, as they stood then, with what puts them at risk."""
    evenings = sorted({min(day, scope.today) for day in scope.evenings})
    risks = deals_at_risk(scope, evenings, scope.today)
    risks = risks.select("deal_id", "counted_on", "close_on", *AS_THEN, *FLAGS)
    deals = scope.table("opportunities").drop(*AS_THEN, "expected_close_on", "outcome")
    rows = deals.inner_join(risks, deals.id == risks.deal_id)
    return rows.mutate(outcome=ibis.literal("open")).rename(expected_close_on="close_on")


def _stock_where(flag: str, numerator: Build, *, is_money: bool) -> tuple[Measure]:
    return (
        Measure(
            "opportunities",
            day=expected_day,
            keep=lambda row: row[flag],
            numerator=numerator,
            is_money=is_money,
            is_stock=True,
            source=risky_deals,
            checks=(UNKNOWN_AMOUNT,) if is_money else (),
        ),
    )


register_metric(
    Metric(
        key="slipped_pipeline",
        name="Slipped pipeline",
        definition=(
            "The amount of the open deals whose expected close date has passed, or was moved to a later day "
            f"{PUSHED_TIMES} times or more. {WHEN}"
        ),
        formula="Σ amount of open deals past their close date or pushed repeatedly",
        unit="money",
        better="down",
        owner_side="sales",
        measures=_stock_where("is_slipped", deal_amount, is_money=True),
        default_cut="owner",
        section="Pipeline",
    )
)
register_metric(
    Metric(
        key="idle_pipeline",
        name="Idle pipeline",
        definition=(
            f"The amount of the open deals without an activity or a change for {IDLE_DAYS} days or more. An activity that "
            f"names no deal counts for all deals of its account. {WHEN}"
        ),
        formula=f"Σ amount of open deals without activity or change for {IDLE_DAYS} days",
        unit="money",
        better="down",
        owner_side="sales",
        measures=_stock_where("is_idle", deal_amount, is_money=True),
        default_cut="owner",
        section="Pipeline",
    )
)
register_metric(
    Metric(
        key="rotting_pipeline",
        name="Rotting pipeline",
        definition=(
            "The amount of the open deals that have been in their stage longer than nine of ten won deals were. Needs the "
            f"stage history of {FEWEST_WON} won deals in the stage. {WHEN}"
        ),
        formula="Σ amount of open deals longer in their stage than 90 % of won deals",
        unit="money",
        better="down",
        owner_side="sales",
        measures=_stock_where("is_rotting", deal_amount, is_money=True),
        default_cut="owner",
        section="Pipeline",
    )
)
register_metric(
    Metric(
        key="deals_pushed_repeatedly",
        name="Deals pushed repeatedly",
        definition=(
            f"The number of open deals whose close date was moved to a later day {PUSHED_TIMES} times or more. {WHEN}"
        ),
        formula=f"count of open deals pushed {PUSHED_TIMES} times or more",
        unit="count",
        better="down",
        owner_side="sales",
        measures=_stock_where("is_pushed", count_one, is_money=False),
        default_cut="owner",
        section="Pipeline",
    )
)
