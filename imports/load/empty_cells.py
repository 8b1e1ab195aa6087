"""How staged rows leave or empty the values of records where their cells are empty, and how many they would empty."""

from typing import Any

from django.db import models

from imports.load import lookups
from imports.mapping.plan import BASIS, Plan, PlannedField

TEXTS = (models.CharField, models.TextField)


def marker(planned: PlannedField) -> str:
    """Return the staged column that says where the cells of a field were empty, though something else is staged."""
    return f"empty_{planned.column}"


def is_marked(plan: Plan, planned: PlannedField) -> bool:
    """Tell whether an empty cell of a field is staged as something else, or a filled one as nothing."""
    if not plan.leaves_empty:
        return False
    if planned.rule.name == BASIS:
        return any(one.rule.name == "outcome" and one.headers for one in plan.fields)
    rule, field = planned.rule, planned.model_field
    is_flag = isinstance(field, models.BooleanField) and not field.null
    return bool(planned.headers) and bool(rule.default is not None or rule.when or rule.unless or is_flag)


def marked(plan: Plan) -> list[PlannedField]:
    return [planned for planned in plan.fields if is_marked(plan, planned)]


def kept_where_empty(plan: Plan, planned: PlannedField) -> bool:
    """Tell whether a field that is staged as nothing keeps the value that is here."""
    return plan.leaves_empty and bool(planned.headers or planned.join) and not is_marked(plan, planned)


def fill_in(cursor: Any, plan: Plan, stage: str) -> None:
    """Give staged cells that were empty the values of the records that are here."""
    fields = marked(plan)
    if not fields:
        return
    cells = ", ".join(
        f'"{one.column}" = CASE WHEN s."{marker(one)}" THEN t."{one.column}" ELSE s."{one.column}" END'
        for one in fields
    )
    where = " OR ".join(f's."{marker(one)}"' for one in fields)
    cursor.execute(
        f'UPDATE {stage} s SET {cells} FROM "{plan.table}" t WHERE t.source = %s AND t.external_id = s.external_id AND ({where})',
        [plan.source.name],
    )


def _keeps(plan: Plan, planned: PlannedField) -> str:
    """Return SQL that tells whether a marked cell keeps the value; an outcome that was guessed does while its stage does."""
    fields = {one.column: one for one in plan.fields}
    own = f's."{marker(planned)}"'
    if "stage" not in fields or "outcome" not in fields or not is_marked(plan, fields["outcome"]):
        return own
    if planned.rule.name in {"outcome", BASIS}:
        return f"{own} AND s.stage = t.stage"
    hangs_on_it = any(name == "outcome" for name, _ in planned.rule.when)
    return f"{own} AND (NOT s.empty_outcome OR s.stage = t.stage)" if hangs_on_it else own


def count_filled(cursor: Any, plan: Plan, stage: str) -> tuple[int, str]:
    """Return how many empty cells stand where records that are here have values, and the column with the most of them."""
    cells = [(one.headers[0], _is_empty(plan, one), _is_filled(one)) for one in plan.fields if one.headers]
    cells += [
        (one.headers[0], f's."{one.staged}" IS NULL', f't."{one.column}" IS NOT NULL')
        for one in plan.references
        if one.headers and one.rule.by in {"external_id", "email", "domain", "name", lookups.ANY}
    ]
    cells += [
        (name, f"s.custom_{place} IS NULL", f"t.custom ->> {_text(name)} <> ''")
        for place, name in enumerate(plan.custom)
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


def _text(name: str) -> str:
    """Return a column's name as a literal, its percent signs doubled for the driver."""
    return "'" + name.replace("'", "''").replace("%", "%%") + "'"


def _is_empty(plan: Plan, planned: PlannedField) -> str:
    if is_marked(plan, planned):
        return f's."{marker(planned)}"'
    column = f's."{planned.column}"'
    return f"coalesce({column}, '') = ''" if isinstance(planned.model_field, TEXTS) else f"{column} IS NULL"


def _is_filled(planned: PlannedField) -> str:
    column = f't."{planned.column}"'
    return f"{column} <> ''" if isinstance(planned.model_field, TEXTS) else f"{column} IS NOT NULL"
