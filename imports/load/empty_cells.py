"""How staged rows leave or empty the values of records where their cells are empty, and how many they would empty."""

from typing import Any

from django.db import models

from imports.load import lookups
from imports.mapping.plan import OUTCOME_BASIS, Plan, PlannedField

TEXTS = (models.CharField, models.TextField)


def marker_column(planned: PlannedField) -> str:
    """Return the staged column that says where the cells of a field were empty, though something else is staged."""
    return f"empty_{planned.column}"


def is_marked(plan: Plan, planned: PlannedField) -> bool:
    """Tell whether an empty cell of a field is staged as something else, or a filled one as nothing."""
    if not plan.leaves_empty:
        return False
    if planned.rule.name == OUTCOME_BASIS:
        return any(field.rule.name == "outcome" and field.headers for field in plan.fields)
    # only where a default, a condition or a flag fills the cell can the staged value hide that it was empty
    rule, field = planned.rule, planned.model_field
    is_flag = isinstance(field, models.BooleanField) and not field.null
    return bool(planned.headers) and bool(rule.default is not None or rule.when or rule.unless or is_flag)


def marked_fields(plan: Plan) -> list[PlannedField]:
    return [planned for planned in plan.fields if is_marked(plan, planned)]


def kept_where_empty(plan: Plan, planned: PlannedField) -> bool:
    """Tell whether a field that is staged as nothing keeps the value that is here."""
    return plan.leaves_empty and bool(planned.headers or planned.join) and not is_marked(plan, planned)


def keep_values_where_empty(cursor: Any, plan: Plan, stage: str) -> None:
    """Give staged cells that were empty the values of the records that are here."""
    fields = marked_fields(plan)
    if not fields:
        return
    cells = ", ".join(
        f'"{planned.column}" = CASE WHEN s."{marker_column(planned)}" THEN t."{planned.column}" ELSE s."{planned.column}" END'
        for planned in fields
    )
    where = " OR ".join(f's."{marker_column(planned)}"' for planned in fields)
    cursor.execute(
        f'UPDATE {stage} s SET {cells} FROM "{plan.table}" t WHERE t.source = %s AND t.external_id = s.external_id AND ({where})',
        [plan.source.name],
    )


def count_filled(cursor: Any, plan: Plan, stage: str) -> tuple[int, str]:
    """Return how many empty cells meet a record that has a value, and the column with the most of them."""
    cells = [
        (planned.headers[0], _is_empty(plan, planned), _is_filled(planned))
        for planned in plan.fields
        if planned.headers
    ]
    cells += [
        (planned.headers[0], f's."{planned.staged}" IS NULL', f't."{planned.column}" IS NOT NULL')
        for planned in plan.references
        if planned.headers and planned.rule.by in {"external_id", "email", "domain", "name", lookups.ANY}
    ]
    cells += [
        (name, f"s.custom_{number} IS NULL", f"t.custom ->> {_text_literal(name)} <> ''")
        for number, name in enumerate(plan.custom)
    ]
    if not cells:
        return 0, ""
    counts = ", ".join(f"count(*) FILTER (WHERE {empty} AND {filled})" for _, empty, filled in cells)
    cursor.execute(
        f'SELECT {counts} FROM {stage} s JOIN "{plan.table}" t ON t.source = %s AND t.external_id = s.external_id',
        [plan.source.name],
    )
    numbers = dict(zip((name for name, _, _ in cells), cursor.fetchone(), strict=False))
    return sum(numbers.values()), max(numbers, key=lambda name: numbers[name])


def _text_literal(name: str) -> str:
    """Return a column's name as a literal, its percent signs doubled for the driver."""
    return "'" + name.replace("'", "''").replace("%", "%%") + "'"


def _is_empty(plan: Plan, planned: PlannedField) -> str:
    if is_marked(plan, planned):
        return f's."{marker_column(planned)}"'
    column = f's."{planned.column}"'
    return f"coalesce({column}, '') = ''" if isinstance(planned.model_field, TEXTS) else f"{column} IS NULL"


def _is_filled(planned: PlannedField) -> str:
    column = f't."{planned.column}"'
    return f"{column} <> ''" if isinstance(planned.model_field, TEXTS) else f"{column} IS NOT NULL"
