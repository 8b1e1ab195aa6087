"""What every page may use without being given it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def accord(request: HttpRequest) -> dict[str, Any]:
    return {"DEMO": settings.DEMO and settings.DEMO_OPEN}
