"""The deals and their stage changes as the facts hold them, with amounts in the company's currency."""

from typing import Any

import ibis
import numpy as np
import pandas as pd

from crm.models import Outcome
from crm.people import People
from facts.engine import Facts
from forecast.outcomes.curves import LOST, NO_DECISION, STILL_OPEN, WON, Floats
from forecast.outcomes.history import DealHistory
from team.models import Company

OUTCOMES = {Outcome.OPEN: STILL_OPEN, Outcome.WON: WON, Outcome.LOST: LOST, Outcome.NO_DECISION: NO_DECISION}
EPOCH = 719_163  # the ordinal of January 1, 1970
NO_OWNER = 0
NO_OPENING = "without an opening day"
NO_CLOSING = "closed without a closing day"
NO_RATE = "in a currency without an exchange rate"


def load_history(facts: Facts, today: int, people: People | None = None) -> DealHistory:
    """Read all deals and stage changes with one question each; owners are the persons behind their records."""
    rates = _Rates(facts, Company.get(), today)
    changes = _read_changes(facts)
    deals, left_out = _read_deals(facts, rates, changes, today)
    records = people or People()
    deals["owner"] = [NO_OWNER if pd.isna(pk) else records.person(int(pk)) for pk in deals["owner"]]
    row_of = pd.Series(np.arange(len(deals)), index=deals["deal_id"])
    changes["deal"] = changes["deal_id"].map(row_of)
    changes = changes[changes["deal"].notna()].astype({"deal": np.int64})
    position = changes["deal"].to_numpy()
    changes["amount"] *= deals["rate"].to_numpy()[position]
    if deals["pipeline"].nunique() > 1:
        pipelines = pd.Series(deals["pipeline"].to_numpy(dtype=object)[position], index=changes.index)
        pipelines = changes["pipeline"].where(changes["pipeline"] != "", pipelines)
        changes["stage"] = _name_stages(pipelines, changes["stage"])
        deals["stage"] = _name_stages(deals["pipeline"], deals["stage"])
    return DealHistory(deals, changes, today, left_out)


def _name_stages(pipelines: "pd.Series[Any]", stages: "pd.Series[Any]") -> "pd.Series[Any]":
    """Write the pipeline before each stage: stages of the same name in two pipelines are two stages."""
    return (pipelines + ": " + stages).where(pipelines != "", stages)


def _read_deals(
    facts: Facts, rates: "_Rates", changes: pd.DataFrame, today: int
) -> tuple[pd.DataFrame, dict[str, int]]:
    rows = facts.table("opportunities")
    frame = facts.execute(rows.select(
        deal_id="id", owner="owner_id", opened=ibis.coalesce(rows.opened_on, rows.created_at.date()),
        closed=ibis.coalesce(rows.closed_on, rows.closed_at.date()), ended_as=rows.outcome,
        amount=rows.amount.cast("float64"), currency=rows.currency.fill_null(""), pipeline=rows.pipeline.fill_null(""),
        stage=rows.stage.fill_null(""), probability=rows.probability.cast("float64"), expected=rows.expected_close_on,
    ).order_by("deal_id"))  # fmt: skip
    for name in ("opened", "closed", "expected"):
        frame[name] = to_day_numbers(frame[name])
    frame["outcome"] = frame["ended_as"].map(OUTCOMES).fillna(STILL_OPEN).astype(np.int64)
    frame["closed"] = frame["closed"].where(frame["outcome"] != STILL_OPEN)
    frame["opened"] = frame["opened"].fillna(frame["deal_id"].map(changes.groupby("deal_id")["day"].min()))
    frame["opened"] = frame[["opened", "closed"]].min(axis=1).where(frame["opened"].notna())
    frame["rate"] = rates.find_rates(frame["currency"], frame["closed"].fillna(today))
    frame["amount"] = frame["amount"].astype(float) * frame["rate"]
    faults = {
        NO_OPENING: frame["opened"].isna(), NO_CLOSING: (frame["outcome"] != STILL_OPEN) & frame["closed"].isna(),
        NO_RATE: frame["rate"].isna(),
    }  # fmt: skip
    is_faulty = np.logical_or.reduce(list(faults.values()))
    left_out = {reason: int(rows_of.sum()) for reason, rows_of in faults.items() if rows_of.any()}
    return frame[~is_faulty].reset_index(drop=True).astype({"opened": np.int64}), left_out


def _read_changes(facts: Facts) -> pd.DataFrame:
    rows = facts.table("stage_changes")
    rows = rows.filter(
        rows.opportunity_id.notnull() & rows.entered_at.notnull() & (rows.track.fill_null("deal") == "deal")
    )
    frame = facts.execute(rows.select(
        "entered_at", "id", deal_id="opportunity_id", day=rows.entered_at.date(), stage=rows.stage.fill_null(""),
        pipeline=rows.pipeline.fill_null(""), ended_as=rows.ended_as.fill_null(""), amount=rows.amount.cast("float64"),
        probability=rows.probability.cast("float64"), expected=rows.expected_close_on,
    ).order_by("deal_id", "entered_at", "id"))  # fmt: skip
    for name in ("day", "expected"):
        frame[name] = to_day_numbers(frame[name])
    frame["has_ended"] = ~frame["ended_as"].isin(["", str(Outcome.OPEN)])
    return frame.astype({"amount": float, "probability": float}).drop(columns=["entered_at", "id", "ended_as"])


def to_day_numbers(days: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the ordinals of days; NaN where there is none."""
    moments = pd.to_datetime(days).astype("datetime64[s]")
    numbers = moments.to_numpy().astype("datetime64[D]").astype(np.int64) + EPOCH
    return pd.Series(numbers, index=days.index).where(moments.notna())


class _Rates:
    """The rates of other currencies in the company's, by day."""

    def __init__(self, facts: Facts, company: Company, today: int) -> None:
        self.home, self.today = company.currency, today
        self.by_currency: dict[str, tuple[Floats, Floats]] = {}
        if company.is_converting_amounts:
            rows = facts.table("day_rates")
            rows = rows.filter(rows.into == company.currency)
            rate = rows.up.cast("float64") / rows.down.cast("float64")
            frame = facts.execute(rows.select("currency", "day", rate=rate).order_by("currency", "day"))
            frame["day"] = to_day_numbers(frame["day"])
            self.by_currency = {
                str(name): (part["day"].to_numpy(dtype=float), part["rate"].to_numpy(dtype=float))
                for name, part in frame.groupby("currency")
            }

    def find_rates(self, currencies: "pd.Series[Any]", days: "pd.Series[Any]") -> "pd.Series[Any]":
        """Return the rate of each row's own day, 1 for the company's currency; NaN where there is none."""
        rates = pd.Series(1.0, index=currencies.index).where(currencies.isin(["", self.home]))
        for currency, (rated_days, values) in self.by_currency.items():
            mine = currencies == currency
            positions = np.searchsorted(rated_days, np.minimum(days[mine], self.today), side="right") - 1
            rates[mine] = np.where(positions >= 0, values[np.maximum(positions, 0)], np.nan)
        return rates
