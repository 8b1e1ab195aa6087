"""What comes in, what Sales and Marketing cost, and what the one makes of the other."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from kpis.deals import NO_AMOUNT, closed_day, deal_amount, is_won
from kpis.registry import Check, Measure, Metric, register_metric
from kpis.rows import Row

INVOICED_BASIS = "invoices, net of credit notes"
WON_BASIS = "deals won, by close date, because there are no invoices"


def net_money(path: str) -> Callable[[Row], Any]:
    """Return a money column of an invoice; a credit note takes it away."""
    return lambda row: (row["kind"] == "credit").ifelse(-row.money(path), row.money(path))


def invoice_profit(row: Row) -> Any:
    return net_money("amount")(row) - net_money("cost")(row)


def has_cost(row: Row) -> Any:
    return row["cost"].notnull()


def issued_day(row: Row) -> Any:
    return row["issued_on"]


NO_COST = Check(lambda row: row["cost"].isnull(), "Invoices without a cost: {n}. They are left out.", is_left_out=True)
NO_COST_WON = Check(
    lambda row: is_won(row) & row["cost"].isnull(),
    "Won deals without a cost: {n}. They are left out.",
    is_left_out=True,
)
INVOICED = Measure(
    "invoices",
    day=issued_day,
    numerator=net_money("amount"),
    is_money=True,
    checks=(Check(lambda row: row["amount"].isnull(), "Invoices without an amount: {n}. They count as 0."),),
    basis=INVOICED_BASIS,
)
WON = Measure(
    "opportunities",
    day=closed_day,
    keep=is_won,
    numerator=deal_amount,
    is_money=True,
    checks=(NO_AMOUNT,),
    basis=WON_BASIS,
)
REVENUE = (INVOICED, WON)
PROFIT = (
    replace(INVOICED, keep=has_cost, numerator=invoice_profit, checks=(NO_COST,), is_required=True),
    replace(
        WON,
        keep=lambda row: is_won(row) & has_cost(row),
        numerator=lambda row: deal_amount(row) - row.money("cost"),
        checks=(NO_COST_WON,),
        is_required=True,
    ),
)
SPENT = Measure(
    "spend",
    day=lambda row: row["spent_on"],
    numerator=deal_amount,
    is_money=True,
    checks=(Check(lambda row: row["amount"].isnull(), "Lines of spend without an amount: {n}. They count as 0."),),
)
COST_OF_BOTH = replace(SPENT, numerator=lambda row: -deal_amount(row), denominator=deal_amount)


def gap_to_benchmark(numerator: Decimal, denominator: Decimal, benchmark: Decimal) -> dict[str, Decimal]:
    """Return what the distance to the benchmark is worth.

    The numerator is revenue − spend, the denominator spend. At the benchmark the same spend would have brought
    `extra_revenue` more, and the same revenue would have cost `spend_saved` less; negative when the company is ahead.
    """
    spend, revenue = denominator, numerator + denominator
    return {
        "revenue": revenue,
        "spend": spend,
        "extra_revenue": spend * (1 + benchmark) - revenue,
        "spend_saved": spend - revenue / (1 + benchmark),
    }


register_metric(
    Metric(
        key="smroi",
        name="SMROI",
        definition=(
            "Sales and marketing return on investment: revenue minus all sales and marketing spend, "
            "for each unit of that spend. Revenue is what was invoiced net of credit notes; where there are no invoices, "
            "the amount of deals won by close date. Spend is every sales and marketing line dated in the period."
        ),
        formula="(revenue − S&M spend) ÷ S&M spend",
        unit="percent",
        measures=(REVENUE, COST_OF_BOTH),
        default_cut="quarter",
        gap=gap_to_benchmark,
        section="Money",
    )
)
register_metric(
    Metric(
        key="smroi_gross_profit",
        name="SMROI on gross profit",
        definition=(
            "The second basis of SMROI, stricter than the first: gross profit in the place of revenue. Only revenue whose "
            "cost is known takes part. The benchmark for SMROI on revenue does not fit it."
        ),
        formula="(revenue − cost of what was sold − S&M spend) ÷ S&M spend",
        unit="percent",
        measures=(PROFIT, COST_OF_BOTH),
        default_cut="quarter",
        section="Money",
    )
)
register_metric(
    Metric(
        key="sm_share_of_revenue",
        name="S&M share of revenue",
        definition="How much of each unit of revenue goes into Sales and Marketing. Lower is leaner, not always better.",
        formula="S&M spend ÷ revenue",
        unit="percent",
        better="down",
        measures=(
            tuple(replace(basis, numerator=None, denominator=basis.numerator) for basis in REVENUE),
            replace(SPENT, is_required=True),
        ),
        default_cut="quarter",
        section="Money",
    )
)
register_metric(
    Metric(
        key="revenue",
        name="Revenue",
        definition="What was invoiced in the period net of credit notes; where there are no invoices, the amount of deals won.",
        formula="Σ invoices − Σ credit notes, else Σ amount of won deals by close date",
        unit="money",
        measures=(REVENUE,),
        default_cut="month",
        section="Money",
    )
)
register_metric(
    Metric(
        key="sm_spend",
        name="S&M spend",
        definition="All lines of sales and marketing spend dated in the period: lead generation, sales support, technology, people.",
        formula="Σ spend",
        unit="money",
        better="",
        measures=(SPENT,),
        default_cut="category",
        section="Money",
    )
)
register_metric(
    Metric(
        key="invoiced_revenue",
        name="Invoiced revenue",
        definition="What was invoiced in the period, less credit notes of the period.",
        formula="Σ invoices − Σ credit notes",
        unit="money",
        measures=(INVOICED,),
        default_cut="month",
        section="Money",
    )
)
register_metric(
    Metric(
        key="won_revenue",
        name="Won revenue",
        definition="The amount of all deals won in the period, by the day they closed: bookings.",
        formula="Σ amount of won deals",
        unit="money",
        owner_side="sales",
        measures=(replace(WON, basis=""),),
        default_cut="owner",
        section="Money",
    )
)
register_metric(
    Metric(
        key="payments_received",
        name="Payments received",
        definition="What customers paid in the period.",
        formula="Σ payments",
        unit="money",
        measures=(Measure("payments", day=lambda row: row["paid_on"], numerator=deal_amount, is_money=True),),
        default_cut="month",
        section="Money",
    )
)
