"""What both sides sign about pay: the pay plan of the reps."""

from agreements.kinds import Kind, register_kind
from kpis.plans.forms import PayPlanTerms
from kpis.plans.terms import describe_plan

PAY_PLAN = "pay_plan"

register_kind(
    Kind(
        PAY_PLAN, "Pay plan", "Pay plans",
        "What reps are paid for reaching their quotas. A version is replayed on last year before it is signed.",
        PayPlanTerms, describe_plan,
    )
)  # fmt: skip
