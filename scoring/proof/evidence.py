"""What speaks for a score and against it: scores as they stood, held against what became of the leads. Pure.

One frame goes in, a row a lead: score, won, revenue, asked_at (may be missing), accepted (true, false, none). A model
that tells probabilities hands them in beside the scores, and is held to them too.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from core.date_formatting import format_month
from core.intervals import wilson_interval
from scoring.proof.measures import (
    ENOUGH,
    AtThreshold,
    Band,
    Floats,
    Gain,
    Reliability,
    auc,
    auc_interval,
    brier_score,
    decile_edges,
    find_falls,
    gains_curve,
    make_bands,
    missing_outcomes,
    precision_recall,
    reliability_parts,
    round_edges,
)  # fmt: skip

SPANS = 24
SOME = 10  # of either kind in a month or quarter, else its AUC says nothing
PARTS = 12  # of a segment that are looked at, the largest first


@dataclass(frozen=True)
class Span:
    """The leads handed over in a month (2026-03) or a quarter (2026 Q1), how many were won, and how well it separated them."""

    key: str
    n: int
    won: int
    auc: float | None

    @property
    def rate(self) -> float:
        return self.won / self.n

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.won, self.n)


@dataclass(frozen=True)
class Half:
    """The earlier or the later half of the leads, with the AUC of each and its interval."""

    first: str
    last: str
    n: int
    won: int
    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class VerdictCounts:
    """The verdicts of Sales beside the score: of the leads at the threshold or over it, and of those under it."""

    over: int
    accepted_over: int
    under: int
    accepted_under: int
    auc: float | None

    @property
    def n(self) -> int:
        return self.over + self.under

    @property
    def rate_over(self) -> float | None:
        return self.accepted_over / self.over if self.over else None

    @property
    def rate_under(self) -> float | None:
        return self.accepted_under / self.under if self.under else None


@dataclass(frozen=True)
class Calibration:
    """Probabilities against what came. `base_brier` is that of predicting the average for every lead."""

    brier: float
    base_brier: float
    parts: list[Reliability]


@dataclass(frozen=True)
class Segment:
    """How the score does among the leads of one value of a segment."""

    value: str
    n: int
    won: int
    auc: float | None
    low: float | None
    high: float | None
    lift: float | None  # of those at the threshold or over it, against the segment's average

    @property
    def rate(self) -> float:
        return self.won / self.n

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson_interval(self.won, self.n)

    @property
    def is_enough(self) -> bool:
        return min(self.won, self.n - self.won) >= ENOUGH


@dataclass(frozen=True)
class Evidence:
    """Everything that is said of a score. Rates are fractions, revenue is in `currency`."""

    n: int
    won: int
    revenue: float
    currency: str
    goal: str  # won | converted
    has_dates: bool
    too_recent: int
    maturity_days: int
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    bands: list[Band]
    gains: list[Gain]
    at: AtThreshold
    spans: list[Span]
    halves: list[Half]
    said: VerdictCounts | None
    calibration: Calibration | None = None

    @property
    def base(self) -> float | None:
        return self.won / self.n if self.n else None

    @property
    def missing_won(self) -> int:
        return missing_outcomes(self.won)

    @property
    def others(self) -> int:
        return self.n - self.won

    @property
    def missing_others(self) -> int:
        return missing_outcomes(self.others)

    @property
    def is_enough(self) -> bool:
        return not self.missing_won and not self.missing_others

    @property
    def falls(self) -> list[tuple[Band, Band]]:
        return find_falls(self.bands)

    @property
    def rises(self) -> bool:
        """Whether more points mean more wins: no band clearly falls behind the one below it, and the last is above the first."""
        rates = [band.won / band.n for band in self.bands if band.n]
        return len(rates) > 1 and not self.falls and rates[-1] > rates[0]

    @property
    def top(self) -> Band | None:
        return self.bands[-1] if self.bands else None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        calibration = stored["calibration"]
        return cls(**{
            **stored,
            "bands": [Band(**row) for row in stored["bands"]],
            "gains": [Gain(**row) for row in stored["gains"]],
            "at": AtThreshold(**stored["at"]),
            "spans": [Span(**row) for row in stored["spans"]],
            "halves": [Half(**row) for row in stored["halves"]],
            "said": VerdictCounts(**stored["said"]) if stored["said"] else None,
            "calibration": Calibration(**{**calibration, "parts": [Reliability(**row) for row in calibration["parts"]]})
            if calibration else None,
        })  # fmt: skip


@dataclass(frozen=True)
class OutcomeContext:
    """What the outcomes are: which currency and zone, what counts as won, and who came too lately to be judged."""

    currency: str = ""
    goal: str = "won"
    zone: str = "UTC"
    has_dates: bool = True
    too_recent: int = 0
    maturity_days: int = 0


def gather_evidence(
    frame: pd.DataFrame, threshold: float, ground: OutcomeContext, predicted: Floats | None = None
) -> Evidence:
    """Compare the scores of the frame with its outcomes; `predicted` are probabilities, if the model gives any."""
    scores, won, revenue = _score_columns(frame)
    interval = auc_interval(scores, won) or (None, None)
    return Evidence(
        n=len(frame), won=int(won.sum()), revenue=float(revenue.sum()), currency=ground.currency, goal=ground.goal,
        has_dates=ground.has_dates, too_recent=ground.too_recent, maturity_days=ground.maturity_days,
        auc=auc(scores, won), auc_low=interval[0], auc_high=interval[1],
        bands=make_bands(scores, won, revenue, round_edges(decile_edges(scores))), gains=gains_curve(scores, won, revenue),
        at=precision_recall(scores, won, threshold, revenue),
        spans=_make_spans(frame, ground.zone) if ground.has_dates else [],
        halves=_make_halves(frame, ground.zone) if ground.has_dates else [],
        said=_compare_verdicts(frame, threshold), calibration=None if predicted is None or not len(frame) else _calibration(predicted, won),
    )  # fmt: skip


def _score_columns(frame: pd.DataFrame) -> tuple[Floats, Any, Floats]:
    return (
        frame["score"].to_numpy(dtype=float),
        frame["won"].to_numpy(dtype=bool),
        frame["revenue"].to_numpy(dtype=float),
    )


def _local_months(frame: pd.DataFrame, zone: str) -> "pd.Series[Any]":
    """Return the month of each hand-off in the company's zone, as a number: 202603."""
    local = frame["asked_at"].dt.tz_convert(ZoneInfo(zone)).dt
    return local.year * 100 + local.month


def _month_key(month: int) -> str:
    return f"{month // 100}-{month % 100:02}"


def format_span_key(key: str) -> str:
    """Write a month (2026-03 → Mar 26); a quarter is written as it is: 2026 Q1."""
    year, _, month = key.partition("-")
    return format_month(date(int(year), int(month), 1), is_short=True) if month else key


def _make_spans(frame: pd.DataFrame, zone: str) -> list[Span]:
    """Part the leads by month; by quarter where most months have too few to say something."""
    dated = frame[frame["asked_at"].notna()]
    months = _local_months(dated, zone)
    spans = list(_group_spans(dated, months, _month_key))
    if sum(span.auc is not None for span in spans) * 2 < len(spans):
        quarters = months // 100 * 10 + (months % 100 + 2) // 3
        spans = list(_group_spans(dated, quarters, lambda quarter: f"{quarter // 10} Q{quarter % 10}"))
    return spans[-SPANS:]


def _group_spans(rows: pd.DataFrame, keys: "pd.Series[Any]", name: Callable[[int], str]) -> Iterator[Span]:
    for key, part in rows.groupby(keys, observed=True):
        scores, won, _ = _score_columns(part)
        hits = int(won.sum())
        is_some = min(hits, len(part) - hits) >= SOME
        yield Span(name(int(str(key))), len(part), hits, auc(scores, won) if is_some else None)


def _make_halves(frame: pd.DataFrame, zone: str) -> list[Half]:
    """Part the leads at the middle of the won, by time; nothing where a half would be too small to say something."""
    dated = frame[frame["asked_at"].notna()].sort_values("asked_at", kind="stable")
    hits = dated["won"].to_numpy(dtype=bool).cumsum()
    if not len(hits):
        return []
    middle = int(np.searchsorted(hits, hits[-1] / 2))
    halves = [_make_half(rows, zone) for rows in (dated.iloc[:middle], dated.iloc[middle:])]
    return [half for half in halves if half] if all(halves) else []


def _make_half(rows: pd.DataFrame, zone: str) -> Half | None:
    scores, won, _ = _score_columns(rows)
    hits = int(won.sum())
    interval = auc_interval(scores, won) if min(hits, len(rows) - hits) >= ENOUGH / 2 else None
    area = auc(scores, won)
    if interval is None or area is None:
        return None
    months = [_month_key(month) for month in _local_months(rows.iloc[[0, -1]], zone)]
    return Half(months[0], months[1], len(rows), hits, area, *interval)


def _compare_verdicts(frame: pd.DataFrame, threshold: float) -> VerdictCounts | None:
    answered = frame[frame["accepted"].notna()]
    if not len(answered):
        return None
    scores, accepted = answered["score"].to_numpy(dtype=float), answered["accepted"].to_numpy(dtype=bool)
    over = scores >= threshold
    return VerdictCounts(
        int(over.sum()), int((over & accepted).sum()), int((~over).sum()), int((~over & accepted).sum()),
        auc(scores, accepted),
    )  # fmt: skip


def _calibration(predicted: Floats, won: Any) -> Calibration:
    return Calibration(
        brier_score(predicted, won), brier_score(np.full(len(won), won.mean()), won), reliability_parts(predicted, won)
    )


def evaluate_segments(frame: pd.DataFrame, values: "pd.Series[Any]", threshold: float) -> list[Segment]:
    """Return how the score does among the leads of each value, the largest first; leads without a value are left out."""
    counts = values[values.astype(str) != ""].value_counts()
    chosen = [value for value, count in counts.items() if count][:PARTS]
    return [_evaluate_segment(str(value), frame[(values == value).to_numpy()], threshold) for value in chosen]


def _evaluate_segment(value: str, rows: pd.DataFrame, threshold: float) -> Segment:
    scores, won, _ = _score_columns(rows)
    low, high = auc_interval(scores, won) or (None, None)
    at = precision_recall(scores, won, threshold)
    base = won.mean()
    lift = at.precision / base if at.precision is not None and base else None
    return Segment(value, len(rows), int(won.sum()), auc(scores, won), low, high, None if lift is None else float(lift))
