"""The forecast as of one evening: what is won, what open deals bring by stage, and what deals not born yet bring. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from forecast.outcomes.curves import LOST, NO_DECISION, WON, Curve, Episodes, Floats, estimate_stage_curve
from forecast.outcomes.history import (
    NO_STAGE,
    WEEK,
    DealHistory,
    OpenPipeline,
    Stays,
    collect_amounts,
    collect_births,
    collect_ratios,
    collect_stays,
    open_pipeline,
)
from forecast.outcomes.simulation import (
    Births,
    OpenDeals,
    apply_shock,
    derive_seed,
    fit_shock,
    simulate_outcomes,
)  # fmt: skip

LEAST_CLOSED, LEAST_WON = 20, 5  # deals that must have ended before anything is forecast
HALF_WEEK = 3.5


@dataclass(frozen=True)
class Span:
    """A quarter by its first and last day, as numbers, and the same quarter of the year before."""

    start: int
    end: int
    year_before: "Span | None" = None


@dataclass(frozen=True)
class StagePart:
    """What the open deals of one stage are expected to bring in a quarter."""

    stage: str
    deals: int
    amount: float
    expected: float


@dataclass(frozen=True)
class Outlook:
    """One quarter as of an evening: what is won, and what the runs bring on top of it."""

    span: Span
    won: float
    draws: Floats  # of the whole quarter
    unborn: float  # expected
    stages: tuple[StagePart, ...]

    @property
    def open(self) -> float:
        return sum(part.expected for part in self.stages)


class Projection:
    """What the deals on record on the evening of a day say about the quarters to come."""

    def __init__(self, history: DealHistory, day: int) -> None:
        self.history, self.day = history, day
        self.pipeline: OpenPipeline = open_pipeline(history, day)
        self.stays = collect_stays(history, day)

    @property
    def is_possible(self) -> bool:
        """Whether enough deals have ended to say how deals end."""
        outcomes = self.history.deals["outcome"][self.history.closed_until(self.day)]
        has_both = bool(outcomes.isin([LOST, NO_DECISION]).any())
        return len(outcomes) >= LEAST_CLOSED and int((outcomes == WON).sum()) >= LEAST_WON and has_both

    @cached_property
    def company_episodes(self) -> Episodes:
        parts = [stays.episodes for stays in self.stays.values()]
        names = ("entry", "exit", "event")
        return Episodes(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @cached_property
    def curves(self) -> dict[str, list[tuple[float, Curve]]]:
        """The curves of each stage that an open deal is in, and under NO_STAGE those since the opening, by landmark age.

        A deal follows the curve of the last landmark that it has passed: of the deals that were still in its stage then.
        """
        stages = sorted({NO_STAGE, *self.pipeline.stages})
        return {stage: self._estimate_curves(self.stays.get(stage)) for stage in stages}

    def _estimate_curves(self, stays: Stays | None) -> list[tuple[float, Curve]]:
        company = self.company_episodes
        if stays is None:
            none = company.choose(np.zeros(len(company), dtype=bool))
            return [(0.0, estimate_stage_curve(none, company))]
        return [(age, estimate_stage_curve(stays.still_there(age), company)) for age in stays.landmarks()]

    @cached_property
    def won_amounts(self) -> Floats:
        return collect_amounts(self.history, self.day)

    @cached_property
    def ratios(self) -> dict[str, Floats]:
        return collect_ratios(self.history, self.day)

    @cached_property
    def likely_amounts(self) -> Floats:
        """What each open deal would bring on average if it were won."""
        amounts = self.pipeline.frame["amount"].to_numpy(dtype=float)
        means = np.array([self._stage_ratios(stage).mean() for stage in self.pipeline.stages])
        usual = float(self.won_amounts.mean()) if len(self.won_amounts) else 0.0
        return np.where(np.isnan(amounts), usual, amounts * means[self.pipeline.stage_of] if len(means) else amounts)

    def _stage_ratios(self, stage: str) -> Floats:
        return self.ratios.get(stage, self.ratios[NO_STAGE])

    def chances_until(self, day: int) -> Floats:
        """Return P(won until the day) of each open deal."""
        ages, chances = self.pipeline.frame["age"].to_numpy(dtype=float), np.zeros(len(self.pipeline))
        for number, stage in enumerate(self.pipeline.stages):
            curves = self.curves[stage]
            passed = np.searchsorted([age for age, _ in curves], ages, side="right") - 1
            for turn, (_, curve) in enumerate(curves):
                mine = (self.pipeline.stage_of == number) & (passed == turn)
                chances[mine] = curve.chance(ages[mine], day - self.day)
        return chances

    def fit_error(self, end: int) -> tuple[float, float]:
        """Return the factor on the odds that would have been right about the deals open on this day until the end, and the variance of its log."""
        rows = self.pipeline.frame["row"].to_numpy()
        came = self.history.won_between(self.day + 1, end)[rows]
        brought = float(np.nansum(self.history.deals["amount"].to_numpy()[rows][came]))
        return fit_shock(self.chances_until(end), self.likely_amounts, brought)

    def correct_chances(self, spans: Sequence[Span], corrections: Sequence[float]) -> Floats:
        """Return P(won by the end of each quarter) in its row, the odds multiplied by what was right in the past."""
        pairs = zip(spans, corrections, strict=True)
        rows = [apply_shock(self.chances_until(span.end), factor) for span, factor in pairs]
        return np.asarray(np.maximum.accumulate(np.array(rows), axis=0))  # a deal that is won stays won

    def forecast_quarters(
        self, spans: Sequence[Span], corrections: Sequence[float], shocks: Sequence[float], runs: int
    ) -> list[Outlook]:
        """Return the outlook of each quarter; the first is the one that is running."""
        chances = self.correct_chances(spans, corrections)
        births = self._expect_births(spans)
        draws = simulate_outcomes(
            self._open_deals(chances), births, won_amounts=self.won_amounts, shocks=shocks, runs=runs,
            seed=derive_seed(self.day, chances, births.chances, self.won_amounts, shocks),
        )  # fmt: skip
        shares = np.diff(self._mean_chances(chances, shocks), axis=0, prepend=0.0)
        outlooks = []
        for number, span in enumerate(spans):
            won = self.history.revenue(span.start, min(self.day, span.end))
            total = won + draws.open[number] + draws.unborn[number]
            parts = self._split_by_stage(shares[number])
            outlooks.append(Outlook(span, won, total, float(draws.unborn[number].mean()), parts))
        return outlooks

    def simulate_rep(self, rows: Any, chances: Floats, shocks: Sequence[float], runs: int) -> Floats:
        """Return what some of the open deals, of the given chances, bring in each quarter, run by run."""
        none = Births([], np.zeros((len(chances), 0)))
        seed = derive_seed(self.day, chances, shocks)
        return simulate_outcomes(
            self._open_deals(chances, rows), none, won_amounts=self.won_amounts, shocks=shocks, runs=runs, seed=seed
        ).open

    def _mean_chances(self, chances: Floats, shocks: Sequence[float]) -> Floats:
        return np.asarray(np.mean([apply_shock(chances, shock) for shock in shocks], axis=0))

    def _open_deals(self, chances: Floats, rows: Any = slice(None)) -> OpenDeals:
        sets = [self._stage_ratios(stage) for stage in self.pipeline.stages]
        amounts = self.pipeline.frame["amount"].to_numpy(dtype=float)[rows]
        return OpenDeals(chances, amounts, self.pipeline.stage_of[rows], sets)

    def _expect_births(self, spans: Sequence[Span]) -> Births:
        weeks = max(0, -(-(spans[-1].end - self.day) // WEEK))
        births = self.day + WEEK * np.arange(weeks) + HALF_WEEK
        left = np.array([span.end - births for span in spans])
        _, curve = self.curves[NO_STAGE][0]
        chances = np.where(left > 0, curve.chance(np.zeros_like(left), np.maximum(left, 0.0)), 0.0)
        return Births(collect_births(self.history, self.day, weeks), chances)

    def _split_by_stage(self, shares: Floats) -> tuple[StagePart, ...]:
        frame = pd.DataFrame({
            "stage": self.pipeline.stage_of, "amount": self.likely_amounts, "expected": shares * self.likely_amounts,
        })  # fmt: skip
        sums = frame.groupby("stage").agg(
            deals=("stage", "size"), amount=("amount", "sum"), expected=("expected", "sum")
        )
        return tuple(
            StagePart(
                self.pipeline.stages[int(str(number))], int(row["deals"]), float(row["amount"]), float(row["expected"])
            )
            for number, row in sums.iterrows()
        )
