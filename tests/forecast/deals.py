"""Deal histories for tests: single rows in words of dates, and a company that sells at random."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from forecast.outcomes.curves import LOST, STILL_OPEN, WON
from forecast.outcomes.history import CHANGE_COLUMNS, DealHistory
from forecast.outcomes.projection import Span

ENDS = {"": STILL_OPEN, "won": WON, "lost": LOST, "no_decision": 3}


def to_day(text: Any) -> float:
    return float(date.fromisoformat(text).toordinal()) if isinstance(text, str) and text else float("nan")


def make_history(
    deals: Iterable[Mapping[str, Any]], changes: Iterable[Mapping[str, Any]] = (), today: str = "2026-01-01"
) -> DealHistory:
    """Make a history: a deal is {"opened": "2025-01-01", "closed": …, "end": "won", "amount": 100}; a change names its deal by number."""
    rows = [
        {
            "deal_id": number, "owner": deal.get("owner", 0), "opened": int(to_day(deal["opened"])),
            "closed": to_day(deal.get("closed")), "outcome": ENDS[deal.get("end", "")],
            "amount": deal.get("amount", float("nan")), "stage": deal.get("stage", ""),
            "probability": deal.get("probability", float("nan")), "expected": to_day(deal.get("expected")),
        }
        for number, deal in enumerate(deals)
    ]  # fmt: skip
    steps = [
        {
            "deal": change["deal"], "day": to_day(change["day"]), "stage": change["stage"],
            "has_ended": change.get("has_ended", False), "amount": change.get("amount", float("nan")),
            "probability": change.get("probability", float("nan")), "expected": to_day(change.get("expected")),
        }
        for change in changes
    ]  # fmt: skip
    return build_history(pd.DataFrame(rows), pd.DataFrame(steps, columns=list(CHANGE_COLUMNS)), today)


def build_history(deals: pd.DataFrame, changes: pd.DataFrame, today: str) -> DealHistory:
    types = {"deal": np.int64, "day": float, "stage": object, "has_ended": bool, "amount": float, "probability": float}
    return DealHistory(deals, changes.astype({**types, "expected": float}), int(to_day(today)))


def no_changes() -> pd.DataFrame:
    return pd.DataFrame(columns=list(CHANGE_COLUMNS))


def quarters_from(day: int) -> list[Span]:
    """Return the calendar quarter of the day and the next three, each with the one a year before."""
    current = date.fromordinal(day)
    first = current.year * 4 + (current.month - 1) // 3
    return [_quarter(number, _quarter(number - 4)) for number in range(first, first + 4)]


def _quarter(number: int, before: Span | None = None) -> Span:
    start, end = (date(n // 4, n % 4 * 3 + 1, 1).toordinal() for n in (number, number + 1))
    return Span(start, end - 1, before)


def month_evenings(history: DealHistory) -> list[int]:
    """Return the evenings before the month starts of a history."""
    months = pd.date_range(
        date.fromordinal(int(history.deals["opened"].min())), date.fromordinal(history.last_day), freq="MS"
    )
    return [moment.toordinal() - 1 for moment in months]


def sell_at_random(seed: int, years: int = 4, weekly: float = 8.0, swing: float = 0.35) -> DealHistory:
    """Make a company that opens deals each week and wins a share of them that differs from quarter to quarter.

    A deal passes one or two stages; it ends in each of its days with a small hazard, won more often in a good quarter.
    """
    rng = np.random.default_rng(seed)
    first = date(2021, 1, 1).toordinal()
    end = first + 365 * years
    luck = np.exp(rng.normal(0, swing, years * 5))
    deals: list[tuple[Any, ...]] = []
    changes: list[tuple[Any, ...]] = []
    for week in range(first, end, 7):
        for _ in range(rng.poisson(weekly)):
            opened = week + int(rng.integers(0, 7))
            life, moved = 1 + int(rng.exponential(70)), 1 + int(rng.exponential(25))
            closed = opened + life
            chance = 0.25 * luck[(closed - first) // 91] if (closed - first) // 91 < len(luck) else 0.25
            outcome = WON if rng.random() < min(chance * (1.5 if moved < life else 0.6), 0.95) else LOST
            amount = float(rng.lognormal(10, 0.6))
            number, is_over = len(deals), closed < end
            if opened >= end:
                continue
            stage = "Closed" if is_over else "Proposal" if opened + moved < end and moved < life else "Discovery"
            deals.append(
                (
                    number,
                    0,
                    opened,
                    closed if is_over else np.nan,
                    outcome if is_over else STILL_OPEN,
                    amount,
                    stage,
                    np.nan,
                    np.nan,
                )
            )
            changes.append((number, opened, "Discovery", False, amount * rng.lognormal(0, 0.2), 0.2, closed + 10))
            if moved < life and opened + moved < end:
                changes.append(
                    (number, opened + moved, "Proposal", False, amount * rng.lognormal(0, 0.1), 0.5, closed + 5)
                )
            if is_over:
                changes.append((number, closed, "Closed", True, amount, np.nan, np.nan))
    columns = ["deal_id", "owner", "opened", "closed", "outcome", "amount", "stage", "probability", "expected"]
    frame = pd.DataFrame(deals, columns=columns)
    return build_history(
        frame, pd.DataFrame(changes, columns=list(CHANGE_COLUMNS)), date.fromordinal(end - 1).isoformat()
    )
