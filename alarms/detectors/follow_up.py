"""Whether Sales works the leads that it is given, and whether Marketing looks after those that it gets back.

No lead costs twice: one that was never answered has no missing feedback, and one that was answered late has been followed up.
A lead that was never answered misses its deadline, too; the cost of late answers leaves it out.
"""

from alarms import signed_limits
from alarms.cost_formulas import late_answers, unworked_cases
from alarms.registry import Detector, register_detector
from alarms.rules import LimitRule
from kpis.metrics.follow_up import STALE_DAYS, UNTOUCHED_DAYS
from team.models import Role

NEVER, STALE, FOUR_WEEKS = 90, 180, 28

register_detector(
    Detector(
        key="leads_never_followed_up",
        name="Leads never followed up",
        looks_for="Alerts when Sales has neither answered nor tried to reach more than 10% of the leads of the last 90 days.",
        section="Follow-up",
        owner=Role.CRO,
        remedy=(
            "Open the list and assign each lead to a person who is at work. Where one queue stands out, change its routing rule."
        ),
        rule=LimitRule("never_followed_up_rate", limit=0.1, days=NEVER, mature_days=7, minimum_n=20),
        limit_from="your setting",
        agreement="sla",
        records="never_followed_up",
        requires=("handoffs",),
        cost=unworked_cases("handoff", NEVER),
    )
)
register_detector(
    Detector(
        key="sla_breaches",
        name="Sales misses its SLA",
        looks_for="Alerts when Sales answers a smaller share of the leads in time than was agreed, over the last 28 days.",
        section="Follow-up",
        owner=Role.CRO,
        remedy="Look at who misses most deadlines and when. Move leads to people with time, or sign a time that Sales can keep.",
        rule=LimitRule("sla_compliance", limit=0.7, days=FOUR_WEEKS, bad="down", minimum_n=20),
        read_limit=signed_limits.from_goal("sla_compliance"),
        limit_from="the signed goal",
        agreement="sla",
        records="sla_breaches",
        requires=("handoffs",),
        cost=late_answers(),
    )
)
register_detector(
    Detector(
        key="slow_response",
        name="Slow first response",
        looks_for="Alerts when half of the leads of the last 28 days wait longer for a first response than the SLA allows.",
        section="Follow-up",
        owner=Role.CRO,
        remedy="Warn reps earlier, and give leads that no one has answered after half of the time to another rep.",
        rule=LimitRule("speed_to_lead", limit=480, days=FOUR_WEEKS, mature_days=3, minimum_n=20),
        read_limit=signed_limits.read_response_minutes,
        limit_from="the signed SLA",
        agreement="sla",
        requires=("handoffs",),
        yields_to="sla_breaches",  # where half are late, the share in time is low as well: one cause, one alarm
        cost=late_answers(),
    )
)
register_detector(
    Detector(
        key="feedback_missing",
        name="No feedback on leads",
        looks_for="Alerts when Sales has accepted or rejected less than 90% of the leads that it answered, after the signed time.",
        section="Follow-up",
        owner=Role.CRO,
        remedy="Ask the reps on the list for their verdicts. Without them Marketing cannot tell good campaigns from bad ones.",
        rule=LimitRule("feedback_missing_rate", limit=0.1, days=NEVER, minimum_n=20),
        limit_from="your setting",
        agreement="sla",
        records="feedback_missing",
        requires=("handoffs",),
    )
)
register_detector(
    Detector(
        key="stale_leads",
        name="Accepted leads without activity",
        looks_for=(
            f"Alerts when more than 30% of the leads that are in progress had no activity for {STALE_DAYS} days."
        ),
        section="Follow-up",
        owner=Role.CRO,
        remedy="Go through the list with each rep: call, open an opportunity, or give the lead back to nurture.",
        rule=LimitRule("stale_leads_rate", limit=0.3, days=STALE, minimum_n=20),
        limit_from="your setting",
        agreement="stage",
        records="stale_leads",
        requires=("handoffs", "activities"),
        cost=unworked_cases("accepted", STALE),
    )
)
register_detector(
    Detector(
        key="nurture_untouched",
        name="Nurture without a touch",
        looks_for=(
            "Alerts when Marketing has not touched more than half of the leads that Sales gave back, "
            f"for {UNTOUCHED_DAYS} days."
        ),
        section="Follow-up",
        owner=Role.CMO,
        remedy="Put the leads on the list into a nurture campaign, or disqualify those that will never buy.",
        rule=LimitRule("nurture_untouched_rate", limit=0.5, days=STALE, mature_days=UNTOUCHED_DAYS, minimum_n=20),
        limit_from="your setting",
        agreement="stage",
        records="nurture_untouched",
        requires=("verdicts", "touches"),
    )
)
