"""How deals end: won, lost, or no decision; three outcomes, never two. And how long it takes, and what they bring."""

from dataclasses import replace

from kpis.deals import (
    NO_AMOUNT,
    closed_day,
    count_one,
    cycle_days,
    deal_amount,
    is_closed,
    is_lost,
    is_no_decision,
    is_won,
)
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Build

CLOSED = Measure("opportunities", day=closed_day, keep=is_closed, denominator=count_one)
CLOSED_VALUE = replace(
    CLOSED,
    denominator=deal_amount,
    is_money=True,
    checks=(
        Check(
            lambda row: row["amount"].isnull() | (row["amount"] == 0),
            "Closed deals without an amount: {n}. They are left out of rates by value.",
        ),
    ),
)


def _register_share(key: str, name: str, word: str, outcome: Build, better: str) -> None:
    """Declare the share of one outcome among all closed deals, by number and by value."""
    register_metric(
        Metric(
            key=key,
            name=name,
            definition=f"Of all deals closed in the period, the share that ended {word}. Deals still open do not count.",
            formula=f"{word} ÷ (won + lost + no decision), by number of deals",
            unit="percent",
            better=better,  # type: ignore[arg-type]
            owner_side="sales",
            measures=(replace(CLOSED, numerator=lambda row: outcome(row).cast("int64")),),
            is_proportion=True,
            default_cut="owner",
            section="Outcomes",
        )
    )
    register_metric(
        Metric(
            key=f"{key}_by_value",
            name=f"{name} by value",
            definition=f"Of the worth of all deals closed in the period, the share that ended {word}.",
            formula=f"amount {word} ÷ amount of all closed deals",
            unit="percent",
            better=better,  # type: ignore[arg-type]
            owner_side="sales",
            measures=(replace(CLOSED_VALUE, numerator=lambda row: outcome(row).ifelse(deal_amount(row), 0)),),
            default_cut="owner",
            section="Outcomes",
        )
    )


_register_share("close_rate", "Close rate", "won", is_won, "up")
_register_share("loss_rate", "Loss rate", "lost", is_lost, "down")
_register_share("no_decision_rate", "No-decision rate", "no decision", is_no_decision, "down")

BEFORE_CONTACT = Check(
    lambda row: cycle_days(row) < 0, "Deals closed before their first contact: {n}. Their days count as negative."
)
CLOSED_EARLY = Check(
    lambda row: cycle_days(row) < 0, "Deals closed before their first contact: {n}. They count as won in time."
)
NO_START = Check(
    lambda row: cycle_days(row).isnull(),
    "Deals without a first contact, opening or closing date: {n}. They are left out.",
)


def _register_cycle(key: str, name: str, deals: str, keep: Build) -> None:
    """Declare a cycle time: median first, with quartiles, ninetieth percentile and mean."""
    register_metric(
        Metric(
            key=key,
            name=name,
            definition=(
                f"Calendar days from the first contact to the close, for deals {deals} in the period. Where no first "
                "contact is known, from the day the deal was opened. The median: half took longer."
            ),
            formula="median of (closed on − first contact, else opened on)",
            unit="days",
            better="down" if key == "sales_cycle_time" else "",
            owner_side="sales",
            measures=(
                Measure(
                    "opportunities", day=closed_day, keep=keep, spread=cycle_days, checks=(BEFORE_CONTACT, NO_START)
                ),
            ),
            default_cut="owner",
            section="Outcomes",
        )
    )


_register_cycle("sales_cycle_time", "Sales cycle time", "won", is_won)
_register_cycle("sales_cycle_time_lost", "Cycle time of lost deals", "lost", is_lost)
_register_cycle("sales_cycle_time_closed", "Cycle time of all closed deals", "closed, whatever the outcome,", is_closed)


def _register_won_within(days: int) -> None:
    register_metric(
        Metric(
            key=f"won_within_{days}_days",
            name=f"Won within {days} days",
            definition=f"Of the deals won in the period, the share that took at most {days} days from the first contact.",
            formula=f"won deals with a cycle of at most {days} days ÷ won deals",
            unit="percent",
            owner_side="sales",
            measures=(
                Measure(
                    "opportunities",
                    day=closed_day,
                    keep=is_won,
                    numerator=lambda row: (cycle_days(row) <= days).fill_null(False).cast("int64"),
                    denominator=count_one,
                    checks=(CLOSED_EARLY, NO_START),
                ),
            ),
            is_proportion=True,
            default_cut="owner",
            section="Outcomes",
        )
    )


_register_won_within(30)
_register_won_within(90)

WON_VALUE = Measure(
    "opportunities", day=closed_day, keep=is_won, numerator=deal_amount, is_money=True, checks=(NO_AMOUNT,)
)
register_metric(
    Metric(
        key="average_revenue_per_transaction",
        name="Average revenue per transaction",
        definition="The average amount of a won deal: the amount of all deals won in the period, by their number.",
        formula="won revenue ÷ won opportunities",
        unit="money",
        owner_side="sales",
        measures=(replace(WON_VALUE, denominator=count_one),),
        default_cut="product",
        section="Outcomes",
    )
)
register_metric(
    Metric(
        key="deal_size",
        name="Size of a won deal",
        definition="The median amount of the deals won in the period: half brought more. Less affected by very large deals than the average.",
        formula="median of won amounts",
        unit="money",
        owner_side="sales",
        measures=(
            Measure(
                "opportunities",
                day=closed_day,
                keep=is_won,
                spread=lambda row: (row["amount"] * 100).cast("int64"),
                is_money=True,
                checks=(
                    Check(lambda row: row["amount"].isnull(), "Won deals without an amount: {n}. They are left out."),
                ),
            ),
        ),
        default_cut="product",
        section="Outcomes",
    )
)
