"""The joint review: its list, the mode that walks both leaders through it, and the page of a closed one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from alignment.plan.permissions import represented_side
from alignment.plan.queries import DAYS_BETWEEN_UPDATES, due_day
from alignment.review import actions, queries
from alignment.review.content import list_items
from alignment.review.forms import AnswerForm, ChangeForm, CloseForm, DecisionForm, LeadsForm
from alignment.review.models import Decision, DecisionAnswer, LeadWish, Review
from alignment.review.permissions import CHANGE_DECISION, HOLD_REVIEW
from alignment.review.steps import DECISIONS, PREVIOUS, STEP_CHOICES, STEPS, SUMMARY, ReviewStep, find_step, neighbours
from core.form_errors import cleaned_or_error
from kpis.goal_states import STATE_LABELS
from team.models import Company, Side, User

DAYS_TO_DECIDE = 14
STEP_TITLES = dict(STEP_CHOICES)


@login_required
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """List the reviews, the open decisions, and when the next review is due."""
    user = cast(User, request.user)
    rows = Review.objects.closed().annotate(decided=Count("decisions")).prefetch_related("present")
    today = Company.today()
    decisions = queries.readable_decisions(user).open().filter(review__closed_at__isnull=False)
    context = {
        "reviews": rows,
        "open_review": Review.objects.open().select_related("started_by").first(),
        "decisions": [(row, row.is_overdue(today), CHANGE_DECISION.allows(user, row)) for row in decisions],
        "statuses": Decision.Status.choices,
        "may_hold": HOLD_REVIEW.allows(user),
        "since": queries.first_day(),
        "due_on": due_day(),
        "today": today,
        "can_see_review": queries.can_see_review(user),
    }
    return render(request, "alignment/review/list.html", context)


@login_required
@require_safe
def review(request: HttpRequest, number: int) -> HttpResponse:
    """Show a closed review as a page; resume the open one where it was left."""
    user = cast(User, request.user)
    held = get_object_or_404(Review.objects.select_related("started_by", "closed_by", "plan_update"), number=number)
    if not held.is_closed and HOLD_REVIEW.allows(user):
        step = find_step(held.position) or STEPS[0]
        return redirect("review_step", number, step.key)
    sees_all = queries.can_see_review(user)
    decisions = queries.readable_decisions(user).filter(review=held)
    context = {
        "review": held,
        "present": held.present.all(),
        "can_see_review": sees_all,
        "decisions": decisions if held.is_closed else [],
        "step_titles": STEP_TITLES,
        "today": Company.today(),
    }
    if held.is_closed and sees_all:
        parts = [(step, queries.read_step(user, held, step)) for step in STEPS if step.read]
        context |= {
            "parts": [(step, content) for step, content in parts if content],
            "asked": queries.list_asked(held),
            **_step_context(held),
        }
    return render(request, "alignment/review/review.html", context)


@login_required
@require_safe
def review_step(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """Show one step of the open review, and store that it is the one to resume at."""
    user = cast(User, request.user)
    HOLD_REVIEW.require(user)
    held, step = get_object_or_404(Review, number=number), find_step(key)
    if step is None:
        raise Http404
    if held.is_closed:
        return redirect("review", number)
    actions.remember_position(by=user, review=held, step=step.key)
    return _render_step(request, held, step)


def _render_step(request: HttpRequest, held: Review, step: ReviewStep, **forms: Any) -> HttpResponse:
    user = cast(User, request.user)
    content = queries.read_step(user, held, step)
    before, after = neighbours(step)
    initial = {"step": step.key, "due_on": Company.today() + timedelta(days=DAYS_TO_DECIDE)}
    context = {
        "review": held,
        "step": step,
        "steps": STEPS,
        "number": STEPS.index(step) + 1,
        "before": before,
        "after": after,
        "content": content,
        "is_live": True,
        "form": forms.get("form") or DecisionForm(initial=initial, items=list_items(content)),
        "decisions": held.decisions.select_related("owner"),
        "today": Company.today(),
        **_step_context(held),
    }
    if step.key == PREVIOUS:
        context["asked"] = queries.list_asked(held)
    if step.key == SUMMARY:
        side = represented_side(user)
        context |= {
            "close_form": forms.get("close_form") or _close_form(),
            "has_plan": due_day() is not None,
            "side": Side(side).label if side else "",
            "waiting": sum(asked.waits for asked in queries.list_asked(held)),
        }
    failed = any(form.errors for form in forms.values())
    return render(request, "alignment/review/step.html", context, status=422 if failed else 200)


def _step_context(held: Review) -> dict[str, Any]:
    return {
        "labels": STATE_LABELS,
        "wishes": queries.wishes_by_part(held),
        "answers": DecisionAnswer.Answer.choices,
        "wish_choices": LeadWish.Wish.choices,
        "step_titles": STEP_TITLES,
    }


def _close_form() -> CloseForm:
    return CloseForm(initial={"next_due_on": Company.today() + timedelta(days=DAYS_BETWEEN_UPDATES)})


@login_required
@require_POST
def start_review(request: HttpRequest) -> HttpResponse:
    """Start the next review, or resume the open one."""
    held = actions.start_review(by=cast(User, request.user))
    return redirect("review", held.number)


@login_required
@require_POST
def answer_decision(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Say what became of a decision of an earlier review."""

    def answer(user: User, held: Review) -> str:
        decision = get_object_or_404(Decision, pk=pk)
        actions.answer_decision(by=user, review=held, decision=decision, **cleaned_or_error(AnswerForm(request.POST)))
        return "Answered."

    return _act(request, number, PREVIOUS, answer, f"#decision-{pk}")


@login_required
@require_POST
def answer_leads(request: HttpRequest, number: int) -> HttpResponse:
    """Say whether more leads of a campaign, source or persona are wanted."""

    def answer(user: User, held: Review) -> str:
        wish = actions.answer_leads(by=user, review=held, **cleaned_or_error(LeadsForm(request.POST)))
        return f"Saved for {wish.name}: {wish.get_wish_display().lower()}."

    return _act(request, number, "leads", answer)


@login_required
@require_POST
def record_decision(request: HttpRequest, number: int) -> HttpResponse:
    """Record a decision in the step that is shown."""
    user = cast(User, request.user)
    HOLD_REVIEW.require(user)
    held = get_object_or_404(Review, number=number)
    form = DecisionForm(request.POST)
    step = find_step(request.POST.get("step", "")) or next(step for step in STEPS if step.key == DECISIONS)
    if form.is_valid():
        try:
            decision = actions.record_decision(by=user, review=held, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Decision recorded for {decision.owner}.")
            return redirect("review_step", number, step.key)
    return redirect("review", number) if held.is_closed else _render_step(request, held, step, form=form)


@login_required
@require_POST
def delete_decision(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Delete a decision of the open review."""

    def delete(user: User, held: Review) -> str:
        actions.delete_decision(by=user, decision=get_object_or_404(Decision, pk=pk, review=held))
        return "The decision is deleted."

    return _act(request, number, DECISIONS, delete)


@login_required
@require_POST
def close_review(request: HttpRequest, number: int) -> HttpResponse:
    """Confirm who was present, freeze the figures, and make the update of the plan from the review."""
    user = cast(User, request.user)
    HOLD_REVIEW.require(user)
    held, form = get_object_or_404(Review, number=number), CloseForm(request.POST)
    if form.is_valid():
        try:
            closed = actions.close_review(by=user, review=held, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _describe_closing(closed))
            return redirect("review", number)
    if held.is_closed:
        return redirect("review", number)
    return _render_step(request, held, next(step for step in STEPS if step.key == SUMMARY), close_form=form)


def _describe_closing(closed: Review) -> str:
    if closed.plan_update is None:
        return "The review is closed. Without a signed goal there is no joint plan, so no update was made."
    number = closed.plan_update.number
    if closed.plan_update.is_presented:
        return f"The review is closed, and update {number} of the joint plan is presented."
    return (
        f"The review is closed. Update {number} of the joint plan waits for the leaders who have not presented it yet."
    )


@login_required
@require_POST
def change_decision(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the state and the day of a decision between two reviews."""
    user = cast(User, request.user)
    decision = get_object_or_404(Decision.objects.select_related("owner"), pk=pk)
    CHANGE_DECISION.require(user, decision)
    try:
        entered = cleaned_or_error(ChangeForm(request.POST))
        changed = actions.change_decision(by=user, decision=decision, owner=decision.owner, **entered)
        messages.success(request, f"Saved: {changed.get_status_display().lower()}.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("reviews")


def _act(
    request: HttpRequest, number: int, step: str, act: Callable[[User, Review], str], anchor: str = ""
) -> HttpResponse:
    user = cast(User, request.user)
    HOLD_REVIEW.require(user)
    held = get_object_or_404(Review, number=number)
    try:
        messages.success(request, act(user, held))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect(reverse("review_step", args=[number, step]) + anchor)
