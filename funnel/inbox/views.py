"""The inbox: a rep's leads by clock, each answered in one keystroke; and the state of a manager's team."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget

from core.form_errors import error_message
from core.htmx import render_live, wants_region
from core.request_values import read_id
from crm.people import read_people
from funnel.handoffs.reassignment import pass_lead_on
from funnel.inbox.forms import CallForm, PassForm, PauseForm, RateForm, RejectForm
from funnel.inbox.rows import Waiting, by_clock, count_overdue, own_handoffs, team_rows, with_clocks
from funnel.models import HandOff, Verdict
from funnel.permissions import LOG_ACTIVITY, PASS_LEAD_ON, PAUSE_CLOCK, REJECT_LEAD, passable_ids
from funnel.verdicts import actions
from scoring.definitions import in_force
from scoring.explanation import explain_scores
from team.access import has_right, require_right
from team.authorization import Action
from team.models import User

ROWS = 25
PEOPLE = 50
TEMPLATE = "funnel/inbox.html"
SAID_TEMPLATE = "funnel/inbox_said.html"
SmallForm = RejectForm | CallForm | PauseForm | PassForm


@dataclass(frozen=True)
class SmallAction:
    """A small form of the inbox: what it is called on top and on its button, and what it does."""

    form: type[SmallForm]
    title: str
    button: str
    action: Action
    do: Callable[[HttpRequest, HandOff, dict[str, Any]], HttpResponse]
    leaves: bool = False  # the lead leaves the list


@require_right("work_leads")
@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    context = {
        **_list_context(user, request.GET),
        "verdict": _undoable_verdict(user, request.GET),
        "seconds": actions.UNDO_SECONDS,
    }
    return render_live(request, TEMPLATE, context)


def _undoable_verdict(user: User, query: QueryDict) -> Verdict | None:
    """Return the verdict just given without a script, as long as it can be undone."""
    pk = read_id(query.get("undo", ""))
    if pk is None:
        return None
    since = timezone.now() - timedelta(seconds=actions.UNDO_SECONDS)
    verdicts = Verdict.objects.standing().filter(pk=pk, given_by=user, settled_at=None, given_at__gt=since)
    return verdicts.select_related("lead").first()


def _list_context(user: User, query: QueryDict) -> dict[str, Any]:
    everything = by_clock(user)
    is_team = query.get("whose") == "team"
    rows = everything if is_team else own_handoffs(everything, user)
    person = read_id(query.get("person", ""))
    if is_team and person is not None:
        rows = rows.filter(to_owner__in=read_people().all_of(person))
    page = Paginator(rows, ROWS).get_page(query.get("page"))
    people = team_rows(user) if is_team else []
    return {
        "page": page,
        "rows": with_clocks(page),
        "passable": passable_ids(user, page) if is_team else set(),
        "overdue": count_overdue(rows.order_by(), timezone.now()),
        "is_team": is_team,
        "team_waiting": everything.exclude(to_owner__user=user).order_by().count(),
        "people": Paginator(people, PEOPLE).get_page(query.get("people")),
        "person": query.get("person", ""),
        "query": query.urlencode(),
        "stars": range(1, 6),
        "has_scores": bool(in_force()),
        "now": timezone.now(),
    }


def _get_handoff(request: HttpRequest, pk: int) -> HandOff:
    rows = HandOff.objects.visible_to(cast(User, request.user)).select_related("lead", "to_owner", "move__version")
    return get_object_or_404(rows, pk=pk)


def row_button(act: Callable[[HttpRequest, HandOff], HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Make a view of what a button of a row does; what is refused is said where the row stands."""

    @login_required
    @require_POST
    @wraps(act)
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        handoff = _get_handoff(request, pk)
        try:
            return act(request, handoff)
        except ValidationError as error:
            return _respond_refusal(request, handoff, error_message(error))

    return view


@row_button
def accept_lead(request: HttpRequest, handoff: HandOff) -> HttpResponse:
    given = actions.accept_lead(by=cast(User, request.user), handoff=handoff)
    return _respond(request, handoff, f"Accepted {handoff.lead}.", given)


@row_button
def rate_lead(request: HttpRequest, handoff: HandOff) -> HttpResponse:
    form = RateForm(request.POST)
    if not form.is_valid():
        raise ValidationError("Rate from 1 to 5.")
    rating = form.cleaned_data["rating"]
    actions.rate_lead(by=cast(User, request.user), handoff=handoff, rating=rating)
    return _respond(request, handoff, f"{handoff.lead} is rated {rating} of 5.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def small_form(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show or take one of the small forms: why a lead is rejected, what came of a call, why its clock stands, who gets it."""
    if verb not in FORMS:
        raise Http404
    act = FORMS[verb]
    handoff = _get_handoff(request, pk)
    act.action.require(cast(User, request.user), handoff)
    form = act.form(handoff, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return act.do(request, handoff, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error_message(error))
    return _render_form(request, handoff, verb, form)


def _render_form(request: HttpRequest, handoff: HandOff, verb: str, form: SmallForm) -> HttpResponse:
    is_refused = request.method == "POST"
    query = request.POST.get("query") or request.GET.urlencode()
    context = {
        "form": form, "handoff": handoff, "verb": verb, "act": FORMS[verb], "query": query,
        "has_inbox": has_right(request.user, "work_leads"),
    }  # fmt: skip
    answer = render_live(request, "funnel/inbox_form.html", context, region="fields", status=422 if is_refused else 200)
    if is_refused and wants_region(request):
        return reswap(retarget(answer, f"#form-{handoff.pk}"), "innerHTML")
    return answer


def _reject_lead(request: HttpRequest, handoff: HandOff, entered: dict[str, Any]) -> HttpResponse:
    given = actions.reject_lead(by=cast(User, request.user), handoff=handoff, **entered)
    return _respond(request, handoff, f"Rejected {handoff.lead}: {given.criterion or given.note[:80]}.", given)


def _log_call(request: HttpRequest, handoff: HandOff, entered: dict[str, Any]) -> HttpResponse:
    done = actions.log_call(by=cast(User, request.user), handoff=handoff, **entered)
    message = f"{actions.CALLS[done.kind]} with {handoff.lead} is logged."
    return _respond(request, handoff, message, changed=_changed_rows(request, handoff))


def _pause_clock(request: HttpRequest, handoff: HandOff, entered: dict[str, Any]) -> HttpResponse:
    done = actions.pause_clock(by=cast(User, request.user), handoff=handoff, **entered)
    return _respond(
        request,
        handoff,
        f"The clock of {handoff.lead} is paused: {done.pause_reason}.",
        changed=_changed_rows(request, done),
    )


def _pass_lead_on(request: HttpRequest, handoff: HandOff, entered: dict[str, Any]) -> HttpResponse:
    made = pass_lead_on(by=cast(User, request.user), handoff=handoff, **entered)
    return _respond(
        request, handoff, f"{handoff.lead} is with {made.to_owner} now, and the clock restarts.", has_left=True
    )


def _changed_rows(request: HttpRequest, handoff: HandOff) -> list[Waiting]:
    return with_clocks(by_clock(cast(User, request.user)).filter(pk=handoff.pk))


FORMS: dict[str, SmallAction] = {
    "reject": SmallAction(RejectForm, "Reject", "Reject the lead", REJECT_LEAD, _reject_lead, leaves=True),
    "call": SmallAction(CallForm, "Log a call with", "Log it", LOG_ACTIVITY, _log_call),
    "pause": SmallAction(PauseForm, "Pause the clock of", "Pause", PAUSE_CLOCK, _pause_clock),
    "pass": SmallAction(PassForm, "Pass on", "Pass it on", PASS_LEAD_ON, _pass_lead_on, leaves=True),
}


@row_button
def resume_clock(request: HttpRequest, handoff: HandOff) -> HttpResponse:
    """Let a clock go on before its pause is over."""
    done = actions.resume_clock(by=cast(User, request.user), handoff=handoff)
    return _respond(request, handoff, f"The clock of {handoff.lead} runs again.", changed=_changed_rows(request, done))


@require_right("work_leads")
@require_safe
def score_reasons(request: HttpRequest, pk: int) -> HttpResponse:
    """Show rule by rule why a lead has the score that it has."""
    handoff = _get_handoff(request, pk)
    context = {"handoff": handoff, "explained": explain_scores(handoff.lead), "query": request.GET.urlencode()}
    return render_live(request, "funnel/inbox_why.html", context, region="reasons")


@login_required
@require_POST
def undo_verdict(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo one's own verdict: the lead returns to its place."""
    user = cast(User, request.user)
    given = get_object_or_404(Verdict.objects.visible_to(user).select_related("lead", "handoff"), pk=pk)
    try:
        actions.undo_verdict(by=user, verdict=given)
    except ValidationError as error:
        return _respond_refusal(request, given.handoff, error_message(error))
    if not wants_region(request):
        messages.success(request, f"{given.lead} is back.")
        return _redirect_home(request, given.handoff)
    context = {
        **_list_context(user, QueryDict(request.POST.get("query", ""))),
        "back": given.handoff_id,
        "lead": given.lead,
    }
    return render(request, f"{TEMPLATE}#live", context)


def _respond(
    request: HttpRequest,
    handoff: HandOff,
    message: str,
    given: Verdict | None = None,
    changed: Any = (),
    has_left: bool = False,
) -> HttpResponse:
    """Say what was done: a line with an undo to htmx, a message on the inbox to everyone else."""
    query = request.POST.get("query", "")
    if not wants_region(request):
        messages.success(request, message)
        target = _redirect_home(request, handoff)
        if given:
            target["Location"] += ("&" if "?" in target["Location"] else "?") + f"undo={given.pk}"
        return target
    user = cast(User, request.user)
    list_context = _list_context(user, QueryDict(query)) if given or has_left else {}
    context = {
        **list_context, "words": message, "verdict": given, "seconds": actions.UNDO_SECONDS, "query": query,
        "changed": changed, "stars": range(1, 6), "is_team": QueryDict(query).get("whose") == "team",
        "passable": passable_ids(user, [row.handoff for row in changed]), "has_scores": bool(in_force()),
    }  # fmt: skip
    return render(request, SAID_TEMPLATE, context)


def _respond_refusal(request: HttpRequest, handoff: HandOff, message: str) -> HttpResponse:
    if not wants_region(request):
        messages.error(request, message)
        return _redirect_home(request, handoff)
    answer = render(request, SAID_TEMPLATE, {"words": f"{handoff.lead}: {message}", "is_fault": True}, status=422)
    return reswap(retarget(answer, "#said"), "afterbegin")


def _redirect_home(request: HttpRequest, handoff: HandOff) -> HttpResponse:
    """Go back to the list that was looked at; those without an inbox came from the lead's page."""
    if not has_right(request.user, "work_leads"):
        return redirect("buyer", "lead", handoff.lead_id)
    query = QueryDict(request.POST.get("query", ""), mutable=True)
    query.pop("undo", None)
    return redirect(reverse("inbox") + (f"?{query.urlencode()}" if query else ""))
