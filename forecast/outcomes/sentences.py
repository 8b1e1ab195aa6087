"""The forecast in words. Pure: computed figures in, sentences out."""

from datetime import date

from core.date_formatting import format_day
from core.formatting import format_count, format_percent, short_money
from forecast.outcomes.judging import CONFIDENCE, conformal_rank
from forecast.outcomes.projection import LEAST_CLOSED, LEAST_WON
from forecast.outcomes.record import ENOUGH_DATES, Contest, Summary
from forecast.outcomes.result import Ground, QuarterForecast, RepQuarter

LEAST_PAST = next(n for n in range(1, 100) if conformal_rank(n))  # past quarters that the stretch of an interval needs


def missing_sentence(ground: Ground | None) -> str:
    """Say why there is no forecast."""
    if ground is None:
        return "No forecast has been computed yet. It is part of the nightly run."
    return (
        f"Too few deals have ended for a forecast: {format_count(ground.closed)} closed, {format_count(ground.won)} of them won. "
        f"It needs {LEAST_CLOSED} closed deals, at least {LEAST_WON} won and one lost. Import past deals with their closing days."
    )


def quarter_sentence(label: str, quarter: QuarterForecast, currency: str) -> str:
    """Say the interval, and what it is made of."""
    low, high, won = (short_money(value, currency) for value in (quarter.low, quarter.high, quarter.won))
    more = (
        f"{won} is won, open deals are expected to add {short_money(quarter.open, currency)} and deals not created yet "
        f"{short_money(quarter.unborn, currency)}."
    )
    if not quarter.is_calibrated:
        return f"There is too little history to test a forecast of {label}; a rough range is {low} to {high}: {more}"
    return f"{label} will bring {low} to {high} with {format_percent(CONFIDENCE)} confidence: {more}"


def own_sentence(label: str, quarter: RepQuarter | None, currency: str) -> str:
    """Say what the reader's own deals bring."""
    if quarter is None:
        return f"You have no open or won deals for {label}. The forecast of the company is shown to those who see every buyer."
    low, high, won = (short_money(value, currency) for value in (quarter.low, quarter.high, quarter.won))
    return f"Your open deals bring your {label} to {low} to {high} with {format_percent(CONFIDENCE)} confidence; {won} is won."


def record_sentence(summary: Summary, ahead: int) -> str:
    """Say how often the interval held what happened, and whether that is enough to go by."""
    quarter = ("the running quarter", "the next quarter", "the quarter after the next", "the quarter three ahead")[
        ahead
    ]
    if not summary.dates:
        return (
            f"There is too little history to judge forecasts of {quarter}: at least {LEAST_PAST} past forecasts must have "
            "ended before an interval can be tested. Until then a range is shown that assumes how much quarters differ."
        )
    text = (
        f"As of {format_count(summary.dates)} past month starts, the {format_percent(CONFIDENCE)} interval for {quarter} "
        f"contained what happened {format_count(summary.inside)} times ({format_percent(summary.coverage, 0)})."
    )
    if summary.is_enough:
        return text
    return f"{text} That is too little history for a judgement, which needs {ENOUGH_DATES} dates."


def contest_finding(contest: Contest | None) -> str:
    """Say whether the forecast or the simpler one was nearer in the past."""
    if contest is None:
        return "No past dates to compare"
    if not contest.other:
        return "Not better" if contest.forecast else "Equal"
    share = 1 - contest.forecast / contest.other
    if abs(share) < 0.005:
        return "Equal"
    return f"{format_percent(abs(share), 0)} {'smaller' if share > 0 else 'larger'} error"


def limit_sentences(ground: Ground) -> list[str]:
    """Say what the records do not tell, and what was done about it."""
    limits = []
    if not ground.has_stages:
        limits.append(
            "No stage history is recorded, so deals of all stages follow one curve since their opening. Import the stage history for curves by stage."
        )
    if ground.is_amount_set_by_win:
        limits.append(
            "Most deals have no amount until they are won, so the amounts of open deals are drawn from past wins."
        )
    elif not ground.has_amounts:
        limits.append(
            "No history of amounts is recorded: past forecasts use each deal's present amount, which may have been changed since."
        )
    if ground.unknown_amounts and not ground.is_amount_set_by_win:
        limits.append(
            f"{_count_deals(ground.unknown_amounts)} open without an amount: it is drawn from what deals were won for."
        )
    limits += [f"Left out: {_count_deals(n)} {reason}." for reason, n in ground.left_out.items()]
    if ground.first_close:
        day = format_day(date.fromisoformat(ground.first_close))
        limits.append(f"The history of outcomes begins on {day}. Deals that were open before count from that day on.")
    return limits


def _count_deals(n: int) -> str:
    return f"{format_count(n)} deal{'' if n == 1 else 's'}"
