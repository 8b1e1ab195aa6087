"""Observes which campaigns rank one way by leads and the other way by revenue."""

from decimal import Decimal

from alarms.context import Context
from alarms.costs import MoneyRange, fixed_amount
from alarms.judging import Judgement
from alarms.registry import Evidence, Finding, no_data
from attribution.campaigns.ranking import Campaign
from kpis.dashboard import Question
from kpis.ranking import rank_campaigns
from kpis.url_params import records_url

MINIMUM_LEADS = 30  # of the campaign with more leads
MORE_LEADS, MOST_REVENUE = Decimal("1.25"), Decimal("0.5")  # how far two campaigns have to differ, as shares


def observe_campaigns(context: Context) -> Finding:
    """Compare the campaigns of the last full year: in a shorter time leads have not become revenue yet."""
    year = context.last_year
    leads, revenue = (context.compute(key, year, by="campaign") for key in ("campaign_leads", "campaign_revenue"))
    if not leads.parts or not revenue.parts:
        return no_data("No campaign brought leads and revenue in the last full year.")
    ranking = rank_campaigns(leads.parts, revenue.parts, revenue.currency or context.currency)
    bucket = context.yesterday
    if ranking.upside_down is None:
        return Finding(Judgement(bucket, value=1.0, expected=1.0))
    loud, quiet = ranking.upside_down
    is_bad = is_upside_down(loud, quiet)
    judged = Judgement(
        bucket,
        float(loud.revenue / quiet.revenue),
        float(MOST_REVENUE),
        n=int(loud.leads),
        is_bad=is_bad,
        is_calm=not is_bad,
    )
    evidence = tuple(
        Evidence(campaign.label, records_url("campaign_leads", Question(year, "", {"campaign": campaign.key})), int(campaign.leads))
        for campaign in (loud, quiet)
    )  # fmt: skip
    return Finding(judged, f"{ranking.finding}.", evidence, cost=_read_spend(context, loud) if is_bad else None)


def is_upside_down(loud: Campaign, quiet: Campaign) -> bool:
    """Whether one campaign brought clearly more leads than the other and clearly less revenue, of enough leads to say so."""
    has_more_leads = loud.leads >= MINIMUM_LEADS and loud.leads >= quiet.leads * MORE_LEADS
    return has_more_leads and loud.revenue <= quiet.revenue * MOST_REVENUE


def _read_spend(context: Context, campaign: Campaign) -> MoneyRange | None:
    spent = context.compute("campaign_spend", context.last_year, {"campaign": campaign.key})
    if not spent.value or (spent.currency or context.currency) != context.currency:
        return None
    return fixed_amount(Decimal(spent.value), context.currency)
