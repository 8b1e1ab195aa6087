"""manage.py recompute: the whole chain from records to numbers, in the foreground."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.work import State, run_claimed
from kpis.models import NightlyRun
from kpis.nightly import ask_for_run, report_progress_to

WIDTH = 32
PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    help = "Recompute all numbers now, as the nightly run does, and show the progress."

    def handle(self, *args: Any, **options: Any) -> None:
        run = ask_for_run(user=None)
        with report_progress_to(self._show_progress):
            while not run.is_over:
                self._go_on(run)
                run.refresh_from_db()
        self._clear_line()
        self._report_steps(run)
        if run.state != State.DONE:
            raise CommandError(f"The run failed. {run.last_error}")

    def _go_on(self, run: NightlyRun) -> None:
        """Work on the run here; when it has to wait, or a worker has it, wait with it."""
        try:
            done = run_claimed(NightlyRun, run.pk)
        except Exception as error:  # recorded with the step; the run tries again until its attempts are used up
            self._clear_line()
            self.stderr.write(self.style.WARNING(f"{type(error).__name__}: {error}"))
            done = None
        if done is None or not done.is_over:
            time.sleep(PAUSE_SECONDS)

    def _show_progress(self, done: int, total: int, what: str) -> None:
        if not self.stdout.isatty():
            return
        filled = WIDTH * done // total if total else 0
        bar = "█" * filled + "·" * (WIDTH - filled)
        self.stdout.write(f"\r\x1b[K{bar} {done:,} of {total:,}  {what}", ending="")
        self.stdout.flush()

    def _clear_line(self) -> None:
        if self.stdout.isatty():
            self.stdout.write("\r\x1b[K", ending="")

    def _report_steps(self, run: NightlyRun) -> None:
        for step in run.steps.all():
            outcome = step.error or f"{step.rows:,} rows in {step.seconds:.1f} s"
            self.stdout.write(f"{step.label}: {outcome}")
