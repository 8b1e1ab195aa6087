"""Make everything ready for the three processes."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.exceptions import InconsistentMigrationHistory

REPLACED = (
    "This database was made by an earlier build of Accord whose migrations were replaced. Use an empty one: another "
    "DATA_DIR, or another database in DATABASE_URL."
)


class Command(BaseCommand):
    help = "Migrate the database, compress the static files, and load the demo company if no company is set up yet."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Bringing the database up to date …")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except InconsistentMigrationHistory:
            raise CommandError(REPLACED) from None
        call_command("assets", stdout=self.stdout)
        call_command("first_run", stdout=self.stdout)
