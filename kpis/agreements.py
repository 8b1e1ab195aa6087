"""What both sides sign about money: the pay plan of the reps, and the mix of new and existing revenue."""

from agreements.kinds import Kind, register_kind
from kpis.plans.forms import PayPlanTerms
from kpis.plans.terms import describe_plan
from kpis.revenue.terms import REVENUE_MIX, RevenueMixTerms, describe_mix

PAY_PLAN = "pay_plan"

register_kind(
    Kind(
        PAY_PLAN, "Pay plan", "Pay plans",
        "What reps are paid for reaching their quotas. A version is replayed on last year before it is signed.",
        PayPlanTerms, describe_plan,
    )
)  # fmt: skip
register_kind(
    Kind(
        REVENUE_MIX, "Mix of revenue", "Mixes of revenue",
        "Which share of revenue comes from new business, and what a unit of margin from new and existing customers counts.",
        RevenueMixTerms, describe_mix,
    )
)  # fmt: skip
