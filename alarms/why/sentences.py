"""The lesson of an explanation in plain sentences, true in every combination of signs. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from alarms.why.chains import LinkChange, name_records
from alarms.why.explain import Explanation
from alarms.why.parts import ChangePart, DimensionChange
from core.formatting import (
    format_by_unit,
    format_decimal,
    format_exact,
    format_percent,
    short_money,
    short_number,
    with_sign,
)
from kpis.dimensions import BLANK

NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ORDINALS = {3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth", 10: "tenth"}
NEAR = Fraction(15, 1000)  # how far a share may be from the fraction that it is called
ALMOST_ALL = Fraction(9, 10)
MOST_LISTED = 3


def describe_change(explanation: Explanation, dimension: DimensionChange | None) -> str:
    """Say what changed, what kind of change it is, and which groups made most of it."""
    if explanation.change is None:
        return explanation.reason
    sentences = [say_change(explanation)]
    if explanation.metric.is_spread:
        sentences.append("A median has no parts that add up. The medians of the groups are listed for information.")
    if explanation.links:
        sentences.append(say_links(explanation, explanation.links))
    if dimension is not None:
        if explanation.is_rate and not dimension.is_shared:
            sentences.append(say_rate_and_mix(explanation, dimension))
        sentences.append(say_leaders(explanation, dimension))
    return " ".join(sentence for sentence in sentences if sentence)


def say_change(explanation: Explanation) -> str:
    """The close rate fell from 34% to 27%."""
    metric, now, before, change = explanation.metric, explanation.now, explanation.before, explanation.change
    assert change is not None
    written = [_write_value(explanation, result.value) for result in (before, now)]
    per = f" per {metric.per}" if metric.per else ""
    if not change:
        return f"{metric.name} did not change: {written[1]}{per} in {before.period.label} and in {now.period.label}."
    verb = "rose" if change > 0 else "fell"
    if written[0] == written[1]:
        written = [format_exact(result.value, metric.unit, explanation.currency) for result in (before, now)]
    if written[0] == written[1]:
        return f"{metric.name} {verb} by less than its figures show: {written[1]}{per}."
    return f"{metric.name} {verb} from {written[0]}{per} to {written[1]}{per}."


def _write_value(explanation: Explanation, value: Any) -> str:
    """Write a figure; a rate with a decimal where whole percents would show another change than there is."""
    metric, now, before = explanation.metric, explanation.now.value, explanation.before.value
    if metric.unit == "percent" and now is not None and before is not None:
        apart = abs(Decimal(str(now)) - Decimal(str(before)))
        rounded = abs(round(Decimal(str(now)), 2) - round(Decimal(str(before)), 2))
        if abs(apart - rounded) > Decimal("0.0025"):
            return format_percent(value, 1)
    return format_by_unit(value, metric.unit, explanation.currency)


def say_links(explanation: Explanation, links: Sequence[LinkChange]) -> str:
    """The number of deals rose, which raised it by $600K; the average amount fell, which lowered it by $200K."""
    moved = [link for link in links if link.part]
    if not moved:
        return ""
    pieces = [
        f"{link.link.label} {_write_step(link)}, which {_verb(link.part)} it by {write_size(explanation, Fraction(link.part))}"
        for link in moved
    ]
    return f"{'; '.join([pieces[0], *(piece[0].lower() + piece[1:] for piece in pieces[1:])])}."


def _write_step(change: LinkChange) -> str:
    return "fell" if change.now < change.before else "rose"


def say_rate_and_mix(explanation: Explanation, dimension: DimensionChange) -> str:
    """Six sevenths of the fall is a different mix of leads by source, one seventh is a lower rate within the groups."""
    change, rate, mix = dimension.change, dimension.rate, dimension.mix
    mixed = f"a different mix{_of_records(explanation)} by {dimension.label.lower()}"
    noun = {"percent": "rate", "money": "average"}.get(explanation.metric.unit, "value")
    within = f"a {'higher' if rate > 0 else 'lower'} {noun} within the groups"
    if not rate and not mix:
        return ""
    if not mix:
        return f"All of it is {within}: the mix by {dimension.label.lower()} changed nothing." if change else ""
    if not rate:
        return f"All of it is {mixed}." if change else ""
    if rate * mix < 0 or not change:
        first, second = ((mixed, mix), (within, rate)) if abs(mix) >= abs(rate) else ((within, rate), (mixed, mix))
        pieces = [f"{what} {_verb(part)} it by {write_size(explanation, part)}" for what, part in (first, second)]
        return f"{pieces[0][0].upper()}{pieces[0][1:]}; {pieces[1]}."
    direction = "rise" if change > 0 else "fall"
    share = mix / change
    shares = write_shares(share)
    larger, smaller = [(shares[0], mixed), (shares[1], within)][:: 1 if share * 2 >= 1 else -1]
    opening = f"{larger[0][0].upper()}{larger[0][1:]}"
    return f"{opening} of the {direction} is {larger[1]}, {smaller[0]} is {smaller[1]}."


def write_shares(share: Fraction) -> tuple[str, str]:
    """Return a share between 0 and 1 and what it leaves, as people say them: six sevenths, one seventh."""
    for size in range(2, 11):
        count = round(share * size)
        if 0 < count < size and abs(Fraction(count, size) - share) < NEAR:
            about = "" if Fraction(count, size) == share else "about "
            return about + _name_fraction(count, size), _name_fraction(size - count, size)
    percents = format_percent(_to_decimal(share), 0), format_percent(1 - _to_decimal(share), 0)
    if share >= ALMOST_ALL:
        return f"almost all ({percents[0]})", percents[1]
    return (percents[0], f"almost all ({percents[1]})") if 1 - share >= ALMOST_ALL else percents


def _name_fraction(count: int, size: int) -> str:
    if size == 2:
        return "half"
    return f"{NUMBERS[count]} {ORDINALS[size]}{'' if count == 1 else 's'}"


def _to_decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _of_records(explanation: Explanation) -> str:
    """Name what is mixed where it is records of one kind; amounts and sums of two kinds are not named."""
    metric = explanation.metric
    if len(metric.tables) > 1 or (metric.is_money and metric.unit == "percent"):
        return ""
    return f" of {name_records(metric.tables[0])}"


def say_leaders(explanation: Explanation, dimension: DimensionChange) -> str:
    """Most of it: Webinar (−3.9 points)."""
    change = dimension.change
    parts = [part for part in dimension.parts if part.total]
    if not change:
        return _say_opposed(explanation, dimension, parts)
    leaders = sorted(
        (part for part in parts if part.total * change > 0 and not part.is_others), key=lambda part: -abs(part.total)
    )
    by = "" if explanation.is_rate and not dimension.is_shared else f" by {dimension.label.lower()}"
    if not leaders:
        return ""
    first = leaders[0]
    rest = change - first.total
    if rest * change < 0:
        return (
            f"{part_name(dimension, first)} alone {_verb(first.total)} it by {write_size(explanation, first.total)}; "
            f"the other groups{by} {_verb(rest)} it by {write_size(explanation, rest)}."
        )
    listed: list[ChangePart] = []
    for part in leaders[:MOST_LISTED]:
        listed.append(part)
        total = sum((part.total for part in listed), Fraction(0))
        if abs(total) * 2 > abs(change):
            opening = "All" if len(listed) == len(parts) else "Most"
            return f"{opening} of it{by}: {_list_parts(explanation, dimension, listed)}."
    return f"The largest parts{by}: {_list_parts(explanation, dimension, listed)}."


def _say_opposed(explanation: Explanation, dimension: DimensionChange, parts: Sequence[ChangePart]) -> str:
    if not parts:
        return f"No part by {dimension.label.lower()} changed."
    up = max(parts, key=lambda part: part.total)
    down = min(parts, key=lambda part: part.total)
    return f"Its parts by {dimension.label.lower()} moved against each other: {_list_parts(explanation, dimension, [up, down])}."


def _list_parts(explanation: Explanation, dimension: DimensionChange, parts: Sequence[ChangePart]) -> str:
    texts = [f"{part_name(dimension, part)} ({write_part(explanation, part.total)})" for part in parts]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def part_name(dimension: DimensionChange, part: ChangePart) -> str:
    """Return the name of a group; records without a value are called so."""
    return f"no {dimension.label.lower()}" if part.group.key == BLANK else part.group.label


def _verb(part: Fraction | Decimal) -> str:
    return "raised" if part > 0 else "lowered"


def write_part(explanation: Explanation, part: Fraction) -> str:
    """Write a part with its sign, in the metric's unit: −3.9 points, +$1.2M, +12."""
    text = write_size(explanation, part)
    if text.startswith("less"):
        return text
    return f"−{text}" if part < 0 else with_sign(text)


def write_size(explanation: Explanation, part: Fraction) -> str:
    """Write the size of a part without its sign; a rate's in percentage points."""
    size = _to_decimal(abs(part))
    unit, currency = explanation.metric.unit, explanation.currency
    if unit == "percent":
        points = size * 100
        if not points:
            return "0 points"
        places = next((places for places in (1, 2, 3) if points >= Decimal(5).scaleb(-places - 1)), None)
        if places is None:
            return "less than 0.001 points"
        text = format_decimal(points, places)
        return f"{text} point{'' if points == 1 else 's'}"
    if unit == "money":
        return (
            short_money(size, currency)
            if size >= Decimal("0.005") or not size
            else f"less than {short_money(Decimal('0.01'), currency)}"
        )
    if unit == "count":
        return short_number(size) if size >= Decimal("0.05") or not size else "less than 0.1"
    return format_by_unit(size, unit, currency)
