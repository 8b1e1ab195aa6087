"""The funnel as CSV that a spreadsheet may open without running anything."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

from crm.imports.report import guarded
from funnel.measures import River
from funnel.stages import Funnel


class _Echo:
    def write(self, text: str) -> str:
        return text


def download(name: str, rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    writer = csv.writer(_Echo())  # type: ignore[arg-type]
    lines = (writer.writerow([_cell(value) for value in row]) for row in rows)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _cell(value: Any) -> Any:
    return "" if value is None else guarded(value) if isinstance(value, str) else value


def steps(found: River, stages: Funnel) -> Iterator[list[Any]]:
    """Yield a line for each stage, with what left it in columns of their own."""
    outs = [(stage.key, stage.name) for stage in stages.detours]
    yield [
        "Stage", "Owner", "Entered", "Value", "Currency", "Went on", "Share that went on", "Skipped it", "Still there",
        *(name for _, name in outs), "Days to the next stage, first quarter", "Median", "Third quarter",
    ]  # fmt: skip
    for step in found.steps:
        spread = [step.days.q1, step.days.median, step.days.q3] if step.days else [None] * 3
        yield [
            step.stage.name, step.stage.side, step.entered, step.value, found.currency, step.went_on, step.rate,
            step.skipped, step.here, *(step.left.get(key, 0) for key, _ in outs), *spread,
        ]  # fmt: skip
