"""The pages of those who hold rounds, and of those who read the results."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.permissions import DRAFT_VERSION
from alignment.expectations.marks import draw_lines
from alignment.expectations.measured import measure_terms
from alignment.permissions import OPEN_ROUND
from alignment.rounds import actions
from alignment.rounds.content import read_served
from alignment.rounds.csv_rows import result_rows
from alignment.rounds.forms import RoundForm
from alignment.rounds.models import Round
from alignment.rounds.queries import count_progress, read_results, result_readers
from alignment.rounds.sentences import headline
from core import csv_export
from core.mail import sends_mail
from team.access import has_right, require_right
from team.models import User


@require_right("see_rounds")
@require_safe
def rounds(request: HttpRequest) -> HttpResponse:
    listed = list(Round.objects.select_related("created_by"))
    progress = count_progress(listed)
    context = {
        "rows": [(assessment, progress[assessment.pk]) for assessment in listed],
        "may_open": OPEN_ROUND.allows(request.user),
        "reads_results": has_right(request.user, "read_rounds"),
    }
    return render(request, "alignment/rounds/list.html", context)


@require_right("open_rounds")
@require_http_methods(["GET", "HEAD", "POST"])
def new_round(request: HttpRequest) -> HttpResponse:
    form = RoundForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            opened, sent = actions.open_round(by=cast(User, request.user), **form.values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _show_sent(request, opened, sent)
    context = {"form": form, "sends_mail": sends_mail(), "readers": result_readers()}
    return render(request, "alignment/rounds/new.html", context, status=422 if form.errors else 200)


@require_right("see_rounds")
@require_safe
def round_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a round is, without names of those who have answered."""
    assessment = get_object_or_404(Round.objects.select_related("created_by"), pk=pk)
    context = {
        "round": assessment,
        "progress": count_progress([assessment])[assessment.pk],
        "invitations": assessment.invitations.all(),
        "reminder": assessment.reminders.first(),
        "may_open": OPEN_ROUND.allows(request.user),
        "reads_results": has_right(request.user, "read_rounds"),
        "readers": result_readers(),
        "sends_mail": sends_mail(),
    }
    return render(request, "alignment/rounds/round.html", context)


@login_required
@require_POST
def close_round(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(
        request, pk, lambda user, assessment: actions.close_round(by=user, of=assessment), "The round is closed."
    )


@login_required
@require_POST
def remind_round(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(
        request, pk, lambda user, assessment: actions.remind(by=user, of=assessment),
        "Reminders are being sent to everyone with an e-mail address who has not answered yet.",
    )  # fmt: skip


def _act(request: HttpRequest, pk: int, action: Callable[[User, Round], object], success: str) -> HttpResponse:
    assessment, user = get_object_or_404(Round, pk=pk), cast(User, request.user)
    OPEN_ROUND.require(user)
    try:
        action(user, assessment)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, success)
    return redirect("round", pk)


@login_required
@require_POST
def round_links(request: HttpRequest, pk: int) -> HttpResponse:
    """Show fresh links for everyone invited, once."""
    assessment, user = get_object_or_404(Round, pk=pk), cast(User, request.user)
    try:
        links = actions.make_links(by=user, of=assessment)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("round", pk)
    return _show_sent(request, assessment, actions.Sent(links=links))


def _show_sent(request: HttpRequest, assessment: Round, sent: actions.Sent) -> HttpResponse:
    if not sent.links:
        messages.success(request, f"The round is open. {sent.mailed} people are invited by mail.")
        return redirect("round", assessment.pk)
    response = render(request, "alignment/rounds/links.html", {"round": assessment, "sent": sent})
    response["Cache-Control"] = "no-store, private"
    return response


@require_right("read_rounds")
@require_safe
def round_results(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the results of a round that has ended, as a page or as CSV."""
    assessment = get_object_or_404(Round, pk=pk)
    if assessment.is_open:
        return render(request, "alignment/rounds/results_later.html", {"round": assessment}, status=409)
    results = read_results(assessment)
    measured = measure_terms(assessment.terms, assessment.ended_on, waits=False)
    if request.GET.get("format") == "csv":
        return csv_export.csv_response(f"{assessment.name}-results", result_rows(results, measured))
    context = {
        "round": assessment,
        "results": results,
        "headline": headline(results),
        "disciplines": read_served(results.disciplines, cast(User, request.user)),
        "may_draft": DRAFT_VERSION.is_open_to(request.user),
        "lines": draw_lines(results.expectations, measured),
        "readers": result_readers(),
    }
    return render(request, "alignment/rounds/results.html", context)
