"""What every metric was on a day: the figures of one state of the facts, kept together or not at all."""

import time
from collections.abc import Iterator, Mapping

from django.db import transaction
from django.utils import timezone

from core import periods
from core.periods import Period
from facts.engine import Facts
from facts.models import SetAside
from facts.refresh import Progress
from facts.set_aside import RECORD_FAULTS, clear_fault, set_aside
from kpis.compute import compute_metric, compute_trend, evenings_of, scope_of
from kpis.grains import GRAINS, grain_of
from kpis.models import MetricSnapshot, SnapshotSet
from kpis.registry import Metric, all_metrics
from kpis.result import Figures, Part, Result
from kpis.shared_queries import SharedQueries
from team.models import Company

WHOLE = ("last_year", "this_year", "last_quarter", "last_month", "all")
CUT = ("last_year", "this_year")
MONTHS, MONTH = "last_12_months", "month"
EACH_CUSTOMER = "account"  # tens of thousands of parts, which no page compares with those of an earlier night
BATCH = 2000
STEP, TABLE = "metrics", "metric"


def take_snapshots(facts: Facts, progress: Progress | None = None, *, seconds: float | None = None) -> int | None:
    """Keep the figures of these facts, once, and return how many they are.

    After `seconds` it stops and returns None; what was computed is remembered, so the next call goes on from there.
    Readers see the old set or the new one, never a mix.
    """
    existing = SnapshotSet.objects.filter(facts_snapshot_id=facts.snapshot.pk if facts.snapshot else None).first()
    if existing:
        return existing.figures.count()
    started = time.monotonic()
    rows: list[MetricSnapshot] = []
    metrics = [
        metric
        for metric in all_metrics()
        if any(facts.snapshot and facts.snapshot.rows.get(table) for table in metric.tables)
    ]
    spans = list_spans(facts)
    shared = share_queries(metrics, spans, facts)
    for done, metric in enumerate(metrics):
        if progress:
            progress(done, len(metrics), metric.name)
        if seconds is not None and time.monotonic() - started > seconds:
            return None
        rows += _compute_rows_or_set_aside(metric, facts, spans, shared)
    SetAside.objects.filter(step=STEP).exclude(name__in=[metric.key for metric in metrics]).delete()
    return _replace_set(facts, rows)


def list_spans(facts: Facts) -> dict[str, Period]:
    """Return the periods whose figures are kept, by their names."""
    today, calendar = scope_of(Period(), facts).today, Company.get().fiscal_calendar
    return {name: periods.preset_period(name, today, calendar) for name in (*WHOLE, MONTHS)}


def share_queries(metrics: list[Metric], spans: Mapping[str, Period], facts: Facts) -> SharedQueries:
    """Let all figures of measures that look at the same rows be answered by one question, and their parts by another."""
    cuts: dict[str, list[Metric]] = {}
    for metric in metrics:
        cuts.setdefault(_part_dimension(metric), []).append(metric)
    evenings = evenings_of(spans[MONTHS], MONTH, scope_of(Period(), facts).today).values()
    return SharedQueries(
        *spans.values(), metrics=metrics, grain=MONTH, evenings=evenings, trended=metrics, trend_period=spans[MONTHS],
        cuts=cuts, cut_periods=[spans[name] for name in CUT],
    )  # fmt: skip


def _part_dimension(metric: Metric) -> str:
    """Return what the figures of a year are kept by; empty where that would be units of time, or every customer."""
    return "" if metric.default_cut in GRAINS or metric.default_cut == EACH_CUSTOMER else metric.default_cut


def _compute_rows_or_set_aside(
    metric: Metric, facts: Facts, spans: Mapping[str, Period], shared: SharedQueries | None
) -> list[MetricSnapshot]:
    """Return the figures of a metric; one that cannot be computed is set aside, so that the others are kept."""
    try:
        rows = list(compute_rows(metric, facts, spans, shared))
    except RECORD_FAULTS as fault:
        set_aside(STEP, TABLE, 0, fault, metric.key)
        return []
    clear_fault(STEP, TABLE, 0, metric.key)
    return rows


def current_set() -> SnapshotSet | None:
    """Return the newest set of figures."""
    return SnapshotSet.objects.order_by("-as_of").first()


def compute_rows(
    metric: Metric, facts: Facts, spans: Mapping[str, Period], shared: SharedQueries | None
) -> Iterator[MetricSnapshot]:
    cut = _part_dimension(metric)
    for name in WHOLE:
        by = cut if name in CUT else ""  # a cut is asked once, the whole comes with it
        result = compute_metric(metric, spans[name], by=by or None, facts=facts, shared=shared)
        yield _build_row(metric, spans[name], result)
        if by:
            yield from _part_rows(metric, spans[name], result)
    for part in compute_trend(metric, spans[MONTHS], grain=MONTH, facts=facts, shared=shared).parts:
        yield _build_row(metric, grain_of(MONTH, spans[MONTHS]).parse_key(part.key), part)


def _part_rows(metric: Metric, span: Period, result: Result) -> Iterator[MetricSnapshot]:
    for part in result.parts:
        row = _build_row(metric, span, part)
        row.dimension, row.part, row.label = result.by, part.key[:255], part.label[:255]
        yield row


def _build_row(metric: Metric, span: Period, figures: Figures | Part) -> MetricSnapshot:
    exact = MetricSnapshot.to_stored
    return MetricSnapshot(
        metric=metric.key,
        starts_on=span.start,
        ends_on=span.end,
        value=exact(figures.value),
        numerator=exact(figures.numerator),
        denominator=exact(figures.denominator),
        n=figures.n,
        currency=figures.currency,
        quartiles=figures.quartiles.as_json() if figures.quartiles else None,
    )


@transaction.atomic
def _replace_set(facts: Facts, rows: list[MetricSnapshot]) -> int:
    """Put the new set in the place of the day's earlier one; of earlier days only the company's figures stay."""
    as_of = facts.as_of or timezone.now()
    day = as_of.astimezone(Company.get().zone).date()
    snapshot_set = SnapshotSet.objects.create(
        facts_snapshot_id=facts.snapshot.pk if facts.snapshot else None, as_of=as_of, local_day=day
    )
    unique = {(row.metric, row.starts_on, row.ends_on, row.dimension, row.part): row for row in rows}
    for row in unique.values():
        row.set = snapshot_set
    MetricSnapshot.objects.bulk_create(unique.values(), batch_size=BATCH)
    SnapshotSet.objects.filter(local_day=day).exclude(pk=snapshot_set.pk).delete()
    MetricSnapshot.objects.exclude(set=snapshot_set).exclude(dimension="").delete()
    return len(unique)
