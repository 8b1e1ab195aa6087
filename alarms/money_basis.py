"""Reads from the facts what leads, hand-offs and deals became, and what won deals brought."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from alarms.costs import MoneyBasis, Share
from core.periods import Period
from facts.engine import Facts
from kpis.compute import scope_of
from kpis.deals import closed_day, count_one, is_closed, is_won
from kpis.metrics.handoffs import is_due, is_met, started_day
from kpis.metrics.leads import has_won, lead_day
from kpis.query import Cut, query_measure, query_measures
from kpis.registry import Measure, get_metric
from kpis.rows import Build, Row

MATURE_DAYS = 180  # a lead younger than that may still be won
LOOK_BACK_DAYS = 730
YEAR = 365


def read_money_basis(facts: Facts, today: date) -> MoneyBasis:
    """Return what the company's cases became and brought, as of a day."""
    currency = scope_of(Period(), facts).currency
    cohorts = Period(today - timedelta(days=LOOK_BACK_DAYS), today - timedelta(days=MATURE_DAYS))
    last_year = Period(today - timedelta(days=YEAR), today - timedelta(days=1))
    return MoneyBasis(
        currency=currency,
        won={
            **_read_shares(facts, cohorts, "leads", lead_day, has_won, {"lead": None}),
            **_read_shares(facts, cohorts, "handoffs", started_day, _lead_is_won, OF_HANDOFFS),
            **_read_shares(facts, last_year, "opportunities", closed_day, is_won, {"deal": is_closed}),
        },
        amounts=_read_won_amounts(facts, last_year, currency),
    )


def _lead_is_won(row: Row) -> Any:
    return row["lead.deals.won"].fill_null(False)


def _is_accepted(row: Row) -> Any:
    return row["end"] == "accepted"


OF_HANDOFFS: Mapping[str, Build | None] = {
    "handoff": None,
    "accepted": _is_accepted,
    "in_time": lambda row: is_due(row) & is_met(row),
    "late": lambda row: is_due(row) & ~is_met(row) & row["answered_at"].notnull(),
}


def _read_shares(
    facts: Facts, period: Period, table: str, day: Build, hit: Build, starts: Mapping[str, Build | None]
) -> dict[str, Share]:
    """Return how many rows became a hit, for each of the starting points that `starts` keeps. One question."""
    measures = [
        Measure(table, day=day, keep=keep, numerator=lambda row: hit(row).cast("int64"), denominator=count_one)
        for keep in starts.values()
    ]
    answers = query_measures(scope_of(period, facts), measures, Cut())
    return {
        name: (int(sum(total.numerator for total in totals)), int(sum(total.denominator for total in totals)))
        for name, totals in zip(starts, answers, strict=True)
    }


def _read_won_amounts(facts: Facts, period: Period, currency: str) -> list[float]:
    """Return the amounts of won deals in the company's currency; what is in another one is left out."""
    measure = next(iter(get_metric("deal_size").all_measures))
    totals = [total for total in query_measure(scope_of(period, facts), measure, Cut()) if total.currency == currency]
    counts = sum((total.values for total in totals), start=type(totals[0].values)()) if totals else {}
    return [cents / 100 for cents, count in counts.items() for _ in range(count)]
