"""`manage.py pull_crm [NAME]`: pull once from a connector, here and now."""

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from connectors.actions import pull_now
from connectors.models import Connector, Pull
from connectors.report import describe_pull
from core.work import State, Work, run_claimed

TURN = 5.0  # seconds of work between two looks
PAUSE = 0.5


class Command(BaseCommand):
    help = "Pull once from a connector, in the foreground. If a pull is already running, this command joins it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "name", nargs="?", metavar="NAME", help="the connector's name or source; not needed when there is one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        connector = _find_connector(options["name"])
        if not connector.is_enabled:
            raise CommandError(f"{connector} is off. {connector.trouble}".strip())
        pull = pull_now(by=None, connector=connector, cause=Pull.Cause.COMMAND)
        while not pull.is_over:
            self._show_progress(pull)
            _run_turn(pull)
            pull.refresh_from_db()
            if pull.run and not pull.run.is_over:
                _run_turn(pull.run)
                # the pull need not wait until it is due: what it waits for was just done here
                Pull.objects.filter(pk=pull.pk, state=State.QUEUED).update(run_after=timezone.now())
                pull.refresh_from_db()
            self._wait_between_turns(pull)
        self._print_report(pull)

    def _wait_between_turns(self, pull: Pull) -> None:
        """Wait where the source asks us to, or where a worker has the row."""
        away = (pull.run_after - timezone.now()).total_seconds()
        importing = pull.run is not None and not pull.run.is_over
        if not pull.is_over and not importing and (away > 0 or pull.state == State.RUNNING):
            time.sleep(min(max(away, PAUSE), 5.0))

    def _show_progress(self, pull: Pull) -> None:
        if sys.stderr.isatty():
            waits = f" ({pull.last_error})" if pull.last_error else ""
            self.stderr.write(f"\r{describe_pull(pull)}{waits}".ljust(100)[:100], ending="")

    def _print_report(self, pull: Pull) -> None:
        if sys.stderr.isatty():
            self.stderr.write("")
        counts = pull.run.counts if pull.run else {"created": 0, "updated": 0, "unchanged": 0, "rejected": 0}
        self.stdout.write(
            f"{pull.connector}: {pull.done_units:,} rows read; {counts['created']:,} records created, {counts['updated']:,} updated, "
            f"{counts['unchanged']:,} unchanged, {counts['rejected']:,} rejected, {pull.gone:,} deleted."
        )
        for note in pull.notes:
            self.stdout.write(f"  {note}")
        if pull.state != State.DONE:
            raise CommandError(f"The pull is {pull.get_state_display().lower()}. {pull.last_error}")


def _find_connector(name: str | None) -> Connector:
    connectors = list(Connector.objects.all())
    if name:
        connectors = [
            connector for connector in connectors if name.casefold() in {connector.name.casefold(), connector.source}
        ]
    if len(connectors) == 1:
        return connectors[0]
    names = (
        ", ".join(connector.name for connector in Connector.objects.all())
        or "none so far; add one on the page Connectors"
    )
    raise CommandError(f"Name the connector: {names}.")


def _run_turn(row: Work) -> None:
    """Work on a row for a moment, unless a worker does; an error of its own is kept in the row and tried again."""
    try:
        run_claimed(type(row), row.pk, TURN)
    except Exception as error:
        row.refresh_from_db()
        if row.is_over:
            raise CommandError(f"{type(error).__name__}: {error}") from error
