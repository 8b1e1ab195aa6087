"""Content: what is used and what is missing, and the finder for those who talk to buyers."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod, Period
from crm.readable import is_limited
from facts.engine import Facts, open_facts
from kpis import url_params, visibility
from kpis.content import sentences
from kpis.content.coverage import REASONS
from kpis.content.finder import Match, Search, find_content, list_choices
from kpis.content.queries import ContentReport, read_content
from kpis.dashboard import Question
from kpis.dimensions import BLANK
from kpis.registry import get_metric
from team.access import has_right
from team.models import Company, User

DEFAULT_PERIOD = "last_12_months"
OF_TODAY = ("content_unused_rate", "content_unopened_rate")  # of all assets, as things are now
OF_PERIOD = ("content_time_to_open", "content_used")
CUTS = {"journey_stage": ("By stage of the journey", "All stages"), "persona": ("By persona", "All personas")}
LISTED, HOLES = 12, 8


def read_period(query: QueryDict) -> Period:
    """Return the period of the address; without one the last twelve months.

    Raises:
        BadPeriod: it names none.
    """
    today = timezone.localtime(timezone.now(), Company.get().zone).date()
    calendar = Company.get().fiscal_calendar
    if not any(query.get(name) for name in ("period", "from", "to")):
        return periods.preset_period(DEFAULT_PERIOD, today, calendar)
    return periods.period_from_query(query, today, calendar)


@login_required
@require_safe
def content_page(request: HttpRequest) -> HttpResponseBase:
    user, fault, facts = cast(User, request.user), "", open_facts()
    try:
        period = read_period(request.GET)
    except BadPeriod as error:
        fault, period = str(error), read_period(QueryDict())
    report = read_content(user, period, facts)
    if request.GET.get("format") in {"csv", "coverage"} and not fault:
        is_coverage = request.GET["format"] == "coverage"
        rows = coverage_rows(report) if is_coverage else asset_rows(report)
        return csv_response("content-coverage" if is_coverage else "content", rows)
    context = {
        "period": period, "presets": periods.PRESETS, "fault": fault, "report": report, "as_of": report.as_of,
        "finding": sentences.describe_content(report) if report.assets else "",
        "reasons_sentence": sentences.describe_reasons(report), "reasons": REASONS,
        "figures": list(_read_figures(user, period, facts)), "cuts": list(_read_cuts(user, period, facts)),
        "holes": report.coverage.stakes[:HOLES], "more_holes": len(report.coverage.stakes) > HOLES,
        "unused": report.unused[:LISTED], "may_import": has_right(user, "import"),
    }  # fmt: skip
    return render_live(request, "kpis/content/content.html", context, status=400 if fault else 200)


def _read_figures(user: User, period: Period, facts: Facts) -> Iterator[dict[str, Any]]:
    for key in (*OF_TODAY, *OF_PERIOD):
        span = Period() if key in OF_TODAY else period
        result = visibility.compute_for(user, key, span, facts=facts)
        note = "of all content, as of today" if key in OF_TODAY else period.label
        yield {
            "metric": get_metric(key), "result": result, "note": note,
            "href": url_params.metric_url(key, Question(span)),
        }  # fmt: skip


def _read_cuts(user: User, period: Period, facts: Facts) -> Iterator[dict[str, Any]]:
    for by, (label, blank) in CUTS.items():
        result = visibility.compute_for(user, "content_used", period, by=by, facts=facts)
        largest = max((part.value or 0 for part in result.parts), default=0)
        yield {
            "label": label, "result": result, "largest": largest,
            "parts": [(part, blank if part.key == BLANK else part.label, url_params.records_url("content_used", Question(period, where={by: part.key}))) for part in result.parts],
        }  # fmt: skip


def asset_rows(report: ContentReport) -> Iterator[list[Any]]:
    """Yield a line for each asset, used or not."""
    yield [
        "Content",
        "Kind",
        "Stage",
        "Persona",
        "Industry",
        "Used by Sales",
        "Last use",
        *REASONS.values(),
        "Address",
        "Id",
    ]
    for asset in report.assets:
        counts = [asset.count_reason(name) for name in REASONS]
        yield [
            asset.name, asset.kind, asset.stage, asset.persona, asset.vertical, "yes" if asset.is_used else "no", asset.last_use,
            *counts, asset.url, asset.key,
        ]  # fmt: skip


def coverage_rows(report: ContentReport) -> Iterator[list[Any]]:
    yield ["Stage", "Persona", "State", "For both", "General", "Used", "Open deals", "Open value", "Currency"]
    for cell in report.coverage.cells:
        yield [
            cell.stage,
            cell.persona,
            cell.label,
            cell.own,
            cell.general,
            cell.used,
            cell.deals,
            cell.value,
            report.currency,
        ]


@login_required
@require_safe
def finder_page(request: HttpRequest) -> HttpResponseBase:
    user, search = cast(User, request.user), Search.from_query(request.GET)
    matches = find_content(user, search, open_facts())
    if request.GET.get("format") == "csv":
        return csv_response("content", match_rows(matches))
    context = {
        "search": search, "matches": matches, "choices": list_choices(user), "is_limited": is_limited(user),
        "may_import": has_right(user, "import"),
    }  # fmt: skip
    return render_live(request, "kpis/content/finder.html", context)


def match_rows(matches: list[Match]) -> Iterator[list[Any]]:
    yield [
        "Content",
        "Kind",
        "Stage",
        "Persona",
        "Industry",
        "Used on won deals",
        "Used on closed deals",
        "Address",
        "Id",
    ]
    for match in matches:
        asset = match.asset
        yield [
            asset.name, asset.kind, asset.stage, asset.persona, asset.vertical and asset.vertical.name, match.record.won,
            match.record.closed, asset.url, asset.pk,
        ]  # fmt: skip
