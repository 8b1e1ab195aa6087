"""The dashboard in words: what a reader should know before any figure. Pure: a dashboard in, sentences out."""

from collections.abc import Sequence
from decimal import Decimal

from core.numbers import days, percent, points, short_money, short_number
from core.periods import Period
from kpis.dashboard import Dashboard, Reading
from kpis.result import Part, Result
from kpis.words import inside


def headline(board: Dashboard) -> str:
    """Say the money of the period in one sentence."""
    revenue, spend = board.reading("revenue"), board.reading("sm_spend")
    period = board.question.period
    earned = revenue.written(revenue.now.value) if revenue and revenue.now.n else ""
    spent = spend.written(spend.now.value) if spend and spend.now.value else ""
    if not earned and not spent:
        return f"{_opening(period)} no revenue and no spend is on record."
    if not earned:
        return f"{_opening(period)} {spent} was spent on sales and marketing, and nothing was earned."
    words = f"{period.label} earned {earned}" if period.days else f"{_opening(period)} {earned} was earned"
    if not spent:
        return f"{words}. {_no_spend(spend)}"
    return f"{words} on {spent} of sales and marketing: {_smroi(board.reading('smroi'))}."


def _opening(period: Period) -> str:
    """In 2025, From 3 Mar 2025 – 20 Mar 2025, Since 1 Jan 2025, So far."""
    if period.days:
        return f"From {period.label}" if "–" in period.label else f"In {period.label}"
    return "So far" if not (period.start or period.end) else period.label[0].upper() + period.label[1:]


def _no_spend(spend: Reading | None) -> str:
    if spend is None:
        return "Spend cannot be told apart by this filter, so there is no SMROI here."
    return "No sales and marketing spend is recorded for it, so there is no SMROI."


def _smroi(smroi: Reading | None) -> str:
    """SMROI 117 %, 35 points under the benchmark."""
    if smroi is None or smroi.now.value is None:
        return "the SMROI cannot be said"
    words = f"SMROI {percent(smroi.now.value, 0)}"
    benchmark = smroi.now.gap.get("benchmark")
    if benchmark is None:
        return words
    apart = points(Decimal(str(smroi.now.value)) - benchmark)
    number = apart.lstrip("−")
    if number == "0":
        return f"{words}, at the benchmark"
    unit = "point" if number == "1" else "points"
    return f"{words}, {number} {unit} {'under' if apart.startswith('−') else 'over'} the benchmark"


def changes(readings: Sequence[Reading], before: str) -> str:
    """Name the weightiest changes against the period before."""
    moved = [one for one in readings if one.has_moved]
    if not moved:
        return f"Nothing moved against {before}"
    words = [_change(one) for one in moved[:3]]
    return f"Against {before}: {', '.join(words)}"


def _change(reading: Reading) -> str:
    verb = "up" if reading.difference and reading.difference > 0 else "down"
    return f"{inside(reading.metric.name)} {verb} {reading.change.lstrip('+−')}"


def money_finding(parts: Sequence[Part], unit: str) -> str:
    """Say in how many of the months revenue stayed above spend; the numerator of SMROI is revenue − spend."""
    months = [part for part in parts if part.n]
    ahead = [part for part in months if (part.numerator or 0) >= 0]
    if not months:
        return "No revenue and no spend in this period"
    if len(ahead) == len(months):
        return f"Revenue stayed above spend in every {unit}"
    if not ahead:
        return f"Spend was above revenue in every {unit}"
    return f"Revenue stayed above spend in {len(ahead)} of {len(months)} {unit}s"


def smroi_finding(parts: Sequence[Part], names: Sequence[str], unit: str, benchmark: Decimal | None) -> str:
    """Say in how many of the months SMROI reached the benchmark, and which was the best; `names` are the months'."""
    known = [(part.value, name) for part, name in zip(parts, names, strict=True) if part.value is not None]
    if not known:
        return "SMROI needs revenue and spend in the same period"
    value, name = max(known)
    peak = f"best was {name} with {percent(value, 0)}"
    if benchmark is None:
        return f"SMROI by {unit}: {peak}"
    reached = sum(1 for found, _ in known if Decimal(str(found)) >= benchmark)
    many = f"in no {unit}" if not reached else f"in {reached} of {len(known)} {unit}s"
    return f"SMROI reached the benchmark {many}; {peak}"


def outcomes_finding(won: Reading, no_decision: Reading) -> str:
    """Say what became of the deals that closed: three outcomes, never two."""
    closed = int(won.now.denominator or 0)
    if not closed:
        return "No deal closed in this period"
    undecided = int(no_decision.now.numerator or 0)
    words = f"{short_number(closed)} deals closed; {percent(won.now.value, 0)} were won"
    if not undecided:
        return words
    return f"{words}, and {percent(no_decision.now.value, 0)} ended with no decision at all"


def interval(result: Result) -> str:
    """Write the interval of a rate that few rows made; empty when there are enough."""
    if not result.is_small or result.low is None or result.high is None:
        return ""
    return f"{percent(result.low, 0)} to {percent(result.high, 0)} by chance, from {result.n} deals"


def cycle(result: Result) -> str:
    """Half take 41 to 96 days; one in ten over 140."""
    spread = result.quartiles
    if not spread:
        return "No deal was won in this period"
    return f"half take {days(spread.q1)} to {days(spread.q3)}, one in ten over {days(spread.p90)}"


def coverage(pipeline: Reading | None, count: Reading | None) -> str:
    """Say what the weighted pipeline is weighted from: 240 open deals over 21.3 M €."""
    if pipeline is None or count is None:
        return ""
    deals = short_number(count.now.value or 0)
    return f"from {deals} open deals worth {short_money(pipeline.now.value, pipeline.now.currency)}"


def deals(average: Result) -> str:
    """Say what an average was made of: 312 deals won, 24.7 M € together."""
    won = int(average.denominator or 0)
    if not won:
        return "No deal was won in this period"
    return f"{short_number(won)} deals won, {short_money(average.numerator, average.currency)} together"
