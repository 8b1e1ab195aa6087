"""What the company agreed that the stages of a source mean, laid over what the source says, row by row."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from imports.mapping.plan import Plan, PlannedField
from imports.mapping.schema import FieldRule, field_of
from imports.mapping.stage_meanings import OPEN, StageBook

WRITTEN = "outcome as written"
DAYS = ("closed_on", "expected_close_on")
ReadField = Callable[[PlannedField, dict[str, pd.Series]], pd.Series]


def with_stages(plan: Plan, book: StageBook) -> Plan:
    """Return the plan with the agreed meanings, and the columns that they fill."""
    if (
        plan.mapping.object != "opportunity"
        or not book
        or not any(planned.column == "stage" for planned in plan.fields)
    ):
        return plan
    has = {planned.column for planned in plan.fields}
    extra = [] if "probability" in has else [_constant_field(plan, "probability", "")]
    return replace(plan, stages=book, fields=(*plan.fields, *extra, _constant_field(plan, "told", "{}")))


def _constant_field(plan: Plan, name: str, value: str) -> PlannedField:
    return PlannedField(FieldRule(name, value=value), field_of(plan.model, name), (), ())


def agreed_outcomes(plan: Plan, columns: dict[str, pd.Series], frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the agreed outcomes, and those that the source wrote."""
    assert plan.stages
    written = columns["outcome"]
    reasons = pd.Series("", index=frame.index, dtype="str")
    for header in next((planned.headers for planned in plan.fields if planned.column == "lost_reason"), ()):
        reasons = reasons.where(reasons != "", frame[header])
    pipelines, stages = (_column_texts(name, columns, frame) for name in ("pipeline", "stage"))
    agreed = list(map(plan.stages.outcome_of, pipelines, stages, reasons, written))
    return {"outcome": pd.Series(agreed, index=frame.index, dtype="str"), WRITTEN: written}


def _column_texts(name: str, columns: dict[str, pd.Series], frame: pd.DataFrame) -> list[str]:
    return list(columns[name].fillna("")) if name in columns else [""] * len(frame)


def agreed_probabilities(plan: Plan, columns: dict[str, pd.Series], read_field: ReadField) -> dict[str, pd.Series]:
    """Return the agreed probabilities, and the source's own values of each row where the company decided otherwise."""
    assert plan.stages
    if WRITTEN not in columns:
        return {}
    outcome, written, source_probabilities = columns["outcome"], columns.pop(WRITTEN), columns["probability"]
    frame = outcome.to_frame()
    deals = zip(
        _column_texts("pipeline", columns, frame),
        _column_texts("stage", columns, frame),
        outcome,
        source_probabilities,
        strict=True,
    )
    probabilities = [
        plan.stages.probability_of(pipeline, stage, deal_outcome, _probability_text(source_probability))
        for pipeline, stage, deal_outcome, source_probability in deals
    ]
    days = _days_as_written(plan, columns, written, read_field)
    rows = zip(
        outcome, probabilities, written, map(_probability_text, source_probabilities), *days.values(), strict=True
    )
    source_values = [_source_values(row[:2], row[2:4], dict(zip(days, row[4:], strict=True))) for row in rows]
    return {
        "probability": pd.Series(probabilities, index=outcome.index, dtype="object"),
        "told": pd.Series(source_values, index=outcome.index, dtype="str"),
    }


def _days_as_written(
    plan: Plan, columns: dict[str, pd.Series], written: pd.Series, read_field: ReadField
) -> dict[str, list[Any]]:
    """Return the days as they would be with the outcome that the source wrote."""
    # close dates depend on the outcome, so they are read again with the source's own
    as_written = {**columns, "outcome": written}
    days: dict[str, list[Any]] = {name: [None] * len(written) for name in DAYS}
    for planned in plan.fields:
        if planned.column in DAYS:
            values = read_field(planned, as_written).astype(object)
            days[planned.column] = [None if day is pd.NaT or day is None else str(day.date()) for day in values]
    return days


def _probability_text(value: Any) -> str | None:
    return None if value is None or value != value or value == "" else str(value)


def _source_values(ours: tuple[Any, ...], theirs: tuple[Any, ...], days: dict[str, Any]) -> str:
    """Return as JSON the source's own values where the company decided otherwise; with the days if the deal is open for one and closed for the other."""
    if (ours[0], _to_float(ours[1])) == (theirs[0], _to_float(theirs[1])):
        return "{}"
    chance = _to_float(theirs[1])
    turned = (ours[0] == OPEN) != (theirs[0] == OPEN)
    return json.dumps({"outcome": theirs[0], "probability": chance, **(days if turned else {})})


def _to_float(chance: str | None) -> float | None:
    return None if chance is None else float(chance)
