"""Restated figures as one reader may know them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from agreements.models import Version
from alarms.restated.causes import AGREEMENT, CODE, IMPORT, RATES, UNDO
from alarms.restated.models import Restatement
from core.formatting import format_by_unit, format_count, format_exact, format_rounded, with_sign
from core.periods import Period
from crm.readable import Reader, is_limited
from crm.registry import kinds_by_plural
from kpis.registry import Metric, UnknownMetric, get_metric
from team.access import has_right
from team.models import User

UNKNOWN = "Cause not known"
CLOSED_AGREEMENT = "An agreement that you have no permission to see changed"


@dataclass(frozen=True)
class CauseLine:
    """A cause in a sentence, with the page about it where the reader may open it."""

    text: str
    link: str = ""
    by: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.text} ({self.by})" if self.by else self.text


@dataclass(frozen=True)
class RestatedLine:
    """A row of the ledger; without `is_open` the reader may not see its figures."""

    row: Restatement
    metric: Metric | None
    period: Period
    causes: tuple[CauseLine, ...]
    is_open: bool

    @property
    def name(self) -> str:
        return self.metric.name if self.metric else self.row.metric

    @property
    def unit(self) -> str:
        return self.metric.unit if self.metric else "count"

    @property
    def texts(self) -> tuple[str, str]:
        """The figure before and after: short where that tells them apart, else in full."""
        pairs = [(self.row.before, self.row.currency_before), (self.row.after, self.row.currency_after)]
        before, after = (format_by_unit(value, self.unit, currency) for value, currency in pairs)
        if before != after or self.row.before == self.row.after:
            return before, after
        before, after = (format_exact(value, self.unit, currency) for value, currency in pairs)
        return before, after

    @property
    def difference(self) -> Decimal | None:
        """After minus before; none where one has no value or they are in two currencies."""
        row = self.row
        if row.before is None or row.after is None or row.currency_before != row.currency_after:
            return None
        return row.after - row.before

    @property
    def difference_text(self) -> str:
        if self.difference is None:
            return ""
        if self.unit == "percent":
            points = self.difference * 100
            return f"{with_sign(format_rounded(points, 0 if abs(points) >= 1 else 2))} points"
        return with_sign(format_by_unit(self.difference, self.unit, self.row.currency_after))


def read_lines(rows: Iterable[Restatement], reader: User) -> list[RestatedLine]:
    """Return the rows with their causes in words, as far as the reader may know them."""
    rows = list(rows)
    pks = {cause["version"] for row in rows for cause in row.causes if cause["kind"] == AGREEMENT}
    readable = set(Version.objects.visible_to(reader).filter(pk__in=pks).values_list("pk", flat=True)) if pks else set()
    may_import, is_open = has_right(reader, "import"), may_see_figures(reader)
    return [
        RestatedLine(
            row, _find_metric(row.metric), Period(row.starts_on, row.ends_on),
            tuple(describe_cause(cause, may_import=may_import, readable=readable) for cause in row.causes)
            or (CauseLine(UNKNOWN),),
            is_open,
        )
        for row in rows
    ]  # fmt: skip


def may_see_figures(reader: Reader) -> bool:
    """Tell whether the reader may see by how much a figure changed: the difference can be that of a single record."""
    return not is_limited(reader)


def describe_cause(cause: Mapping[str, Any], *, may_import: bool, readable: set[int]) -> CauseLine:
    """Write a cause for a reader who may open imports or not, and read these versions of agreements."""
    kind, by = cause["kind"], cause.get("by", "")
    if kind in {IMPORT, UNDO}:
        link = reverse("import_run", args=[cause["pk"]]) if may_import else ""
        return CauseLine(_describe_import(cause, may_import=may_import), link, by)
    if kind == AGREEMENT:
        if cause["version"] not in readable:
            return CauseLine(CLOSED_AGREEMENT)
        return CauseLine(cause["text"], reverse("agreement", args=[cause["pk"]]), by)
    if kind == RATES:
        link = reverse("exchange_rates") if may_import else ""
        return CauseLine(f"{_describe_rows(cause['rows'])} entered by hand", link)
    return CauseLine("A new version of Accord computed the figures" if kind == CODE else UNKNOWN)


def _describe_import(cause: Mapping[str, Any], *, may_import: bool) -> str:
    name = f" “{cause['name']}”" if may_import else ""
    what = f"Pull from {cause['connector']}" if cause["connector"] else f"Import{name}"
    rows = _describe_rows(cause["rows"])
    return f"{what} was undone: {rows}" if cause["kind"] == UNDO else f"{what} changed {rows}"


def _describe_rows(rows: Mapping[str, int]) -> str:
    kinds = kinds_by_plural()
    nouns = [(n, kinds[table].name if n == 1 and table in kinds else table) for table, n in rows.items()]
    return ", ".join(f"{format_count(n)} {noun.replace('_', ' ')}" for n, noun in nouns)


def filter_rows(metric: str = "", month: date | None = None) -> QuerySet[Restatement]:
    rows = Restatement.objects.all()
    rows = rows.filter(metric=metric) if metric else rows
    return rows.filter(starts_on=month) if month else rows


def count_restated_months(metric: Metric, period: Period) -> int:
    """Count the months of a metric within a period that were restated."""
    rows = Restatement.objects.filter(metric=metric.key)
    rows = rows.filter(ends_on__gte=period.start) if period.start else rows
    rows = rows.filter(starts_on__lte=period.end) if period.end else rows
    return rows.values("starts_on").distinct().count()


def _find_metric(key: str) -> Metric | None:
    try:
        return get_metric(key)
    except UnknownMetric:
        return None
