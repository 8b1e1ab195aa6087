"""The outcomes of the leads handed to Sales, and the moment as of which a score of each must be judged.

A lead is asked about at its hand-off, or earlier where its first opportunity or its conversion came before; one that
was never handed over at its creation and the usual time from there. Leads that came so lately that their outcome had no time to
come are left out, the won with the others: to keep only those who were quick would make late months look better.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa

from facts.engine import Facts
from facts.registry import all_tables
from team.models import Company

READY_STAGES = ("mql", "pql")  # entering them hands a lead over, where the source's history or a person says when
DATED_BY = ("import", "hand")  # moves by a rule alone may be dated by the run that made them
USUAL_DAYS = 90  # until an outcome is known, while no won lead says how long it takes
SHORTEST_DAYS, LONGEST_DAYS = 14, 365
DAY = 86_400  # seconds
PATIENCE = 0.9  # this share of the won were won in so many days
MOSTLY = 0.5  # of the leads need a date, else the dates say nothing
SEGMENTS = {
    "source": "Lead source", "campaign": "Campaign", "product": "Product", "territory": "Territory",
    "vertical": "Vertical", "country": "Country",
}  # fmt: skip
POINTERS = {"campaign": "campaigns", "product": "products", "territory": "territories", "vertical": "verticals"}
VERDICTS = ("accepted", "rejected")


@dataclass(frozen=True)
class Outcomes:
    """Leads with what became of them.

    `frame`: lead_id, asked_at (UTC, NaT where nothing dates the lead), won, won_at, accepted (true, false, none),
    verdict, rating, revenue (in the company's currency), handed, and the SEGMENTS. `goal` says what “won” means: a
    won deal, or where no deal is tied to a lead, its conversion.
    """

    frame: pd.DataFrame
    goal: str  # won | converted
    currency: str
    maturity_days: int
    too_recent: int
    as_of: datetime | None

    @property
    def has_dates(self) -> bool:
        """Whether most leads, the won among themselves too, say when they were to be judged."""
        dated = self.frame["asked_at"].notna()
        kinds = [dated[self.frame["won"] == flag] for flag in (True, False)]
        return all(len(kind) > 0 and kind.mean() >= MOSTLY for kind in kinds)

    @property
    def goal_words(self) -> str:
        return "won a deal" if self.goal == "won" else "converted"


def load_outcomes(facts: Facts) -> Outcomes:
    """Ask the facts for all leads, with one question."""
    company = Company.get()
    deals = facts.table("opportunities")
    has_deals = bool(facts.execute(deals.filter(deals.lead_id.notnull()).count()).to_numpy()[0, 0])
    goal = "won" if has_deals else "converted"
    frame = _normalize_frame(_read_frame(facts, _build_query(facts, goal, company)))
    frame["asked_at"] = _judging_moments(frame)
    days = _maturity_days(frame)
    return _drop_too_recent(frame, goal, company.currency, days, facts.as_of)


def _read_frame(facts: Facts, query: Any) -> pd.DataFrame:
    """Return the rows column by column: where cells are empty, Ibis would make a Python object of each cell."""
    schema = query.schema().to_pyarrow()
    return pa.Table.from_batches([batch.cast(schema) for batch in facts.stream(query)], schema=schema).to_pandas()


def _build_query(facts: Facts, goal: str, company: Company) -> Any:
    leads = facts.table("leads")
    moment = leads.created_at.type()
    rows = leads.select(
        "created_at", "is_converted", *(f"{name}_id" for name in POINTERS), lead_id="id", source="lead_source",
        country="country", converted_at=leads.converted_on.cast(moment),
    )  # fmt: skip
    for name, table in POINTERS.items():
        behind = facts.table(table).select(**{f"{name}_key": "id", name: "name"})
        rows = rows.left_join(behind, rows[f"{name}_id"] == behind[f"{name}_key"]).drop(f"{name}_key", f"{name}_id")
    for joined in (
        _deal_columns(facts, company),
        _handoff_columns(facts, moment),
        _ready_columns(facts, moment),
        _verdict_columns(facts),
    ):
        rows = rows.left_join(joined, rows.lead_id == joined.of_lead).drop("of_lead")
    won = rows.won_at.notnull() | rows.is_won.fill_null(False) if goal == "won" else rows.is_converted.fill_null(False)
    return rows.mutate(won=won, outcome_at=rows.won_at if goal == "won" else rows.converted_at)


def _deal_columns(facts: Facts, company: Company) -> Any:
    """Of each lead: when its first deal began, whether and when one was won, and what the won were worth."""
    deals = _in_company_currency(facts, company)
    moment = deals.created_at.type()
    began = ibis.coalesce(*(deals[name].cast(moment) for name in ("opened_on", "created_at", "closed_at", "closed_on")))
    closed = ibis.coalesce(deals.closed_at.cast(moment), deals.closed_on.cast(moment))
    is_won = deals.outcome == "won"
    return deals.group_by(of_lead=deals.lead_id).aggregate(
        deal_at=began.min(), is_won=is_won.any(), won_at=closed.min(where=is_won), revenue=deals.worth.sum(where=is_won)
    )


def _in_company_currency(facts: Facts, company: Company) -> Any:
    """Return the deals of leads with their worth; one in a currency without a rate is worth nothing that is known."""
    deals = facts.table("opportunities")
    deals = deals.filter(deals.lead_id.notnull())
    amount = deals.amount.cast("float64")
    is_home = deals.currency.fill_null("").isin(["", company.currency])
    if not company.is_converting_amounts:
        return deals.mutate(worth=is_home.ifelse(amount, None))
    rates = facts.table("day_rates")
    rates = rates.filter(rates.into == company.currency).select(rated="currency", rated_day="day", up="up", down="down")
    closed = ibis.coalesce(deals.closed_on, deals.closed_at.date())
    both = deals.mutate(ended_on=closed).left_join(rates, [("currency", "rated"), ("ended_on", "rated_day")])
    rate = both.up.cast("float64") / both.down.cast("float64")
    is_home = both.currency.fill_null("").isin(["", company.currency])
    return both.mutate(worth=is_home.ifelse(1.0, rate) * both.amount.cast("float64"))


def _handoff_columns(facts: Facts, moment: Any) -> Any:
    if "handoffs" not in all_tables():
        return _empty_columns(handed_at=moment)
    rows = facts.table("handoffs")
    return rows.group_by(of_lead=rows.lead_id).aggregate(handed_at=rows.started_at.min())


def _ready_columns(facts: Facts, moment: Any) -> Any:
    """When a lead first became ready, as far as its own history or a person said so."""
    if "moves" not in all_tables():
        return _empty_columns(ready_at=moment)
    rows = facts.table("moves")
    rows = rows.filter(rows.lead_id.notnull() & rows.stage.isin(READY_STAGES) & rows.by.isin(DATED_BY))
    return rows.group_by(of_lead=rows.lead_id).aggregate(ready_at=rows.entered_at.min())


def _verdict_columns(facts: Facts) -> Any:
    """What Sales said last of a lead, as far as it was not undone."""
    if "verdicts" not in all_tables():
        return _empty_columns(verdict="string", rating="float64")
    rows = facts.table("verdicts")
    rows = rows.filter(rows.undone_at.isnull())
    return rows.group_by(of_lead=rows.lead_id).aggregate(
        verdict=rows.answer.argmax(rows.given_at), rating=rows.rating.cast("float64").argmax(rows.given_at)
    )


def _empty_columns(**columns: Any) -> Any:
    return ibis.memtable([], schema={"of_lead": "int64", **columns})


def _normalize_frame(answer: pd.DataFrame) -> pd.DataFrame:
    """Bring the answer of either engine to one shape."""
    frame = answer.sort_values("lead_id", ignore_index=True)
    for name in ("created_at", "deal_at", "handed_at", "ready_at", "converted_at", "outcome_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]")
    frame["won"] = frame["won"].fillna(False).astype(bool)
    frame["revenue"] = frame["revenue"].astype(float).fillna(0.0)
    frame["verdict"] = frame["verdict"].where(frame["verdict"].isin(VERDICTS), None).astype(object)
    frame["accepted"] = frame["verdict"].map({"accepted": True, "rejected": False}).astype("boolean")
    for name in SEGMENTS:
        frame[name] = frame[name].fillna("").astype("category")
    return frame.rename(columns={"outcome_at": "known_at"})


def _judging_moments(frame: pd.DataFrame) -> "pd.Series[Any]":
    """Return when each lead is asked about, in whole seconds."""
    handed_at = frame["handed_at"].fillna(frame["ready_at"])
    earlier = [frame["deal_at"], frame["converted_at"], frame["known_at"]]
    given = reduce(
        lambda first, other: first.where(other.isna() | (first <= other), other).fillna(other), earlier, handed_at
    )
    lag = (given - frame["created_at"]).dropna()
    usual = lag[lag >= timedelta(0)].median() if len(lag) else timedelta(0)
    usual = timedelta(0) if pd.isna(usual) else usual
    moments = given.fillna(frame["created_at"] + usual)
    frame["handed"] = frame["handed_at"].notna() | frame["ready_at"].notna()
    return moments.dt.floor("s")


def _maturity_days(frame: pd.DataFrame) -> int:
    """Return in how many days nine of ten of the won were won."""
    taken = (frame["known_at"] - frame["asked_at"])[frame["won"]].dropna()
    if taken.empty:
        return USUAL_DAYS
    days = (taken.dt.total_seconds() / DAY).quantile(PATIENCE)
    return int(np.clip(days, SHORTEST_DAYS, LONGEST_DAYS))


def _drop_too_recent(frame: pd.DataFrame, goal: str, currency: str, days: int, as_of: datetime | None) -> Outcomes:
    """Leave out those whose outcome had no time to come."""
    columns = [
        "lead_id", "asked_at", "won", "known_at", "accepted", "verdict", "rating", "revenue", "handed", *SEGMENTS
    ]  # fmt: skip
    late = frame["asked_at"] > pd.Timestamp(as_of) - timedelta(days=days) if as_of else frame["asked_at"].isna()
    judged = frame.loc[~late, columns].rename(columns={"known_at": "won_at"}).reset_index(drop=True)
    return Outcomes(judged, goal, currency, days, int(late.sum()), as_of)
