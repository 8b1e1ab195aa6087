"""One view, one template for a page and its live region: htmx gets the region alone, everyone else the page."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

RegionFilter = Callable[[HttpRequest, str], str]
_region_filters: list[RegionFilter] = []


def register_region_filter(change: RegionFilter) -> None:
    """Let an app change the HTML of every region that htmx gets alone, as it changes that of whole pages."""
    _region_filters.append(change)


def wants_region(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part: not for a boosted link, and not when the browser goes back in its history."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_live(
    request: HttpRequest, template: str, context: dict[str, Any], *, region: str = "live", status: int = 200
) -> HttpResponse:
    """Render the page, or only the partial named `region` of the same template."""
    if wants_region(request):
        response = render(request, f"{template}#{region}", context, status=status)
        for change in _region_filters:
            response.content = change(request, response.content.decode()).encode()
    else:
        response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response
