"""What Sales says of the leads that Marketing hands over."""

from alarms.cost_formulas import lost_rate
from alarms.registry import Detector, register_detector
from alarms.rules import Floors, RateRule
from team.models import Role

register_detector(
    Detector(
        key="rejections_rising",
        name="More leads rejected",
        looks_for="Alerts when Sales rejects a larger share of the leads than was usual in the half year before.",
        section="Lead quality",
        owner=Role.CMO,
        remedy=(
            "Look at the criterion that fails most, and at the campaign it comes from. Change the campaign, or propose a "
            "new version of the definition."
        ),
        rule=RateRule("lead_rejection_rate", "up", floors=Floors(0.2, 0.03, 20)),
        agreement="stage",
        cost=lost_rate("accepted", "lead_rejection_rate"),
    )
)
