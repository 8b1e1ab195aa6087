"""Alarms and detectors in words: what is wrong, what it costs, by which rule it was judged. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from alarms.costs import MoneyRange
from alarms.judging import LEVEL_WEEKS
from alarms.registry import Detector
from alarms.rules import (
    BASELINE_WEEKS,
    STRICTNESS,
    WATCHED_WEEKS,
    DriftRule,
    Floors,
    LevelRule,
    LimitRule,
    RateRule,
    Strictness,
)
from core.date_formatting import format_day
from core.formatting import format_by_unit, format_count, format_percent, short_money
from kpis.registry import Metric, find_metric
from kpis.sentences import count_noun

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Figures(Protocol):
    """What a sentence needs to know of an alarm; a judgement of a trial has it too."""

    @property
    def value(self) -> float | None: ...
    @property
    def expected(self) -> float | None: ...


def spell_number(number: int) -> str:
    """Write a small number as a word, as sentences do: 3 → three, 13 → 13."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else format_count(number)


def _capitalize(text: str) -> str:
    return text[0].upper() + text[1:]


def alarms_headline(count: int, total: MoneyRange | None, priced: int, overall: int = 0) -> str:
    """Say how many alarms are open and what they cost together in a year.

    Args:
        priced: how many costs the total adds up.
        overall: how many alarms have a cost that contains those of others, and is not added to them.
    """
    if not count:
        return "No alarm is open."
    opening = f"{_capitalize(spell_number(count))} {'alarm is' if count == 1 else 'alarms are'} open"
    if total is None:
        return f"{opening}. {'Its cost is' if count == 1 else 'Their cost is'} not known."
    whose = "it costs" if count == 1 else "together they cost" if priced == count else f"{_priced_in_words(priced)}"
    unpriced = count - priced - overall
    contained = (
        f"; {spell_number(overall)} {'contains' if overall == 1 else 'contain'} the cost of others" if overall else ""
    )
    ending = f"; {spell_number(unpriced)} {'is' if unpriced == 1 else 'are'} not priced" if unpriced else ""
    return f"{opening}; {whose} {cost_in_words(total)}{contained}{ending}."


def _priced_in_words(priced: int) -> str:
    return "one of them costs" if priced == 1 else f"{spell_number(priced)} of them cost together"


def cost_in_words(cost: MoneyRange) -> str:
    """About $412K a year ($280K to $560K); an amount that is counted has no interval."""
    middle = short_money(cost.middle, cost.currency)
    if cost.low == cost.high:
        return f"{middle} a year"
    return f"about {middle} a year ({range_in_words(cost)})"


def range_in_words(cost: MoneyRange) -> str:
    return f"{short_money(cost.low, cost.currency)} to {short_money(cost.high, cost.currency)}"


def format_figure(value: float | None, metric: Metric | None, currency: str) -> str:
    """Write a value in the unit of its metric."""
    return format_by_unit(value, metric.unit if metric else "count", currency)


def describe_figures(figures: Figures, detector: Detector, currency: str, since: date | None = None) -> str:
    """Say what a figure is and what was expected, in one sentence by the rule of the detector."""
    metric = find_metric(detector.metric)
    if metric is None or figures.value is None:
        return detector.looks_for
    value, expected = (format_figure(number, metric, currency) for number in (figures.value, figures.expected))
    day = format_day(since)
    match detector.rule:
        case LimitRule():
            window = "" if metric.is_stock else f" {_window_in_words(detector.rule)}"
            return f"{metric.name}{window} is {value}. The limit is {expected}."
        case LevelRule():
            return f"{metric.name} on {day}: {value}. Usual on this weekday: {expected}."
    verb = _moved(figures.value, figures.expected)
    per = " a week" if metric.adds_up else ""
    start = f" since {day}" if since else ""
    return f"{metric.name} {verb} to {value}{per}{start}. Usual in the half year before: {expected}{per}."


def _window_in_words(rule: LimitRule) -> str:
    """Say over which days a limit is judged: of the last full year, or over the last 28 days."""
    return "of the last full year" if rule.is_last_year else f"over the last {count_noun(rule.days, 'day')}"


def _moved(value: float, expected: float | None) -> str:
    return "fell" if expected is not None and value < expected else "rose"


@dataclass(frozen=True)
class RuleLine:
    """One number of a rule with its name, as the page of a detector lists them."""

    label: str
    text: str


def describe_rule(
    detector: Detector, limit: float | None, is_company_limit: bool, strictness: Strictness, currency: str
) -> Sequence[RuleLine]:
    """Return the rule of a detector with all its numbers; nothing where it observes records itself."""
    metric, rule = find_metric(detector.metric), detector.rule
    if rule is None:
        return ()
    if isinstance(rule, LimitRule):
        return _describe_limit(detector, rule, metric, limit, is_company_limit, currency)
    worse = "Higher is worse" if rule.bad == "up" else "Lower is worse"
    factor, floor_factor = STRICTNESS[strictness]
    lines = [RuleLine("Direction", worse), *_describe_test(rule)]
    lines += _describe_floors(rule.floors.multiply(floor_factor), metric, currency)
    if factor > 1:
        lines.append(RuleLine("Strictness", f"{strictness.capitalize()}: p-values are multiplied by {factor:g}"))
    return lines


def _describe_limit(
    detector: Detector, rule: LimitRule, metric: Metric | None, limit: float | None, is_own: bool, currency: str
) -> Sequence[RuleLine]:
    whose = "set by your company" if is_own else detector.limit_from or "the default of this detector"
    text = f"{format_figure(limit, metric, currency)} ({whose})" if limit is not None else f"Not set ({whose})"
    passes = "above" if rule.bad == "up" else "below"
    window = "The last full year" if rule.is_last_year else f"The last {count_noun(rule.days, 'finished day')}"
    if metric and metric.is_stock:
        window = "As of today"
    return (
        RuleLine("Limit", text),
        RuleLine("Alerts when", f"the figure is {passes} the limit; at the limit it is met"),
        RuleLine("Judged over", window),
        RuleLine("Minimum", count_noun(rule.minimum_n, "record")),
    )


def _describe_test(rule: RateRule | DriftRule | LevelRule) -> list[RuleLine]:
    if isinstance(rule, LevelRule):
        return [
            RuleLine("Compares", "the last finished day"),
            RuleLine("With", f"the median of the same weekday in the last {LEVEL_WEEKS} weeks"),
        ]
    lines = [
        RuleLine("Looks for a change in", f"the last {WATCHED_WEEKS} finished weeks"),
        RuleLine("Usual is", f"the {BASELINE_WEEKS} weeks before them"),
    ]
    if isinstance(rule, RateRule) and rule.mature_days:
        lines.append(RuleLine("A week is judged", f"{count_noun(rule.mature_days, 'day')} after it has ended"))
    if isinstance(rule, RateRule):
        lines.append(RuleLine("Tuned to find", f"a change by {format_percent(rule.shift, 0)} of the usual rate"))
    return lines


def _describe_floors(floors: Floors, metric: Metric | None, currency: str) -> list[RuleLine]:
    text = f"at least {format_percent(floors.relative, 0)} of what is usual"
    if floors.absolute and metric and metric.unit == "percent":
        text += f", and at least {format_percent(floors.absolute, 0)} as a difference of rates"
    elif floors.absolute:
        text += f", and at least {format_figure(floors.absolute, metric, currency)}"
    return [
        RuleLine("Smallest change that counts", text),
        RuleLine("Minimum", count_noun(floors.minimum_n, "record")),
    ]


def describe_possible(weeks: float | None, cases: float) -> str:
    """Say how long a change of 30 % takes to show at the volume of the company."""
    if weeks is None:
        return ""
    volume = f"With {count_noun(round(cases), 'record')} a week"
    if weeks > 52:
        return f"{volume}, a change by 30% takes more than a year to show. Choose a metric with more records."
    return f"{volume}, a change by 30% shows after about {count_noun(max(round(weeks), 1), 'week')}. No rule is faster with as few false alarms."


def event_in_words(verb: str, label: str, value: Any, metric: Metric | None, currency: str) -> str:
    """Write what happened to an alarm, with the figure of that moment where it tells something."""
    if value is None or verb not in {"opened", "worsened", "ended"} or metric is None:
        return label
    return f"{label} at {format_figure(value, metric, currency)}"
