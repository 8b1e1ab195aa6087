"""Print the import sheets that Accord offers."""

from typing import Any

from django.core.management.base import BaseCommand

from imports.mapping.templates import as_markdown


class Command(BaseCommand):
    help = "Print the columns of each import sheet and what they mean, as Markdown tables."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(as_markdown(), ending="")
