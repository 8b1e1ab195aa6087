"""Found the demo company AppLexus."""

import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from facts.refresh import refresh
from funnel.classify import classify_buyers
from funnel.handoffs.clock_tick import tick_clocks
from revops.demo.load import count_other_records, is_loaded, load_demo, remove_demo
from revops.demo.story import COMPANY, ZONE
from revops.demo.verdicts import give_verdicts
from scoring.batch_scoring import score_all
from team.models import Company


class Command(BaseCommand):
    help = f"Load the demo company {COMPANY}, as of today. Loading it twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="Remove the demo's records and load them again.")
        parser.add_argument("--records-only", action="store_true", help="Leave the numbers to the next nightly run.")

    def handle(self, *args: Any, **options: Any) -> None:
        if self._load(options["reset"]) and not options["records_only"]:
            self._recompute()

    def _recompute(self) -> None:
        """Open the inboxes and compute the first numbers; where that fails the company is there, and the next run tries again.

        The verdicts of the past come before the first figures are kept: after them they would restate settled months.
        """
        try:
            refresh()
            score_all()
            refresh()
            classify_buyers()
            tick_clocks()
            give_verdicts()
            call_command("recompute", stdout=self.stdout, stderr=self.stderr)
        except CommandError as error:
            self.stderr.write(self.style.WARNING(f"The numbers follow with the next run. {error}"))

    def _load(self, reset: bool) -> bool:
        """Load unless it is loaded already; return whether anything changed."""
        started = time.monotonic()
        with transaction.atomic():
            Company.objects.select_for_update().get(pk=Company.get().pk)  # one at a time
            if is_loaded() and not reset:
                self.stdout.write(f"{COMPANY} is here already. Use --reset to load it again as of today.")
                return False
            self._make_room()
            counts = load_demo(datetime.now(ZoneInfo(ZONE)).date())
        self._report(counts, time.monotonic() - started)
        return True

    def _make_room(self) -> None:
        if is_loaded():
            remove_demo()
            return
        others_found = count_other_records()
        if others_found or (Company.get().claimed_at and not Company.get().is_demo):
            held = ", ".join(f"{number} {name}" for name, number in others_found.items()) or "a company of its own"
            raise CommandError(f"This Accord holds {held}. The demo needs an empty one: use another DATA_DIR.")

    def _report(self, counts: dict[str, int], seconds: float) -> None:
        for name, number in counts.items():
            self.stdout.write(f"  {number:>7,} {name}")
        self.stdout.write(f"{COMPANY} is loaded: {sum(counts.values()):,} records in {seconds:.1f} s.")
