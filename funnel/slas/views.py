"""What each side owes the other: Marketing's leads and pipeline a month, Sales' answers in time; and what was delivered."""

from collections.abc import Callable
from datetime import date
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from agreements.models import Version, company_today
from agreements.permissions import DRAFT_VERSION
from core.request_values import BadValue, read_date
from funnel.handoffs import marketing_sla as halves
from funnel.handoffs.marketing_sla import Owed
from funnel.handoffs.slas import KIND as SLA
from funnel.sentences import slas_headline
from funnel.slas.report import Month, by_month, pilot_results
from team.access import has_right
from team.calendars.queries import HoursBook, Person
from team.models import User

ROWS = 50
DELIVERED: dict[str, tuple[str, Callable[[date], QuerySet[Any]]]] = {
    "leads": ("Leads handed over", halves.delivered_leads),
    "deals": ("Opportunities begun with leads handed over", halves.delivered_deals),
}


@login_required
@require_safe
def slas_page(request: HttpRequest) -> HttpResponse:
    user, day = cast(User, request.user), company_today()
    delivered, answered = halves.months_owed(day), by_month(day)
    signed = Version.objects.in_force().filter(agreement__kind__in=[SLA, halves.KIND]).select_related("agreement")
    running = next((row for row in delivered if not row.is_over), None)
    context = {
        "headline": _describe_month(running, answered, day),
        "months": delivered,
        "running": running,
        "answered": answered,
        "pilots": pilot_results(user),
        "of_sales": [row for row in signed if row.agreement.kind == SLA],
        "of_marketing": [row for row in signed if row.agreement.kind == halves.KIND],
        "hours": HoursBook().of(Person(user, user.territory_id)),
        "may_draft": DRAFT_VERSION.is_open_to(user),
        "works_leads": has_right(user, "work_leads"),
    }
    return render(request, "funnel/slas.html", context)


def _describe_month(running: Owed | None, answered: list[Month], day: date) -> str:
    """Describe both SLAs this month in a sentence."""
    results = next((month.results for month in answered if month.month == day.replace(day=1)), None)
    due, met = (results.due, results.met) if results else (0, 0)
    return slas_headline(running.leads if running else 0, running.leads_owed if running else 0, due, met)


@login_required
@require_safe
def delivered_records(request: HttpRequest, part: str) -> HttpResponse:
    """List the leads or opportunities that count for a month, as far as the reader may see them."""
    if part not in DELIVERED:
        raise Http404
    try:
        first = read_date(f"{request.GET.get('month', '')}-01")
    except BadValue:
        raise Http404 from None
    assert first
    label, rows_of = DELIVERED[part]
    rows = rows_of(first)
    seen = rows.visible_to(request.user).order_by("name", "pk")  # type: ignore[attr-defined]
    seen = seen.select_related("owner", "campaign", *(["lead"] if part == "deals" else []))
    page = Paginator(seen, ROWS).get_page(request.GET.get("page"))
    context = {
        "label": label, "part": part, "month": first, "page": page, "hidden": rows.count() - page.paginator.count,
        "now": timezone.now(),
    }  # fmt: skip
    return render(request, "funnel/sla_delivered.html", context)
