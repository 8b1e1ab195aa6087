"""Say where Accord is and how to get in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from team import setup
from team.context import is_demo, one_per_role


class Command(BaseCommand):
    help = "Print the address and how to get in: the demo's sign-ins, or the set-up token while nobody has claimed this Accord."

    def handle(self, *args: Any, **options: Any) -> None:
        lines = ["", f"Accord is ready: {settings.SITE_URL}", "", *self._way_in(), "Stop with Ctrl-C."]
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
                f"Nobody has claimed this Accord yet. Set it up, once, at {settings.SITE_URL}{reverse('setup')} with this token:",
                f"  {setup.new_token()}",
                "It is kept nowhere; each start prints a new one, and only the newest is good.",
                "",
            ]
        return []
