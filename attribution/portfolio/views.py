"""The portfolio: programmes and content by the stage transition that they move, not by type of marketing."""

from collections.abc import Iterator
from typing import Any, cast

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from attribution.campaigns.views import read_period
from attribution.portfolio.queries import read_portfolio
from attribution.portfolio.report import Portfolio
from attribution.portfolio.sentences import describe_portfolio, describe_transition
from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from core.periods import BadPeriod
from team.access import has_right, require_right
from team.models import User


@require_right("see_campaigns")
@require_safe
def portfolio_page(request: HttpRequest) -> HttpResponseBase:
    user, fault = cast(User, request.user), ""
    try:
        period = read_period(request.GET)
    except BadPeriod as error:
        fault, period = str(error), read_period(QueryDict())
    portfolio = read_portfolio(user, period)
    if request.GET.get("format") == "csv" and not fault:
        return csv_response("portfolio", csv_rows(portfolio))
    rows = [(transition, describe_transition(transition, portfolio.currency)) for transition in portfolio.transitions]
    context = {
        "period": period, "presets": periods.PRESETS, "fault": fault, "portfolio": portfolio, "rows": rows,
        "finding": describe_portfolio(portfolio), "sees_cost": has_right(user, "see_spend"), "as_of": portfolio.as_of,
        "has_moves": any(transition.moves for transition in portfolio.transitions),
    }  # fmt: skip
    return render_live(request, "attribution/portfolio.html", context, status=400 if fault else 200)


def csv_rows(portfolio: Portfolio) -> Iterator[list[Any]]:
    """Yield a line for each programme and piece of content in each transition."""
    yield [
        "From", "To", "Leads that moved", "With a touch", "Gain per lead", "Currency", "Kind", "Name", "Id", "Leads moved",
        "Share", "Cost", "Cost per lead",
    ]  # fmt: skip
    for transition in portfolio.transitions:
        whole = [
            transition.origin.name, transition.target.name, transition.moves, transition.touched, transition.gain_per_move,
            portfolio.currency,
        ]  # fmt: skip
        for mover in (*transition.programmes, *transition.content):
            yield [*whole, mover.kind, mover.name, mover.key, mover.moves, mover.share, mover.cost, mover.cost_per_move]
