"""The home of the CEO, and of the CFO in its part about money."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from agreements.permissions import DRAFT_VERSION
from alignment.cost.views import draw_smroi_scale
from alignment.overview.queries import Money, read_overview
from alignment.overview.sentences import describe_due, headline
from team.access import has_right, require_right
from team.models import User


@require_right("see_overview")
@require_safe
def overview_page(request: HttpRequest) -> HttpResponse:
    """Show in one sentence what is wrong and what it costs, then the index, the plan, the money and the disputes."""
    overview = read_overview(cast(User, request.user))
    history = overview.history
    context = {
        "overview": overview,
        "headline": headline(overview),
        "history": history,
        "index": history.index if history else None,
        "index_scores": history.scores if history else [],
        "scale": draw_smroi_scale(overview.money.cost) if overview.money.cost else None,
        "links": money_links(overview.money),
        "dates": [(row, describe_due(row)) for row in overview.dates],
        "as_of": overview.as_of,
        "may_draft": DRAFT_VERSION.is_open_to(request.user),
        "may_import": has_right(request.user, "import"),
    }
    return render(request, "alignment/overview/overview.html", context)


def money_links(money: Money) -> dict[str, str]:
    """Return the pages of the metrics for the period of the money."""
    query = urlencode({"period": money.period.name})
    keys = ("smroi", "smroi_gross_profit", "revenue", "sm_spend")
    return {key: f"{reverse('metric', args=[key])}?{query}" for key in keys}
