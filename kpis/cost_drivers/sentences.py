"""What the page of cost drivers finds, in words."""

from core.formatting import format_count, format_percent, short_money
from kpis.cost_drivers.low_probability import LOWEST, VISITS, SegmentLine
from kpis.cost_drivers.queries import CostReport


def describe_effort(report: CostReport, *, sees_money: bool) -> str:
    """Say how much effort went to the accounts that were least likely to buy."""
    total, visits = report.effort.total, report.effort.by_type[VISITS]
    if not total.activities:
        return "No effort on accounts can be judged in this period."
    hours = (
        f"{format_count(total.low_hours)} hours" if total.hours else f"{format_count(total.low_activities)} activities"
    )
    share = format_percent(total.share_of_hours if total.hours else total.share, 0)
    money = f", about {short_money(report.money, report.currency)}" if sees_money and report.money else ""
    sentence = f"The fifth of accounts that was least likely to buy took {hours}, {share} of all{money}."
    if visits.share is not None and visits.share > LOWEST:
        sentence += f" It took {format_percent(visits.share, 0)} of the visits."
    return sentence


def describe_segment(line: SegmentLine) -> str:
    """Name a segment: Hospitality, DACH, new customers."""
    industry, territory, has_bought = line.segment
    return ", ".join(
        [industry or "No industry", territory or "no territory", "customers" if has_bought else "not yet customers"]
    )
