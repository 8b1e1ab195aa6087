"""Template variables that every page has."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from core.mail import sends_mail


def accord(request: HttpRequest) -> dict[str, Any]:
    return {"DEMO": settings.DEMO and settings.DEMO_OPEN, "sends_mail": sends_mail()}
