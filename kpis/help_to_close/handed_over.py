"""Read the leads that were handed over, how soon each was answered, and what it brought."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd

from attribution.campaigns.queries import with_home_amount
from core.periods import Period
from facts.engine import Facts
from kpis.help_to_close.answers import IN_TIME, LATE, NEVER, Leads
from team.models import Company

YEAR = 365
MATURES_SHARE = 0.9
BANDS = 3
NO_SCORE = "no score"


@dataclass(frozen=True)
class HandedOver:
    """The leads of the period by their first hand-off in it. `names` are the strata: score band and source."""

    leads: Leads
    names: tuple[str, ...]
    young: int  # handed over too recently to be won
    running: int  # their deadline is not over, or they have none
    without_amount: int
    matures_days: int | None

    def count(self, answer: int) -> int:
        return int((self.leads.answers == answer).sum())


def read_handed_over(facts: Facts, company: Company, period: Period, today: date) -> HandedOver:
    """Return the leads whose clock has ended; those that may not have been won yet by their age are left out and counted."""
    frame = _read_rows(facts, company)
    for name in ("started", "won_on"):
        frame[name] = pd.to_datetime(frame[name])
    now = pd.Timestamp(today)
    is_after = frame["won_on"] >= frame["started"]  # a win before the hand-off is not what came of it
    frame["won_on"] = frame["won_on"].where(is_after)
    days = (frame["won_on"] - frame["started"]).dt.days
    recent = days[(frame["won_on"] > now - pd.Timedelta(days=YEAR)) & (frame["won_on"] <= now)]
    matures_days = None if recent.empty else int(np.ceil(recent.quantile(MATURES_SHARE)))
    inside = frame["started"].notna()
    if period.start:
        inside &= frame["started"] >= pd.Timestamp(period.start)
    if period.end:
        inside &= frame["started"] <= pd.Timestamp(period.end)
    rows = frame[inside].drop_duplicates("lead_id", keep="first")
    is_old = rows["started"] <= now - pd.Timedelta(days=matures_days or 0)
    is_old &= matures_days is not None
    young, rows = int((~is_old).sum()), rows[is_old]
    running, rows = int((~rows["is_due"]).sum()), rows[rows["is_due"]].reset_index(drop=True)
    strata = name_bands(rows["score"]) + ", " + rows["source"].where(rows["source"] != "", "no source")
    names, codes = np.unique(strata.to_numpy(dtype=str), return_inverse=True)
    won = rows["won_on"].notna().to_numpy()
    amounts: list[Decimal | None] = [
        Decimal(str(amount)) if has_won and amount is not None and amount == amount else None
        for amount, has_won in zip(rows["amount"], won, strict=True)
    ]
    answers = np.select([rows["is_met"], rows["is_answered"]], [IN_TIME, LATE], NEVER).astype(np.int64)
    leads = Leads(codes.astype(np.int64), rows["company"].to_numpy(np.int64), answers, won, amounts)
    without = int(sum(1 for amount, has_won in zip(amounts, won, strict=True) if has_won and amount is None))
    return HandedOver(leads, tuple(map(str, names)), young, running, without, matures_days)


def name_bands(scores: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return for each score which third it is in."""
    numbers = scores.astype(float)
    if not numbers.notna().any():
        return pd.Series(NO_SCORE, index=scores.index)
    edges = numbers.quantile(np.arange(1, BANDS) / BANDS).to_numpy()
    thirds = np.searchsorted(edges, numbers.fillna(0).to_numpy(), side="right")
    names = pd.Series([f"score third {number + 1}" for number in thirds], index=scores.index)
    return names.where(numbers.notna(), NO_SCORE)


def _read_rows(facts: Any, company: Company) -> pd.DataFrame:
    """Return each hand-off that was not withdrawn, with the last win of the lead's deals, in order of time."""
    rows, leads, deals = facts.table("handoffs"), facts.table("leads"), facts.table("opportunities")
    rows = rows.filter(rows.end.fill_null("") != "withdrawn")
    of_lead = leads.select(lead_key="id", account="account_id", source="lead_source")
    rows = rows.left_join(of_lead, rows.lead_id == of_lead.lead_key)
    won = with_home_amount(
        facts, "opportunities", deals.filter((deals.outcome == "won") & deals.lead_id.notnull()), company
    )
    won = won.mutate(
        known=won.amount.notnull().ifelse(won.home_amount, None),
        won_day=ibis.coalesce(won.closed_on, won.closed_at.date()),
    )
    wins = won.group_by(won_lead="lead_id").aggregate(won_on=won.won_day.max(), amount=won.known.sum())
    rows = rows.left_join(wins, rows.lead_id == wins.won_lead)
    is_met = (rows.answered_at <= rows.due_at).fill_null(False)
    passed = rows.breached_at.notnull() | (rows.answered_at > rows.due_at).fill_null(False)
    chosen = rows.select(
        "lead_id", started=rows.started_at.date(), moment=rows.started_at, row_id=rows.id, is_met=is_met,
        is_due=rows.due_at.notnull() & (is_met | passed),
        is_answered=rows.answered_at.notnull(), score=rows.score.cast("float64"), source=rows.source.fill_null(""),
        company=ibis.coalesce(rows.account * 2, rows.lead_id * 2 + 1), won_on="won_on", amount="amount",
    )  # fmt: skip
    return facts.execute(chosen.order_by("moment", "row_id"))
