"""The home of the CEO, and of the CFO in its part about money."""

from collections.abc import Sequence
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from agreements.permissions import DRAFT_VERSION
from alarms.models import Alarm
from alarms.rows import AlarmRow, build_rows
from alarms.setups import all_watches
from alarms.summary import summarize_alarms
from alignment.cost.views import draw_smroi_scale
from alignment.overview.queries import Money, read_overview
from alignment.overview.sentences import describe_due, headline
from team.access import has_right, require_right
from team.models import Company, User


@require_right("see_overview")
@require_safe
def overview_page(request: HttpRequest) -> HttpResponse:
    """Show in one sentence what is wrong and what it costs, then the index, the plan, the money and the disputes."""
    user = cast(User, request.user)
    overview = read_overview(user)
    history = overview.history
    context = {
        "overview": overview,
        "headline": headline(overview),
        "history": history,
        "index": history.index if history else None,
        "index_scores": history.scores if history else [],
        "scale": draw_smroi_scale(overview.money.cost) if overview.money.cost else None,
        "links": money_links(overview.money),
        "alarms": _build_alarm_rows(overview.alarms, user),
        "alarms_headline": summarize_alarms(overview.alarms),
        "dates": [(row, describe_due(row)) for row in overview.dates],
        "as_of": overview.as_of,
        "may_draft": DRAFT_VERSION.is_open_to(request.user),
        "may_import": has_right(request.user, "import"),
    }
    return render(request, "alignment/overview/overview.html", context)


def _build_alarm_rows(alarms: Sequence[Alarm], user: User) -> list[AlarmRow]:
    watches = {watch.detector.key: watch for watch in all_watches()} if alarms else {}
    return build_rows(alarms, watches, Company.get().currency, user, Company.today())


def money_links(money: Money) -> dict[str, str]:
    """Return the pages of the metrics for the period of the money."""
    query = urlencode({"period": money.period.name})
    keys = ("smroi", "smroi_gross_profit", "revenue", "sm_spend")
    return {key: f"{reverse('metric', args=[key])}?{query}" for key in keys}
