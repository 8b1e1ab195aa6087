"""The form of the accountability matrix: a grid of rows that works with and without JavaScript."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from agreements.kinds import TermsForm
from alignment.matrix.rules import LETTERS, MOST_DECISIONS, Row, check_rows, read_rows
from core.request_values import read_int
from funnel.definitions import in_force
from kpis.registry import all_metrics
from team.models import Role

ROLES = {role.value: str(role.label) for role in Role}


def stage_names() -> dict[str, str]:
    """Return the names of the funnel's stages by key, in their order."""
    return {stage.key: stage.name for stage in in_force()}


def metric_names() -> dict[str, str]:
    return {metric.key: metric.name for metric in all_metrics()}


class GridInput(forms.Widget):
    """Reads the cells `rows-2-cmo` of the page, or a list of rows as the API sends it."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        if f"{name}-count" not in data:
            return data.get(name)
        return [self._read_row(data, f"{name}-{number}") for number in range(self._read_count(data, name))]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and f"{name}-count" not in data

    def _read_count(self, data: Mapping[str, Any], name: str) -> int:
        return read_int(data[f"{name}-count"], most=2 * MOST_DECISIONS) or 0

    def _read_row(self, data: Mapping[str, Any], prefix: str) -> dict[str, Any]:
        cells = {role: data.get(f"{prefix}-{role}", "") for role in ROLES}
        fields = {name: str(data.get(f"{prefix}-{name}", "")).strip() for name in ("name", "stage", "metric")}
        return {**fields, "cells": {role: letter for role, letter in cells.items() if letter}}


class GridField(forms.Field):
    widget = GridInput

    def to_python(self, value: Any) -> list[Row]:
        """Return the rows that hold anything.

        Raises:
            ValidationError: the shape is not that of a matrix, with the shape it must have.
        """
        try:
            rows = [parse_row(row) for row in value or []]
        except (TypeError, AttributeError, KeyError):
            raise ValidationError(
                "Give each row as an object with name, stage (empty for a decision), metric, and cells: a letter by role."
            ) from None
        return [row for row in rows if not row.is_empty]

    def validate(self, value: list[Row]) -> None:
        names = stage_names()
        faults = check_rows(value, ROLES, names, metric_names())
        if sum(not row.stage for row in value) > MOST_DECISIONS:
            faults.append(f"A matrix holds at most {MOST_DECISIONS} decisions. Remove some.")
        if faults:
            raise ValidationError(faults)


def parse_row(value: Mapping[str, Any]) -> Row:
    """Return one row as it was sent.

    Raises:
        TypeError: a letter that there is not, or a value that is not a text.
    """
    texts = {name: value.get(name, "") for name in ("name", "stage", "metric")}
    if not all(isinstance(text, str) and len(text) <= 120 for text in texts.values()):
        raise TypeError
    cells = {str(role): letter for role, letter in value.get("cells", {}).items() if letter}
    if any(letter not in LETTERS for letter in cells.values()):
        raise TypeError
    return Row(texts["name"].strip(), texts["stage"], texts["metric"], cells)


class MatrixTerms(TermsForm):
    """Who is accountable, responsible, consulted and informed at each stage and for each recurring decision."""

    rows = GridField(label="Rows", required=False)

    def terms(self) -> dict[str, Any]:
        return {"rows": [row.as_json() for row in self.cleaned_data["rows"]]}


def grid_rows(value: Any, blank: int) -> list[Row]:
    """Return the rows to be edited: every stage of the funnel in its order, then decisions, then blank ones."""
    rows = value if value and isinstance(value[0], Row) else read_rows({"rows": value or []})
    by_stage = {row.stage: row for row in rows if row.stage}
    names = stage_names()
    stages = [
        Row(name, key, by_stage[key].metric, by_stage[key].cells) if key in by_stage else Row(name, key)
        for key, name in names.items()
    ]
    decisions = [row for row in rows if not row.stage and not row.is_empty]
    return [*stages, *decisions, *[Row("")] * blank]


class WordingForm(forms.Form):
    """What the matrix says in words, and why it is proposed."""

    text = forms.CharField(
        label="What is agreed", max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}),
        initial="For each stage and each recurring decision one role is accountable, and answers for the metric beside it.",
    )  # fmt: skip
    reason = forms.CharField(
        label="Why", required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 2})
    )  # fmt: skip
    review_on = forms.DateField(
        label="Next review", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="After this day the matrix is shown as stale until a new version is signed.",
    )  # fmt: skip
