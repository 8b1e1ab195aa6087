"""What allauth asks of us: nobody signs up alone, each role lands on its own first page, and mails lead to SITE_URL."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose links and names are those of SITE_URL, whatever host the request named."""
        site = SimpleNamespace(name=urlsplit(settings.SITE_URL).netloc, domain=urlsplit(settings.SITE_URL).netloc)
        safe = {name: on_site(value) if _is_address(value) else value for name, value in context.items()}
        super().send_mail(template_prefix, email, {"current_site": site, **safe})


def on_site(url: str) -> str:
    """Return an address of ours under SITE_URL."""
    return settings.SITE_URL + urlsplit(url)._replace(scheme="", netloc="").geturl()


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))
