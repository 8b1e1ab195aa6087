"""The pages of notes on a day: written on the page of a metric, changed on a page of their own."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import push_url, reswap, retarget

from alarms.marks import actions
from alarms.marks.forms import DayNoteForm
from alarms.marks.models import DayNote
from alarms.marks.permissions import CHANGE_NOTE
from core.htmx import wants_region
from kpis.registry import Metric, UnknownMetric, get_metric
from team.models import User


@login_required
@require_http_methods(["GET", "POST"])
def add_day_note(request: HttpRequest, key: str) -> HttpResponse:
    """Write a note, and show the page of the metric again as it was; a fault is explained beside the form."""
    metric = _metric_or_404(key)
    page = _metric_address(request, metric)
    form = DayNoteForm(request.POST if request.method == "POST" else None, metric=metric)
    if form.is_valid():
        try:
            actions.write_note(by=cast(User, request.user), **form.note_fields)
        except ValidationError as error:
            _add_faults(form, error)
        else:
            return redirect(page, permanent=False)
    context = {"form": form, "metric": metric, "is_open": True}
    status = 422 if form.errors else 200
    if wants_region(request):
        response = render(request, "alarms/marks/add_form.html", context, status=status)
        # The page of the metric stays, with the form and its faults in the place of the form.
        return retarget(push_url(reswap(response, "outerHTML"), False), "#day-note")
    return render(request, "alarms/marks/add.html", context | {"metric_page": page}, status=status)


def _metric_address(request: HttpRequest, metric: Metric) -> str:
    query = request.META["QUERY_STRING"]
    return reverse("metric", args=[metric.key]) + (f"?{query}" if query else "")


@login_required
@require_http_methods(["GET", "POST"])
def day_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a note with its history, and let those change it who may."""
    note = get_object_or_404(DayNote.objects.visible_to(request.user).select_related("author"), pk=pk)
    metric = _find_metric(note.metric)
    form = DayNoteForm(request.POST if request.method == "POST" else None, metric=metric, note=note)
    if request.method == "POST":
        CHANGE_NOTE.require(cast(User, request.user), note)
        if form.is_valid():
            try:
                actions.change_note(by=cast(User, request.user), note=note, **form.note_fields)
            except ValidationError as error:
                _add_faults(form, error)
            else:
                messages.success(request, "The note is saved.")
                return redirect("day_note", pk)
    return render(
        request,
        "alarms/marks/note.html",
        _note_context(request, note, metric, form),
        status=422 if form.errors else 200,
    )


def _note_context(request: HttpRequest, note: DayNote, metric: Metric | None, form: DayNoteForm) -> dict[str, Any]:
    return {
        "note": note,
        "metric": metric,
        "form": form,
        "entries": note.entries.select_related("actor"),
        "may_change": CHANGE_NOTE.allows(request.user, note),
    }


@login_required
@require_POST
def delete_day_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the note off all charts; its page offers to restore it."""
    actions.delete_note(by=cast(User, request.user), note=_get_note(request, pk))
    return redirect("day_note", pk)


@login_required
@require_POST
def restore_day_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the note back."""
    actions.restore_note(by=cast(User, request.user), note=_get_note(request, pk))
    return redirect("day_note", pk)


def _get_note(request: HttpRequest, pk: int) -> DayNote:
    return get_object_or_404(DayNote.objects.visible_to(request.user), pk=pk)


def _add_faults(form: DayNoteForm, error: ValidationError) -> None:
    if hasattr(error, "error_dict"):
        for name, faults in error.message_dict.items():
            for fault in faults:
                form.add_error(name if name in form.fields else None, fault)
    else:
        form.add_error(None, error)


def _find_metric(key: str) -> Metric | None:
    """Return the metric; None where the note is for all, or its metric is not declared any more."""
    try:
        return get_metric(key) if key else None
    except UnknownMetric:
        return None


def _metric_or_404(key: str) -> Metric:
    try:
        return get_metric(key)
    except UnknownMetric as error:
        raise Http404(str(error)) from None
