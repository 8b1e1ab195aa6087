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
Reckon = Callable[[PlannedField, dict[str, pd.Series]], pd.Series]


def with_stages(plan: Plan, book: StageBook) -> Plan:
    """Return the plan with the agreed meanings, and the columns that they fill."""
    if plan.mapping.object != "opportunity" or not book or not any(one.column == "stage" for one in plan.fields):
        return plan
    has = {one.column for one in plan.fields}
    extra = [] if "probability" in has else [_constant(plan, "probability", "")]
    return replace(plan, stages=book, fields=(*plan.fields, *extra, _constant(plan, "told", "{}")))


def _constant(plan: Plan, name: str, value: str) -> PlannedField:
    return PlannedField(FieldRule(name, value=value), field_of(plan.model, name), (), ())


def outcomes(plan: Plan, columns: dict[str, pd.Series], frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the agreed outcomes, and those that the source wrote."""
    assert plan.stages
    written = columns["outcome"]
    found = [
        plan.stages.outcome(pipeline, stage, reason, outcome)
        for pipeline, stage, reason, outcome in zip(
            _words("pipeline", columns, frame),
            _words("stage", columns, frame),
            _reasons(plan, frame),
            written,
            strict=True,
        )
    ]
    return {"outcome": pd.Series(found, index=frame.index, dtype="str"), WRITTEN: written}


def _words(name: str, columns: dict[str, pd.Series], frame: pd.DataFrame) -> list[str]:
    return list(columns[name].fillna("")) if name in columns else [""] * len(frame)


def _reasons(plan: Plan, frame: pd.DataFrame) -> list[str]:
    headers = next((one.headers for one in plan.fields if one.column == "lost_reason"), ())
    found = pd.Series("", index=frame.index, dtype="str")
    for header in headers:
        found = found.where(found != "", frame[header])
    return list(found)


def chances(plan: Plan, columns: dict[str, pd.Series], reckon: Reckon) -> dict[str, pd.Series]:
    """Return the agreed probabilities, and what the source told of every row where the company says otherwise."""
    assert plan.stages
    if WRITTEN not in columns:
        return {}
    outcome, written, told = columns["outcome"], columns.pop(WRITTEN), columns["probability"]
    frame = outcome.to_frame()
    places = zip(_words("pipeline", columns, frame), _words("stage", columns, frame), outcome, told, strict=True)
    found = [plan.stages.probability(pipeline, stage, word, _chance(said)) for pipeline, stage, word, said in places]
    days = _days(plan, columns, written, reckon)
    rows = zip(outcome, found, written, map(_chance, told), *days.values(), strict=True)
    notes = [_note(row[:2], row[2:4], dict(zip(days, row[4:], strict=True))) for row in rows]
    return {
        "probability": pd.Series(found, index=outcome.index, dtype="object"),
        "told": pd.Series(notes, index=outcome.index, dtype="str"),
    }


def _days(plan: Plan, columns: dict[str, pd.Series], written: pd.Series, reckon: Reckon) -> dict[str, list[Any]]:
    """Return the days as they would be with the outcome that the source wrote."""
    as_written = {**columns, "outcome": written}
    planned = {one.column: one for one in plan.fields if one.column in DAYS}
    nothing = [None] * len(written)
    return {name: _plain(reckon(planned[name], as_written)) if name in planned else nothing for name in DAYS}


def _plain(days: pd.Series) -> list[Any]:
    return [None if day is pd.NaT or day is None else str(day.date()) for day in days.astype(object)]


def _chance(value: Any) -> str | None:
    return None if value is None or value != value or value == "" else str(value)


def _note(ours: tuple[Any, ...], theirs: tuple[Any, ...], days: dict[str, Any]) -> str:
    """Write what the source told, as far as the company says otherwise; the days where the deal is over or open again."""
    if (ours[0], _number(ours[1])) == (theirs[0], _number(theirs[1])):
        return "{}"
    chance = _number(theirs[1])
    turned = (ours[0] == OPEN) != (theirs[0] == OPEN)
    return json.dumps({"outcome": theirs[0], "probability": chance, **(days if turned else {})})


def _number(chance: str | None) -> float | None:
    return None if chance is None else float(chance)
