"""What is wrong and what it costs, in one sentence of the page of the CEO. Pure."""

from collections.abc import Sequence

from alarms.summary import summarize_alarms
from alignment.cost.rules import Cost
from alignment.overview.queries import REVIEW, UPDATE, DueItem, Money, Overview
from core.formatting import format_percent, format_points, short_money
from kpis.sentences import count_noun

NOTHING_KNOWN = "Accord cannot say yet what is wrong and what it costs: no money, goal or dispute is recorded."
ALL_WELL = "Nothing is overdue, disputed or behind."


def headline(overview: Overview) -> str:
    """Say the gap in money, the open alarms, the goals that are behind, what is overdue and what is disputed."""
    troubles, alarms = list_troubles(overview), overview.alarms
    if not troubles and not alarms and overview.money.cost is None and not overview.goals:
        return NOTHING_KNOWN
    sentences = [describe_money(overview.money), summarize_alarms(alarms) if alarms else "", _join(troubles)]
    return " ".join(sentence for sentence in sentences if sentence) + ("" if troubles or alarms else f" {ALL_WELL}")


def describe_money(money: Money) -> str:
    """Say the return beside the benchmark, and what the distance is worth."""
    label = money.period.label
    if money.smroi.value is None:
        return f"The return of {label} is not known."
    if money.cost is None:
        return f"SMROI of {label} is {format_percent(money.smroi.value, 0)}."
    return f"{describe_gap(money.cost, label)}."


def describe_gap(cost: Cost, label: str) -> str:
    """Write: In 2025, 4.0 M $ of revenue is missing to the benchmark of 152 %: SMROI is 117 %, 35 points below."""
    points = format_points(abs(cost.smroi - cost.benchmark))
    amount = short_money(abs(cost.extra_revenue), cost.currency)
    if cost.extra_revenue == 0:
        return f"SMROI of {label} is at the benchmark"
    noun = "point" if points == "1" else "points"
    if cost.is_behind:
        return f"SMROI of {label} is {points} {noun} below the benchmark, which cost {amount} of revenue"
    return f"SMROI of {label} is {points} {noun} above the benchmark, which brought {amount} of revenue"


def list_troubles(overview: Overview) -> list[str]:
    """Return what is behind, overdue and disputed, a clause each."""
    clauses = []
    if overview.behind:
        count, total = len(overview.behind), len(overview.goals)
        clauses.append(f"{count} of {total} goals {'is' if count == 1 else 'are'} behind")
    if at_risk := len(overview.at_risk):
        clauses.append(f"{count_noun(at_risk, 'goal')} {'is' if at_risk == 1 else 'are'} at risk")
    clauses += [
        f"the update of the plan is overdue by {count_noun(-row.days, 'day')}"
        for row in overview.overdue
        if row.kind == UPDATE
    ]
    if reviews := sum(row.kind == REVIEW for row in overview.overdue):
        clauses.append(f"{count_noun(reviews, 'review')} of agreements {'is' if reviews == 1 else 'are'} overdue")
    if overview.disputes:
        clauses.append(_describe_disputes(overview.disputes))
    return clauses


def _describe_disputes(disputes: Sequence[DueItem]) -> str:
    late = sum(row.is_overdue for row in disputes)
    verb = "waits" if len(disputes) == 1 else "wait"
    text = f"{count_noun(len(disputes), 'dispute')} {verb} for a decision"
    return f"{text}, {late} of them overdue" if late else text


def describe_due(row: DueItem) -> str:
    """Say when something is due, counted in days: in 5 days, today, overdue by 23 days."""
    if row.days == 0:
        return "today"
    return f"in {count_noun(row.days, 'day')}" if row.days > 0 else f"overdue by {count_noun(-row.days, 'day')}"


def _join(clauses: Sequence[str]) -> str:
    """Write clauses as one sentence, with “and” before the last."""
    if not clauses:
        return ""
    text = f"{', '.join(clauses[:-1])} and {clauses[-1]}" if len(clauses) > 1 else clauses[0]
    return f"{text[0].upper()}{text[1:]}."
