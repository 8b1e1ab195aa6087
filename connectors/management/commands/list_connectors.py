"""Print the connectors that Accord has."""

from typing import Any

from django.core.management.base import BaseCommand

from connectors.documentation import connectors_as_markdown


class Command(BaseCommand):
    help = "Print what each connector reads and how one signs in, as Markdown tables."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n\n".join(connectors_as_markdown()))
