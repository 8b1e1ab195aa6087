"""Print who may do what."""

from typing import Any

from django.core.management.base import BaseCommand

from team.authorization import rights_as_markdown


class Command(BaseCommand):
    help = "Print every action with the roles that may do it, as a Markdown table."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(rights_as_markdown())
