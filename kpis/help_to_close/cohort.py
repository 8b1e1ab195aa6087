"""Read the deals that are compared: from the history of deals and the touches of their people, by the day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd

from attribution.touch_points import people_of
from core.periods import Period
from facts.engine import Facts
from forecast.outcomes.curves import STILL_OPEN, WON
from forecast.outcomes.deal_facts import load_history, to_day_numbers
from forecast.outcomes.history import DealHistory
from kpis.help_to_close.matching import Deals, Stays

YEAR = 365
MATURES_SHARE = 0.9  # of deals that end within the days after which a deal is old enough
BANDS = 4
NO_AMOUNT = "no amount"
SEGMENTS: Mapping[str, str] = {"vertical": "Vertical", "territory": "Territory", "product": "Product", "none": "None"}


@dataclass(frozen=True)
class DealCohort:
    """The deals that opened in a period and are old enough, row by row, with what is matched on."""

    deals: Deals
    stays: Stays
    traits: pd.DataFrame  # of each deal: kind, segment, territory, product, source, opened
    stay_traits: pd.DataFrame  # of each stay: stage, band
    left_out: Mapping[str, int]
    young: int  # deals that opened in the period and are not old enough
    matures_days: int | None
    today: int

    @property
    def size(self) -> int:
        return len(self.deals.ids)


def read_cohort(facts: Facts, period: Period, segment: str, today: date) -> DealCohort:
    """Return the deals of the period; those that may not have ended yet by their age are left out and counted."""
    history = load_history(facts, today.toordinal())
    matures_days = find_maturity(history)
    frame = history.deals.reset_index(drop=True)
    frame["row"] = np.arange(len(frame))
    opened = frame["opened"].to_numpy()
    inside = np.ones(len(frame), dtype=bool)
    if period.start:
        inside &= opened >= period.start.toordinal()
    if period.end:
        inside &= opened <= period.end.toordinal()
    is_old = opened <= today.toordinal() - (matures_days or 0)
    chosen = frame[inside & is_old & (matures_days is not None)]
    facts_of_deals = _read_facts(facts, today)
    joined = chosen.merge(facts_of_deals, on="deal_id", how="left", validate="one_to_one").reset_index(drop=True)
    deals = _build_deals(joined, today.toordinal())
    traits = joined[["kind", "vertical", "territory", "product", "source", "opened"]].copy()
    traits["none"] = ""
    stays, stay_traits = _build_stays(history, joined, traits, segment, today.toordinal())
    return DealCohort(
        deals,
        stays,
        traits,
        stay_traits,
        history.left_out,
        int((inside & ~is_old).sum()),
        matures_days,
        today.toordinal(),
    )


def find_maturity(history: DealHistory) -> int | None:
    """Return after how many days nine of ten deals of the last year had ended; None where none ended."""
    deals = history.deals
    ended = deals[
        (deals["outcome"] != STILL_OPEN) & (deals["closed"] > history.today - YEAR) & (deals["closed"] <= history.today)
    ]
    if ended.empty:
        return None
    return int(np.ceil((ended["closed"] - ended["opened"]).quantile(MATURES_SHARE)))


def _build_deals(rows: pd.DataFrame, today: int) -> Deals:
    opened, closed = rows["opened"].to_numpy(float), rows["closed"].to_numpy(float)
    ended = np.where(np.isnan(closed), today + 1 - opened, closed - opened)
    touched = rows["touched"].to_numpy(float) - opened
    touched = np.where(np.isnan(touched) | (touched >= ended), np.inf, touched)
    is_won = (rows["outcome"] == WON).to_numpy()
    return Deals(
        rows["deal_id"].to_numpy(np.int64), rows["company"].to_numpy(np.int64), ended, touched, is_won,
        np.where(is_won, closed - opened, np.nan),
    )  # fmt: skip


def _build_stays(
    history: DealHistory, rows: pd.DataFrame, traits: pd.DataFrame, segment: str, today: int
) -> tuple[Stays, pd.DataFrame]:
    """Return the stays of the deals in their stages; of several changes on a day the last one counts."""
    changes = history.changes[~history.changes["is_terminal"]]
    row_of = pd.Series(np.arange(len(rows)), index=rows["row"])
    changes = changes[changes["deal"].isin(row_of.index)]
    deal = row_of.loc[changes["deal"]].to_numpy()
    starts = changes["day"].to_numpy(float) - rows["opened"].to_numpy(float)[deal]
    is_last = np.append(deal[1:] != deal[:-1], True) if len(deal) else np.zeros(0, dtype=bool)
    ends = np.where(is_last, np.inf, np.append(starts[1:], np.inf)) if len(deal) else np.zeros(0)
    amounts = changes["amount"].fillna(pd.Series(rows["amount"].to_numpy()[deal], index=changes.index)).to_numpy(float)
    bands = name_bands(amounts)
    stages = changes["stage"].to_numpy(dtype=object)
    keys = [
        f"{stage}|{band}|{kind}|{value}"
        for stage, band, kind, value in zip(
            stages, bands, traits["kind"].to_numpy()[deal], traits[segment].to_numpy()[deal], strict=True
        )
    ]
    cells = np.unique(keys, return_inverse=True)[1] if keys else np.zeros(0, dtype=np.int64)
    known = (np.maximum(starts, 0) < ends) & (stages != "")
    stays = Stays(
        deal[known].astype(np.int64), cells[known].astype(np.int64), np.maximum(starts, 0)[known], ends[known],
        np.nan_to_num(amounts)[known],
    )  # fmt: skip
    return stays, pd.DataFrame({"stage": stages[known], "band": bands[known]})


def name_bands(amounts: "np.ndarray[Any, np.dtype[np.float64]]") -> "np.ndarray[Any, np.dtype[Any]]":
    """Return for each amount which quarter of all known ones it is in."""
    names = np.full(len(amounts), NO_AMOUNT, dtype=object)
    known = np.isfinite(amounts) & (amounts > 0)
    if known.any():
        edges = np.quantile(amounts[known], np.arange(1, BANDS) / BANDS)
        names[known] = [f"quarter {number + 1}" for number in np.searchsorted(edges, amounts[known], side="right")]
    return names


def _read_facts(facts: Any, today: date) -> pd.DataFrame:
    """Return of each deal its company, what it is of, and the day of the first touch of its people while it was open."""
    deals, accounts, leads = facts.table("opportunities"), facts.table("accounts"), facts.table("leads")
    of_account = accounts.select(account_key="id", of_account="vertical_id", account_territory="territory_id")
    of_lead = leads.select(lead_key="id", lead_account="account_id", of_lead="lead_source")
    rows = deals.left_join(of_lead, deals.lead_id == of_lead.lead_key)
    rows = rows.mutate(account=ibis.coalesce(rows.account_id, rows.lead_account))
    rows = rows.left_join(of_account, rows.account == of_account.account_key)
    touched = _first_touches(facts, rows, today)
    rows = rows.left_join(touched, rows.id == touched.touched_deal)
    frame = facts.execute(rows.select(
        deal_id="id", company=ibis.coalesce(rows.account * 2, rows.id * 2 + 1), kind=rows.kind.fill_null(""),
        vertical=rows.of_account.fill_null(0).cast("string"),
        territory=ibis.coalesce(rows.territory_id, rows.account_territory, 0).cast("string"),
        product=rows.product_id.fill_null(0).cast("string"),
        source=ibis.coalesce(rows.lead_source.nullif(""), rows.of_lead.nullif(""), ""), touched="first_touch",
    ).order_by("deal_id"))  # fmt: skip
    frame["touched"] = to_day_numbers(frame["touched"])
    return frame


def _first_touches(facts: Any, deals: Any, today: date) -> Any:
    """Return the day of the first touch after the opening day and before the closing day, of anyone at the account or of the lead."""
    touches = facts.table("touches")
    rows = people_of(facts, touches.drop("source_system", "external_id"))
    day = ibis.coalesce(rows.happened_at, rows.created_at).date()
    rows = rows.select(touch_account="account_id", touch_lead="lead_id", day=day)
    rows = rows.filter(rows.day <= ibis.literal(today))
    open_days = deals.select(
        touched_deal="id", deal_account="account", deal_lead="lead_id",
        opened=ibis.coalesce(deals.opened_on, deals.created_at.date()),
        closed=(deals.outcome == "open").ifelse(None, ibis.coalesce(deals.closed_on, deals.closed_at.date())),
    )  # fmt: skip
    by_account = open_days.join(rows, open_days.deal_account == rows.touch_account)
    by_lead = open_days.join(rows, open_days.deal_lead == rows.touch_lead)
    both = ibis.union(*(part.select("touched_deal", "opened", "closed", "day") for part in (by_account, by_lead)))
    inside = both.filter((both.day > both.opened) & (both.closed.isnull() | (both.day < both.closed)))
    return inside.group_by("touched_deal").aggregate(first_touch=inside.day.min())
