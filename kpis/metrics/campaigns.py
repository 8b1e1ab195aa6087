"""Campaigns side by side: by the leads they brought, and by the revenue that came of it."""

from typing import Any

from kpis import dimensions
from kpis.deals import NO_AMOUNT, closed_day, count_one, deal_amount, is_won
from kpis.metrics.leads import lead_day
from kpis.registry import Measure, Metric, register_metric
from kpis.rows import Row


def deal_campaign(row: Row) -> Any:
    return dimensions.dimensions_of("opportunities")["campaign"](row)


register_metric(
    Metric(
        key="campaign_leads",
        name="Leads by campaign",
        definition="Leads that a campaign brought: the campaign their record names, else the first that touched them. Each lead counts once.",
        formula="count of leads with a campaign",
        unit="count",
        owner_side="marketing",
        measures=(
            Measure(
                "leads",
                day=lead_day,
                keep=lambda row: dimensions.dimensions_of("leads")["campaign"](row).notnull(),
                numerator=count_one,
            ),
        ),
        default_cut="campaign",
        section="Campaigns",
    )
)
register_metric(
    Metric(
        key="campaign_revenue",
        name="Revenue by campaign",
        definition=(
            "The amount of won deals that a campaign brought: the deal's campaign, else its lead's. "
            "Each deal counts once, for one campaign."
        ),
        formula="Σ amount of won deals with a campaign, by close date",
        unit="money",
        owner_side="marketing",
        measures=(
            Measure(
                "opportunities",
                day=closed_day,
                keep=lambda row: is_won(row) & deal_campaign(row).notnull(),
                numerator=deal_amount,
                is_money=True,
                checks=(NO_AMOUNT,),
            ),
        ),
        default_cut="campaign",
        section="Campaigns",
    )
)
register_metric(
    Metric(
        key="campaign_spend",
        name="Spend by campaign",
        definition="Lines of spend that name a campaign.",
        formula="Σ spend with a campaign",
        unit="money",
        better="",
        owner_side="marketing",
        measures=(
            Measure(
                "spend",
                day=lambda row: row["spent_on"],
                keep=lambda row: row["campaign_id"].notnull(),
                numerator=deal_amount,
                is_money=True,
            ),
        ),
        default_cut="campaign",
        section="Campaigns",
    )
)


def _campaign_roi_measures() -> tuple[Measure, Measure]:
    """Revenue once per deal, spend once per line; never a cost for each deal that it joins."""
    revenue = Measure(
        "opportunities",
        day=closed_day,
        keep=lambda row: is_won(row) & deal_campaign(row).notnull(),
        numerator=deal_amount,
        is_money=True,
    )
    spend = Measure(
        "spend",
        day=lambda row: row["spent_on"],
        keep=lambda row: row["campaign_id"].notnull(),
        numerator=lambda row: -deal_amount(row),
        denominator=deal_amount,
        is_money=True,
    )
    return revenue, spend


register_metric(
    Metric(
        key="campaign_roi",
        name="Return on campaigns",
        definition="The won revenue of a campaign minus its spend, for each unit of that spend.",
        formula="(won revenue of campaigns − their spend) ÷ their spend",
        unit="percent",
        owner_side="marketing",
        measures=_campaign_roi_measures(),
        default_cut="campaign",
        section="Campaigns",
    )
)
