"""Make everything ready for the three processes."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate the database, compress the static files, and found the demo company where nobody is yet."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Bringing the database up to date …")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("assets", stdout=self.stdout)
        call_command("first_run", stdout=self.stdout)
