"""What alarms add to the page of a metric."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from alarms.marks.forms import DayNoteForm
from alarms.marks.permissions import WRITE_NOTE
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


register_panel(Panel("day-notes", "alarms/marks/add_form.html", build_note_form, position=10, is_below_chart=True))
register_panel(Panel("why", "alarms/why_panel.html", build_why_link, position=20))
