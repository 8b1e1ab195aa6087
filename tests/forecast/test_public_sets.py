"""Forecasts of public pipelines, as of month starts of their own past: the interval holds what it promises, or the page says it cannot tell."""

from pathlib import Path

import numpy as np
import pandas as pd

from forecast.outcomes.curves import LOST, STILL_OPEN, WON
from forecast.outcomes.history import DealHistory
from forecast.outcomes.projection import Projection
from forecast.outcomes.record import Record, Summary, summarize_record
from forecast.outcomes.sentences import record_sentence
from tests.forecast.deals import build_history, month_evenings, no_changes, quarters_from

ENDS = {"Closed Won": WON, "Won": WON, "Closed Lost": LOST, "Lost": LOST}


def days_of(column: pd.Series) -> pd.Series:
    moments = pd.to_datetime(column, format="%Y-%m-%d")
    return moments.map(lambda moment: np.nan if pd.isna(moment) else float(moment.toordinal()))


def read_pipeline(path: Path, today: str, **names: str) -> DealHistory:
    """Read an export without stage history: of a deal the opening, the stage, the close and the amount are known."""
    rows = pd.read_csv(path)
    outcome = rows[names["stage"]].map(ENDS).fillna(STILL_OPEN).astype(np.int64)
    closed, opened = days_of(rows[names["closed"]]), days_of(rows[names["opened"]])
    deals = pd.DataFrame({
        "deal_id": np.arange(len(rows)), "owner": 0, "opened": opened, "closed": closed.where(outcome != STILL_OPEN),
        "outcome": outcome, "amount": rows[names["amount"]].astype(float), "stage": rows[names["stage"]],
        "probability": np.nan, "expected": closed.where(outcome == STILL_OPEN),
    })  # fmt: skip
    dated = deals[deals["opened"].notna()].reset_index(drop=True)
    return build_history(dated.astype({"opened": np.int64}), no_changes(), today)


def judge(history: DealHistory) -> Summary:
    record = Record(history, month_evenings(history), quarters_from, lambda day, span: None)
    return summarize_record(record.forecasts)


def assert_covered_or_called_short(summary: Summary) -> None:
    if summary.is_enough:
        assert summary.coverage is not None
        assert 0.7 <= summary.coverage <= 0.9
    else:
        assert "too little history" in record_sentence(summary, 0)


def test_the_hubspot_pipeline_is_covered_or_called_short(public_data: Path) -> None:
    path = public_data / "hubspot" / "hubspot_deals.csv"
    history = read_pipeline(
        path, "2025-05-02", stage="Deal Stage", opened="Create Date", closed="Close Date", amount="Amount"
    )
    assert len(history.deals) == 500
    summary = judge(history)
    assert summary.dates >= 6, "two years of closings give some dates to judge"
    assert_covered_or_called_short(summary)


def test_the_maven_pipeline_is_covered_or_called_short(public_data: Path) -> None:
    path = public_data / "maven_crm" / "sales_pipeline.csv"
    history = read_pipeline(
        path, "2017-12-31", stage="deal_stage", opened="engage_date", closed="close_date", amount="close_value"
    )
    assert len(history.deals) == 8_300, "500 prospecting rows have no day"
    assert history.is_amount_set_by_win, "lost deals have 0, so that an amount would give the end away"
    assert_covered_or_called_short(judge(history))


def test_the_small_salesforce_org_is_not_forecast(public_data: Path) -> None:
    rows = pd.read_csv(public_data / "salesforce" / "dev_edition" / "Opportunity.csv")
    outcome = rows["StageName"].map(ENDS).fillna(STILL_OPEN).astype(np.int64)
    day = pd.to_datetime(rows["CloseDate"], format="%m/%d/%y").map(lambda moment: float(moment.toordinal()))
    deals = pd.DataFrame({
        "deal_id": np.arange(len(rows)), "owner": 0, "opened": (day - 30).astype(np.int64),
        "closed": day.where(outcome != STILL_OPEN), "outcome": outcome, "amount": rows["Amount"].astype(float),
        "stage": rows["StageName"], "probability": np.nan, "expected": day,
    })  # fmt: skip
    history = build_history(deals, no_changes(), "2026-03-01")
    assert not Projection(history, history.today).is_possible
    assert judge(history).dates == 0
