"""manage.py facts [--rebuild]: refresh the columnar copy and say what is in it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from facts.refresh import refresh


class Command(BaseCommand):
    help = "Bring the columnar facts up to date with the records, and print what they hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="Copy every table again.")

    def handle(self, *args: Any, rebuild: bool = False, **options: Any) -> None:
        snapshot = refresh(rebuild=rebuild)
        rows, exported = snapshot.rows, snapshot.exported
        self._line("table", "rows", "exported", "seconds")
        for name in rows:
            self._line(name, f"{rows[name]:,}", f"{exported[name]:,}", f"{snapshot.timings[name]:.2f}")
        self._line("all", f"{sum(rows.values()):,}", f"{sum(exported.values()):,}", f"{snapshot.seconds:.2f}")
        self.stdout.write(f"as of {snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC")

    def _line(self, name: str, rows: str, exported: str, seconds: str) -> None:
        self.stdout.write(f"{name:<20} {rows:>12} {exported:>12} {seconds:>8}")
