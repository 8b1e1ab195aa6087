"""The replay of a pay plan on the last full year, before both sides sign it."""

from collections.abc import Iterator
from typing import Any, cast

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core.csv_export import csv_response
from core.htmx import render_live
from core.request_values import read_id
from kpis.plans.page import BadVersion, ReplayPage
from team.access import require_right
from team.models import User


@require_right("replay_plans")
@require_safe
def replay_page(request: HttpRequest) -> HttpResponseBase:
    """Show what the plan of the address, else the one that waits for signatures, would have paid beside the one in force."""
    asked = request.GET.get("version")
    try:
        page = ReplayPage(cast(User, request.user), read_id(asked) or 0 if asked else None)
    except BadVersion as error:
        raise Http404(str(error)) from None
    is_ready = page.proposed is not None and not page.fault
    if request.GET.get("format") == "csv" and is_ready:
        return csv_response("pay-plan-replay", csv_rows(page))
    context = {"page": page, "is_ready": is_ready, "as_of": page.book.facts.as_of}
    return render_live(request, "kpis/plans/replay.html", context)


def csv_rows(page: ReplayPage) -> Iterator[list[Any]]:
    """Yield the pay of each rep under both plans, then the loopholes."""
    yield ["Kind", "Rep", "Id", "Current plan", "Proposed plan", "Change", "Currency", "Plan", "Move", "Rule"]
    for line in page.replay.reps:
        current = line.current.total if line.current else None
        yield [
            "pay",
            line.rep.name,
            line.rep.owner,
            current,
            line.proposed.total,
            line.change,
            page.currency,
            "",
            "",
            "",
        ]
    for label, _, lines in page.searches:
        for leak in lines:
            yield [
                "loophole", leak.leak.rep.name, leak.leak.rep.owner, "", "", leak.leak.amount, page.currency, label, leak.what,
                leak.rule,
            ]  # fmt: skip
