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
from core.form_errors import cleaned, refusal
from core.htmx import render_live
from core.request_values import read_id
from crm.models import Lead
from funnel.handoffs.routing import DEFAULT_ORDER
from funnel.handoffs.routing_preview import TRIED, tried
from funnel.models import Absence, HandOff, RoutingRule
from funnel.routing import actions
from funnel.routing.descriptions import rule_in_words
from funnel.routing.forms import AbsenceForm, CapacityForm, RuleForm
from funnel.routing.workload import Person, Taking, headline, takers
from team.access import has_right, require_right
from team.models import User

PER_PAGE = 25
RECENT = 10
MOST_FOUND = 8


@require_right("route")
@require_safe
def routing(request: HttpRequest) -> HttpResponse:
    found = takers()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    away = Paginator(Absence.objects.filter(ends_on__gte=company_today()).select_related("owner"), PER_PAGE)
    recent = HandOff.objects.select_related("lead", "to_owner").order_by("-started_at", "-pk")[:RECENT]
    context = {
        "headline": headline(),
        "rules": [(rule, rule_in_words(rule)) for rule in RoutingRule.objects.prefetch_related("people")],
        "defaults": [how.label for how in DEFAULT_ORDER],
        "page": page,
        "rows": [Taking(person, _capacity_form(person)) for person in page],
        "recent": recent,
        "absences": away.get_page(request.GET.get("away")),
        "absence_form": AbsenceForm(initial={"starts_on": company_today()}),
        **_trial(request),
    }
    return render_live(request, "funnel/routing.html", context, region="trial")


def _trial(request: HttpRequest) -> dict[str, Any]:
    """Read which lead is tried: by its key, or by a part of its name that names one."""
    words, key = request.GET.get("words", "").strip(), request.GET.get("lead", "")
    if not words and not key:
        return {}
    leads = Lead.objects.visible_to(request.user).select_related(*TRIED)
    if (pk := read_id(key)) is not None:
        found = list(leads.filter(pk=pk))
    else:
        named = Q(name__icontains=words) | Q(email__icontains=words) | Q(company_name__icontains=words)
        found = list(leads.filter(named).order_by("name", "pk")[: MOST_FOUND + 1])
    trial = tried(found[0], timezone.now()) if len(found) == 1 else None
    return {
        "words": words or (str(found[0]) if found else ""),
        "asked": True,
        "leads": found[:MOST_FOUND],
        "trial": trial,
    }


def _capacity_form(person: Person) -> CapacityForm:
    known, pk = person.capacity, person.owner.pk
    values = {"owner": pk, "per_day": known and known.per_day, "per_week": known and known.per_week}
    return CapacityForm(initial=values, auto_id=f"id_{pk}_%s")


@require_right("route")
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Add a rule, or change one."""
    found = get_object_or_404(RoutingRule, pk=pk) if pk else None
    form = RuleForm(request.POST or None, initial=_initial(found) if found else {"is_active": True})
    form.fields["criteria"].widget.reader = cast(User, request.user)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        said = {**form.cleaned_data, "condition": form.cleaned_data["criteria"], "rule": found}
        del said["criteria"]
        try:
            actions.save_rule(by=cast(User, request.user), **said)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Saved. It counts from the next lead.")
            return redirect("routing")
    status = 422 if request.method == "POST" else 200
    return render(request, "funnel/routing_rule.html", {"form": form, "rule": found}, status=status)


def _initial(found: RoutingRule) -> dict[str, Any]:
    return {
        "name": found.name, "how": found.how, "criteria": found.condition, "people": found.people.all(), "is_active": found.is_active,
    }  # fmt: skip


@login_required
@require_POST
def change(request: HttpRequest, verb: str) -> HttpResponse:
    """Carry out one of the small buttons of the page; what is refused is said on it."""
    if verb not in CHANGES:
        raise Http404
    try:
        messages.success(request, CHANGES[verb](request, cast(User, request.user)))
    except ValidationError as error:
        messages.error(request, refusal(error))
    return redirect("routing" if has_right(request.user, "route") else "inbox")


def _rule(request: HttpRequest) -> RoutingRule:
    return get_object_or_404(RoutingRule, pk=read_id(request.POST.get("rule", "")) or 0)


def _up(request: HttpRequest, user: User) -> str:
    actions.move_rule(by=user, rule=_rule(request), up=True)
    return "It is asked earlier now."


def _down(request: HttpRequest, user: User) -> str:
    actions.move_rule(by=user, rule=_rule(request), up=False)
    return "It is asked later now."


def _remove(request: HttpRequest, user: User) -> str:
    actions.remove_rule(by=user, rule=_rule(request))
    return "Removed."


def _default(request: HttpRequest, user: User) -> str:
    actions.write_down_default(by=user)
    return "The order is yours now."


def _capacity(request: HttpRequest, user: User) -> str:
    said = cleaned(CapacityForm(request.POST))
    actions.set_capacity(by=user, **said)
    return f"Saved for {said['owner']}."


def _away(request: HttpRequest, user: User) -> str:
    said = cleaned(AbsenceForm(request.POST))
    found = actions.note_absence(by=user, **said)
    return f"{found.owner} gets no leads until {found.ends_on}; what is not answered goes to others within a minute."


def _back(request: HttpRequest, user: User) -> str:
    found = get_object_or_404(Absence.objects.select_related("owner"), pk=read_id(request.POST.get("absence", "")) or 0)
    actions.end_absence(by=user, absence=found)
    return f"{found.owner} gets leads again."


CHANGES: dict[str, Callable[[HttpRequest, User], str]] = {
    "up": _up, "down": _down, "remove": _remove, "default": _default, "capacity": _capacity, "away": _away, "back": _back,
}  # fmt: skip
