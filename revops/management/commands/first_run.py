"""Load the demo company into an empty Accord."""

from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from team.models import User


class Command(BaseCommand):
    help = "Load the demo company if DEMO is on and no company is set up yet."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DEMO and not User.objects.exists() and "demo" in get_commands():
            self.stdout.write("Founding the demo company AppLexus …")
            call_command("demo")
