"""The pages of routing: the rules in their order, who takes how many, who is away."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.models import company_today
from core.date_formatting import format_day
from core.form_errors import cleaned_or_error, error_message
from core.htmx import render_live
from core.request_values import read_id
from crm.models import Lead
from funnel.handoffs.routing import DEFAULT_ORDER
from funnel.handoffs.routing_preview import LEAD_RELATIONS, preview_routing
from funnel.models import Absence, HandOff, RoutingRule
from funnel.routing import actions
from funnel.routing.descriptions import describe_routing_rule
from funnel.routing.forms import AbsenceForm, CapacityForm, RuleForm
from funnel.routing.workload import Person, TakerRow, lead_takers, workload_headline
from team.access import has_right, require_right
from team.models import User

PER_PAGE = 25
RECENT = 10
MOST_FOUND = 8


@require_right("route")
@require_safe
def routing_page(request: HttpRequest) -> HttpResponse:
    people = lead_takers()
    page = Paginator(people, PER_PAGE).get_page(request.GET.get("page"))
    away = Paginator(Absence.objects.filter(ends_on__gte=company_today()).select_related("owner"), PER_PAGE)
    recent = HandOff.objects.select_related("lead", "to_owner").order_by("-started_at", "-pk")[:RECENT]
    context = {
        "headline": workload_headline(),
        "rules": [(rule, describe_routing_rule(rule)) for rule in RoutingRule.objects.prefetch_related("people")],
        "defaults": [how.label for how in DEFAULT_ORDER],
        "page": page,
        "rows": [TakerRow(person, _capacity_form(person)) for person in page],
        "recent": recent,
        "absences": away.get_page(request.GET.get("away")),
        "absence_form": AbsenceForm(initial={"starts_on": company_today()}),
        **_preview_context(request),
    }
    return render_live(request, "funnel/routing.html", context, region="trial")


def _preview_context(request: HttpRequest) -> dict[str, Any]:
    """Read which lead is tried: by its key, or by a part of its name that names one."""
    text, key = request.GET.get("words", "").strip(), request.GET.get("lead", "")
    if not text and not key:
        return {}
    leads = Lead.objects.visible_to(request.user).select_related(*LEAD_RELATIONS)
    if (pk := read_id(key)) is not None:
        leads_found = list(leads.filter(pk=pk))
    else:
        has_text = Q(name__icontains=text) | Q(email__icontains=text) | Q(company_name__icontains=text)
        leads_found = list(leads.filter(has_text).order_by("name", "pk")[: MOST_FOUND + 1])
    preview = preview_routing(leads_found[0], timezone.now()) if len(leads_found) == 1 else None
    return {
        "words": text or (str(leads_found[0]) if leads_found else ""),
        "asked": True,
        "leads": leads_found[:MOST_FOUND],
        "trial": preview,
    }


def _capacity_form(person: Person) -> CapacityForm:
    capacity, pk = person.capacity, person.owner.pk
    values = {"owner": pk, "per_day": capacity and capacity.per_day, "per_week": capacity and capacity.per_week}
    return CapacityForm(initial=values, auto_id=f"id_{pk}_%s")


@require_right("route")
@require_http_methods(["GET", "HEAD", "POST"])
def edit_rule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a rule, or change one."""
    rule = get_object_or_404(RoutingRule, pk=pk) if pk else None
    initial: dict[str, Any] = {"is_active": True}
    if rule:
        initial = {
            "name": rule.name, "how": rule.how, "criteria": rule.condition, "people": rule.people.all(),
            "is_active": rule.is_active,
        }  # fmt: skip
    form = RuleForm(request.POST or None, initial=initial)
    form.fields["criteria"].widget.reader = cast(User, request.user)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        entered = {**form.cleaned_data, "condition": form.cleaned_data["criteria"], "rule": rule}
        del entered["criteria"]
        try:
            actions.save_rule(by=cast(User, request.user), **entered)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Saved. It applies from the next lead on.")
            return redirect("routing")
    status = 422 if request.method == "POST" else 200
    return render(request, "funnel/routing_rule.html", {"form": form, "rule": rule}, status=status)


@login_required
@require_POST
def change_routing(request: HttpRequest, verb: str) -> HttpResponse:
    """Carry out one of the small buttons of the page; what is refused is said on it."""
    if verb not in CHANGES:
        raise Http404
    try:
        messages.success(request, CHANGES[verb](request, cast(User, request.user)))
    except ValidationError as error:
        messages.error(request, error_message(error))
    return redirect("routing" if has_right(request.user, "route") else "inbox")


def _posted_rule(request: HttpRequest) -> RoutingRule:
    return get_object_or_404(RoutingRule, pk=read_id(request.POST.get("rule", "")) or 0)


def _move_rule(request: HttpRequest, user: User, *, up: bool) -> str:
    actions.move_rule(by=user, rule=_posted_rule(request), up=up)
    return "The rule moved up." if up else "The rule moved down."


def _remove_rule(request: HttpRequest, user: User) -> str:
    actions.remove_rule(by=user, rule=_posted_rule(request))
    return "Removed."


def _write_down_default(request: HttpRequest, user: User) -> str:
    actions.write_down_default(by=user)
    return "The order is copied. You can edit it now."


def _set_capacity(request: HttpRequest, user: User) -> str:
    entered = cleaned_or_error(CapacityForm(request.POST))
    actions.set_capacity(by=user, **entered)
    return f"Saved for {entered['owner']}."


def _note_absence(request: HttpRequest, user: User) -> str:
    entered = cleaned_or_error(AbsenceForm(request.POST))
    absence = actions.note_absence(by=user, **entered)
    return f"{absence.owner} gets no leads until {format_day(absence.ends_on)}; unanswered leads go to others within a minute."


def _end_absence(request: HttpRequest, user: User) -> str:
    absence = get_object_or_404(
        Absence.objects.select_related("owner"), pk=read_id(request.POST.get("absence", "")) or 0
    )
    actions.end_absence(by=user, absence=absence)
    return f"{absence.owner} gets leads again."


CHANGES: dict[str, Callable[[HttpRequest, User], str]] = {
    "up": lambda request, user: _move_rule(request, user, up=True),
    "down": lambda request, user: _move_rule(request, user, up=False), "remove": _remove_rule, "default": _write_down_default, "capacity": _set_capacity, "away": _note_absence, "back": _end_absence,
}  # fmt: skip
