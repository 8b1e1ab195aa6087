"""What the buttons on the page of an alarm do; each answers htmx with the page's region, and a plain form with the page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from alarms import actions
from alarms.alarm_page import page_context
from alarms.forms import AssignForm, CloseForm, EmptyForm, NewNormalForm, NoteForm, SnoozeForm
from alarms.models import Alarm
from alarms.permissions import ANSWER_ALARM, ASSIGN_ALARM
from core.date_formatting import format_day
from core.htmx import render_live, wants_region
from team.authorization import Action
from team.models import User

Values = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A button: the form that it asks, what it does, and what is said then."""

    form: type[forms.Form]
    action: Action
    act: Callable[[Alarm, User, Values], object]
    describe: Callable[[Values], str]


ANSWERS: dict[str, Answer] = {
    "acknowledge": Answer(
        EmptyForm,
        ANSWER_ALARM,
        lambda alarm, user, values: actions.acknowledge_alarm(alarm=alarm, user=user),
        lambda values: "You have acknowledged the alarm.",
    ),
    "snooze": Answer(
        SnoozeForm,
        ANSWER_ALARM,
        lambda alarm, user, values: actions.snooze_alarm(alarm=alarm, user=user, **values),
        lambda values: f"The alarm is snoozed until {format_day(values['until'])}. A worse figure ends the snooze.",
    ),
    "new_normal": Answer(
        NewNormalForm,
        ANSWER_ALARM,
        lambda alarm, user, values: actions.take_as_new_normal(alarm=alarm, user=user, since=values["since"]),
        lambda values: "The figure is the new normal, and the alarm is closed as known.",
    ),
    "close": Answer(
        CloseForm,
        ANSWER_ALARM,
        lambda alarm, user, values: actions.close_alarm(alarm=alarm, user=user, **values),
        lambda values: f"The alarm is closed as {Alarm.Verdict(values['verdict']).label.lower()}.",
    ),
    "reopen": Answer(
        EmptyForm,
        ANSWER_ALARM,
        lambda alarm, user, values: actions.reopen_alarm(alarm=alarm, user=user),
        lambda values: "The alarm is reopened.",
    ),
    "note": Answer(
        NoteForm,
        ANSWER_ALARM,
        lambda alarm, user, values: actions.note_on_alarm(alarm=alarm, user=user, **values),
        lambda values: "Your note is saved.",
    ),
    "assign": Answer(
        AssignForm,
        ASSIGN_ALARM,
        lambda alarm, user, values: actions.assign_alarm(alarm=alarm, user=user, **values),
        lambda values: f"{values['owner']} owns the alarm now.",
    ),
}


def answer_alarm(key: str) -> Callable[..., HttpResponseBase]:
    """Make the view of a button."""
    answer = ANSWERS[key]

    @login_required
    @require_POST
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        user = cast(User, request.user)
        alarm = get_object_or_404(Alarm.objects.visible_to(user), pk=pk)
        answer.action.require(user, alarm)
        form = answer.form(request.POST)
        if form.is_valid() and _is_done(form, answer, alarm, user):
            return _respond(request, user, pk, answer.describe(form.cleaned_data))
        return render_live(request, "alarms/alarm.html", page_context(user, alarm, form), status=422)

    return view


def _is_done(form: forms.Form, answer: Answer, alarm: Alarm, user: User) -> bool:
    try:
        answer.act(alarm, user, form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def _respond(request: HttpRequest, user: User, pk: int, done: str) -> HttpResponse:
    if not wants_region(request):
        messages.success(request, done)
        return redirect("alarm", pk)
    alarm = Alarm.objects.select_related("owner").get(pk=pk)
    return render_live(request, "alarms/alarm.html", page_context(user, alarm, done=done))
