"""Who may ask, and how often: the scopes of a token, and a number of requests per minute."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.limits import count_use

if TYPE_CHECKING:  # views asks the settings for these classes while it is being loaded
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


class HasScope(BasePermission):
    """A token reads with the scope `read` and writes with `write`; a session may do what its user may."""

    message = "This token lacks the scope that the request needs."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        scopes: list[str] | None = getattr(request.auth, "scopes", None)
        needed = "read" if request.method in SAFE_METHODS else "write"
        return scopes is None or needed in scopes


@dataclass(frozen=True)
class Allowance:
    """What is left of this minute's requests."""

    limit: int
    used: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        left = max(0, self.limit - self.used)
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(self.resets_in),
        }


class PerTokenRate(BaseThrottle):
    """`API_RATE_PER_MINUTE` requests for each token, for each user signed in by session, else for each address."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        now = time.time()
        used = count_use("api", f"{self._identify_caller(request)}:{int(now // WINDOW_SECONDS)}", 2 * WINDOW_SECONDS)
        left = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
        self.allowance = Allowance(settings.API_RATE_PER_MINUTE, used, left)
        request._request.api_allowance = self.allowance  # type: ignore[attr-defined]
        return used <= self.allowance.limit

    def wait(self) -> float:
        return self.allowance.resets_in

    def _identify_caller(self, request: Request) -> str:
        if request.auth is not None:
            return f"token-{request.auth.pk}"
        return f"user-{request.user.pk}" if request.user.is_authenticated else f"address-{self.get_ident(request)}"
