"""What alarms add to the page of a metric."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from alarms.marks.forms import DayNoteForm
from alarms.marks.permissions import WRITE_NOTE
from alarms.permissions import SET_DETECTOR
from alarms.restated.queries import count_restated_months
from kpis.metric_page import Page
from kpis.panel_registry import Panel, register_panel
from kpis.url_params import question_query
from team.models import Company


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


def build_restated_note(request: HttpRequest, page: Page) -> dict[str, Any] | None:
    """Count the months of the page's period that were restated, and say from when its cohorts still grow."""
    metric, period, today = page.metric, page.question.period, Company.today()
    mature_until = today - timedelta(days=metric.matures_days)
    is_maturing = bool(metric.matures_days) and (period.end is None or period.end >= mature_until)
    months = count_restated_months(metric, period)
    if not months and not is_maturing:
        return None
    return {"metric": metric, "months": months, "maturing_from": mature_until if is_maturing else None}


register_panel(Panel("restated", "alarms/restated/note.html", build_restated_note, position=3, is_below_chart=True))
register_panel(Panel("day-notes", "alarms/marks/add_form.html", build_note_form, position=10, is_below_chart=True))
register_panel(Panel("why", "alarms/why_panel.html", build_why_link, position=20))
