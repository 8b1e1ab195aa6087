"""What Sales says of the leads that Marketing hands over, and what Marketing gives Sales to work with."""

from alarms.cost_formulas import lost_rate, unworked_cases
from alarms.observations.lead_quality import (
    ANSWER_DAYS,
    UNANSWERED_LIMIT,
    observe_criticism,
    observe_marketing_sla,
    observe_score_lift,
)
from alarms.registry import Detector, register_detector
from alarms.rules import Floors, LimitRule, RateRule
from core.formatting import format_percent
from kpis.metrics.follow_up import UNUSED_DAYS
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
        records="lead_rejections",
        cost=lost_rate("accepted", "lead_rejection_rate"),
    )
)
register_detector(
    Detector(
        key="sal_rate_falling",
        name="Fewer leads accepted",
        looks_for="Alerts when Sales accepts a smaller share of the leads that it was handed than was usual, two weeks after the hand-off.",
        section="Lead quality",
        owner=Role.CMO,
        remedy="Look at where the leads stay: those without a verdict are the reps' work, the rejected ones the campaigns'.",
        rule=RateRule("sal_rate", "down", mature_days=14, floors=Floors(0.15, 0.03, 20)),
        agreement="stage",
        requires=("handoffs",),
        yields_to="rejections_rising",  # a lead that is rejected is not accepted: one cause, one alarm
        cost=lost_rate("accepted", "sal_rate"),
    )
)
register_detector(
    Detector(
        key="criticism_unanswered",
        name="Criticism without an answer",
        looks_for=(
            f"Alerts when Marketing has not answered more than {format_percent(UNANSWERED_LIMIT)} of the rejections that are "
            f"{ANSWER_DAYS} days old."
        ),
        section="Lead quality",
        owner=Role.CMO,
        remedy="Answer the most frequent criticism, for all leads of a campaign at once, or contest it before the arbiter.",
        observe=observe_criticism,
        agreement="stage",
        requires=("verdicts",),
    )
)
register_detector(
    Detector(
        key="handoffs_without_score",
        name="Hand-offs without a score",
        looks_for="Alerts when more than 10% of the leads of the last 28 days were handed over without a score.",
        section="Lead quality",
        owner=Role.OPS,
        remedy="Look at what the leads on the list lack, and add a rule to the score model for it.",
        rule=LimitRule("handoffs_without_score_rate", limit=0.1, days=28, minimum_n=20),
        limit_from="your setting",
        agreement="score",
        records="handoffs_without_score",
        requires=("handoffs", "scores"),
    )
)
register_detector(
    Detector(
        key="score_without_lift",
        name="A score that does not work",
        looks_for="Alerts when an active score separates buyers from others no better than chance, as its validation shows.",
        section="Lead quality",
        owner=Role.OPS,
        remedy="Open the validation of the score, and propose a version that uses what buyers have in common.",
        observe=observe_score_lift,
        agreement="score",
    )
)
register_detector(
    Detector(
        key="marketing_sla_missed",
        name="Marketing misses its SLA",
        looks_for="Alerts when Marketing delivered fewer leads or less pipeline in the last month than it owes.",
        section="Lead quality",
        owner=Role.CMO,
        remedy="Agree on how the missing leads are made up for, or sign a number that campaigns can bring.",
        observe=observe_marketing_sla,
        agreement="owed",
        cost=unworked_cases("handoff", 30),
    )
)
register_detector(
    Detector(
        key="content_unused",
        name="Content that Sales does not use",
        looks_for=f"Alerts when Sales has not used more than half of the content for {UNUSED_DAYS} days.",
        section="Lead quality",
        owner=Role.CMO,
        remedy="Ask the reps why: show them what they do not know, and stop making what does not fit.",
        rule=LimitRule("content_unused_rate", limit=0.5, days=3650, minimum_n=10),
        limit_from="your setting",
        agreement="message",
        records="content_unused",
        requires=("content_assets", "content_uses"),
    )
)
