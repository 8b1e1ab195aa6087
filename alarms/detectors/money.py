"""What Sales and Marketing bring for what they cost, and whether the effort goes where the money is."""

from alarms import signed_limits
from alarms.cost_formulas import counted, gap_in_revenue
from alarms.observations.money import observe_campaigns
from alarms.registry import Detector, register_detector
from alarms.rules import LimitRule
from team.models import Role

register_detector(
    Detector(
        key="smroi_under_benchmark",
        name="SMROI under the benchmark",
        looks_for="Alerts when the return on sales and marketing of the last full year is under the benchmark.",
        section="Money",
        owner=Role.CEO,
        remedy="Move spend from what brings little to what brings much: look at campaigns, territories and verticals by return.",
        rule=LimitRule("smroi", days=365, bad="down", minimum_n=1, is_last_year=True),
        read_limit=signed_limits.from_benchmark("smroi"),
        limit_from="the benchmark",
        agreement="goal",
        cost=gap_in_revenue("smroi"),
    )
)
register_detector(
    Detector(
        key="campaigns_upside_down",
        name="Campaigns upside down",
        looks_for="Alerts when a campaign of the last full year brought clearly more leads than another and less than half of its revenue.",
        section="Money",
        owner=Role.CMO,
        remedy="Rank campaigns by revenue, and give the budget of the one with many leads to the one with more revenue.",
        observe=observe_campaigns,
        agreement="steering_metric",
        requires=("leads", "opportunities"),
        cost=counted("spend of the year on the campaign that brought more leads and less revenue"),
    )
)
register_detector(
    Detector(
        key="quotas_off",
        name="Quotas off their potential",
        looks_for="Alerts when more than half of the quotas of the year are under 0.8 or over 1.2 times their potential.",
        section="Money",
        owner=Role.CRO,
        remedy="Set quotas by the potential of the territory: a quota that is too high is not reached, one too low costs commission.",
        rule=LimitRule("unfair_quotas_rate", limit=0.5, days=365, minimum_n=5),
        limit_from="your setting",
        records="unfair_quotas",
        requires=("quotas",),
    )
)
