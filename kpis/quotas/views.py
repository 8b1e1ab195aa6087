"""The page of quotas: each rep's quota, potential and attainment, how evenly they are spread, and the audit rules."""

from collections.abc import Iterator
from typing import Any, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from kpis.quotas import charts
from kpis.quotas.categories import CATEGORIES
from kpis.quotas.fairness import MIN_REPS
from kpis.quotas.report import POTENTIALS, FairnessReport, build_report
from kpis.quotas.sentences import (
    describe_potential,
    describe_report,
    describe_versions,
    list_left_out,
    write_attainment,
)
from kpis.quotas.url_params import BadQuotaQuestion, deals_url, default_question, read_quota_question
from team.access import has_right, require_right
from team.models import Company, User

BADGES = {"met": "is-met", "not_met": "is-warning", "none": ""}


@require_right("see_quotas")
@require_safe
def quotas_page(request: HttpRequest) -> HttpResponseBase:
    """Show the quotas of a category, period and version; a bad address is explained on the page."""
    user, today, fault = cast(User, request.user), Company.today(), ""
    try:
        question = read_quota_question(request.GET, today)
    except (BadPeriod, BadQuotaQuestion) as error:
        fault, question = str(error), default_question(today)
    report = build_report(user, question)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("quotas", csv_rows(report))
    context = {
        "report": report, "fault": fault, "period": question.period, "presets": periods.PRESETS,
        "categories": CATEGORIES.values(), "potentials": POTENTIALS.items(), "sentence": describe_report(report),
        "rules": [(rule, BADGES[rule.verdict]) for rule in report.rules], "left_out": list_left_out(report),
        "potential_source": describe_potential(report), "min_reps": MIN_REPS,
        "rows": [(line, deals_url(line, question.category), write_attainment(line.attainment)) for line in report.lines],
        "attainment_chart": charts.draw_attainment(report), "ratio_chart": charts.draw_ratios(report),
        "versions_finding": describe_versions(report.comparison, report.currency) if report.comparison else "",
        "may_import": has_right(user, "import"), "may_replay": has_right(user, "replay_plans"), "own_case": _find_own_case(user, report),
        "hides_achieved": any(not line.may_see_achieved for line in report.lines), "as_of": report.as_of,
    }  # fmt: skip
    return render_live(request, "kpis/quotas/quotas.html", context, status=400 if fault else 200)


def _find_own_case(user: User, report: FairnessReport) -> int | None:
    return next((line.owner for line in report.lines if line.user == user.pk), None)


def csv_rows(report: FairnessReport) -> Iterator[list[Any]]:
    """Yield a line for each rep; empty cells are what is not known or not the reader's to see."""
    yield [
        "Rep", "Id", "Territory", "Category", "Version", "From", "To", "Quotas", "Quota", "Potential", "Potential source",
        "Potential ÷ quota", "Within 10% of the mean", "Achieved", "Attainment", "Currency",
    ]  # fmt: skip
    for line in report.lines:
        versions = "; ".join(sorted({row.version for row in line.rows if row.version}))
        yield [
            line.name, line.owner, line.territory, report.category.name, versions, *line.days, len(line.rows), line.quota,
            line.potential, report.potential if line.potential is not None else "", line.ratio, line.is_alike, line.achieved,
            line.attainment, report.currency,
        ]  # fmt: skip
