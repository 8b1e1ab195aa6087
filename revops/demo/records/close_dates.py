"""Close dates that were moved: at the end of a quarter what will not close is pushed out, and one large deal again and again."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from revops.demo.days import DAY, Calendar, next_workday, quarter_end

PUSHED_SHARE = 0.75  # of the deals that were promised for a quarter and are still open in its last days
SLOW_DEAL_AGE = 100  # days; the largest open deal that is older is pushed month by month
SLOW_PUSHES = 3


@dataclass(frozen=True)
class Entry:
    """A stage as it was entered, or its close date as it was moved: when, and what was then expected."""

    stage: str
    moment: datetime
    amount: Decimal
    promise: date


def push_at_quarter_ends(rng: Random, entries: list[Entry], calendar: Calendar, end: datetime | None) -> list[Entry]:
    """Return the entries with a push in the last days of each quarter in which the deal was promised and did not close."""
    pushed = list(entries)
    day = quarter_end(entries[0].moment.date())
    last = end.date() if end else calendar.last
    while day < last:
        moment = calendar.moment(next_workday(day - DAY * rng.randint(1, 5)), rng.randint(14, 17))
        before = [entry for entry in pushed if entry.moment < moment]
        if before and moment.date() < last and before[-1].promise <= day and rng.random() < PUSHED_SHARE:
            promise = next_workday(day + DAY * rng.randint(25, 80))
            pushed.insert(len(before), replace(before[-1], moment=moment, promise=promise))
        day = quarter_end(day + DAY)
    return _without_pulling_back(pushed, is_closed=end is not None)


def push_every_month(entries: list[Entry], calendar: Calendar) -> list[Entry]:
    """Return the entries of an open deal with three pushes, each a month after the other."""
    pushed, moved = list(entries), entries[-1]
    first = entries[-1].moment.date() + 5 * DAY
    step = max((calendar.last - first) // (SLOW_PUSHES + 1), DAY)
    for number in range(1, SLOW_PUSHES + 1):
        day = next_workday(first + step * number)
        moment = max(calendar.moment(day, 16), moved.moment + timedelta(hours=1))
        if not calendar.seen(moment):
            break
        moved = replace(moved, moment=moment, promise=next_workday(max(moved.promise, day) + 30 * DAY))
        pushed.append(moved)
    return pushed


def _without_pulling_back(entries: list[Entry], *, is_closed: bool) -> list[Entry]:
    """Return the entries with no promise before that of a push; the last of a closed deal is the day it closed."""
    kept: list[Entry] = []
    for number, entry in enumerate(entries):
        is_final = is_closed and number == len(entries) - 1
        promise = entry.promise if is_final or not kept else max(entry.promise, kept[-1].promise)
        kept.append(replace(entry, promise=promise))
    return kept
