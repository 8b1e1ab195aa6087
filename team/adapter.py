"""What allauth asks of Accord: no sign-up without an invitation, mails link to SITE_URL, account changes are recorded."""

from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.http import HttpRequest

from team.accounts.history import record_change, recording_actor
from team.models import User

TWO_FACTOR_MAILS = {"mfa/email/totp_activated": ("off", "on"), "mfa/email/totp_deactivated": ("on", "off")}


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose links and names are those of SITE_URL, whatever host the request named."""
        site = SimpleNamespace(name=urlsplit(settings.SITE_URL).netloc, domain=urlsplit(settings.SITE_URL).netloc)
        safe = {
            name: on_site(value) if str(value).startswith(("http://", "https://")) and isinstance(value, str) else value
            for name, value in context.items()
        }
        super().send_mail(template_prefix, email, {"current_site": site, **safe})

    def set_password(self, user: User, password: str) -> None:
        with recording_actor(by=user):
            super().set_password(user, password)

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Write what allauth would tell by mail to the account's history, which is mailed too."""
        if template_prefix in TWO_FACTOR_MAILS:
            old, new = TWO_FACTOR_MAILS[template_prefix]
            record_change(person=user, field="two_factor", old=old, new=new, by=user)
        if (
            template_prefix == "mfa/email/totp_activated"
        ):  # the code that turned it on proves presence: show the recovery codes
            record_authentication(self.request, user, "mfa", type="totp", reauthenticated=True)
        super().send_notification_mail(template_prefix, user, context, email)


def on_site(url: str) -> str:
    """Return an address of Accord under SITE_URL."""
    return settings.SITE_URL + urlsplit(url)._replace(scheme="", netloc="").geturl()
