"""The page of restated figures: which settled months changed later, by how much, and why."""

from collections.abc import Iterator
from datetime import date
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from alarms.restated.models import Restatement
from alarms.restated.queries import RestatedLine, filter_rows, may_see_figures, read_lines
from alarms.restated.rules import SETTLED_DAYS
from core.csv_export import csv_response
from core.htmx import render_live
from core.request_values import BadValue, read_date
from kpis.registry import all_metrics
from team.models import User

PER_PAGE, CHUNK = 50, 500
HEAD = (
    "metric", "name", "from", "to", "unit", "before", "after", "difference", "currency", "records before", "records after",
    "known until", "changed", "causes",
)  # fmt: skip


@login_required
@require_safe
def restated_figures(request: HttpRequest) -> HttpResponseBase:
    """List the restated figures, the newest first, of one metric or month where the address names it."""
    user = cast(User, request.user)
    key, month = request.GET.get("metric", ""), _read_month(request)
    rows = filter_rows(key, month)
    if request.GET.get("format") == "csv":
        return csv_response("restated-figures", _csv_rows(rows, user))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    restated = set(Restatement.objects.order_by().values_list("metric", flat=True).distinct())
    context = {
        "page": page,
        "lines": read_lines(page.object_list, user),
        "metrics": [metric for metric in all_metrics() if metric.key in restated],
        "months": Restatement.objects.order_by("-starts_on").values_list("starts_on", flat=True).distinct(),
        "chosen_metric": key,
        "chosen_month": month,
        "sees_figures": may_see_figures(user),
        "settled_days": SETTLED_DAYS,
        "maturing": [metric for metric in all_metrics() if metric.matures_days],
    }
    return render_live(request, "alarms/restated/list.html", context)


def _read_month(request: HttpRequest) -> date | None:
    """Return the first day of the month that the address names; a text that is no day filters nothing."""
    try:
        return read_date(request.GET.get("month") or None)
    except BadValue:
        return None


def _csv_rows(rows: Any, reader: User) -> Iterator[list[Any]]:
    yield list(HEAD)
    for first in range(0, rows.count(), CHUNK):
        for line in read_lines(rows[first : first + CHUNK], reader):
            yield _csv_row(line)


def _csv_row(line: RestatedLine) -> list[Any]:
    row = line.row
    figures = [row.before, row.after, line.difference] if line.is_open else [None] * 3
    counts = [row.n_before, row.n_after] if line.is_open else [None] * 2
    return [
        row.metric, line.name, row.starts_on, row.ends_on, line.unit, *figures, row.currency_after, *counts,
        row.before_as_of.isoformat(), row.after_as_of.isoformat(), "; ".join(cause.sentence for cause in line.causes),
    ]  # fmt: skip
