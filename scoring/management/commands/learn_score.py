"""`manage.py learn_score`: learn a score model from what became of the leads, here and now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.formatting import format_percent
from core.work import State, run_claimed
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.learned.result import Result
from scoring.learned.scope import source_systems
from scoring.learned.work import request_learning, result_of
from scoring.models import Learning


class Command(BaseCommand):
    help = "Learn a score model and prove it on leads that it did not see. Nothing is active before both sides sign it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", default="", help="only leads of this system; without, all")
        parser.add_argument(
            "--put-back",
            action="append",
            default=[],
            metavar="FIELD",
            help="use a suspicious field anyway, such as custom.Tags",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refresh()
        sources = source_systems(open_facts())
        if options["source"] not in {"", *sources}:
            raise CommandError(f"No leads came from “{options['source']}”. There are leads of: {', '.join(sources)}.")
        learning = request_learning(by=None, source=options["source"], put_back=options["put_back"])
        row = run_claimed(Learning, learning.pk, budget=1e9)
        result = result_of(row) if isinstance(row, Learning) and row.state == State.DONE else None
        if result is None:
            raise CommandError(row.last_error if row else "Another user is already learning from these leads.")
        self._report(result)

    def _report(self, result: Result) -> None:
        self.stdout.write(" ".join([result.verdict.sentence, *result.verdict.more]))
        if result.learned:
            self.stdout.write(result.how_held_out)
        for suspect in result.suspects:
            used = "used anyway" if suspect["field"] in result.put_back else "left out"
            self.stdout.write(f"{suspect['label']} ({suspect['field']}) is {used}: {suspect['why']}")
        for rule in result.rules:
            self.stdout.write(
                f"{rule.points_words:>8}  {rule.name}: {rule.n:,} leads, {format_percent(rule.rate)} of them won"
            )
