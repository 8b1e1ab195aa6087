"""`manage.py metric KEY`: what a metric is, for a period, cut by a dimension, as a table or as JSON."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.formatting import format_by_unit, format_exact
from core.periods import PRESETS, BadPeriod
from kpis.compute import compute_metric, read_period
from kpis.freshness import up_to_date_facts
from kpis.registry import BadCut, UnknownMetric, all_metrics, get_metric
from kpis.result import Figures, Result


class Command(BaseCommand):
    help = "Print a metric, whole or broken down; without dates it covers all records."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", nargs="?", metavar="KEY", help="which metric, like close_rate")
        parser.add_argument("--list", action="store_true", help="list the metrics and their dimensions")
        parser.add_argument("--from", dest="start", metavar="D", help="first day, like 2025-01-01")
        parser.add_argument("--to", dest="end", metavar="D", help="last day, included")
        parser.add_argument("--period", choices=[*PRESETS], help="instead of dates; years and quarters are fiscal ones")
        parser.add_argument("--by", metavar="DIM", help="cut by a dimension, like owner, month, custom.lead_type")
        parser.add_argument(
            "--where", metavar="DIM=VALUE", nargs="+", action="extend", default=[], help="only these rows"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self._list_metrics(as_json=options["json"])
            return
        if not options["key"]:
            raise CommandError("Name a metric. --list prints all metrics.")
        try:
            result = self._compute_result(options)
        except (UnknownMetric, BadCut, BadPeriod) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(result.as_json(), indent=2, ensure_ascii=False))
        else:
            self._print_result(result)

    def _compute_result(self, options: dict[str, Any]) -> Result:
        metric = get_metric(options["key"])
        period = read_period(options["start"], options["end"], options["period"])
        where = _parse_filters(options["where"])
        for name in [*([options["by"]] if options["by"] else []), *where]:
            metric.check_dimension(name)
        return compute_metric(metric, period, by=options["by"], where=where, facts=up_to_date_facts())

    def _list_metrics(self, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps([metric.as_json() for metric in all_metrics()], indent=2, ensure_ascii=False))
            return
        for metric in all_metrics():
            self.stdout.write(f"{metric.key:<32} {metric.name}: {metric.formula}")
            self.stdout.write(f"{'':<32} by {', '.join(metric.dimensions)}")

    def _print_result(self, result: Result) -> None:
        self.stdout.write(f"{result.name}, {result.period.label}")
        self._print_line("whole" if result.by else "", result, result)
        width = max([len(part.label) for part in result.parts] or [0])
        for part in result.parts:
            self._print_line(part.label.ljust(min(width, 60)), part, result)
        for note in [*([f"Basis: {result.basis}."] if result.basis else []), *result.warnings]:
            self.stdout.write(note)
        self.stdout.write(f"As of {result.as_of:%Y-%m-%d %H:%M %Z}." if result.as_of else "No records imported yet.")

    def _print_line(self, label: str, figures: Figures, result: Result) -> None:
        value = format_by_unit(figures.value, result.unit, figures.currency) + (
            f" per {result.per}" if result.per else ""
        )
        self.stdout.write(
            f"  {label}  {value}  ({format_exact(figures.value, result.unit, figures.currency)}, n {figures.n:,})"
        )


def _parse_filters(pairs: list[str]) -> dict[str, str]:
    """Read DIM=VALUE pairs.

    Raises:
        CommandError: a word has no equals sign, or a dimension comes twice.
    """
    filters: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in filters:
            raise CommandError(f"“{pair}”: write each filter once, as DIM=VALUE, like --where owner='Anna Snelling'.")
        filters[name] = value
    return filters
