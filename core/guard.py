"""Refuse addresses that no reader would write and no database can hold."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

MAX_QUERY_BYTES = 16_384
WORDS = "The address holds a character or a length that cannot be used."


class PlainAddressMiddleware:
    """Answer 400 to a NUL byte in the path or the query, and to a query beyond 16 kB, before anything asks the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_plain(request):
            return self.get_response(request)
        if request.path_info.startswith("/api/"):
            return JsonResponse({"status": 400, "code": "invalid", "detail": WORDS}, status=400)
        return HttpResponse(WORDS, status=400, content_type="text/plain")


def is_plain(request: HttpRequest) -> bool:
    query = request.META.get("QUERY_STRING", "")
    return len(query) <= MAX_QUERY_BYTES and "%00" not in query and "\0" not in query and "\0" not in request.path_info
