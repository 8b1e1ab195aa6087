"""How deals end, and how long and how much work it takes."""

from alarms import signed_limits
from alarms.cost_formulas import lost_rate
from alarms.observations.outcomes import REASON_DAYS, observe_no_decision_reasons
from alarms.registry import Detector, register_detector
from alarms.rules import DriftRule, Floors, LimitRule, RateRule
from team.models import Role

register_detector(
    Detector(
        key="close_rate_falling",
        name="Fewer deals won",
        looks_for="Alerts when a smaller share of the closed deals is won than was usual in the half year before.",
        section="Outcomes",
        owner=Role.CRO,
        remedy="Look at why it moved, by owner, product and source, and at the reasons of the lost deals.",
        rule=RateRule("close_rate", "down", floors=Floors(0.15, 0.03, 20)),
        yields_to="no_decision_rising",  # a deal without a decision is not won: one cause, one alarm
        cost=lost_rate("won", "close_rate"),
    )
)
register_detector(
    Detector(
        key="no_decision_rising",
        name="More deals without a decision",
        looks_for="Alerts when a larger share of the closed deals ends without a decision than was usual in the half year before.",
        section="Outcomes",
        owner=Role.CRO,
        remedy="Look at the reasons, and bring an economic buyer into each open deal that has none.",
        rule=RateRule("no_decision_rate", "up", floors=Floors(0.2, 0.03, 20)),
        records="opportunities_undecided",
        cost=lost_rate("deal", "no_decision_rate"),
    )
)
register_detector(
    Detector(
        key="no_decision_reason",
        name="One reason for no decision",
        looks_for=(
            f"Alerts when one reason stands behind a larger share of the deals without a decision in {REASON_DAYS} days "
            "than in the year before."
        ),
        section="Outcomes",
        owner=Role.CRO,
        remedy="Take the reason into the next joint review, and agree on the content, price or person that leads to a decision.",
        observe=observe_no_decision_reasons,
        requires=("opportunities",),
    )
)
register_detector(
    Detector(
        key="cycle_lengthening",
        name="Longer sales cycle",
        looks_for="Alerts when won deals take longer than was usual in the half year before.",
        section="Outcomes",
        owner=Role.CRO,
        remedy="Look at which stage takes longer, and at deals without a next step.",
        rule=DriftRule("sales_cycle_time", "up", Floors(0.2, 5, 3)),
        requires=("opportunities",),
    )
)
register_detector(
    Detector(
        key="visits_over_plan",
        name="Too many visits per deal",
        looks_for="Alerts when a won deal takes more visits and demos than planned, over the last 180 days.",
        section="Outcomes",
        owner=Role.CRO,
        remedy="Look at who travels most for little, and qualify deals before a visit.",
        rule=LimitRule("visits_per_won_deal", days=180, minimum_n=20),
        read_limit=signed_limits.from_goal("visits_per_won_deal"),
        limit_from="the planned number of visits",
        requires=("activities", "opportunities"),
    )
)
