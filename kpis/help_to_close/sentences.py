"""What the page of help to close says in words."""

from collections.abc import Iterator
from typing import Any

from core.formatting import format_count, format_decimal, format_percent, short_money, with_sign
from kpis.help_to_close.answers import FEWEST, FEWEST_WON, Money
from kpis.help_to_close.matching import FEWEST_COMPANIES, FEWEST_MATCHED, MOST_CONTROLS, Estimate

Help = Any  # kpis.help_to_close.page.HelpToClose, which imports this file
Page = Any
Answers = Any
ASSOCIATION = "This is an association, not proof: Marketing may have chosen deals that were likelier to be won for reasons that are not on record."


def write_points(value: float) -> str:
    return (
        with_sign(format_decimal(value * 100, 1, is_trimmed=True))
        if value >= 0
        else format_decimal(value * 100, 1, is_trimmed=True)
    )


def write_interval(estimate: Estimate) -> str:
    if estimate.low is None or estimate.high is None:
        return f"fewer than {format_count(FEWEST_COMPANIES)} companies, so without an interval"
    return f"{format_percent(0.95, 0)} interval {write_points(estimate.low)} to {write_points(estimate.high)} points"


def describe_help(help_to_close: Help) -> str:
    """Say how much more often touched deals were won than like deals, and that this is no proof."""
    comparison = help_to_close.comparison
    if comparison is None:
        return f"Too few deals can be compared: {format_count(help_to_close.matched)} touched deals have like deals, {format_count(FEWEST_MATCHED)} are needed"
    difference = comparison.difference
    rates = f"{format_percent(comparison.touched_rate.value)} against {format_percent(comparison.control_rate.value)}"
    word = "more" if difference.value >= 0 else "less"
    points = format_decimal(abs(difference.value) * 100, 1, is_trimmed=True)
    text = f"Deals that Marketing touched while they were open were won {points} points {word} often than like deals: {rates}, {write_interval(difference)}"
    if difference.low is not None and difference.high is not None and difference.low <= 0 <= difference.high:
        text += ". The two cannot be told apart"
    return text


def describe_naive(help_to_close: Help) -> str:
    """Say what a comparison of all deals would have said, and why it is wrong."""
    if help_to_close.naive is None:
        return ""
    return (
        f"All touched against all untouched deals would give {write_points(help_to_close.naive)} points. That compares other types of deals, and deals "
        "that ended early had no time to be touched."
    )


def describe_matching(help_to_close: Help) -> str:
    """Say how deals were matched, how many, and which were not."""
    parts = [
        f"Of {format_count(help_to_close.deals)} deals, {format_count(help_to_close.touched)} were touched while they were open. "
        f"Each is compared, at its age on the day of the first touch, with up to {format_count(MOST_CONTROLS)} deals that were open and untouched at the "
        f"same age, in the same stage, amount band, type and segment. Matched: {format_count(help_to_close.matched)}."
    ]
    if help_to_close.unmatched:
        parts.append(f"No like deal: {format_count(help_to_close.unmatched)}.")
    if help_to_close.unknown:
        parts.append(
            f"Stage on that day not on record: {format_count(help_to_close.unknown)}. Import the stage history of your CRM."
        )
    if help_to_close.matures_days is not None:
        parts.append(
            f"Nine of ten deals of the last year ended within {format_count(help_to_close.matures_days)} days; {format_count(help_to_close.young)} younger deals "
            "are not judged. An older deal that is still open counts as not won."
        )
    comparison = help_to_close.comparison
    if comparison:
        parts.append(
            f"Compared with {format_count(comparison.controls)} different deals, of which {format_count(comparison.controls_touched_later)} were touched later; "
            "they keep counting as untouched, which makes the difference smaller."
        )
    parts += [f"Left out: {format_count(n)} deals {reason}." for reason, n in help_to_close.left_out]
    return " ".join(parts)


def describe_answers(page: Page) -> str:
    """Say what late answers lost and how much of it is timing."""
    if not page.answers.lost:
        return f"Too few leads to compare: {format_count(FEWEST)} answered in time, with {format_count(FEWEST_WON)} customers, and {format_count(FEWEST)} late ones are needed."
    label, lost = page.answers.lost[0]
    rates = [format_percent(won / size) for won, size in (lost.in_time, lost.late)]
    total, quality, timing = (
        short_money(part.value, page.currency) for part in (lost.total, lost.quality, lost.timing)
    )
    verb = "lost" if lost.total.value >= 0 else "brought more by"
    return (
        f"{label}: {format_count(lost.late[1])} leads became customers in {rates[1]} of cases, those answered in time in {rates[0]}. That {verb} {total}: "
        f"{timing} by timing, {quality} by the quality of the leads.{_describe_doubt(lost.total)}"
    )


def _describe_doubt(total: Money) -> str:
    is_in_doubt = total.low is not None and total.high is not None and total.low <= 0 <= total.high
    return " The interval of the total includes zero, so chance alone may explain it." if is_in_doubt else ""


def list_answer_limits(answers: Answers) -> Iterator[str]:
    """Yield what is left out and assumed."""
    yield (
        "Quality is what is lost because other leads were answered late: another mix of thirds of the score at the hand-off and of sources. Timing is what is lost "
        "within the same third and source. Both add up to the total (Kitagawa’s split). The total is leads × difference of the shares won × average revenue per customer."
    )
    yield "It is an association, not proof: what reps knew of a lead and chose to call first is not in the score."
    if answers.matures_days is not None:
        yield f"Leads handed over less than {format_count(answers.matures_days)} days ago are not judged: {format_count(answers.young)}."
    if answers.running:
        yield f"Hand-offs without a deadline, or whose deadline is not over: {format_count(answers.running)}. They are left out."
    if answers.without_amount:
        yield f"Customers without a known amount: {format_count(answers.without_amount)}. They count in the shares won, not in the average revenue."


def write_money_interval(money: Money, currency: str) -> str:
    if money.low is None or money.high is None:
        return ""
    return f"{short_money(money.low, currency)} to {short_money(money.high, currency)}"
