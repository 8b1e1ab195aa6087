"""The ranking of campaigns from two metrics that are cut by campaign."""

from collections.abc import Iterable
from decimal import Decimal

from attribution.campaigns.ranking import Campaign, Ranking, rank_by_leads_and_revenue
from kpis.dimensions import BLANK
from kpis.result import Part


def rank_campaigns(leads: Iterable[Part], revenue: Iterable[Part], currency: str) -> Ranking:
    """Join both lists by campaign; who is missing on one brought nothing there."""
    brought = {part.key: part for part in leads if part.key != BLANK}
    earned = {part.key: part for part in revenue if part.key != BLANK}
    campaigns = [
        Campaign(
            key,
            (brought.get(key) or earned[key]).label,
            Decimal(brought[key].value or 0) if key in brought else Decimal(0),
            Decimal(earned[key].value or 0) if key in earned else Decimal(0),
        )
        for key in {**brought, **earned}
    ]
    return rank_by_leads_and_revenue(campaigns, currency)
