"""Say where Accord is and how to get in."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from revops.hosts import is_any, is_loopback
from team import setup
from team.context import one_per_role
from team.seats import is_demo


class Command(BaseCommand):
    help = "Print the address and how to get in: the demo's sign-ins, or the set-up token while no one has claimed this Accord."

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [
            "",
            f"Accord is ready: {settings.SITE_URL}",
            "",
            *self._way_in(),
            *_site_addresses(),
            "Stop with Ctrl-C.",
        ]
        self.stdout.write("\n".join(lines))

    def _way_in(self) -> list[str]:
        if is_demo():
            return [
                f"Sign in with one click at {settings.SITE_URL}{reverse('account_login')} as:",
                *[f"  {user.get_role_display():<10} {user.email}" for user in one_per_role()],
                "",
            ]
        if setup.is_claimable():
            return [
                f"No one has claimed this Accord yet. Set it up, once, at {settings.SITE_URL}{reverse('setup')} with this token:",
                f"  {setup.new_token()}",
                "It is kept nowhere; each start prints a new one, and only the newest is good.",
                "",
            ]
        return []


def _site_addresses() -> list[str]:
    """Say what an Accord that others can reach needs, and what it does not let them do."""
    if settings.PRODUCTION or is_loopback(settings.HOST):
        return []
    lines = [f"Accord listens on {settings.HOST}: others on the network can reach it."]
    if is_any(settings.HOST) and is_loopback(urlsplit(settings.SITE_URL).hostname or ""):
        lines.append("It answers to this machine's own names only. For others, name it: SITE_URL=http://NAME:PORT")
    if settings.DEMO and not settings.DEMO_OPEN:
        lines.append("The demo's sign-in with one click is off. DEMO_OPEN=1 turns it on, for everyone who reaches it.")
    return [*lines, ""]
