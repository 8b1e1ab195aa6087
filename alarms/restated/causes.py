"""What may have changed a figure between two sets: imports, agreements, exchange rates entered by hand, a new Accord.

A cause is kept as data; `queries.py` writes it for a reader as far as they may know it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from alarms.restated.models import ComparedSet
from crm.models import ExchangeRate
from crm.rates.exchange_rates import MANUAL_SOURCE
from crm.registry import kinds_by_plural
from imports.models import ImportJob
from kpis.definition_changes import kinds_behind, list_changes
from kpis.registry import Metric
from team.models import Company

IMPORT, UNDO, AGREEMENT, RATES, CODE = "import", "undo", "agreement", "rates", "code"
CHANGES = ("created", "updated", "removed", "merged")
RELATED = {
    "leads": ("opportunities", "touches"),
    "opportunities": ("leads", "stage_changes"),
}  # tables that a metric of a table reads as well


@dataclass(frozen=True)
class Span:
    """From a comparison to the newest set, and the code that computed the newest."""

    before: ComparedSet
    until: datetime
    code: str


Cause = dict[str, Any]


def find_causes(metric: Metric, span: Span) -> list[Cause]:
    """Return what happened between the two sets that the metric rests on; empty where nothing is known."""
    return [
        *_find_imports(metric, span),
        *_find_undone_imports(metric, span),
        *_find_agreements(metric, span),
        *_find_rates(metric, span),
        *([{"kind": CODE}] if span.code != span.before.code else []),
    ]


def tables_behind(metric: Metric) -> frozenset[str]:
    """Return the tables of records that decide the metric; of what happened in Accord all of them, which it follows from."""
    names = {name for measure in metric.all_measures for name in (measure.table, *measure.rests_on)}
    names |= {related for name in tuple(names) for related in RELATED.get(name, ())}
    if names - kinds_by_plural().keys():
        return frozenset(kinds_by_plural())
    return frozenset(names | ({"exchange_rates"} if metric.is_money and Company.get().is_converting_amounts else set()))


def _find_imports(metric: Metric, span: Span) -> Iterator[Cause]:
    # An import that was still at work when the figures were copied had written some of its rows.
    overlapping = Q(finished_at__gt=span.before.as_of) | Q(finished_at=None)
    jobs = ImportJob.objects.filter(overlapping, started_at__lte=span.until)
    for job in jobs.order_by("started_at").prefetch_related("files", "pulls__connector").select_related("started_by"):
        if rows := _count_changes(metric, job):
            yield _describe_import(IMPORT, job, rows)


def _find_undone_imports(metric: Metric, span: Span) -> Iterator[Cause]:
    undone = ImportJob.objects.filter(undone_at__gt=span.before.as_of, undone_at__lte=span.until)
    for job in (
        undone.order_by("undone_at").prefetch_related("files", "pulls__connector").select_related("undo__asked_by")
    ):
        if rows := _count_changes(metric, job):
            undo = getattr(job, "undo", None)
            yield _describe_import(UNDO, job, rows) | {"by": undo.asked_by.name if undo and undo.asked_by else ""}


def _count_changes(metric: Metric, job: ImportJob) -> dict[str, int]:
    """Return how many rows an import changed of each table that the metric rests on."""
    tables = {kind.name: plural for plural, kind in kinds_by_plural().items() if plural in tables_behind(metric)}
    rows: dict[str, int] = {}
    for file in job.files.all():
        for name, counts in file.counts.items():
            if name in tables and (changed := sum(counts.get(change, 0) for change in CHANGES)):
                rows[tables[name]] = rows.get(tables[name], 0) + changed
    return rows


def _describe_import(kind: str, job: ImportJob, rows: dict[str, int]) -> Cause:
    pull = next(iter(job.pulls.all()), None)
    return {
        "kind": kind,
        "pk": job.pk,
        "name": job.name,
        "connector": pull.connector.name if pull else "",
        "rows": rows,
        "by": job.started_by.name if job.started_by and not pull else "",
    }


def _find_agreements(metric: Metric, span: Span) -> Iterator[Cause]:
    for change in list_changes(kinds_behind(metric), span.before.as_of, span.until):
        version = change.version
        yield {
            "kind": AGREEMENT,
            "pk": version.agreement_id,
            "version": version.pk,
            "text": change.text,
            "by": version.proposed_by.name if version.proposed_by else "",
        }


def _find_rates(metric: Metric, span: Span) -> Iterator[Cause]:
    if not metric.is_money or not span.before.horizon:
        return
    entered = ExchangeRate.objects.filter(source=MANUAL_SOURCE, changed_xid__gte=int(span.before.horizon)).count()
    if entered:
        yield {"kind": RATES, "rows": {"exchange_rates": entered}}
