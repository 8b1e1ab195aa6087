"""The joint plan and its updates."""

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from agreements.permissions import DRAFT_VERSION
from alignment.plan import actions, queries
from alignment.plan.forms import UpdateTextForm
from alignment.plan.models import PlanUpdate
from alignment.plan.permissions import DRAFT_UPDATE, WRITE_UPDATE, represented_side
from core.form_errors import cleaned_or_error
from kpis.goal_states import STATE_LABELS
from team.models import Side, User

SIDES = (Side.SALES, Side.MARKETING)


@login_required
@require_safe
def plan(request: HttpRequest) -> HttpResponse:
    """Show the goals on one time line with their pace, the rewards, and the updates."""
    page = queries.read_plan(cast(User, request.user), waits=False)
    context = {
        "plan": page,
        "sides": [(side, side.label, page.goals_of(side)) for side in SIDES],
        "as_of": page.as_of,
        "may_draft": DRAFT_VERSION.is_open_to(request.user),
        "may_update": DRAFT_UPDATE.allows(request.user),
    }
    return render(request, "alignment/plan/plan.html", context)


@login_required
@require_safe
def update(request: HttpRequest, number: int) -> HttpResponse:
    """Show one update: as it is being written, or as it was presented."""
    user = cast(User, request.user)
    plan_update = get_object_or_404(PlanUpdate.objects.select_related("marketing_by", "sales_by"), number=number)
    return render(request, "alignment/plan/update.html", _update_context(user, plan_update))


def _update_context(user: User, plan_update: PlanUpdate, form: UpdateTextForm | None = None) -> dict[str, Any]:
    side = represented_side(user) if WRITE_UPDATE.allows(user, plan_update) else None
    initial = {"text": plan_update.text_of(side) if side else "", "next_due_on": plan_update.next_due_on}
    parts = [
        (
            side_of_part,
            side_of_part.label,
            plan_update.text_of(side_of_part),
            plan_update.presenter_of(side_of_part),
            side_of_part == side,
        )
        for side_of_part in SIDES
    ]
    return {
        "update": plan_update,
        "parts": parts,
        "side": side,
        "form": form or UpdateTextForm(initial=initial),
        "has_presented": bool(side and plan_update.presenter_of(side)),
        "can_see_figures": queries.can_see_figures(user),
        "labels": STATE_LABELS,
    }


@login_required
@require_POST
def draft_update(request: HttpRequest) -> HttpResponse:
    """Begin the next update, or go on with the open one."""
    try:
        plan_update = actions.draft_update(by=cast(User, request.user))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("plan")
    return redirect("plan_update", plan_update.number)


@login_required
@require_POST
def write_update(request: HttpRequest, number: int) -> HttpResponse:
    """Save the part of the reader's side."""

    def write(user: User, plan_update: PlanUpdate) -> str:
        WRITE_UPDATE.require(user, plan_update)
        actions.write_update(by=user, update=plan_update, **cleaned_or_error(UpdateTextForm(request.POST)))
        return "Saved. Both sides present it when it is complete."

    return _answer_update(request, number, write)


@login_required
@require_POST
def present_update(request: HttpRequest, number: int) -> HttpResponse:
    """Confirm that the reader's side presents the update."""

    def present(user: User, plan_update: PlanUpdate) -> str:
        presented = actions.present_update(by=user, update=plan_update)
        if presented.is_presented:
            return "Presented by both sides. The figures of today are kept with it."
        return "Presented for your side. It waits for the other side."

    return _answer_update(request, number, present)


def _answer_update(request: HttpRequest, number: int, act: Callable[[User, PlanUpdate], str]) -> HttpResponse:
    plan_update = get_object_or_404(PlanUpdate, number=number)
    try:
        messages.success(request, act(cast(User, request.user), plan_update))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("plan_update", number)
