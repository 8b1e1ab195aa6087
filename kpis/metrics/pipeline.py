"""What is open: a stock, counted on the last evening of the period (now, for a period that is not over)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import ibis

from kpis.deals import count_one, deal_amount, open_deals, weighted_amount
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Row, Scope


def expected_day(row: Row) -> Any:
    return row["expected_close_on"]


UNKNOWN_AMOUNT = Check(lambda row: row["amount"].isnull(), "Open deals without an amount: {n}. They count as 0.")
UNKNOWN_CHANCE = Check(
    lambda row: row["amount"].notnull() & row["probability"].isnull(),
    "Open deals without a probability: {n}. They count as 0.",
)
WHEN = "Counted on the last evening of the period, or now while it lasts; cut by time, it is by expected close."


def _register_open(numerator: Any, *checks: Check, is_money: bool = True, source: Any = open_deals) -> tuple[Measure]:
    return (
        Measure(
            "opportunities",
            day=expected_day,
            numerator=numerator,
            is_money=is_money,
            is_stock=True,
            source=source,
            checks=checks,
        ),
    )


register_metric(
    Metric(
        key="weighted_pipeline",
        name="Weighted pipeline",
        definition=f"The amount of the open deals, weighted by the agreed win probability of their stage. {WHEN}",
        formula="Σ open amount × agreed probability",
        unit="money",
        owner_side="sales",
        measures=_register_open(weighted_amount, UNKNOWN_AMOUNT, UNKNOWN_CHANCE),
        default_cut="stage",
        section="Pipeline",
    )
)


def _with_observed_chance(scope: Scope) -> Any:
    """Return the open deals with the share of closed deals that was won after passing the same stage of the same pipeline.

    Each deal counts once for a stage, however often it entered; lost deals count too, so lost deals do not distort the share.
    """
    deals, changes = scope.table("opportunities"), scope.table("stage_changes")
    closed = deals.filter(deals.outcome != "open").select(
        closed_id="id", own_pipeline="pipeline", won=(deals.outcome == "won").cast("int64")
    )
    both = changes.inner_join(closed, changes.opportunity_id == closed.closed_id)
    pipeline = ibis.coalesce(both.pipeline.nullif(""), both.own_pipeline, "")
    passed = both.select("closed_id", "won", passed_pipeline=pipeline, passed_stage="stage").distinct()
    sums = passed.group_by("passed_pipeline", "passed_stage").aggregate(won=passed.won.sum(), closed=passed.count())
    chance = (sums.won.cast("decimal(18,4)") / sums.closed.cast("decimal(18,4)")).cast("decimal(5,4)")
    chances = sums.select("passed_pipeline", "passed_stage", observed=chance)
    current = open_deals(scope)
    same = [current.stage == chances.passed_stage, ibis.coalesce(current.pipeline, "") == chances.passed_pipeline]
    joined = current.left_join(chances, same)
    return joined.mutate(probability=joined.observed).select(*current.columns)


register_metric(
    Metric(
        key="weighted_pipeline_observed",
        name="Weighted pipeline, observed",
        definition=(
            "The amount of the open deals, weighted by the share of closed deals that were won after passing the same "
            f"stage. Needs the history of stages. {WHEN}"
        ),
        formula="Σ open amount × (won ÷ closed, of deals that passed the stage)",
        unit="money",
        owner_side="sales",
        measures=_register_open(
            weighted_amount,
            UNKNOWN_AMOUNT,
            Check(
                lambda row: row["amount"].notnull() & row["probability"].isnull(),
                "Open deals in a stage without closed deals in the stage history: {n}. They count as 0.",
            ),
            source=_with_observed_chance,
        ),
        default_cut="stage",
        section="Pipeline",
    )
)
register_metric(
    Metric(
        key="open_pipeline",
        name="Open pipeline",
        definition=f"The amount of all open deals, unweighted. {WHEN}",
        formula="Σ amount of open deals",
        unit="money",
        owner_side="sales",
        measures=_register_open(deal_amount, UNKNOWN_AMOUNT),
        default_cut="stage",
        section="Pipeline",
    )
)


def _at_list_price(scope: Scope) -> Any:
    """Return the open deals with the price of their product, in its currency, in the place of the amount."""
    deals, products = open_deals(scope), scope.table("products")
    prices = products.select(priced_id="id", list_price="list_price", priced_in="currency")
    both = deals.left_join(prices, deals.product_id == prices.priced_id)
    currency = ibis.coalesce(both.priced_in.nullif(""), both.currency)
    return both.mutate(amount=both.list_price, currency=currency).select(*deals.columns)


register_metric(
    Metric(
        key="open_pipeline_at_list_price",
        name="Open pipeline at list price",
        definition=f"What the open deals would bring at the list price of their products, where no amount is agreed yet. {WHEN}",
        formula="Σ list price of the products of open deals",
        unit="money",
        owner_side="sales",
        measures=_register_open(
            deal_amount,
            Check(
                lambda row: row["amount"].isnull(),
                "Open deals whose product has no list price: {n}. They count as 0.",
            ),
            source=_at_list_price,
        ),
        default_cut="stage",
        section="Pipeline",
    )
)
register_metric(
    Metric(
        key="opportunities_open",
        name="Open opportunities",
        definition=f"The number of open deals. {WHEN}",
        formula="count of open deals",
        unit="count",
        owner_side="sales",
        measures=_register_open(count_one, is_money=False),
        default_cut="stage",
        section="Pipeline",
    )
)


def _sales_velocity(factors: Mapping[str, Any]) -> tuple[Decimal, Decimal] | None:
    """Return open deals × close rate × average revenue, and the mean days it is spread over."""
    count, rate = factors["opportunities_open"].value, factors["close_rate"]
    average, cycle = factors["average_revenue_per_transaction"], factors["sales_cycle_time"].quartiles
    if not (rate.denominator and average.denominator and cycle and cycle.mean):
        return None
    chance = Decimal(rate.numerator) / Decimal(rate.denominator)
    return Decimal(count or 0) * chance * (average.numerator / average.denominator), Decimal(str(cycle.mean))


register_metric(
    Metric(
        key="pipeline_velocity",
        name="Pipeline velocity",
        definition=(
            "Revenue per day from the open pipeline if the period continues: open deals, times the close rate, "
            "times the average revenue of a won deal, over the mean cycle of won deals."
        ),
        formula="open opportunities × close rate × average revenue ÷ mean sales cycle in days",
        unit="money",
        owner_side="sales",
        factors=("opportunities_open", "close_rate", "average_revenue_per_transaction", "sales_cycle_time"),
        combine=_sales_velocity,
        default_cut="owner",
        per="day",
        section="Pipeline",
    )
)
