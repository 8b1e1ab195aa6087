"""The dashboard in words: what a reader should know before any figure. Pure: a dashboard in, sentences out."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from core.formatting import format_days, format_percent, format_points, short_money, short_number
from core.periods import Period
from kpis.comparison import Reading
from kpis.dashboard import Dashboard
from kpis.result import Part, Result


def headline(board: Dashboard) -> str:
    """Say the money of the period in one sentence; the leads, where nothing else was ever recorded."""
    if not board.records_money:
        return leads_headline(board)
    revenue, spend = board.reading("revenue"), board.reading("sm_spend")
    period = board.question.period
    earned = revenue.format_value(revenue.now.value) if revenue and revenue.now.value else ""
    spent = spend.format_value(spend.now.value) if spend and spend.now.value else ""
    if not earned and not spent:
        return f"{_sentence_opening(period)} {_no_amount(revenue)}no revenue and no spend is recorded."
    if not earned:
        return f"{_sentence_opening(period)} {spent} was spent on sales and marketing, and {_nothing_earned(revenue)}."
    text = f"{period.label} earned {earned}" if period.days else f"{_sentence_opening(period)} {earned} was earned"
    if not spent:
        return f"{text}. {_why_no_spend(spend)}"
    return f"{text} on {spent} of sales and marketing: {_smroi_in_words(board.reading('smroi'))}."


def _no_amount(revenue: Reading | None) -> str:
    """Say that what was sold carries no amount: 3 deals were won without an amount, so no revenue …"""
    if revenue is None or not revenue.now.n:
        return ""
    kind = "deal" if dict(revenue.now.records).get("opportunities") else "invoice"
    done = "won" if kind == "deal" else "issued"
    return f"{count_noun(revenue.now.n, kind)} {'was' if revenue.now.n == 1 else 'were'} {done} without an amount: "


def _nothing_earned(revenue: Reading | None) -> str:
    return f"{_no_amount(revenue)}no revenue is recorded" if revenue and revenue.now.n else "no revenue is recorded"


def leads_headline(board: Dashboard) -> str:
    """Say how many leads came and how many of them the CRM converted."""
    leads, converted = board.reading("leads"), board.reading("leads_converted")
    opening = _sentence_opening(board.question.period)
    if leads is None or not leads.now.n:
        return f"{opening} no lead came."
    text = f"{opening} {count_noun(leads.now.n, 'lead')} came"
    if leads.change and leads.before and board.question.period.before:
        text += f", {leads.change} against {board.question.period.before.label}"
    if converted and converted.now.n:
        text += f"; {short_number(converted.now.n)} of them {'was' if converted.now.n == 1 else 'were'} converted"
    return f"{text}. No deal, invoice or spend is imported yet, so there is no revenue to show."


def _sentence_opening(period: Period) -> str:
    """In 2025, From Mar 3, 2025 – Mar 20, 2025, Since Jan 1, 2025, So far."""
    if period.days:
        return f"From {period.label}" if "–" in period.label else f"In {period.label}"
    return "So far" if not (period.start or period.end) else period.label[0].upper() + period.label[1:]


def _why_no_spend(spend: Reading | None) -> str:
    if spend is None:
        return "Spend cannot be filtered by this, so SMROI has no value."
    return "No sales and marketing spend is recorded for it, so there is no SMROI."


def _smroi_in_words(smroi: Reading | None) -> str:
    """SMROI 117%, 35 points under the benchmark."""
    if smroi is None or smroi.now.value is None:
        return "SMROI has no value"
    text = f"SMROI {format_percent(smroi.now.value, 0)}"
    benchmark = smroi.now.gap.get("benchmark")
    if benchmark is None:
        return text
    apart = format_points(Decimal(str(smroi.now.value)) - benchmark)
    number = apart.lstrip("−")
    if number == "0":
        return f"{text}, at the benchmark"
    unit = "point" if number == "1" else "points"
    return f"{text}, {number} {unit} {'under' if apart.startswith('−') else 'over'} the benchmark"


def changes_finding(readings: Sequence[Reading], before: str) -> str:
    """Name the weightiest changes against the period before."""
    moved = [reading for reading in readings if reading.has_moved]
    if not readings:
        return f"There are no records for {before} to compare with"
    if not moved:
        return f"No changes against {before}"
    return f"Against {before}: {', '.join(_change_in_words(reading) for reading in moved[:3])}"


def _change_in_words(reading: Reading) -> str:
    verb = "up" if reading.difference and reading.difference > 0 else "down"
    return f"{reading.metric.name_in_sentence} {verb} {reading.change.lstrip('+−')}"


def money_finding(parts: Sequence[Part], unit: str) -> str:
    """Say in how many of the months with spend revenue was above it; the numerator of SMROI is revenue − spend."""
    months = [part for part in parts if part.n]
    both = [part for part in months if _count_records(part, "spend")]
    if not months:
        return "No revenue and no spend in this period"
    if not both:
        return f"Revenue by {unit}; no spend is recorded"
    if not any(_count_records(part, "invoices", "opportunities") for part in months):
        return f"Spend by {unit}; no revenue is recorded"
    return _margin_finding(both, unit if len(both) == len(months) else f"{unit} with spend")


def _margin_finding(parts: Sequence[Part], unit: str) -> str:
    margins = [part.numerator or 0 for part in parts]
    ahead, behind, n = sum(margin > 0 for margin in margins), sum(margin < 0 for margin in margins), len(parts)
    if n == 1:
        return f"Revenue was {'above' if ahead else 'below' if behind else 'equal to'} spend in the only {unit}"
    if ahead == n:
        return f"Revenue stayed above spend in every {unit}"
    if behind == n:
        return f"Spend was above revenue in every {unit}"
    if not ahead and not behind:
        return f"Revenue was equal to spend in every {unit}"
    if not ahead:
        return f"Revenue was above spend in no {unit}"
    return f"Revenue stayed above spend in {ahead} of {n} {_pluralize(unit)}"


def _pluralize(unit: str) -> str:
    """month with spend → months with spend."""
    first, space, rest = unit.partition(" ")
    return f"{first}s{space}{rest}"


def _count_records(part: Part, *tables: str) -> int:
    return sum(n for table, n in part.records if table in tables)


def smroi_finding(parts: Sequence[Part], names: Sequence[str], unit: str, benchmark: Decimal | None) -> str:
    """Say in how many of the months SMROI reached the benchmark, and which was the best; `names` are the months'."""
    points = [(part.value, name) for part, name in zip(parts, names, strict=True) if part.value is not None]
    if not points:
        return "SMROI needs revenue and spend in the same period"
    value, name = max(points, key=lambda pair: float(pair[0]))
    reached = sum(1 for figure, _ in points if benchmark is not None and Decimal(str(figure)) >= benchmark)
    if all(figure == value for figure, _ in points):
        when = (
            name if len(points) == 1 else f"every {unit}" if len(points) == len(parts) else f"every {unit} with spend"
        )
        return f"SMROI was {format_percent(value, 0)} in {when}{_compare_to_benchmark(value, benchmark)}"
    peak = f"best was {name} with {format_percent(value, 0)}"
    if benchmark is None:
        return f"SMROI by {unit}: {peak}"
    many = f"in no {unit}" if not reached else f"in {reached} of {len(points)} {unit}s"
    return f"SMROI reached the benchmark {many}; {peak}"


def _compare_to_benchmark(value: Any, benchmark: Decimal | None) -> str:
    if benchmark is None:
        return ""
    apart = Decimal(str(value)) - benchmark
    return f", {'over' if apart > 0 else 'under' if apart else 'at'} the benchmark"


def outcomes_finding(won: Reading, no_decision: Reading) -> str:
    """Say what became of the deals that closed: three outcomes, never two."""
    closed = int(won.now.denominator or 0)
    if not closed:
        return "No deal closed in this period"
    gained, undecided = int(won.now.numerator or 0), int(no_decision.now.numerator or 0)
    if closed == 1:
        return f"1 deal closed; it {'was won' if gained else 'ended with no decision' if undecided else 'was lost'}"
    if gained == closed:
        return f"{short_number(closed)} deals closed; all were won"
    if undecided == closed:
        return f"{short_number(closed)} deals closed; all ended with no decision"
    text = f"{short_number(closed)} deals closed; {format_percent(won.now.value, 0) if gained else 'none'} were won"
    if not undecided:
        return text
    return f"{text}, and {format_percent(no_decision.now.value, 0)} ended with no decision at all"


def interval_note(result: Result) -> str:
    """Write the interval of a rate that few rows made; empty when there are enough, or one alone."""
    if not result.is_small or result.low is None or result.high is None or result.n < 2:
        return ""
    return f"{format_percent(result.low, 0)} to {format_percent(result.high, 0)} by chance, from {count_noun(result.n, 'deal')}"


TENTH = 10  # fewer deals say nothing about one in ten


def cycle_note(result: Result) -> str:
    """Half take 41 to 96 days; one in ten over 140."""
    spread = result.quartiles
    if not spread:
        return "No won deal of this period has both dates" if result.flagged else "No deal was won in this period"
    if result.n == 1:
        return "from 1 deal"
    if spread.q1 == spread.q3 == spread.p90:
        return f"from {count_noun(result.n, 'deal')}"
    text = f"half take {format_days(spread.q1)} to {format_days(spread.q3)}"
    return (
        f"{text}, one in ten over {format_days(spread.p90)}" if result.n >= TENTH else f"{text}, from {result.n} deals"
    )


def coverage_note(pipeline: Reading | None, count: Reading | None) -> str:
    """Say what the weighted pipeline is weighted from: 240 open deals over 21.3 M €."""
    if pipeline is None or count is None:
        return ""
    if not count.now.value:
        return "No deal is open"
    return f"from {count_noun(count.now.value, 'open deal')} worth {short_money(pipeline.now.value, pipeline.now.currency)}"


def deals_note(average: Result) -> str:
    """Say what an average was made of: 312 deals won, 24.7 M € together."""
    won = int(average.denominator or 0)
    if not won:
        return "No deal was won in this period"
    return f"{count_noun(won, 'deal')} won, {short_money(average.numerator, average.currency)} together"


def count_noun(n: Any, noun: str) -> str:
    """1 deal, 2 deals, 12 k deals."""
    return f"{short_number(n)} {noun}{'' if n == 1 else 's'}"
