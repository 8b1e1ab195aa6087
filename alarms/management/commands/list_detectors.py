"""Print the detectors that Accord has."""

from typing import Any

from django.core.management.base import BaseCommand

from alarms.documentation import detectors_as_markdown


class Command(BaseCommand):
    help = "Print what each detector looks for, by which rule, who acts and what it costs, as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(detectors_as_markdown())
