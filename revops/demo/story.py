"""What the demo shall tell: the sums to the cent, and who and what stands out. Numbers only, no code.

The last full calendar year brings 24.7 M of revenue for 11.4 M of spend. In it the Pink campaign has half as
many leads again as the Blue one, and about a fifth of its revenue. Around them: a source with many leads and
little money, a rep who is slow, a territory that lags, a vertical outside the niche, a queue no one reads,
deals that end more and more often in no decision.
"""

from dataclasses import dataclass
from decimal import Decimal

from revops.demo.names import FINANCE, OPERATIONS, USER

COMPANY, CURRENCY, ZONE, DOMAIN = "AppLexus", "USD", "America/New_York", "applexus.example"
SOURCE = "demo"

OPEN_STAGES = ("Qualification", "Discovery", "Solution", "Proposal", "Negotiation")
WON, LOST, UNDECIDED = "Closed won", "Closed lost", "No decision"
AGREED = {
    **dict(zip(OPEN_STAGES, map(Decimal, ("0.1", "0.2", "0.4", "0.6", "0.8")), strict=True)),
    WON: Decimal(1),
    LOST: Decimal(0),
    UNDECIDED: Decimal(0),
}
NEW, EXPANSION, RENEWAL = "New business", "Expansion", "Renewal"
OUTBOUND, CUSTOMER = "Outbound", "Customer base"


@dataclass(frozen=True)
class Year:
    """What one year brings, by its distance from this one."""

    revenue: int
    spend: int
    leads: float  # against the campaign plans
    outbound: int
    expansions: int
    renewals: int
    undecided: float  # share of new business that ends in no decision
    wins: float  # against the rates of the plans


YEARS = {
    -3: Year(revenue=15_100_000, spend=0, leads=0.72, outbound=96, expansions=112, renewals=34, undecided=0.2, wins=1.06),
    -2: Year(revenue=18_284_500, spend=10_260_000, leads=0.82, outbound=116, expansions=136, renewals=40, undecided=0.2, wins=1.06),
    -1: Year(revenue=24_700_000, spend=11_400_000, leads=1.0, outbound=144, expansions=168, renewals=48, undecided=0.29, wins=1.02),
    0: Year(revenue=27_900_000, spend=12_350_000, leads=1.06, outbound=150, expansions=178, renewals=54, undecided=0.35, wins=0.93),
}  # fmt: skip
GOAL = 28_500_000  # for this year, agreed by both sides


@dataclass(frozen=True)
class Plan:
    """A campaign: when it runs, what it costs in the last full year, and what comes of its leads."""

    key: str
    name: str
    kind: str
    source: str
    leads: int
    converted: float  # share of its leads that become opportunities
    won: float  # share of those that are won
    size: float  # of its deals, 1 for an ordinary one
    revenue: int  # the revenue of its wins in the last full year, 0: whatever they bring
    cost: int
    starts: tuple[int, int] = (1, 1)
    ends: tuple[int, int] = (12, 31)
    years: tuple[int, ...] = (-3, -2, -1, 0)
    response: str = "Form filled in"
    vertical: str = ""
    persona: str = ""  # most of its leads are of this one
    is_campaign: bool = True  # false: leads that are bought, with no campaign on record
    is_hollow: bool = False  # its leads do much and mean nothing by it

    @property
    def is_exact(self) -> bool:
        """Told whole within the last full year, its leads counted exactly."""
        return self.years == (-1,)


PLANS = (
    Plan("trial", "Free trial and website", "Website", "Free trial", 460, 0.29, 0.3, 0.95, 3_418_250, 410_000,
         response="Trial started"),
    Plan("search", "Paid search – category terms", "Paid search", "Paid search",
         400, 0.24, 0.27, 1.05, 2_463_700, 560_000),
    Plan("forums", "Finance forums", "Trade show", "Trade show", 270, 0.25, 0.27, 1.12, 1_834_400, 430_000,
         starts=(3, 3), ends=(11, 14), response="Booth visited"),
    Plan("referrals", "Customer referral programme", "Referral", "Referral", 190, 0.32, 0.38, 0.78, 1_462_150, 150_000,
         response="Introduced by a customer"),
    Plan("pink", "Pink – Spring webinar series", "Webinar", "Webinar", 150, 0.1, 0.27, 0.3, 100_000, 95_000,
         starts=(3, 1), ends=(6, 12), years=(-1,), response="Webinar attended", persona=USER),
    Plan("resorts", "Resort and hotel technology expo", "Trade show", "Trade show", 108, 0.2, 0.1, 0.35, 62_400, 190_000,
         starts=(4, 10), ends=(6, 30), response="Booth visited", vertical="Hospitality"),
    Plan("blue", "Blue – CFO roundtables", "Roundtable", "Roundtable", 100, 0.28, 0.32, 0.63, 480_000, 118_000,
         starts=(2, 1), ends=(9, 15), years=(-1,), response="Roundtable attended", persona=FINANCE),
    Plan("partners", "Partner co-selling", "Partner", "Partner", 85, 0.3, 0.3, 0.62, 421_850, 96_000,
         response="Introduced by a partner"),
    Plan("social", "Social ads – operations leaders", "Paid social", "Paid social", 64, 0.12, 0.2, 0.4, 38_200, 160_000,
         response="Ad clicked", persona=OPERATIONS),
    Plan("webinars", "Webinar series – first look", "Webinar", "Webinar", 118, 0.13, 0.2, 0.35, 0, 70_000,
         starts=(3, 1), ends=(10, 31), years=(-3, -2), response="Webinar attended"),
    Plan("encore", "Webinar series – the encore", "Webinar", "Webinar", 176, 0.1, 0.18, 0.3, 0, 104_000,
         starts=(3, 1), ends=(10, 31), years=(0,), response="Webinar attended", persona=USER, is_hollow=True),
    Plan("dinners", "Finance leaders' dinners", "Roundtable", "Roundtable", 62, 0.3, 0.31, 0.7, 0, 84_000,
         starts=(2, 1), ends=(11, 15), years=(0,), response="Dinner attended", persona=FINANCE),
    Plan("mails", "Newsletter and nurture mails", "E-mail", "E-mail", 0, 0, 0, 1, 0, 62_000),
    Plan("syndication", "Content syndication", "Content syndication", "Content syndication",
         360, 0.05, 0.1, 0.3, 0, 205_000, response="Asset downloaded", persona=USER, is_campaign=False),
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """How long deals take that end so: median working life in days, and its spread."""

    days: float
    spread: float


PACE = {
    (NEW, "won"): Result(74, 0.48),
    (NEW, "lost"): Result(84, 0.6),
    (NEW, "no_decision"): Result(136, 0.42),
    (EXPANSION, "won"): Result(50, 0.42),
    (EXPANSION, "lost"): Result(58, 0.5),
    (EXPANSION, "no_decision"): Result(85, 0.4),
    (RENEWAL, "won"): Result(54, 0.3),
    (RENEWAL, "lost"): Result(58, 0.3),
    (RENEWAL, "no_decision"): Result(70, 0.3),
}
WIN_RATE = {OUTBOUND: 0.28, EXPANSION: 0.43, RENEWAL: 0.76}
UNDECIDED_RATE = {EXPANSION: 0.18, RENEWAL: 0.06}

LAGGING = "DACH"
LAGGING_WINS, LAGGING_PACE = 0.5, 1.3
OUTSIDE = "Hospitality"
OUTSIDE_WINS = 0.35
BUYER_WINS = 2.2  # an economic buyer in the buying group
HAS_BUYER = 0.6

VERTICALS = {
    "Financial services": 0.27, "Insurance": 0.18, "Manufacturing": 0.21, "Logistics": 0.14, "Healthcare": 0.13,
    OUTSIDE: 0.07,
}  # fmt: skip


@dataclass(frozen=True)
class Ware:
    """A product; `from_year` counts from this one."""

    name: str
    family: str
    price: int
    cost: float  # share of its price
    weight: float
    from_year: int = -9


WARES = (
    Ware("AppLexus Core", "Platform", 68_000, 0.2, 0.42),
    Ware("AppLexus Insight", "Analytics", 82_000, 0.18, 0.24),
    Ware("AppLexus Connect", "Integration", 54_000, 0.26, 0.22),
    Ware("AppLexus Guard", "Compliance", 112_000, 0.24, 0.16, from_year=-1),
)

LOST_REASONS = {
    "Price": 30,
    "Lost to a competitor": 32,
    "Missing capability": 17,
    "Built in-house": 9,
    "Bad timing": 12,
}
UNDECIDED_REASONS = {
    "Priorities changed": 30, "No budget released": 24, "Could not agree internally": 24, "Champion left": 12,
    "Stayed with the old way": 10,
}  # fmt: skip
