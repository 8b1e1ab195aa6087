"""Observes which reasons stand behind the deals without a decision."""

import math
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import ibis
from scipy.stats import norm

from alarms.context import Context, as_day
from alarms.judging import Judgement
from alarms.registry import Evidence, Finding, no_data
from alarms.statistics import rate_limits
from core.formatting import format_percent
from core.intervals import newcombe_interval
from core.periods import Period
from facts.engine import Facts
from kpis.dashboard import Question
from kpis.url_params import records_url

REASON_DAYS, YEAR_DAYS, PERIOD_DAYS = 90, 365, 28
MINIMUM_DEALS, MINIMUM_SHARE_MOVED = 20, 0.1
Counts = Mapping[str, tuple[int, int]]  # by reason: (with it, of all)


def observe_no_decision_reasons(context: Context) -> Finding:
    """Compare the share of each reason in 90 days with the year before.

    Shares differ from month to month by more than chance has them, so that the test is widened by Laney's dispersion, and
    the p-value is multiplied by the number of reasons.
    """
    begins = context.today - timedelta(days=REASON_DAYS)
    days = read_reasons(context.facts, Period(begins - timedelta(days=YEAR_DAYS), context.yesterday))
    recent = Counter[str](_expand(days, since=begins))
    earlier = Counter[str](_expand(days, until=begins))
    n, n_before = recent.total(), earlier.total()
    if min(n, n_before) < MINIMUM_DEALS:
        return no_data(f"Too few deals without a decision have a reason: {n} of at least {MINIMUM_DEALS} in 90 days.")
    tests = {
        reason: _p_value((recent[reason], n), (earlier[reason], n_before), _dispersion(days, reason, begins))
        for reason in recent
    }
    reason = min(tests, key=lambda name: tests[name])
    judged = _judge(context, (recent[reason], n), (earlier[reason], n_before), min(1.0, tests[reason] * len(tests)))
    sentence = (
        f"“{reason}” stands behind {format_percent(recent[reason] / n)} of the deals without a decision, after "
        f"{format_percent(earlier[reason] / n_before)} in the year before."
    )
    question = Question(Period(begins, context.yesterday), "", {"lost_reason": reason})
    url = records_url("opportunities_undecided", question)
    return Finding(judged, sentence, (Evidence("Deals without a decision", url, recent[reason]),))


def read_reasons(facts: Facts, period: Period) -> Mapping[tuple[date, str], int]:
    """Return how many deals ended without a decision, by day and reason. One question."""
    deals = facts.table("opportunities")
    day = ibis.coalesce(deals.closed_on, deals.closed_at.date())
    undecided = deals.filter((deals.outcome == "no_decision") & (deals.lost_reason.nullif("").notnull()))
    rows = undecided.filter(day.between(ibis.literal(period.start), ibis.literal(period.end)))
    frame = facts.execute(rows.group_by(day=day, reason=rows.lost_reason).aggregate(n=rows.count()))
    lines: list[Any] = frame.to_dict("records")
    return {(as_day(line["day"]), str(line["reason"])): int(line["n"]) for line in lines}


def _expand(
    days: Mapping[tuple[date, str], int], since: date | None = None, until: date | None = None
) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for (day, reason), n in days.items():
        if (since is None or day >= since) and (until is None or day < until):
            counts[reason] += n
    return dict(counts)


def _dispersion(days: Mapping[tuple[date, str], int], reason: str, before: date) -> float:
    """Return how much more the share of a reason differs between four weeks than chance would have it, at least 1."""
    periods: dict[int, list[int]] = {}
    for (day, name), n in days.items():
        if day < before:
            sums = periods.setdefault((before - day).days // PERIOD_DAYS, [0, 0])
            sums[0] += n * (name == reason)
            sums[1] += n
    limits = rate_limits([(hits, n) for _, (hits, n) in sorted(periods.items())])
    return max(1.0, limits.dispersion) if limits else 1.0


def _p_value(now: tuple[int, int], before: tuple[int, int], dispersion: float) -> float:
    """Return how likely chance alone lets a share rise that far."""
    share = (now[0] + before[0]) / (now[1] + before[1])
    spread = dispersion * math.sqrt(share * (1 - share) * (1 / now[1] + 1 / before[1]))
    return float(norm.sf((now[0] / now[1] - before[0] / before[1]) / spread)) if spread else 1.0


def _judge(context: Context, now: tuple[int, int], before: tuple[int, int], p_value: float) -> Judgement:
    value, expected = now[0] / now[1], before[0] / before[1]
    is_far = value - expected >= MINIMUM_SHARE_MOVED
    interval = newcombe_interval(now, before)
    return Judgement(
        context.yesterday, value, expected, context.today - timedelta(days=REASON_DAYS), now[1], before[1],
        now[0], before[0], p_value, is_bad=bool(is_far and interval and interval[0] > 0),
        is_calm=value - expected < MINIMUM_SHARE_MOVED / 2,
    )  # fmt: skip
