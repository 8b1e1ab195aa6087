"""How large a request may be: decided by who sends it and where to, from the headers alone."""

from http import HTTPStatus
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.http import HttpResponse
from django.urls import Resolver404, resolve
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from revops.server.bodies import ANYONE_BYTES
from team.access import has_right, upload_right
from team.models import User
from team.tokens import TokenAuthentication

FORM_BYTES = 64 * 1024  # around the files of an upload


def largest_body(environ: dict[str, Any]) -> int:
    """Return how many bytes the sender of a request may send to its address.

    Anyone may send ANYONE_BYTES, who is signed in (by session or token) DATA_UPLOAD_MAX_MEMORY_SIZE, and to a page
    that takes uploads UPLOAD_MAX_BYTES, with the right that the page names.
    """
    request_started.send(sender=None, environ=environ)  # Django looks after its connections at both ends of a request
    try:
        request = WSGIRequest({**environ, "wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"})
        user = _identify_user(request)
        if not user.is_authenticated or not user.is_active:
            return ANYONE_BYTES
        right = _upload_right(request.path_info)
        if right and has_right(user, right):
            return int(settings.UPLOAD_MAX_BYTES) + FORM_BYTES
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    finally:
        request_finished.send(sender=None)


def _identify_user(request: WSGIRequest) -> User | AnonymousUser:
    SessionMiddleware(lambda _: HttpResponse(status=HTTPStatus.NO_CONTENT)).process_request(request)
    user = get_user(request)
    if user.is_authenticated:
        return user  # type: ignore[return-value]
    try:
        authenticated = TokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed:
        return AnonymousUser()
    return authenticated[0] if authenticated else AnonymousUser()


def _upload_right(path: str) -> str:
    try:
        return upload_right(resolve(path).func)
    except Resolver404:
        return ""
