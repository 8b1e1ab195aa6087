"""Campaigns ranked by the leads they brought beside the same ranked by revenue, and where the two disagree most."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from core.formatting import format_decimal, format_percent, format_ratio, short_money

MAX_SHOWN = 8
ROW_HEIGHT = 40  # pixels, as in components.css
MAX_COMPARED = 100
MORE_LEADS, MORE_REVENUE = Decimal("1.1"), Decimal("1.25")  # less than that is not a disagreement, but chance


@dataclass(frozen=True)
class Campaign:
    """What a campaign brought, and its place, from 1, on either list."""

    key: str
    label: str
    leads: Decimal  # a model may credit parts of a lead
    revenue: Decimal
    leads_rank: int = 0
    revenue_rank: int = 0

    @property
    def climb(self) -> int:
        """How many places higher it stands by revenue than by leads; negative when lower."""
        return self.leads_rank - self.revenue_rank


@dataclass(frozen=True)
class Thread:
    """A campaign's line from its place on the left list to its place on the right one, both from 0."""

    left: int
    right: int
    is_told: bool

    @property
    def path(self) -> str:
        """Draw the line in a box 100 wide, one row of ROW_HEIGHT after the other."""
        start, end = ((row + 0.5) * ROW_HEIGHT for row in (self.left, self.right))
        return f"M0 {start:g}C45 {start:g} 55 {end:g} 100 {end:g}"

    @property
    def direction(self) -> str:
        return "level" if self.left == self.right else "up" if self.right < self.left else "down"


@dataclass(frozen=True)
class Ranking:
    by_leads: tuple[Campaign, ...]
    by_revenue: tuple[Campaign, ...]
    total: int
    currency: str
    upside_down: tuple[Campaign, Campaign] | None = None
    with_leads: int = 0
    with_revenue: int = 0
    is_agreed: bool = False  # some campaign brought clearly more leads and clearly more revenue than another

    @property
    def is_cut(self) -> bool:
        """Whether a list leaves out campaigns that belong on it."""
        return max(self.with_leads, self.with_revenue) > MAX_SHOWN

    @property
    def most_leads(self) -> Decimal:
        return self.by_leads[0].leads if self.by_leads else Decimal(0)

    @property
    def most_revenue(self) -> Decimal:
        return self.by_revenue[0].revenue if self.by_revenue else Decimal(0)

    @property
    def height(self) -> int:
        return max(len(self.by_leads), len(self.by_revenue)) * ROW_HEIGHT

    @property
    def threads(self) -> tuple[Thread, ...]:
        places = {campaign.key: position for position, campaign in enumerate(self.by_revenue)}
        highlighted = {campaign.key for campaign in self.upside_down or ()}
        return tuple(
            Thread(position, places[campaign.key], campaign.key in highlighted)
            for position, campaign in enumerate(self.by_leads)
            if campaign.key in places
        )

    @property
    def told(self) -> frozenset[str]:
        return frozenset(campaign.key for campaign in self.upside_down or ())

    @property
    def finding(self) -> str:
        if not self.total:
            return "No campaign brought a lead or a deal"
        if not self.with_leads or not self.with_revenue:
            return self._one_sided()
        if not self.upside_down:
            if self.is_agreed:
                return "Campaigns that bring more leads also bring more revenue"
            only = " of the only campaign" if self.total == 1 else " of the campaigns hardly differ"
            return f"Leads and revenue{only}"
        loud, quiet = self.upside_down
        return f"“{loud.label}” brought {_more_leads_than(loud.leads, quiet.leads)} “{quiet.label}”, {self._revenue_share(loud, quiet)}"

    def _one_sided(self) -> str:
        """Say which side has no campaign on record, where nothing can be compared."""
        if self.with_leads:
            return f"{_count_campaigns(self.with_leads)} brought leads; no revenue is recorded for a campaign"
        if self.with_revenue:
            return f"{_count_campaigns(self.with_revenue)} brought revenue; no lead names a campaign"
        return "No campaign brought a lead or revenue"

    def _revenue_share(self, loud: Campaign, quiet: Campaign) -> str:
        if not loud.revenue:
            return (
                f"but no revenue is recorded for it, where the other earned {short_money(quiet.revenue, self.currency)}"
            )
        return f"but only {format_percent(loud.revenue / quiet.revenue)} of its revenue"


def _count_campaigns(n: int) -> str:
    return f"{n} campaign{'' if n == 1 else 's'}"


def _more_leads_than(many: Decimal, few: Decimal) -> str:
    """Write how many more leads, up to the name of the campaign that they are compared with."""
    if not few:
        return f"{format_decimal(many, 1, is_trimmed=True)} more leads than"
    times = many / few
    return f"{format_percent(times - 1)} more leads than" if times < 2 else f"{format_ratio(times)} the leads of"


def rank_by_leads_and_revenue(campaigns: Sequence[Campaign], currency: str) -> Ranking:
    """Rank the campaigns on both lists; a campaign without leads or without revenue is left out of that list."""
    placed = _assign_ranks(campaigns)
    return Ranking(
        tuple(
            sorted((campaign for campaign in placed if campaign.leads), key=lambda campaign: campaign.leads_rank)[
                :MAX_SHOWN
            ]
        ),
        tuple(
            sorted((campaign for campaign in placed if campaign.revenue), key=lambda campaign: campaign.revenue_rank)[
                :MAX_SHOWN
            ]
        ),
        len(placed),
        currency,
        upside_down(placed),
        sum(1 for campaign in placed if campaign.leads),
        sum(1 for campaign in placed if campaign.revenue),
        is_agreed(placed),
    )


def _assign_ranks(campaigns: Sequence[Campaign]) -> list[Campaign]:
    by_leads = sorted(campaigns, key=lambda campaign: (-campaign.leads, campaign.label))
    by_revenue = sorted(campaigns, key=lambda campaign: (-campaign.revenue, campaign.label))
    leads_rank = {campaign.key: position for position, campaign in enumerate(by_leads, 1)}
    revenue_rank = {campaign.key: position for position, campaign in enumerate(by_revenue, 1)}
    return [
        Campaign(
            campaign.key,
            campaign.label,
            campaign.leads,
            campaign.revenue,
            leads_rank[campaign.key],
            revenue_rank[campaign.key],
        )
        for campaign in campaigns
    ]


def is_agreed(campaigns: Sequence[Campaign]) -> bool:
    """Tell whether a campaign brought clearly more leads than another and clearly more revenue."""
    ranked = sorted(campaigns, key=lambda campaign: campaign.leads_rank)[:MAX_COMPARED]
    return any(
        more.leads > less.leads * MORE_LEADS and more.revenue > less.revenue * MORE_REVENUE
        for more, less in product(ranked, repeat=2)
    )


def upside_down(campaigns: Sequence[Campaign]) -> tuple[Campaign, Campaign] | None:
    """Return the pair that ranks one way by leads and the other by revenue with the most money between; None without."""
    loudest = sorted(campaigns, key=lambda campaign: campaign.leads_rank)[:MAX_COMPARED]
    richest = sorted(campaigns, key=lambda campaign: campaign.revenue_rank)[:MAX_COMPARED]
    pairs = [
        (loud, quiet)
        for loud, quiet in product(loudest, richest)
        if loud.leads > quiet.leads * MORE_LEADS and quiet.revenue > loud.revenue * MORE_REVENUE
    ]
    return max(pairs, key=lambda pair: pair[1].revenue - pair[0].revenue, default=None)
