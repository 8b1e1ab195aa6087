"""Say where Accord is and how to get in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from team.models import Company, User


class Command(BaseCommand):
    help = "Print the address and, in the demo, the sign-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        lines = ["", f"Accord is ready: {settings.SITE_URL}", ""]
        if settings.DEMO and Company.get().is_demo:
            lines.append(f"Sign in with one click at {settings.SITE_URL}/accounts/login/ as:")
            people = User.objects.filter(is_active=True).order_by("pk")
            shown = {user.role: user for user in reversed(people)}.values()
            lines += [f"  {user.get_role_display():<10} {user.email}" for user in reversed(list(shown))]
        self.stdout.write("\n".join([*lines, "", "Stop with Ctrl-C."]))
