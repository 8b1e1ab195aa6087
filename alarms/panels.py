"""What alarms add to the page of a metric."""

from typing import Any

from django.http import HttpRequest

from alarms.marks.forms import DayNoteForm
from alarms.marks.permissions import WRITE_NOTE
from kpis.metric_page import Page
from kpis.panel_registry import Panel, register_panel


def build_note_form(request: HttpRequest, page: Page) -> dict[str, Any] | None:
    return {"form": DayNoteForm(metric=page.metric), "metric": page.metric} if WRITE_NOTE.allows(request.user) else None


register_panel(Panel("day-notes", "alarms/marks/add_form.html", build_note_form, position=10, is_below_chart=True))
