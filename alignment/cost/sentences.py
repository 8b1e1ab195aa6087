"""The findings of the cost of misalignment and of the lead calculator, in one sentence each. Pure."""

from alignment.cost.rules import Cost
from alignment.lead_calculator import LeadPlan
from core.date_formatting import format_day
from core.formatting import format_percent, format_points, short_money, short_number


def cost_finding(cost: Cost) -> str:
    """Say how the company compares with the benchmark, in money."""
    benchmark = format_percent(cost.benchmark, 0)
    if cost.is_behind:
        return f"At the benchmark of {benchmark}, the same spend brings {short_money(cost.extra_revenue, cost.currency)} more revenue"
    if cost.extra_revenue == 0:
        return f"Your SMROI is at the benchmark of {benchmark}"
    return f"Above the benchmark of {benchmark}, your spend brings {short_money(-cost.extra_revenue, cost.currency)} more revenue"


def cost_headline(cost: Cost) -> str:
    """Say both gaps in money."""
    revenue, spend = (
        short_money(abs(cost.extra_revenue), cost.currency),
        short_money(abs(cost.spend_saved), cost.currency),
    )
    if cost.extra_revenue == 0:
        return "There is no gap to the benchmark"
    if cost.is_behind:
        return f"The gap is {revenue} of revenue, or {spend} of spend"
    return f"You are ahead by {revenue} of revenue, or {spend} of spend"


def describe_distance(cost: Cost) -> str:
    """Say how far SMROI is from the benchmark: SMROI is 117%, 35 points below the benchmark."""
    smroi = format_percent(cost.smroi, 0)
    points = format_points(abs(cost.smroi - cost.benchmark))
    if points == "0":
        return f"SMROI is {smroi}, at the benchmark"
    unit = "point" if points == "1" else "points"
    return f"SMROI is {smroi}, {points} {unit} {'below' if cost.is_behind else 'above'} the benchmark"


def cost_summary(cost: Cost) -> str:
    """Say both gaps, for readers who do not see the chart."""
    if not cost.is_behind:
        return f"{cost_finding(cost)}. SMROI is {format_percent(cost.smroi, 0)}."
    return (
        f"{cost_finding(cost)}, or the same revenue costs {short_money(cost.spend_saved, cost.currency)} less. "
        f"SMROI is {format_percent(cost.smroi, 0)}."
    )


def plan_finding(plan: LeadPlan) -> str:
    leads = "lead" if plan.leads == 1 else "leads"
    return f"You need {short_number(plan.leads)} {leads} by {format_day(plan.leads_by)}"
