"""Observes whether records come as often as they used to, and whether imports and connectors work."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import ibis
from django.urls import reverse

from alarms.context import Context, as_day
from alarms.judging import Judgement, judge_count
from alarms.registry import Evidence, Finding, no_data
from connectors.models import Connector, Pull
from core.formatting import format_count
from core.work import State
from facts.engine import Facts
from imports.models import ImportJob
from kpis.sentences import count_noun

WATCHED = {  # fact tables that grow day by day, and the moment that a row is of
    "leads": "created_at",
    "opportunities": "created_at",
    "activities": "happened_at",
    "touches": "happened_at",
    "enquiries": "opened_at",
}
LOOK_BACK_DAYS = 180
MINIMUM_DAYS = 20  # with records, below which no gap is called usual
TIMES, LEAST_DAYS = 2.0, 4  # a gap is too long from twice the longest one before, and from 4 days
FAILURES = 3


def observe_late_tables(context: Context) -> Finding:
    """Compare how long ago the newest record of each table is with the longest gap before it. One question for all."""
    days = read_days(context.facts, context.today)
    gaps = {table: gap for table, rows in days.items() if (gap := judge_gap(rows, context.today))}
    if not gaps:
        return no_data(f"No kind of record came on at least {MINIMUM_DAYS} days of the last {LOOK_BACK_DAYS}.")
    late = {table: gap for table, gap in gaps.items() if gap[0] > gap[1]}
    table = max(gaps, key=lambda name: gaps[name][0] / gaps[name][1])
    now, limit = gaps[table]
    judged = Judgement(context.yesterday, float(now), float(limit), n=len(gaps), is_bad=bool(late), is_calm=not late)
    sentences = [f"No {name} for {count_noun(gap[0], 'day')}" for name, gap in sorted(late.items())]
    return Finding(judged, f"{'. '.join(sentences)}." if late else "", (Evidence("Imports", reverse("imports")),))


def read_days(facts: Facts, today: date) -> Mapping[str, list[date]]:
    """Return the days on which each table has records, the earliest first."""
    pieces = []
    for table, moment in WATCHED.items():
        rows = facts.table(table)
        day = rows[moment].date()
        recent = rows.filter(day.between(ibis.literal(today - timedelta(days=LOOK_BACK_DAYS)), ibis.literal(today)))
        pieces.append(recent.select(name=ibis.literal(table), day=recent[moment].date()).distinct())
    frame = facts.execute(ibis.union(*pieces))
    days: dict[str, list[date]] = {}
    lines: list[Any] = frame.to_dict("records")
    for line in lines:
        days.setdefault(str(line["name"]), []).append(as_day(line["day"]))
    return {table: sorted(rows) for table, rows in days.items()}


def judge_gap(days: Sequence[date], today: date) -> tuple[int, int] | None:
    """Return the days since the last record and the most that is not late; None where too few days have records."""
    if len(days) < MINIMUM_DAYS:
        return None
    longest = max((later - earlier).days for earlier, later in pairwise(days))
    return (today - days[-1]).days, max(LEAST_DAYS, round(longest * TIMES))


def observe_failures(context: Context) -> Finding:
    """Look at the last runs of each connector and at the last imports."""
    connectors = list(Connector.objects.all())
    jobs = list(ImportJob.objects.filter(finished_at__isnull=False).order_by("-finished_at")[:FAILURES])
    if not connectors and not jobs:
        return no_data("Nothing has been imported yet, and no connector is set up.")
    broken = [connector for connector in connectors if connector.trouble or _has_failed(_last_pulls(connector))]
    has_failed = _has_failed(job.state for job in jobs)
    count = len(broken) + has_failed
    evidence = [Evidence("Connectors", reverse("connectors"), len(broken))] if broken else []
    evidence += [Evidence("Imports", reverse("imports"), FAILURES)] if has_failed else []
    sentences = [f"{count_noun(len(broken), 'connector')} not working"] if broken else []
    sentences += [f"the last {format_count(FAILURES)} imports failed"] if has_failed else []
    judged = judge_count(count, context.yesterday)
    return Finding(judged, f"Data do not arrive: {' and '.join(sentences)}." if sentences else "", tuple(evidence))


def _last_pulls(connector: Connector) -> Iterable[str]:
    pulls = Pull.objects.filter(connector=connector, finished_at__isnull=False).order_by("-finished_at")
    return pulls.values_list("state", flat=True)[:FAILURES]


def _has_failed(states: Iterable[str]) -> bool:
    last = list(states)
    return len(last) == FAILURES and all(state == State.FAILED for state in last)
