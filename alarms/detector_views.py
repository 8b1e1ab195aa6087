"""The pages of detectors: the inventory, each with its settings, and a new one on a metric."""

from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alarms import actions
from alarms.context import open_context
from alarms.detector_forms import FalseAlarmsForm, OwnDetectorForm, SettingsForm
from alarms.detector_page import detector_context
from alarms.inventory import build_inventory, names_of_states, read_inventory_filter
from alarms.judges import Watch
from alarms.models import AlarmSettings, DetectorSetup, RuleKind
from alarms.permissions import SET_DETECTOR
from alarms.registry import SECTIONS, UnknownDetector
from alarms.setups import build_own, get_watch
from alarms.trials import report_trial
from core.htmx import render_live
from core.periods import Period
from core.request_values import read_text
from kpis import url_params
from kpis.dashboard import Question
from kpis.metric_page import filter_labels
from kpis.registry import BadCut, Metric, UnknownMetric, get_metric
from team.models import User


@login_required
@require_safe
def detectors(request: HttpRequest) -> HttpResponse:
    """List every detector with its state and how its alarms were closed."""
    wanted = read_inventory_filter(request.GET)
    sections, total = build_inventory(wanted)
    may_set = SET_DETECTOR.allows(request.user)
    context = {
        "sections": sections,
        "total": total,
        "wanted": wanted,
        "section_names": SECTIONS,
        "may_set": may_set,
        "states": names_of_states(),
        "settings": AlarmSettings.get(),
        "settings_form": FalseAlarmsForm(instance=AlarmSettings.get()),
        "deleted": DetectorSetup.objects.filter(is_own=True).exclude(deleted_at=None)[:20] if may_set else [],
    }
    return render_live(request, "alarms/detectors.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detector(request: HttpRequest, key: str) -> HttpResponse:
    """Show a detector with its alarms and settings; a POST changes them; `?trial=1` tries it on the past."""
    user, watch = cast(User, request.user), _watch_or_404(key)
    form = None
    if request.method == "POST":
        SET_DETECTOR.require(user)
        form = _settings_form(watch, request.POST)
        if form.is_valid() and _is_set(form, watch, user):
            messages.success(request, f"“{watch.detector.name}” is saved.")
            return redirect("detector", key)
    elif SET_DETECTOR.allows(user):
        form = _settings_form(watch)
    context = {**detector_context(user, watch, is_tried=request.GET.get("trial") == "1"), "form": form}
    return render_live(request, "alarms/detector.html", context, status=422 if form and form.errors else 200)


def _settings_form(watch: Watch, data: QueryDict | None = None) -> forms.Form:
    if watch.detector.can_be_edited and watch.setup:
        return OwnDetectorForm(data, metric=get_metric(watch.detector.metric), setup=watch.setup)
    return SettingsForm(data, watch=watch)


def _is_set(form: forms.Form, watch: Watch, user: User) -> bool:
    try:
        actions.set_detector(detector=watch.detector, user=user, **form.cleaned_data)
    except ValidationError as error:
        add_errors(form, error)
        return False
    return True


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Put what an action refused to the fields that it names, the rest above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, faults in error.error_dict.items():
        form.add_error(name if name in form.fields else None, faults)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detector_new(request: HttpRequest) -> HttpResponse:
    """Make a detector on a metric: the button “try” shows what it would have done, the other saves it."""
    user = cast(User, request.user)
    SET_DETECTOR.require(user)
    metric, where = _read_metric(request)
    form = OwnDetectorForm(request.POST or None, metric=metric)
    context: dict[str, Any] = {"form": form, "metric": metric, **_metric_links(metric, where, user)}
    if request.method == "POST" and form.is_valid():
        fields = {**form.cleaned_data, "metric": metric.key, "where": where}
        try:
            if "try" not in request.POST:
                setup = actions.make_detector(user=user, **fields)
                messages.success(request, f"“{setup.name}” is saved. It is judged after the next import or tonight.")
                return redirect("detector", setup.key)
            context["report"] = _try_new(user, fields)
        except ValidationError as error:
            add_errors(form, error)
    return render_live(request, "alarms/detector_new.html", context, status=422 if form.errors else 200)


def _try_new(user: User, fields: dict[str, Any]) -> Any:
    setup = actions.build_setup(user=user, **fields)
    own = build_own(setup)
    assert own
    return report_trial(open_context(), Watch(own, setup))


def _read_metric(request: HttpRequest) -> tuple[Metric, dict[str, str]]:
    """Return the metric that the address names, and the filters that hold on its page."""
    key = read_text(request.GET.get("metric"), most=80)
    try:
        metric = get_metric(key)
        where = {name: read_text(request.GET[name], most=200) for name in request.GET if url_params.is_filter(name)}
        for name in where:
            metric.check_dimension(name)
    except (UnknownMetric, BadCut) as error:
        raise Http404(str(error)) from None
    return metric, {name: value for name, value in where.items() if value}


def _metric_links(metric: Metric, where: dict[str, str], user: User) -> dict[str, Any]:
    question = Question(Period(), "", where)
    return {
        "filters": filter_labels(question, user),
        "metric_url": url_params.metric_url(metric.key, question),
        "rules": RuleKind,
        "form_url": f"{reverse('detector_new')}?{urlencode({'metric': metric.key, **where})}",
    }


@login_required
@require_POST
def detector_delete(request: HttpRequest, key: str) -> HttpResponse:
    """Delete a detector of the company's own; with `restore` bring it back."""
    user = cast(User, request.user)
    SET_DETECTOR.require(user)
    setup = get_object_or_404(DetectorSetup, key=key, is_own=True)
    if "restore" in request.POST:
        actions.restore_detector(setup=setup, user=user)
        messages.success(request, f"“{setup.name}” is restored.")
        return redirect("detector", key)
    actions.delete_detector(setup=setup, user=user)
    messages.success(request, f"“{setup.name}” is deleted. Its alarms stay; restore it below.")
    return redirect("detectors")


@login_required
@require_POST
def alarm_settings(request: HttpRequest) -> HttpResponse:
    """Set how many false alarms are allowed."""
    user = cast(User, request.user)
    SET_DETECTOR.require(user)
    form = FalseAlarmsForm(request.POST, instance=AlarmSettings.get())
    if not form.is_valid():
        messages.error(request, "Enter the allowed false alarms as a number from 0.1 to 20.")
        return redirect("detectors")
    actions.set_false_alarms(user=user, per_quarter=form.cleaned_data["false_alarms_per_quarter"])
    messages.success(request, "The allowed false alarms are saved.")
    return redirect("detectors")


def _watch_or_404(key: str) -> Watch:
    try:
        return get_watch(key)
    except UnknownDetector as error:
        raise Http404(str(error)) from None
