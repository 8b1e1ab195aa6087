"""What the edited terms would change against the active terms, for the page, the API and the agreement's evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from core.formatting import format_exact
from facts.engine import Facts, open_facts
from scoring import capacity
from scoring.capacity import Capacity
from scoring.explorer import answers, work
from scoring.explorer.answers import Meaning, Share, format_estimate
from scoring.explorer.score_arrays import Explored, model_of_terms
from scoring.model_checks import find_faults
from scoring.models import Exploration
from scoring.proof.measures import Band
from scoring.terms import MQL

OLDER = 1  # snapshots that are shown with their date while the newest is being made


@dataclass(frozen=True)
class Side:
    """One column of the comparison: the terms, and what they mean."""

    explored: Explored
    meaning: Meaning


@dataclass(frozen=True)
class Moved:
    """Who would come over the threshold, and who would fall under it, by ids."""

    coming: np.ndarray
    going: np.ndarray


@dataclass(frozen=True)
class Consequences:
    """Before and after. `work` is under way where the numbers are not there yet, or are those of older facts."""

    after: Side | None
    before: Side | None
    moved: Moved | None
    bands: tuple[Band, ...]
    capacity: Capacity | None
    door: str
    work: Exploration | None = None
    is_older: bool = False
    has_facts: bool = True

    @property
    def as_of(self) -> datetime | None:
        return self.after.explored.as_of if self.after else None

    @property
    def leads(self) -> str:
        return "PQLs" if self.door != MQL else "MQLs"

    @property
    def goal(self) -> str:
        return self.after.explored.goal if self.after else ""

    @property
    def currency(self) -> str:
        return self.after.explored.currency if self.after else ""

    @property
    def weeks_back(self) -> list[tuple[int, int, int]]:
        """How long ago, how many with the active terms, how many as edited; the newest week first."""
        after = self.after.meaning.weeks if self.after else ()
        before = self.before.meaning.weeks if self.before else (0,) * len(after)
        return [(len(after) - n, before[n], after[n]) for n in reversed(range(len(after)))]

    @property
    def bands_down(self) -> tuple[Band, ...]:
        """The highest scores first, bands without leads left out."""
        return tuple(band for band in reversed(self.bands) if band.n)

    @property
    def best_rate(self) -> float:
        """The end of the bars: no interval is cut off, and none stretches them beyond reading."""
        return max((band.interval[1] for band in self.bands if band.interval), default=1.0)

    @property
    def load(self) -> float | None:
        """The share of Sales' week that the forecast takes."""
        return _sales_load(self.after, self.capacity)

    @property
    def load_before(self) -> float | None:
        return _sales_load(self.before, self.capacity)


def _sales_load(side: Side | None, sales_capacity: Capacity | None) -> float | None:
    return (
        side.meaning.forecast.a_week / sales_capacity.a_week
        if side and sales_capacity and sales_capacity.a_week
        else None
    )


def compute_consequences(terms: Mapping[str, Any], binding: Mapping[str, Any] | None) -> Consequences:
    """Compute what the terms, which have no faults, would change against the active ones."""
    facts, door = open_facts(), terms.get("door") or MQL
    if facts.snapshot is None:
        return Consequences(None, None, None, (), None, door, has_facts=False)
    after, row, is_older = _make_side(facts, terms)
    before = _make_side(facts, binding)[0] if binding and not find_faults(binding) else None
    moved = None
    # scores of different snapshots differ by more than the terms, so they are not compared
    if before and after and before.explored.as_of == after.explored.as_of:
        thresholds = before.meaning.threshold, after.meaning.threshold
        moved = Moved(*answers.threshold_movers(before.explored, thresholds[0], after.explored, thresholds[1]))
    return Consequences(
        after, before, moved,
        tuple(answers.conversion_bands(after.explored, after.meaning.threshold)) if after else (),
        capacity.weekly_capacity(), door, row, is_older,
    )  # fmt: skip


def _make_side(facts: Facts, terms: Mapping[str, Any]) -> tuple[Side | None, Exploration | None, bool]:
    model = model_of_terms(terms)
    explored = work.request_arrays(facts, model, terms)
    if isinstance(explored, Explored):
        return Side(explored, answers.evaluate_threshold(explored, model.threshold)), None, False
    old = work.load_older(OLDER, model)
    return (Side(old, answers.evaluate_threshold(old, model.threshold)) if old else None), explored, True


def describe_consequences(impact: Consequences) -> str:
    """Say the consequence in one sentence."""
    if impact.after is None:
        return "There is not enough data yet."
    meaning = impact.after.meaning
    a_week = meaning.forecast.a_week
    text = f"From {format_exact(meaning.threshold)} points, about {format_estimate(a_week)} leads a week become {impact.leads}"
    if impact.before:
        text += f", {_describe_change(a_week - impact.before.meaning.forecast.a_week)}"
    if impact.capacity and impact.load is not None:
        text += f"; Sales can take {format_estimate(impact.capacity.a_week)}" + (
            f", so {format_estimate(a_week - impact.capacity.a_week)} would wait" if impact.load > 1 else ""
        )
    return text + "."


def _describe_change(more: float) -> str:
    if abs(more) < 0.05:
        return "as many as now"
    return f"{format_estimate(abs(more))} {'more' if more > 0 else 'fewer'} than now"


def consequences_to_evidence(impact: Consequences) -> dict[str, Any]:
    """Return the figures that a proposal is made with, kept with the version."""
    if impact.after is None or impact.as_of is None:
        return {}
    figures: dict[str, Any] = {"as_of": impact.as_of.isoformat(), "proposed": meaning_to_json(impact.after.meaning)}
    if impact.before:
        figures["in_force"] = meaning_to_json(impact.before.meaning)
    if impact.capacity:
        figures["capacity_a_week"] = impact.capacity.a_week
    if impact.moved:
        figures |= {"coming": int(impact.moved.coming.size), "going": int(impact.moved.going.size)}
    return figures


def meaning_to_json(meaning: Meaning) -> dict[str, Any]:
    past, ahead = meaning.past, meaning.forecast
    return {
        "threshold": meaning.threshold,
        "weeks": list(meaning.weeks),
        "forecast_a_week": {"value": round(ahead.a_week, 2), "low": round(ahead.low, 2), "high": round(ahead.high, 2)},
        "over_now": meaning.over,
        "scored_now": meaning.scored,
        "inside_icp": _share_to_json(meaning.inside) if meaning.inside else None,
        "precision": _share_to_json(Share(past.won, past.over)),
        "recall": _share_to_json(Share(past.won, past.all_won)),
        "revenue_captured": {"value": past.revenue_captured, "revenue": past.revenue, "of": past.all_revenue},
    }


def _share_to_json(share: Share) -> dict[str, Any]:
    low, high = share.interval or (None, None)
    return {"value": share.value, "part": share.part, "n": share.whole, "low": low, "high": high}
