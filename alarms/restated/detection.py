"""Compare the newest figures with those before, and list the settled months whose figure changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from alarms.restated.causes import Span, find_causes
from alarms.restated.models import ComparedSet, Restatement
from alarms.restated.rules import Figure, is_mature, is_restated, is_settled
from core.periods import preset_period
from facts.models import Snapshot
from facts.refresh import Progress
from kpis.grains import grain_of
from kpis.models import MetricSnapshot, SnapshotSet
from kpis.registry import Metric, UnknownMetric, get_metric
from kpis.snapshots import MONTHS, current_set
from team.models import Company

Month = tuple[str, date, date]  # metric, first and last day


@dataclass(frozen=True)
class Known:
    """The figures of months that were known before the newest set, and since when."""

    figures: dict[Month, Figure]
    compared: ComparedSet


def list_restated(progress: Progress | None = None) -> int:
    """Write a row for each settled month whose figure changed since the last comparison; return how many.

    One transaction: killed before its end it has written nothing, and done again it finds nothing more.
    """
    newest = current_set()
    if newest is None or ComparedSet.objects.filter(as_of=newest.as_of).exists():
        return 0
    figures = _read_figures(newest)
    with transaction.atomic():
        before = ComparedSet.objects.select_for_update().filter(as_of__lt=newest.as_of).first()
        rows = list(_find_restated(_read_known(before), figures, newest)) if before else []
        written = Restatement.objects.bulk_create(rows, ignore_conflicts=True)
        _record_comparison(newest, figures)
    return len(written)


def _record_comparison(newest: SnapshotSet, figures: Mapping[Month, Figure]) -> None:
    snapshot = Snapshot.objects.filter(pk=newest.facts_snapshot_id or 0).first()
    compared, _is_new = ComparedSet.objects.get_or_create(
        as_of=newest.as_of,
        defaults={
            "local_day": newest.local_day,
            "horizon": snapshot.horizon if snapshot else "",
            "code": settings.CODE_VERSION,
            "figures": [
                [
                    metric,
                    str(start),
                    str(end),
                    None if figure.value is None else str(figure.value),
                    figure.n,
                    figure.currency,
                ]
                for (metric, start, end), figure in figures.items()
            ],
        },
    )
    ComparedSet.objects.filter(as_of__lt=compared.as_of).exclude(figures=[]).update(figures=[])


def _read_known(before: ComparedSet) -> Known:
    """Return what was known at the comparison before; its set itself may be gone."""
    figures = {
        (metric, date.fromisoformat(start), date.fromisoformat(end)): Figure(
            None if value is None else Decimal(value), n, currency
        )
        for metric, start, end, value, n, currency in before.figures
    }
    return Known(figures, before)


def _read_figures(snapshot_set: SnapshotSet) -> dict[Month, Figure]:
    """Return the figures of the months of a set, by the fiscal calendar of today."""
    period = preset_period(MONTHS, snapshot_set.local_day, Company.get().fiscal_calendar)
    months = {(days.start, days.end) for _key, days in grain_of("month", period).all_in(period)}
    rows = MetricSnapshot.objects.filter(set=snapshot_set, dimension="", starts_on__in=[start for start, _ in months])
    return {
        (row.metric, row.starts_on, row.ends_on): Figure(row.value, row.n, row.currency)
        for row in rows
        if row.starts_on and row.ends_on and (row.starts_on, row.ends_on) in months
    }


def _find_restated(known: Known, figures: Mapping[Month, Figure], newest: SnapshotSet) -> Iterator[Restatement]:
    span = Span(known.compared, newest.as_of, settings.CODE_VERSION)
    causes: dict[str, list[dict[str, Any]]] = {}
    for month, after in figures.items():
        key, _start, end = month
        before, metric = known.figures.get(month), _find_metric(key)
        if before is None or metric is None or not _is_listed(metric, end, known.compared.local_day):
            continue
        if not is_restated(before, after, metric.unit):
            continue
        if key not in causes:
            causes[key] = find_causes(metric, span)
        yield _build_row(month, before, after, span, causes[key])


def _is_listed(metric: Metric, last_day: date, known_on: date) -> bool:
    return is_settled(last_day, known_on) and is_mature(metric, last_day, known_on)


def _build_row(month: Month, before: Figure, after: Figure, span: Span, causes: list[dict[str, Any]]) -> Restatement:
    key, start, end = month
    return Restatement(
        metric=key, starts_on=start, ends_on=end, before=before.value, after=after.value, n_before=before.n, n_after=after.n,
        currency_before=before.currency, currency_after=after.currency, before_as_of=span.before.as_of,
        after_as_of=span.until, causes=causes,
    )  # fmt: skip


def _find_metric(key: str) -> Metric | None:
    try:
        return get_metric(key)
    except UnknownMetric:  # it was declared when the set was taken
        return None
