"""The headlines of the funnel, the routing, the SLAs and the verdicts: figures in, sentences out. Pure."""

from collections.abc import Sequence

from core.formatting import format_count, format_days, format_percent, short_number
from funnel.measures import FunnelReport, Step
from funnel.patterns import EVENT


def funnel_headline(report: FunnelReport) -> str:
    """Say the finding of the funnel, as far as there is one."""
    if not report.leads:
        return "No lead entered a stage in this period." if report.basis == EVENT else "No lead came in this period."
    if not report.has_outcomes:
        return f"{_describe_reached(report)}. No deal is imported yet, so no customer is known."
    won = _won_by_event(report) if report.basis == EVENT else _won_of_cohort(report)
    return ". ".join(part for part in (won, _describe_losses(report.steps)) if part) + "."


def _describe_reached(report: FunnelReport) -> str:
    """Say how many came in and how many reached the furthest stage, where wins are not on record."""
    came = report.leads if report.basis != EVENT else report.won_of
    furthest = next((step for step in reversed(report.steps[1:]) if step.entered), None)
    if not furthest:
        return f"{_count_leads(came)} came in"
    those = "of them " if report.basis != EVENT else ""
    return f"{_count_leads(came)} came in; {short_number(furthest.entered)} {those}reached {furthest.stage.name}"


def _won_by_event(report: FunnelReport) -> str:
    """Count both sides: who was won in a period need not have come in it, so there is no share."""
    won = f"{_count_leads(report.won)} became {'a customer' if report.won == 1 else 'customers'}" if report.won else ""
    came = f"{_count_leads(report.won_of, 'new')} came in"
    return f"{won}{_time_to_win(report)}; {came}" if won else f"No lead became a customer; {came}"


def _won_of_cohort(report: FunnelReport) -> str:
    won, leads = report.won, report.leads
    if not won:
        return (
            "The one lead is not a customer yet" if leads == 1 else f"None of {_count_leads(leads)} is a customer yet"
        )
    if won == leads:
        sentence = "The one lead became a customer" if leads == 1 else f"All {_count_leads(leads)} became customers"
    else:
        sentence = f"{format_percent(won / leads)} of {_count_leads(leads)} became customers"
    return sentence + _time_to_win(report)


def _time_to_win(report: FunnelReport) -> str:
    """Say how long the won took, over those whose days are known."""
    spread = report.days_to_won
    if not spread:
        return ""
    if spread.n == 1:
        return f", after {format_days(spread.median)}" if report.won == 1 else ""
    whose = "them" if spread.n == report.won else f"the {short_number(spread.n)} whose days are known"
    return f", half of {whose} within {format_days(spread.median)}"


def _describe_losses(steps: tuple[Step, ...]) -> str:
    """Name the stage after which most left; nothing where no stage stands out."""
    lost = sorted((step for step in steps if step.lost), key=lambda step: -step.lost)
    if not lost:
        return ""
    total, worst = sum(step.lost for step in lost), lost[0]
    after = f"after {worst.stage.name}"
    if len(lost) == 1:
        return f"{short_number(total)} left, {'all ' if total > 1 else ''}{after}"
    if worst.lost == lost[1].lost:
        return ""
    if worst.lost * 2 > total:
        return f"Most of those who left did so {after}: {short_number(worst.lost)} of {short_number(total)}"
    return f"More left {after} than after any other stage: {short_number(worst.lost)} of {short_number(total)}"


def _count_leads(n: int, kind: str = "") -> str:
    noun = f"{kind} lead" if kind else "lead"
    return f"{short_number(n) if n else 'no'} {noun}{'' if n == 1 else 's'}"


def routing_headline(given: Sequence[tuple[str, int]], unassigned: int) -> str:
    """Say how many leads went to whom this week, the most first, and how many have no owner."""
    total = sum(n for _, n in given)
    if not total:
        sentence = "No lead was handed over this week yet"
    elif len(given) == 1:
        sentence = f"{_count_leads(total)} went to {given[0][0]} this week"
    else:
        sentence = f"{_count_leads(total)} went to {len(given)} people this week{_describe_largest(given)}"
    if not unassigned:
        return f"{sentence}."
    return f"{sentence}; {short_number(unassigned)} {'waits' if unassigned == 1 else 'wait'} for an owner."


def _describe_largest(given: Sequence[tuple[str, int]]) -> str:
    """Name who got the most, where one did."""
    (name, n), (_, second) = given[0], given[1]
    if n == second:
        return ", as many to each" if n == given[-1][1] else ""
    most = "most of them" if n * 2 > sum(number for _, number in given) else "more than anyone else"
    return f", {most} ({short_number(n)}) to {name}"


def slas_headline(handed: int, leads_owed: int, due: int, met: int) -> str:
    """Describe both SLAs this month: leads handed over of those owed, answers in time of those due."""
    parts = []
    if leads_owed:
        parts.append(
            f"Marketing has handed over {format_count(handed)} of {format_count(leads_owed)} leads it owes this month"
        )
    if due == 1:
        parts.append(
            "Sales answered the one lead that was due" if met else "Sales did not answer the one lead that was due"
        )
    elif due:
        parts.append(f"Sales answered {_describe_share(met, due)} in time")
    return f"{'; '.join(parts)}." if parts else "Nothing is owed this month yet."


def _describe_share(part: int, whole: int) -> str:
    """Write a share of several: all 4, none of 4, 25 % of 4."""
    return (
        f"all {format_count(whole)}"
        if part == whole
        else f"{format_percent(part / whole)} of {format_count(whole)}"
        if part
        else f"none of {format_count(whole)}"
    )


def verdicts_headline(n: int, accepted: int, criteria: Sequence[tuple[str, int]]) -> str:
    """Say what share Sales accepted, and which criterion it names most often of the others, where one stands out."""
    if not n:
        return "Sales has given no verdicts in this period yet."
    if n == 1:
        sentence = f"Sales {'accepted' if accepted else 'did not accept'} the only lead that it judged"
    else:
        sentence = f"Sales accepted {_describe_share(accepted, n)} leads"
    ranked = sorted(criteria, key=lambda one: -one[1])
    stands_out = ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1])
    return (
        f"{sentence}; what fails most often: {ranked[0][0]} ({format_count(ranked[0][1])})."
        if stands_out
        else f"{sentence}."
    )
