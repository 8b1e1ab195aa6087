"""The funnel as rows of a sheet."""

from collections.abc import Iterator
from typing import Any

from funnel.measures import FunnelReport
from funnel.stages.drafts import Funnel


def step_rows(report: FunnelReport, stages: Funnel) -> Iterator[list[Any]]:
    """Yield a line for each stage, with what left it in columns of their own."""
    outs = [(stage.key, stage.name) for stage in stages.detours]
    yield [
        "Stage", "Owner", "Entered", "Value", "Currency", "Went on", "Share that went on", "Skipped it", "Still there",
        *(name for _, name in outs), "Days to the next stage, first quarter", "Median", "Third quarter",
        "Without a date",
    ]  # fmt: skip
    for step in report.steps:
        spread = [step.days.q1, step.days.median, step.days.q3] if step.days else [None] * 3
        yield [
            step.stage.name, step.stage.side, step.entered, step.value, report.currency, step.went_on, step.rate,
            step.skipped, step.here, *(step.left.get(key, 0) for key, _ in outs), *spread, step.undated,
        ]  # fmt: skip
