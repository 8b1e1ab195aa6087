"""Refuse addresses and bodies that no reader would write and no database can hold."""

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse

from core.request_values import BadValue

MAX_QUERY_BYTES = 16_384
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
BAD_ADDRESS = "The address contains a character that cannot be used, or is too long. Correct it and try again."
BAD_BODY = "A field contains a NUL character, which cannot be stored. Remove it and try again."


class PlainAddressMiddleware:
    """Answer 400 to NUL bytes in the path or the query, to a query beyond 16 kB, and to values that no page caught."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if is_plain(request) else refuse_request(request, BAD_ADDRESS)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Refuse a `BadValue`, and a form with a NUL that its page handed on to the database."""
        if isinstance(error, BadValue):
            return refuse_request(request, str(error))
        is_of_database = isinstance(error, ValueError | DataError)
        is_form = request.method == "POST" and request.content_type in FORMS
        return (
            refuse_request(request, BAD_BODY) if is_of_database and is_form and not has_plain_fields(request) else None
        )


def is_plain(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    return len(query) <= MAX_QUERY_BYTES and "%00" not in query and "\0" not in query and "\0" not in request.path_info


def has_plain_fields(request: HttpRequest) -> bool:
    return not any("\0" in text for name, values in request.POST.lists() for text in (name, *values))


def is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")


def refuse_request(request: HttpRequest, message: str) -> HttpResponse:
    """Answer 400 in the form that the reader expects."""
    if is_api(request):
        return JsonResponse({"status": 400, "code": "invalid", "detail": message}, status=400)
    return HttpResponse(message, status=400, content_type="text/plain; charset=utf-8")
