"""Forecasts of the past made again as of their day, one after the other, each knowing only those before it. Pure.

As of each past day the curves, the common shocks and the stretch of the intervals come from what had ended by then, so
that the record says how the method does on what it has not seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from forecast.outcomes.curves import Floats
from forecast.outcomes.history import DealHistory
from forecast.outcomes.judging import conformal_stretch, coverage, crps, interval_score, needed_stretch, stretch_draws
from forecast.outcomes.projection import Outlook, Projection, Span
from forecast.outcomes.simulation import shrink_shocks

ENOUGH_DATES = 12  # past dates a record needs
PAST_DATES = 36  # month starts looked back to
PAST_RUNS = 2_000
RECENT = 9  # past forecasts by which an interval is stretched: those of a young history were worse, and would make it too wide
LEAST_ERRORS = 4  # past quarters' errors from which the common shock is drawn
ASSUMED_SHOCKS = [0.7, 1.0, 1.4]  # factors on the odds while fewer are known: a quarter may be a third better or worse
MONTH_DAYS, QUARTER_MONTHS = 30.4, 3
QUARTERS = 4  # the running one and the next three
LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9
PARTS = 41  # quantiles that stand for the draws where a score is computed from them

QuartersOf = Callable[[int], list[Span]]  # the running quarter of a day and the next ones
Commit = Callable[[int, Span], float | None]  # what the reps had committed by the evening of a day


@dataclass(frozen=True)
class Interval:
    low: float
    median: float
    high: float

    @classmethod
    def from_draws(cls, draws: Floats) -> "Interval":
        return cls(*(float(value) for value in np.quantile(draws, [LOW, MEDIAN, HIGH])))


@dataclass(frozen=True)
class Baselines:
    """What simpler forecasts say of a quarter; None where there is nothing to say it from."""

    agreed: float | None
    commit: float | None
    last_year: float | None


@dataclass(frozen=True)
class PastForecast:
    """A forecast of a past evening for the quarter `ahead` (0: the running one), and what happened.

    `is_calibrated` tells whether enough earlier quarters had ended by then to stretch the interval. `raw_stretch` is what
    the interval would have needed before it was stretched.
    """

    day: int
    ahead: int
    span: Span
    won: float
    interval: Interval
    baselines: Baselines
    actual: float
    crps: float
    interval_score: float
    raw_stretch: float
    is_calibrated: bool

    @property
    def is_inside(self) -> bool:
        return self.interval.low <= self.actual <= self.interval.high


@dataclass(frozen=True)
class PastError:
    """By which factor the odds of the deals open on a past evening were off until the end of a quarter.

    `months_left` of the running quarter at that time: many deals are won in the last days of a quarter, so that a
    forecast of its last month errs in another way than one of the whole.
    """

    known_on: int
    ahead: int
    months_left: int
    log_factor: float
    noise: float


@dataclass(frozen=True)
class Experience:
    """What the past has taught by a day: by how much the odds until the end of each quarter are off on average, the common
    shocks about that, and of each quarter ahead the stretches that were needed."""

    corrections: list[float]
    shocks: list[float]
    stretches: list[list[float]]

    def stretch(self, ahead: int) -> float | None:
        return conformal_stretch(self.stretches[ahead][-RECENT:])


class Record:
    """All past forecasts of a history, the earliest first."""

    def __init__(self, history: DealHistory, days: Sequence[int], quarters_of: QuartersOf, commit: Commit) -> None:
        self.history, self.quarters_of, self.commit = history, quarters_of, commit
        self.errors: list[PastError] = []
        self.forecasts: list[PastForecast] = []
        for day in days:
            self._judge_day(day)

    def experience(self, day: int, running: Span) -> Experience:
        """Return what was known on the evening of the day about forecasts made before, for forecasts of that quarter and the next."""
        known = [error for error in self.errors if error.known_on <= day]
        months_left = count_months_left(day, running)
        corrections = [
            float(np.exp(_mean_error([error for error in known if error.ahead == ahead], months_left)))
            for ahead in range(QUARTERS)
        ]
        stretches: list[list[float]] = [[] for _ in range(QUARTERS)]
        for past in self.forecasts:
            if past.span.end <= day:
                stretches[past.ahead].append(past.raw_stretch)
        return Experience(corrections, _common_shocks(known), stretches)

    def _judge_day(self, day: int) -> None:
        projection = Projection(self.history, day)
        if not projection.is_possible:
            return
        spans = self.quarters_of(day + 1)
        experience = self.experience(day, spans[0])
        outlooks = projection.forecast_quarters(spans, experience.corrections, experience.shocks, PAST_RUNS)
        for ahead, outlook in enumerate(outlooks):
            if outlook.span.end <= self.history.last_day:
                self.forecasts.append(self._judge_outlook(projection, ahead, outlook, experience))
                factor, noise = projection.fit_error(outlook.span.end)
                months_left = count_months_left(day, spans[0])
                self.errors.append(PastError(outlook.span.end, ahead, months_left, float(np.log(factor)), noise))

    def _judge_outlook(
        self, projection: Projection, ahead: int, outlook: Outlook, experience: Experience
    ) -> PastForecast:
        actual = self.history.revenue(outlook.span.start, outlook.span.end)
        raw, stretch = Interval.from_draws(outlook.draws), experience.stretch(ahead)
        draws = outlook.draws if stretch is None else stretch_draws(outlook.draws, stretch, outlook.won)
        interval = Interval.from_draws(draws)
        return PastForecast(
            day=projection.day, ahead=ahead, span=outlook.span, won=outlook.won, interval=interval,
            baselines=compare_baselines(projection, outlook, self.commit), actual=actual, crps=crps(draws, actual),
            interval_score=interval_score(interval.low, interval.high, actual),
            raw_stretch=needed_stretch(raw.low, raw.median, raw.high, actual), is_calibrated=stretch is not None,
        )  # fmt: skip


def count_months_left(day: int, running: Span) -> int:
    """Return how many months of the running quarter are left after the evening of the day, one at least."""
    return int(np.clip(round((running.end - day) / MONTH_DAYS), 1, QUARTER_MONTHS))


def _mean_error(errors: Sequence[PastError], months_left: int) -> float:
    """Return the mean log factor of the latest errors with as many months left; of all where those are few."""
    same = [error.log_factor for error in errors if error.months_left == months_left and np.isfinite(error.noise)]
    every = [error.log_factor for error in errors if np.isfinite(error.noise)]
    chosen = same if len(same) >= LEAST_ERRORS else every
    return float(np.mean(chosen[-RECENT:])) if len(chosen) >= LEAST_ERRORS else 0.0


def _common_shocks(errors: Sequence[PastError]) -> list[float]:
    """Return how far past quarters were off about the mean of their kind, as factors."""
    running = [error for error in errors if error.ahead == 0]
    if len(running) < LEAST_ERRORS:
        return ASSUMED_SHOCKS
    centres = {
        months: np.mean([error.log_factor for error in running if error.months_left == months])
        for months in {error.months_left for error in running}
    }
    return shrink_shocks([
        (float(np.exp(error.log_factor - centres[error.months_left])), error.noise) for error in running
    ])  # fmt: skip


def compare_baselines(projection: Projection, outlook: Outlook, commit: Commit) -> Baselines:
    """Return what agreed probabilities, the reps' commits and the year before say of the quarter."""
    history, span = projection.history, outlook.span
    first, before = history.first_close(projection.day), span.year_before
    is_recorded = before is not None and first is not None and first <= before.start and before.end <= projection.day
    last_year = history.revenue(before.start, before.end) if before and is_recorded else None
    return Baselines(_weigh_by_agreement(projection, outlook), commit(projection.day, span), last_year)


def _weigh_by_agreement(projection: Projection, outlook: Outlook) -> float | None:
    """Return what is won plus amount × agreed probability of the deals expected to close by the quarter's end."""
    frame = projection.pipeline.frame
    if frame["probability"].isna().all() or frame["expected"].isna().all():
        return None
    # A deal whose expected close has passed is expected in the running quarter.
    expected = np.maximum(frame["expected"], projection.day + 1)
    is_due = (expected >= outlook.span.start) & (expected <= outlook.span.end)
    weighted = (frame["amount"] * frame["probability"]).where(is_due)
    return outlook.won + float(np.nansum(weighted))


@dataclass(frozen=True)
class Contest:
    """The mean error of the forecast (CRPS) and of a simpler one (absolute error) over the dates that both have."""

    dates: int
    forecast: float
    other: float


@dataclass(frozen=True)
class Summary:
    """How the intervals of one quarter ahead did, over the past dates on which they were calibrated."""

    dates: int
    inside: int
    coverage: float | None
    crps: float | None
    interval_score: float | None
    agreed: Contest | None
    commit: Contest | None
    last_year: Contest | None

    @property
    def is_enough(self) -> bool:
        return self.dates >= ENOUGH_DATES


def summarize_record(forecasts: Sequence[PastForecast], ahead: int = 0) -> Summary:
    judged = [past for past in forecasts if past.ahead == ahead and past.is_calibrated]
    return Summary(
        dates=len(judged), inside=sum(past.is_inside for past in judged),
        coverage=coverage(
            [past.interval.low for past in judged], [past.interval.high for past in judged], [past.actual for past in judged]
        ),
        crps=_mean([past.crps for past in judged]), interval_score=_mean([past.interval_score for past in judged]),
        **{name: _compete(judged, name) for name in ("agreed", "commit", "last_year")},
    )  # fmt: skip


def _compete(judged: Sequence[PastForecast], name: str) -> Contest | None:
    pairs = [(past, getattr(past.baselines, name)) for past in judged if getattr(past.baselines, name) is not None]
    if not pairs:
        return None
    return Contest(
        len(pairs), float(np.mean([past.crps for past, _ in pairs])),
        float(np.mean([abs(other - past.actual) for past, other in pairs])),
    )  # fmt: skip


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
