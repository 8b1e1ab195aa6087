"""What touches earned: leads, pipeline and revenue divided over the touches before them, under the chosen model."""

from dataclasses import replace

from kpis.credits import credited_amount, credited_count, credited_deals, credited_leads, has_touch
from kpis.deals import NO_AMOUNT, closed_day, deal_amount, is_won, opened_day
from kpis.metrics.leads import lead_day
from kpis.metrics.money import SPENT
from kpis.registry import Check, Measure, Metric, register_metric

RULE = (
    "First and last touch get all of it; Linear the same for each; U-shaped 40 % for the first, 40 % for the last; W-shaped "
    "30 % for the first, for the one that made the lead and for the one before the deal; Full path 22.5 % for these and for the last; "
    "J-shaped 20 % for the first, 60 % for the last; the others share what is left. Time decay halves with each half-life. "
    "Markov gives each channel its removal effect as a share of all; within the channel touches count in proportion to Linear. "
    "Shapley gives each channel of a journey the same. What no touch came before is “No touch”."
)
NO_TOUCH_DEALS = Check(lambda row: ~has_touch(row), "Deals without any touch: {n}. Their amount counts as “No touch”.")
NO_TOUCH_LEADS = Check(lambda row: ~has_touch(row), "Leads without any touch: {n}. They count as “No touch”.")
REVENUE = Measure(
    "opportunities",
    day=closed_day,
    keep=is_won,
    numerator=credited_amount,
    is_money=True,
    source=credited_deals,
    checks=(NO_AMOUNT, NO_TOUCH_DEALS),
    credits="opportunity_credits",
)
LEAD_SPEND = replace(SPENT, keep=lambda row: row["category"] == "lead_generation", checks=(), is_required=True)
CAMPAIGN_SPEND = replace(SPENT, keep=lambda row: row["campaign_id"].notnull(), checks=(), is_required=True)

register_metric(
    Metric(
        key="attributed_leads",
        name="Leads by attribution",
        definition=f"Leads, each divided over the touches of its person up to the day it was made. {RULE}",
        formula="Σ share of each lead",
        unit="count",
        owner_side="marketing",
        measures=(
            Measure(
                "leads",
                day=lead_day,
                numerator=credited_count,
                source=credited_leads,
                checks=(NO_TOUCH_LEADS,),
                credits="lead_credits",
            ),
        ),
        default_cut="channel",
        section="Attribution",
    )
)
register_metric(
    Metric(
        key="attributed_pipeline",
        name="Pipeline by attribution",
        definition=f"The amount of open deals by the day they were opened, each divided over the touches so far. {RULE}",
        formula="Σ amount of open deals × share of each touch",
        unit="money",
        measures=(replace(REVENUE, day=opened_day, keep=lambda row: row["outcome"] == "open"),),
        default_cut="channel",
        section="Attribution",
    )
)
register_metric(
    Metric(
        key="attributed_revenue",
        name="Revenue by attribution",
        definition=(
            "The amount of won deals by close date, each divided over the touches of its journey up to the close. "
            f"Touches before an earlier win of the same journey belong to that win. {RULE}"
        ),
        formula="Σ amount of won deals × share of each touch",
        unit="money",
        measures=(REVENUE,),
        default_cut="channel",
        section="Attribution",
    )
)
register_metric(
    Metric(
        key="lead_cost_per_revenue_dollar",
        name="Lead cost per revenue dollar",
        definition=(
            "What was spent on lead generation for each unit of revenue that touches earned: 8 % are 0.08 for one. Won deals "
            "without a touch do not count."
        ),
        formula="spend on lead generation ÷ attributed revenue",
        unit="percent",
        better="down",
        owner_side="marketing",
        measures=(
            replace(
                REVENUE,
                keep=lambda row: is_won(row) & has_touch(row),
                numerator=None,
                denominator=credited_amount,
                checks=(NO_AMOUNT,),
            ),
            LEAD_SPEND,
        ),
        default_cut="campaign",
        section="Attribution",
    )
)
register_metric(
    Metric(
        key="cost_per_order_dollar",
        name="Cost per order dollar",
        definition="What Sales and Marketing spent for each unit of bookings: 25 % are 0.25 for one. Cut by campaign, bookings are those that its touches earned.",
        formula="S&M spend ÷ amount of won deals",
        unit="percent",
        better="down",
        measures=(
            replace(REVENUE, numerator=None, denominator=credited_amount, checks=(NO_AMOUNT,)),
            replace(SPENT, is_required=True),
        ),
        default_cut="campaign",
        section="Attribution",
    )
)
register_metric(
    Metric(
        key="attributed_campaign_return",
        name="Return on campaigns by attribution",
        definition="The revenue that the touches of campaigns earned minus the spend of campaigns, for each unit of that spend.",
        formula="(attributed revenue of campaigns − their spend) ÷ their spend",
        unit="percent",
        owner_side="marketing",
        measures=(
            replace(REVENUE, keep=lambda row: is_won(row) & row["touch_campaign_id"].notnull(), checks=(NO_AMOUNT,)),
            replace(CAMPAIGN_SPEND, numerator=lambda row: -deal_amount(row), denominator=deal_amount),
        ),
        default_cut="campaign",
        section="Attribution",
    )
)
