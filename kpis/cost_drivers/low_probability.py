"""Effort on the fifth of the worked accounts that was least likely to buy, as observed up to the month of the effort. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

VISITS, DEMOS, OTHER = "visits", "demos", "other"
TYPES = {VISITS: "Visits and meetings", DEMOS: "Demos", OTHER: "Calls, mails and other"}
LOWEST = 0.2  # of the accounts worked in a month
SHRINK = 20  # decided deals at the company's rate that are added to those of each segment
FEWEST_DECIDED = 20  # deals of the company before a month is judged

Segment = tuple[str, str, bool]  # industry, territory, whether the account had bought before


@dataclass(frozen=True)
class Decided:
    """A deal that ended, with the segment that its account was in when it was opened."""

    segment: Segment
    closed_on: date
    is_won: bool


@dataclass(frozen=True)
class Effort:
    """Activities of one type with one account in one month; `hours` as far as their duration is on record."""

    month: date  # its first day
    account: int
    segment: Segment
    type: str
    activities: int
    hours: float


@dataclass
class Amounts:
    """Activities and hours, of all accounts and of the lowest fifth."""

    activities: float = 0.0
    hours: float = 0.0
    low_activities: float = 0.0
    low_hours: float = 0.0

    def add(self, effort: Effort, fraction: float) -> None:
        self.activities += effort.activities
        self.hours += effort.hours
        self.low_activities += effort.activities * fraction
        self.low_hours += effort.hours * fraction

    @property
    def share(self) -> float | None:
        return self.low_activities / self.activities if self.activities else None

    @property
    def share_of_hours(self) -> float | None:
        return self.low_hours / self.hours if self.hours else None


@dataclass
class SegmentLine:
    """A segment that was in the lowest fifth: its rate as last observed, and the effort on it while it was there."""

    segment: Segment
    rate: float
    won: int
    decided: int
    activities: float = 0.0
    hours: float = 0.0


@dataclass
class LowProbability:
    total: Amounts = field(default_factory=Amounts)
    by_type: dict[str, Amounts] = field(default_factory=lambda: {name: Amounts() for name in TYPES})
    by_month: dict[date, Amounts] = field(default_factory=dict)
    segments: dict[Segment, SegmentLine] = field(default_factory=dict)
    unjudged: int = 0  # activities in months before which too few deals had ended

    @property
    def lines(self) -> list[SegmentLine]:
        return sorted(self.segments.values(), key=lambda line: (-line.hours, -line.activities, line.segment))


def observed_rates(decided: Iterable[Decided], before: date) -> tuple[dict[Segment, tuple[int, int]], int, int]:
    """Return won and decided deals by segment and in all, of those that had ended before a day."""
    counts: dict[Segment, tuple[int, int]] = {}
    won = total = 0
    for deal in decided:
        if deal.closed_on < before:
            wins, n = counts.get(deal.segment, (0, 0))
            counts[deal.segment] = (wins + deal.is_won, n + 1)
            won, total = won + deal.is_won, total + 1
    return counts, won, total


def shrunk_rate(won: int, decided: int, company_rate: float) -> float:
    """Return the rate of a segment, drawn to the company's by as much as it has few deals."""
    return (won + SHRINK * company_rate) / (decided + SHRINK)


def lowest_fractions(sizes: Mapping[Segment, int], rates: Mapping[Segment, float]) -> dict[Segment, float]:
    """Return which part of each segment's accounts is in the lowest fifth.

    Accounts of one rate cannot be told apart: where the border runs through them, each is in it by the same fraction.
    """
    left = LOWEST * sum(sizes.values())
    fractions: dict[Segment, float] = {}
    levels: dict[float, list[Segment]] = {}
    for segment in sizes:
        levels.setdefault(round(rates[segment], 12), []).append(segment)
    for rate in sorted(levels):
        size = sum(sizes[segment] for segment in levels[rate])
        fraction = min(1.0, max(0.0, left / size)) if size else 0.0
        fractions |= dict.fromkeys(levels[rate], fraction)
        left -= size
    return fractions


def judge_effort(efforts: Sequence[Effort], decided: Sequence[Decided]) -> LowProbability:
    """Return the effort on the lowest fifth, each month by what was known on its first day."""
    result = LowProbability()
    months: dict[date, list[Effort]] = {}
    for effort in efforts:
        months.setdefault(effort.month, []).append(effort)
    for month in sorted(months):
        counts, won, total = observed_rates(decided, month)
        if total < FEWEST_DECIDED:
            result.unjudged += sum(effort.activities for effort in months[month])
            continue
        _judge_month(result, month, months[month], counts, won / total)
    return result


def _judge_month(
    result: LowProbability,
    month: date,
    efforts: Sequence[Effort],
    counts: Mapping[Segment, tuple[int, int]],
    company_rate: float,
) -> None:
    segment_of = {effort.account: effort.segment for effort in efforts}
    sizes: dict[Segment, int] = {}
    for segment in segment_of.values():
        sizes[segment] = sizes.get(segment, 0) + 1
    rates = {segment: shrunk_rate(*counts.get(segment, (0, 0)), company_rate) for segment in sizes}
    fractions = lowest_fractions(sizes, rates)
    amounts = result.by_month.setdefault(month, Amounts())
    for effort in efforts:
        fraction = fractions[effort.segment]
        for bucket in (result.total, result.by_type[effort.type], amounts):
            bucket.add(effort, fraction)
        if fraction:
            _add_to_segment(result, effort, fraction, rates[effort.segment], counts.get(effort.segment, (0, 0)))


def _add_to_segment(
    result: LowProbability, effort: Effort, fraction: float, rate: float, counts: tuple[int, int]
) -> None:
    line = result.segments.setdefault(effort.segment, SegmentLine(effort.segment, rate, *counts))
    line.rate, line.won, line.decided = rate, *counts
    line.activities += effort.activities * fraction
    line.hours += effort.hours * fraction
