"""`manage.py learn_score`: learn a score model from what became of the leads, here and now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.formatting import percent
from core.work import State, run_claimed
from facts.engine import open_facts
from facts.refresh import refresh
from scoring.learned.result import Result
from scoring.learned.scope import source_systems
from scoring.learned.work import request_learning, result_of
from scoring.models import Learning


class Command(BaseCommand):
    help = (
        "Learn a score model and prove it on leads that it did not see. Nothing is in force before both sides sign it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", default="", help="only leads of this system; without, all")
        parser.add_argument(
            "--put-back",
            action="append",
            default=[],
            metavar="FIELD",
            help="use a suspect all the same, like custom.Tags",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refresh()
        sources = source_systems(open_facts())
        if options["source"] not in {"", *sources}:
            raise CommandError(f"No leads came from “{options['source']}”. There are leads of: {', '.join(sources)}.")
        source = request_learning(by=None, source=options["source"], put_back=options["put_back"])
        row = run_claimed(Learning, source.pk, budget=1e9)
        found = result_of(row) if isinstance(row, Learning) and row.state == State.DONE else None
        if found is None:
            raise CommandError(row.last_error if row else "Somebody else is learning from these leads just now.")
        self._report(found)

    def _report(self, found: Result) -> None:
        self.stdout.write(" ".join([found.verdict.sentence, *found.verdict.more]))
        if found.learned:
            self.stdout.write(found.how_held_out)
        for one in found.suspects:
            used = "used all the same" if one["field"] in found.put_back else "left out"
            self.stdout.write(f"{one['label']} ({one['field']}) is {used}: {one['why']}")
        for rule in found.rules:
            self.stdout.write(
                f"{rule.points_words:>8}  {rule.name}: {rule.n:,} leads, {percent(rule.rate)} of them won"
            )
