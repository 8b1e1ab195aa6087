"""The page of the forecast, its figures as CSV, and the form by which a rep commits to an amount."""

from collections.abc import Iterator
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from core.csv_export import csv_response
from core.htmx import render_live
from core.request_values import BadValue, read_date
from forecast.outcomes.commits import enter_commit, open_quarters
from forecast.outcomes.forms import CommitForm
from forecast.outcomes.page import ForecastPage
from forecast.permissions import ENTER_COMMIT
from team.access import require_right
from team.models import Company, User


@require_right("see_forecast")
@require_safe
def show_forecast(request: HttpRequest) -> HttpResponseBase:
    """Show the stored forecast of a quarter: the running one, or the one whose first day the address names."""
    page = ForecastPage(cast(User, request.user), _read_quarter(request))
    if request.GET.get("quarter") and page.result and page.quarter is None:
        raise Http404("There is no forecast for a quarter that starts on this day.")
    if request.GET.get("format") == "csv":
        return csv_response("forecast", own_rows(page) if page.is_own_only else forecast_rows(page))
    form = CommitForm(quarter=page.quarter.first_day if page.quarter else None) if page.may_commit else None
    return render_live(request, "forecast/forecast.html", {"page": page, "form": form})


@require_right("see_forecast")
@require_http_methods(["GET", "POST"])
def save_commit(request: HttpRequest) -> HttpResponseBase:
    """Enter what the reader commits to win in a quarter."""
    user = cast(User, request.user)
    ENTER_COMMIT.require(user, user)
    form = CommitForm(request.POST or None, quarter=open_quarters(Company.get())[0])
    if request.method == "POST" and form.is_valid():
        try:
            commit = enter_commit(by=user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Your commit is saved. Earlier commits stay on record.")
            return redirect(f"{reverse('forecast')}?quarter={commit.quarter.isoformat()}")
    status = 422 if form.errors else 200
    return render(request, "forecast/commit.html", {"form": form}, status=status)


def _read_quarter(request: HttpRequest) -> str:
    try:
        day = read_date(request.GET.get("quarter"))
    except BadValue as error:
        raise Http404(str(error)) from None
    return day.isoformat() if day else ""


def forecast_rows(page: ForecastPage) -> Iterator[list[Any]]:
    """Yield the quarters, then the forecasts of the past."""
    yield [
        "kind", "as of", "quarter from", "quarter to", "low", "median", "high", "tested", "won", "open deals", "deals not created yet",
        "agreed probabilities", "commits", "last year", "what happened", "inside", "crps", "currency",
    ]  # fmt: skip
    for quarter in page.quarters:
        baselines = quarter.baselines
        yield [
            "forecast", page.run and page.run.local_day, quarter.start, quarter.end, quarter.low, quarter.median, quarter.high,
            quarter.is_calibrated, quarter.won, quarter.open, quarter.unborn, baselines.agreed, baselines.commit,
            baselines.last_year, None, None, None, page.currency,
        ]  # fmt: skip
    for row in page.stored_past:
        yield [
            "past", row.day, row.quarter_start, row.quarter_end, row.low, row.median, row.high, row.is_calibrated, row.won, None,
            None, row.agreed, row.commit, row.last_year, row.actual, row.is_inside, row.crps, page.currency,
        ]  # fmt: skip


def own_rows(page: ForecastPage) -> Iterator[list[Any]]:
    """Yield the reader's own part of the chosen quarter."""
    yield ["as of", "quarter from", "low", "median", "high", "won", "open deals", "commit", "currency"]
    line = page.own_line
    if line.quarter and page.run:
        quarter = line.quarter
        yield [
            page.run.local_day, quarter.start, quarter.low, quarter.median, quarter.high, quarter.won, quarter.open,
            line.commit and line.commit.amount, page.currency,
        ]  # fmt: skip
