"""Show every time in the reader's zone: the user's own, else the company's, which is asked for once."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from team.models import Company


class TimeZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with Company.asked_once():
            if request.user.is_authenticated:
                zone = request.user.time_zone or Company.get().time_zone
                with timezone.override(ZoneInfo(zone)):
                    return self.get_response(request)
            return self.get_response(request)
