"""What alarms add to the page of a metric."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from alarms.marks.forms import DayNoteForm
from alarms.marks.permissions import WRITE_NOTE
from alarms.permissions import SET_DETECTOR
from kpis.metric_page import Page
from kpis.panel_registry import Panel, register_panel
from kpis.url_params import question_query


def build_note_form(request: HttpRequest, page: Page) -> dict[str, Any] | None:
    return {"form": DayNoteForm(metric=page.metric), "metric": page.metric} if WRITE_NOTE.allows(request.user) else None


def build_why_link(request: HttpRequest, page: Page) -> dict[str, Any] | None:
    """Return where the section is loaded from; None where the period has none before it to be compared with."""
    if page.question.period.before is None:
        return None
    return {"link": f"{reverse('metric_why', args=[page.metric.key])}?{question_query(page.question, by=None)}"}


def build_alarm_link(request: HttpRequest, page: Page) -> dict[str, Any] | None:
    """Return where a detector on this metric with these filters is made."""
    if not SET_DETECTOR.allows(request.user):
        return None
    query = urlencode({"metric": page.metric.key, **page.question.where})
    return {"address": f"{reverse('detector_new')}?{query}"}


register_panel(Panel("make-alarm", "alarms/make.html", build_alarm_link, position=5, is_below_chart=True))
register_panel(Panel("day-notes", "alarms/marks/add_form.html", build_note_form, position=10, is_below_chart=True))
register_panel(Panel("why", "alarms/why_panel.html", build_why_link, position=20))
