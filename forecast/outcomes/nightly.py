"""Compute the forecast from the newest facts, judge it on the past, and store both; a step of the nightly run."""

import hashlib
import json
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from core.periods import Period, month_period, quarter_period
from crm.people import People, read_people
from facts.engine import Facts, open_facts
from facts.refresh import Progress
from forecast.outcomes.commits import CommitBook
from forecast.outcomes.curves import WON, Floats
from forecast.outcomes.deal_facts import load_history
from forecast.outcomes.history import DealHistory
from forecast.outcomes.judging import stretch_draws
from forecast.outcomes.models import ForecastAsOf, ForecastRun
from forecast.outcomes.projection import Outlook, Projection, Span
from forecast.outcomes.record import (
    PAST_DATES,
    QUARTERS,
    Experience,
    Interval,
    PastForecast,
    Record,
    compare_baselines,
)  # fmt: skip
from forecast.outcomes.result import ForecastResult, Ground, QuarterForecast, RepForecast, RepQuarter
from forecast.outcomes.simulation import RUNS
from team.models import Company

SHAPE = 2  # of the stored result: raise it when the result changes, and the forecast is computed again
REP_RUNS = 2_000
READ_TABLES = ("opportunities", "stage_changes", "day_rates", "owners")


def compute_forecast(progress: Progress) -> int:
    """Compute and store the forecast where something changed since; return how many forecasts were written."""
    facts, company = open_facts(), Company.get()
    if facts.as_of is None:
        return 0
    today = facts.as_of.astimezone(company.zone).date()
    digest = _digest_inputs(facts, company)
    if ForecastRun.objects.filter(local_day=today, digest=digest).exists():
        return 0
    progress(0, 2, "past forecasts judged")
    people = read_people()
    history, commits = load_history(facts, today.toordinal(), people), CommitBook.load()
    record = judge_past(history, company, commits)
    progress(1, 2, "past forecasts judged")
    result = forecast_today(history, record, company, people)
    _store(result, record.forecasts, today, facts.as_of, digest, company)
    return 1 + len(record.forecasts)


def _digest_inputs(facts: Facts, company: Company) -> str:
    """Return what tells whether a forecast by these facts would be another one."""
    versions = facts.snapshot.versions if facts.snapshot else {}
    parts = [
        SHAPE, company.currency, company.time_zone, company.is_converting_amounts, repr(company.fiscal_calendar),
        CommitBook.version(), *(versions.get(name) for name in READ_TABLES),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def judge_past(history: DealHistory, company: Company, commits: CommitBook) -> Record:
    """Make the forecasts of past month starts again, as of the evening before each."""
    return Record(history, _past_evenings(history, company), lambda day: _quarters_from(day, company), commits.total)


def _past_evenings(history: DealHistory, company: Company) -> list[int]:
    if not len(history.deals):
        return []
    first, calendar = int(history.deals["opened"].min()), company.fiscal_calendar
    evenings: list[int] = []
    month = month_period(date.fromordinal(history.last_day), calendar)
    while len(evenings) < PAST_DATES and month.start and month.start.toordinal() > first:
        evenings.append(month.start.toordinal() - 1)
        month = month_period(date.fromordinal(evenings[-1]), calendar)
    return evenings[::-1]


def _quarters_from(day: int, company: Company) -> list[Span]:
    """Return the quarter of the day and the next ones."""
    spans: list[Span] = []
    start = day
    while len(spans) < QUARTERS:
        quarter = quarter_period(date.fromordinal(start), company.fiscal_calendar)
        spans.append(_to_span(quarter, quarter.year_before))
        start = spans[-1].end + 1
    return spans


def _to_span(period: Period, before: Period | None = None) -> Span:
    assert period.start
    assert period.end
    return Span(period.start.toordinal(), period.end.toordinal(), _to_span(before) if before else None)


def forecast_today(history: DealHistory, record: Record, company: Company, people: People) -> ForecastResult:
    """Return the forecast of this and the next quarters, with each rep's part."""
    projection = Projection(history, history.today)
    ground = _describe_ground(projection)
    if not projection.is_possible:
        return ForecastResult((), (), ground)
    spans = _quarters_from(history.today, company)
    experience = record.experience(history.today, spans[0])
    outlooks = projection.forecast_quarters(spans, experience.corrections, experience.shocks, RUNS)
    quarters = tuple(
        _describe_quarter(projection, ahead, outlook, experience, record) for ahead, outlook in enumerate(outlooks)
    )
    return ForecastResult(quarters, tuple(_forecast_reps(projection, spans, experience, people)), ground)


def _describe_ground(projection: Projection) -> Ground:
    history, day = projection.history, projection.day
    outcomes, first = history.deals["outcome"][history.closed_until(day)], history.first_close(day)
    return Ground(
        closed=len(outcomes), won=int((outcomes == WON).sum()), open=len(projection.pipeline),
        unknown_amounts=int(projection.pipeline.frame["amount"].isna().sum()), has_stages=history.has_stages,
        has_amounts=history.has_amounts, is_amount_set_by_win=history.is_amount_set_by_win,
        first_close=date.fromordinal(first).isoformat() if first else "", left_out=history.left_out,
    )  # fmt: skip


def _describe_quarter(
    projection: Projection, ahead: int, outlook: Outlook, experience: Experience, record: Record
) -> QuarterForecast:
    stretch = experience.stretch(ahead)
    draws = outlook.draws if stretch is None else stretch_draws(outlook.draws, stretch, outlook.won)
    interval = Interval.from_draws(draws)
    return QuarterForecast(
        start=date.fromordinal(outlook.span.start).isoformat(), end=date.fromordinal(outlook.span.end).isoformat(),
        low=interval.low, median=interval.median, high=interval.high, won=outlook.won, open=outlook.open,
        unborn=outlook.unborn, is_calibrated=stretch is not None, stages=outlook.stages,
        baselines=compare_baselines(projection, outlook, record.commit),
    )  # fmt: skip


def _forecast_reps(projection: Projection, spans: list[Span], experience: Experience, people: People) -> Any:
    chances = projection.correct_chances(spans, experience.corrections)
    history, owners = projection.history, projection.pipeline.frame["owner"].to_numpy(dtype=np.int64)
    won_owners = history.deals["owner"][history.won_between(spans[0].start, history.today)]
    for owner in sorted({*owners.tolist(), *won_owners.astype(np.int64)}):
        rows = np.flatnonzero(owners == owner)
        draws = projection.simulate_rep(rows, chances[:, rows], experience.shocks, REP_RUNS)
        own = (history.deals["owner"] == owner).to_numpy()
        yield RepForecast(
            int(owner), people.user_of.get(owner), len(rows),
            tuple(_describe_rep_quarter(history, own, span, brought) for span, brought in zip(spans, draws, strict=True)),
        )  # fmt: skip


def _describe_rep_quarter(history: DealHistory, own: Any, span: Span, brought: Floats) -> RepQuarter:
    is_won = own & history.won_between(span.start, min(span.end, history.today))
    won = float(np.nansum(history.deals["amount"].to_numpy()[is_won]))
    interval = Interval.from_draws(won + brought)
    start = date.fromordinal(span.start).isoformat()
    return RepQuarter(start, interval.low, interval.median, interval.high, won, float(brought.mean()))


@transaction.atomic
def _store(
    result: ForecastResult, past: list[PastForecast], today: date, as_of: datetime, digest: str, company: Company
) -> None:
    values = {
        "as_of": as_of, "computed_at": timezone.now(), "currency": company.currency, "digest": digest,
        "result": result.as_json(),
    }  # fmt: skip
    ForecastRun.objects.update_or_create(local_day=today, defaults=values)
    ForecastAsOf.objects.all().delete()
    ForecastAsOf.objects.bulk_create([_to_row(forecast) for forecast in past], batch_size=500)


def _to_row(past: PastForecast) -> ForecastAsOf:
    return ForecastAsOf(
        day=date.fromordinal(past.day), ahead=past.ahead, quarter_start=date.fromordinal(past.span.start),
        quarter_end=date.fromordinal(past.span.end), won=past.won, low=past.interval.low, median=past.interval.median,
        high=past.interval.high, actual=past.actual, agreed=past.baselines.agreed, commit=past.baselines.commit,
        last_year=past.baselines.last_year, crps=past.crps, interval_score=past.interval_score,
        raw_stretch=past.raw_stretch, is_calibrated=past.is_calibrated,
    )  # fmt: skip
