"""The pages of alarms: all of them, and each with what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from alarms.alarm_page import page_context
from alarms.history import HistoryFilter, csv_rows, find_closed, read_filter
from alarms.judges import Watch
from alarms.models import Alarm, Condition, DetectorState
from alarms.permissions import ANSWER_ALARM, SET_DETECTOR
from alarms.queries import calling_alarms
from alarms.registry import SECTIONS
from alarms.rows import build_rows, watched_sentence
from alarms.setups import all_watches
from alarms.summary import summarize_alarms
from alarms.visibility import may_read_figures
from core import periods
from core.csv_export import csv_response
from core.htmx import render_live
from team.models import Company, User

ROWS, WAITING = 25, 50


@dataclass(frozen=True)
class Watched:
    """A detector on the watch list: its figure is worth a look, and no alarm."""

    watch: Watch
    state: DetectorState
    sentence: str


@login_required
@require_safe
def alarm_list(request: HttpRequest) -> HttpResponseBase:
    """Show the open alarms, the dearest first, what waits, what is watched, and the history."""
    user, wanted = cast(User, request.user), read_filter(request.GET)
    watches = {watch.detector.key: watch for watch in all_watches()}
    closed = find_closed(user, wanted, watches)
    if request.GET.get("format") == "csv":
        return csv_response("alarms", csv_rows(closed))
    context = {**_open_context(user, watches), **_history_context(request, user, wanted, watches)}
    return render_live(request, "alarms/list.html", context)


def _open_context(user: User, watches: Mapping[str, Watch]) -> dict[str, Any]:
    today, currency = Company.today(), Company.get().currency
    alarms = calling_alarms(user)
    own_first = sorted(alarms, key=lambda alarm: alarm.owner_id != user.pk)
    ended = Alarm.objects.visible_to(user).without_verdict().select_related("owner").order_by("-ended_at")[:WAITING]
    snoozed = Alarm.objects.visible_to(user).snoozed(today).select_related("owner")
    return {
        "headline": summarize_alarms(alarms),
        "rows": build_rows(own_first, watches, currency, user, today),
        "ended": [
            (row, ANSWER_ALARM.allows(user, row.alarm)) for row in build_rows(ended, watches, currency, user, today)
        ],
        "snoozed": build_rows(snoozed, watches, currency, user, today),
        "watched": list(_read_watched(user, watches, currency)),
        "evaluated_at": DetectorState.objects.aggregate(last=Max("evaluated_at"))["last"],
        "may_set": SET_DETECTOR.allows(user),
        "verdicts": Alarm.Verdict.choices,
    }


def _read_watched(user: User, watches: Mapping[str, Watch], currency: str) -> list[Watched]:
    states = DetectorState.objects.filter(condition=Condition.PENDING)
    pairs = [(watches[state.key], state) for state in states if state.key in watches]
    return [
        Watched(watch, state, watched_sentence(watch.detector, state, currency))
        for watch, state in pairs
        if may_read_figures(user, watch.detector.where, [watch.setup.owner_id if watch.setup else None])
    ]


def _history_context(
    request: HttpRequest, user: User, wanted: HistoryFilter, watches: Mapping[str, Watch]
) -> dict[str, Any]:
    today, currency = Company.today(), Company.get().currency
    page = Paginator(find_closed(user, wanted, watches), ROWS).get_page(request.GET.get("page"))
    owners = User.objects.filter(alarms__in=Alarm.objects.visible_to(user)).distinct().order_by("name")
    return {
        "page": page,
        "closed": build_rows(page, watches, currency, user, today),
        "wanted": wanted,
        "detectors": [(key, watch.detector.name) for key, watch in watches.items()],
        "sections": SECTIONS,
        "owners": owners,
        "presets": periods.PRESETS,
    }


@login_required
@require_safe
def alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an alarm: what is wrong, what it costs, what to do, and its history."""
    user = cast(User, request.user)
    incident = get_object_or_404(Alarm.objects.visible_to(user).select_related("owner"), pk=pk)
    return render_live(request, "alarms/alarm.html", page_context(user, incident))
