"""The verdicts, for Marketing: what Sales said of its leads, what was done about it, and what is contested."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core import periods
from core.date_formatting import format_day
from core.form_errors import error_message
from core.htmx import render_live
from core.periods import BadPeriod, Period
from core.request_values import read_id
from crm.readable import is_limited
from funnel import contests
from funnel.models import Answer, Ruling, Verdict
from funnel.permissions import ANSWER_VERDICT
from funnel.sentences import verdicts_headline
from funnel.verdicts.report import CUTS, count_by_part, criticism_backlog, of_part, rep_figures, verdicts_given
from team.access import has_right
from team.models import Company, User

ROWS = 25
DEFAULT = "this_year"
MOST_IDS = 20_000


class AnswerForm(forms.Form):
    words = forms.CharField(max_length=5000)


class RulingForm(forms.Form):
    decision = forms.ChoiceField(choices=Ruling.choices)
    ruling = forms.CharField(max_length=5000)


def _read_period(query: QueryDict) -> tuple[Period, str]:
    today = timezone.localtime(timezone.now(), Company.get().zone).date()
    default = periods.preset_period(DEFAULT, today, Company.get().fiscal_calendar)
    try:
        is_chosen = any(query.get(name) for name in ("period", "from", "to"))
        return (periods.period_from_query(query, today, Company.get().fiscal_calendar) if is_chosen else default), ""
    except BadPeriod as error:
        return default, str(error)


@login_required
@require_safe
def verdicts_page(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    period, fault = _read_period(request.GET)
    cut = CUTS.get(request.GET.get("by", ""), CUTS["campaign"])
    rows, sort = verdicts_given(user, period), request.GET.get("sort", "")
    parts = count_by_part(user, rows, cut)
    criticism = criticism_backlog(rows, user, sort)
    context = {
        "period": period, "presets": periods.PRESETS, "fault": fault, "cuts": CUTS.values(), "cut": cut, "sort": sort,
        "headline": _describe_findings(user, period), "currency": Company.get().currency, "query": request.GET.urlencode(),
        "page": Paginator(parts, ROWS).get_page(request.GET.get("page")),
        "reps": Paginator(rep_figures(user, period), ROWS).get_page(request.GET.get("reps")),
        "backlog": Paginator(criticism, ROWS).get_page(request.GET.get("criticism")),
        "may_answer": ANSWER_VERDICT.is_open_to(user), "sees_money": has_right(user, "see_spend"), "largest": max((part.n for part in parts), default=0),
        "log": Paginator(_visible_contests(user), ROWS).get_page(request.GET.get("log")), "rulings": Ruling.choices,
    }  # fmt: skip
    return render_live(request, "funnel/verdicts.html", context, status=400 if fault else 200)


def _describe_findings(user: User, period: Period) -> str:
    """Say the finding: what share Sales accepted, and what it says most often of the others."""
    rows = verdicts_given(user, period)
    n, accepted = rows.count(), rows.filter(answer=Verdict.Answer.ACCEPTED).count()
    criteria = [(part.name, part.n) for part in count_by_part(user, rows, CUTS["criterion"]) if part.key] if n else []
    return verdicts_headline(n, accepted, criteria)


def _visible_contests(user: User) -> Any:
    """Return the contests that the reader may see: all of a verdict they see, the arbiter's own always."""
    seen = Answer.objects.filter(verdict__in=Verdict.objects.visible_to(user)) | Answer.objects.filter(arbiter=user)
    rows = seen.filter(is_contest=True).select_related(
        "verdict__lead", "verdict__given_by", "given_by", "arbiter", "ruled_by"
    )
    return rows.distinct().order_by("-given_at", "-pk")


@login_required
@require_safe
def verdict_leads(request: HttpRequest) -> HttpResponse:
    """The verdicts behind one number, each with its lead, and what Marketing said to it."""
    user = cast(User, request.user)
    period, fault = _read_period(request.GET)
    cut = CUTS.get(request.GET.get("by", ""))
    if cut is None:
        raise Http404
    readable = verdicts_given(user, period) & Verdict.objects.visible_to(user)
    rows = of_part(readable, cut, request.GET.get("part", ""))
    answer = request.GET.get("answer", "")
    if answer in Verdict.Answer.values:
        rows = rows.filter(answer=answer)
    related = rows.select_related("lead__campaign", "given_by", "handoff").prefetch_related("answers__given_by")
    page = Paginator(related.order_by("-given_at", "-pk"), ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page, "cut": cut, "period": period, "presets": periods.PRESETS, "fault": fault, "part": request.GET.get("part", ""),
        "may_answer": ANSWER_VERDICT.is_open_to(user), "query": request.GET.urlencode(),
    }  # fmt: skip
    return render_live(request, "funnel/verdict_leads.html", context)


def _redirect_back(request: HttpRequest, page: str = "verdicts") -> HttpResponse:
    query = QueryDict(request.POST.get("query", ""))
    return redirect(reverse(page) + (f"?{query.urlencode()}" if query else ""))


@login_required
@require_POST
def answer_verdicts(request: HttpRequest) -> HttpResponse:
    """Say what was done about criticism: to all who gave it."""
    user, form = cast(User, request.user), AnswerForm(request.POST)
    id_texts = request.POST.get("verdicts", "").split(",")[:MOST_IDS]
    ids = [pk for text in id_texts if (pk := read_id(text)) is not None]
    rows = Verdict.objects.countable_by(user).standing().filter(pk__in=ids)
    waiting = rows.exclude(answers__is_contest=False).select_related("given_by")
    text = form.cleaned_data["words"] if form.is_valid() else ""
    try:
        answers = contests.answer_verdicts(by=user, verdicts=waiting, text=text)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _answer_message(user, answers))
    return _redirect_back(request)


def _answer_message(user: User, answers: list[Answer]) -> str:
    """Say who was notified of the answers; without names for a reader who may not know who gave which verdict."""
    if not answers:
        return "All of these are already answered."
    if is_limited(user):
        return "Answered. The people who gave these verdicts have been notified."
    names = sorted({str(answer.verdict.given_by) for answer in answers})
    return f"Answered. Notified: {', '.join(names[:5])}{' and others' if len(names) > 5 else ''}."


@login_required
@require_POST
def contest_verdict(request: HttpRequest, pk: int) -> HttpResponse:
    """Contest a rejection before the arbiter."""
    user, form = cast(User, request.user), AnswerForm(request.POST)
    verdict = get_object_or_404(Verdict.objects.visible_to(user), pk=pk)
    try:
        contested = contests.contest_verdict(
            by=user, verdict=verdict, text=form.cleaned_data["words"] if form.is_valid() else ""
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"Contested. {contested.arbiter} rules by {format_day(contested.rule_by)}.")
    return _redirect_back(request, "verdict_leads")


@login_required
@require_POST
def rule_on_contest(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the arbiter's ruling."""
    user, form = cast(User, request.user), RulingForm(request.POST)
    contested = get_object_or_404(_visible_contests(user), pk=pk)
    if not form.is_valid():
        messages.error(request, "Choose a decision and enter the reason for the ruling.")
        return _redirect_back(request)
    try:
        contests.rule_on_contest(by=user, contested=contested, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, error_message(error))
    else:
        messages.success(request, "Ruled. Both sides have been notified.")
    return _redirect_back(request)
