"""What holds for every page: times in the reader's zone, numbers in the company's format, and the password again where an action needs it."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core.number_locale import DEFAULT_LOCALE, use_locale
from team.accounts.reauthentication import redirect_to_reauthentication
from team.models import Company


class TimeZoneMiddleware:
    """Show every time in the reader's zone: the user's own, else the company's, which is asked for once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with Company.cached():
            if request.user.is_authenticated:
                zone = request.user.time_zone or Company.get().time_zone
                with timezone.override(ZoneInfo(zone)):
                    return self.get_response(request)
            return self.get_response(request)


class NumberFormatMiddleware:
    """Write numbers and dates in the company's format, and in one format in files for machines (`?format=csv`).

    Its place is after TimeZoneMiddleware, which caches the company.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_export = request.GET.get("format") == "csv"
        with use_locale(DEFAULT_LOCALE if is_export else lambda: Company.get().number_format):
            return self.get_response(request)


class ReauthenticationMiddleware:
    """Ask for the password where an action needs it again, and go on with what was sent afterwards."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, ReauthenticationRequired) and request.user.is_authenticated:
            return redirect_to_reauthentication(request)
        return None
