"""manage.py facts [--rebuild]: refresh the columnar copy and say what is in it."""

import time
from argparse import ArgumentParser
from itertools import pairwise
from typing import Any

from django.core.management.base import BaseCommand

from facts.models import Snapshot
from facts.refresh import refresh


class Command(BaseCommand):
    help = "Bring the columnar facts up to date with the records, and print what they hold."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="Copy every table anew.")

    def handle(self, *args: Any, rebuild: bool = False, **options: Any) -> None:
        self.started: dict[str, float] = {}
        snapshot = refresh(rebuild=rebuild, progress=self._note)
        self.started["end"] = time.monotonic()
        self._print(snapshot)

    def _note(self, done: int, total: int, what: str) -> None:
        self.started[what] = time.monotonic()

    def _print(self, snapshot: Snapshot) -> None:
        self.stdout.write(f"{'table':<20} {'rows':>12} {'exported':>12} {'seconds':>8}")
        names = list(self.started)
        for name, following in pairwise(names):
            seconds = self.started[following] - self.started[name]
            rows, exported = snapshot.rows[name], snapshot.exported[name]
            self.stdout.write(f"{name:<20} {rows:>12,} {exported:>12,} {seconds:>8.2f}")
        self.stdout.write(
            f"{'all':<20} {sum(snapshot.rows.values()):>12,} {sum(snapshot.exported.values()):>12,} "
            f"{snapshot.seconds:>8.2f}"
        )
        self.stdout.write(f"as of {snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC")
