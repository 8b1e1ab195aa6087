"""What other apps add to the page of a metric. Each declares its panels in a module `panels.py`, found when Django starts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string

from kpis.metric_page import Page

BuildPanel = Callable[[HttpRequest, Page], dict[str, Any] | None]  # the variables of the template; None: no panel


@dataclass(frozen=True)
class Panel:
    """A part of the page: below the chart of the trend, or a section of its own below it."""

    key: str
    template: str
    build: BuildPanel
    position: int
    is_below_chart: bool = False


@dataclass(frozen=True)
class BuiltPanel:
    html: str
    is_below_chart: bool


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    """Declare a panel; a second one of the same key is refused."""
    if _panels.get(panel.key, panel) != panel:
        raise ValueError(f"Two panels are called {panel.key}.")
    _panels[panel.key] = panel


def build_panels(request: HttpRequest, page: Page) -> list[BuiltPanel]:
    """Return the panels for this reader and page, in their order."""
    panels = sorted(_panels.values(), key=lambda panel: panel.position)
    built = ((panel, panel.build(request, page)) for panel in panels)
    return [
        BuiltPanel(render_to_string(panel.template, variables, request), panel.is_below_chart)
        for panel, variables in built
        if variables is not None
    ]
