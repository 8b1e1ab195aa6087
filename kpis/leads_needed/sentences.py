"""What the page of leads needed says in words."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from core.date_formatting import format_day
from core.formatting import format_count, format_percent, short_money
from core.periods import Period
from kpis.leads_needed.chain import COVERAGE, FEWEST_WON, Range
from kpis.leads_needed.queries import NeedData, has_enough
from kpis.registry import get_metric

FEWEST_COMPARED = 100  # leads of a part whose revenue per lead is compared
Page = Any  # kpis.leads_needed.page.NeedPage, which imports this file


def find_obstacle(data: NeedData, revenue: Decimal) -> str:
    """Say what is missing for an answer; empty where nothing is."""
    if data.chain is None:
        return "No lead was won in the last year on a known day, so there are no rates of your own yet. Import leads, opportunities and their stage history; the nightly run finds the moves."
    if not has_enough(data):
        won = format_count(data.chain.won)
        return (
            f"Only {won} of {format_count(data.chain.counts[0])} leads that are old enough were won with a known amount. "
            f"Rates are given from {format_count(FEWEST_WON)} on. Import older leads with their opportunities."
        )
    if not revenue:
        return "The goal is zero, so no lead is needed. Enter a revenue goal."
    return ""


def write_range(interval: Range) -> str:
    return f"{format_count(round(interval.low))} to {format_count(round(interval.high))}"


def describe_days(period: Period) -> str:
    assert period.start
    assert period.end
    return f"from {format_day(period.start)} to {format_day(period.end)}"


def describe_need(page: Page) -> str:
    """Say how many leads the goal needs, by when the first must come, and how many came."""
    money = short_money(page.basis.amount, page.currency)
    days = describe_days(page.question.horizon)
    if page.answer is None:
        return f"How many leads {money} {days} needs cannot be said yet"
    leads, first = page.answer.leads, page.answer.months[0].windows[0]
    text = f"{money} {days} needs about {format_count(round(leads.number))} leads ({write_range(leads.interval)})"
    if not page.answer.has_begun:
        return f"{text}, the first of them from {format_day(first.start)} on"
    due, came = round(page.answer.due_today), page.answer.arrived
    return f"{text}; {format_count(due)} of them were needed by today, and {format_count(came)} came"


def describe_basis(page: Page) -> str:
    """Say where the goal and the share of leads come from."""
    basis, parts = page.basis, []
    if basis.source == "goal":
        goal = basis.goal
        name = get_metric(goal.metric).name_in_sentence
        parts.append(
            f"The goal is the pace of the joint {name} goal of {short_money(goal.target, goal.currency or page.currency)} "
            f"{describe_days(Period(goal.starts_on, goal.ends_on))}, by days."
        )
    elif basis.source == "last_year":
        parts.append("No joint revenue goal is set, so the goal is what was won in the last 365 days, by days.")
    share, money = format_percent(page.share), short_money(page.from_leads, page.currency)
    if page.is_share_observed:
        parts.append(
            f"{share} of it, {money}, must come from leads: so much of the revenue won in the last 365 days did. "
            "The rest came from deals without a lead, such as renewals."
        )
    else:
        parts.append(f"{share} of it, {money}, must come from leads.")
    return " ".join(parts)


def describe_cohort(page: Page) -> str:
    """Say whose rates count."""
    cohort, chain = page.data.cohort, page.data.chain
    return (
        f"Rates of the {format_count(chain.counts[0])} leads that came {describe_days(cohort.period)}. Nine of ten wins of the "
        f"last year came within {format_count(cohort.matures_days)} days; younger leads are not judged. A lead that reached a later "
        "stage counts for all stages before it, also where it skipped one."
    )


def list_limits(page: Page) -> Iterator[str]:
    """Yield what is left out or assumed."""
    data = page.data
    if data.left_out:
        yield (
            f"Won deals of the last 365 days without an amount, or in a currency without an exchange rate: {format_count(data.left_out)}. "
            "They are left out of the share of leads."
        )
    if data.without_amount:
        yield f"Customers without a known amount: {format_count(data.without_amount)}. They count in the rates, not in the revenue per customer."
    if page.answer and any(line.is_assumed_lag for line in page.answer.lines):
        yield "A stage without dated entries takes the time of the next stage."
    yield (
        f"Intervals are {format_percent(COVERAGE, 0)} intervals from 2,000 draws: each rate after the leads that were seen (Beta, Jeffreys prior), "
        "the revenue per customer from resampled customers. They take leads as independent and the rates as those of the cohort; "
        "that the market changes is not in them."
    )


def describe_sensitivity(page: Page) -> str:
    """Say which rate matters most."""
    best, least_known = page.answer.best_factor, page.answer.least_known_factor
    saved = format_count(round(best.effect.saved))
    return (
        f"One point more from {best.label} saves most: {saved} leads. "
        f"Least is known of “{least_known.label}”: its interval alone moves the need from {write_range(least_known.effect.range)}. "
        f"A tenth more in any one of them saves the same, {format_count(round(page.answer.leads.number / 11))} leads."
    )


def describe_handover(page: Page) -> str:
    """Hold the qualified leads needed against what Marketing signed and what Sales can take."""
    handover = page.answer.handover
    name, number = handover.stage.name, format_count(round(handover.a_month))
    parts = [f"The goal needs {number} a month at {name}."]
    if handover.signed is None:
        parts.append("Marketing has not signed how many qualified leads it hands over a month.")
    elif handover.signed < handover.a_month:
        missing = format_count(round(handover.a_month - handover.signed))
        parts.append(f"Marketing signed {format_count(handover.signed)} a month: {missing} fewer than the goal needs.")
    else:
        parts.append(f"Marketing signed {format_count(handover.signed)} a month, which is enough.")
    capacity = handover.capacity_a_month
    if capacity is None:
        parts.append("No one in Sales takes leads.")
    elif capacity < handover.a_month:
        parts.append(f"Sales can take {format_count(round(capacity))} a month: too few.")
    else:
        parts.append(f"Sales can take {format_count(round(capacity))} a month, which is enough.")
    if handover.capacity and handover.capacity.assumed:
        assumed, people = format_count(handover.capacity.assumed), format_count(handover.capacity.people)
        parts.append(f"For {assumed} of {people} people no capacity is set, so the default counts.")
    return " ".join(parts)


def describe_parts(page: Page) -> str:
    """Say which value of the breakdown brings most revenue per lead; only those with enough leads are compared."""
    lines = [line for line in page.answer.parts if line.part.counts[0] >= FEWEST_COMPARED]
    if len(lines) < 2:
        return f"Fewer than two have {format_count(FEWEST_COMPARED)} leads, which is too few to compare."
    best = max(lines, key=lambda line: line.revenue_per_lead)
    worst = min(lines, key=lambda line: line.revenue_per_lead)
    per_lead = [short_money(line.revenue_per_lead, page.currency) for line in (best, worst)]
    return (
        f"Of those with at least {format_count(FEWEST_COMPARED)} leads, {best.part.label} brings most revenue, {per_lead[0]} a lead, "
        f"and {worst.part.label} least, {per_lead[1]}."
    )
