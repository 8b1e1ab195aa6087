"""Staged rows into their table: one COPY, one set-based upsert that writes only what differs."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from imports.load import duplicates, empty_cells, lookups
from imports.load.checks import Staged
from imports.load.journal import note_made_rows
from imports.load.sql import quote_name
from imports.load.stored_ids import use_stored_ids
from imports.mapping.plan import NAME, NAME_PARTS, Plan, PlannedReference, staged_columns

STAGE = "import_stage"
LONGEST_NAME = 255
MODIFIED = "modified_at"
PAIRS = 40  # jsonb_build_object takes at most 100 arguments


@dataclass(frozen=True)
class Written:
    """What an upsert did; the rest of the staged rows was there already, the same."""

    created: int
    updated: int
    left_out: tuple[duplicates.Pair, ...] = ()
    older: int = 0  # rows left alone, since the source changed what is here later
    restated: tuple[duplicates.Pair, ...] = ()  # new lines of spend beside those that they may restate


@dataclass(frozen=True)
class Sql:
    """A piece of a statement with the values of its placeholders."""

    text: str
    values: tuple[Any, ...] = ()


def upsert(staged: Staged, import_id: int, treatments: Mapping[str, str] | None = None) -> Written:
    """Bring the rows in. Call it in the transaction of the checkpoint.

    Columns that the file does not have are left alone; `custom` keys of other files are kept. `treatments` says what to do
    with new rows that seem to be there already, by kind of likeness.
    """
    plan = staged.plan
    if not staged.rows:
        return Written(0, 0)
    with connection.cursor() as cursor:
        copy_rows(cursor, plan, staged.csv)
        use_stored_ids(cursor, plan, STAGE, staged.ids, is_mixed=staged.is_mixed, run=("import", import_id))
        left_out = duplicates.remove_left_out(cursor, plan, STAGE, treatments or {}, run_id=import_id)
        restated = tuple(duplicates.staged_spend_pairs(cursor, plan, STAGE, import_id))
        empty_cells.keep_values_where_empty(cursor, plan, STAGE)
        for reference in plan.references:
            if reference.rule.stub:
                _make_stubs(cursor, plan, reference, import_id)
        statement = upsert_statement(plan, import_id)
        cursor.execute(statement.text, statement.values)
        created, written = cursor.fetchone()
        # rows that were not written are unchanged or older; only then the count is worth a query
        older = count_older(cursor, plan) if written < staged.rows - len(left_out) else 0
        cursor.execute(f"DROP TABLE {STAGE}")
    return Written(created, written - created, tuple(left_out), older, restated)


def is_older(plan: Plan, row: str, there: str) -> str:
    """Return SQL that tells whether a row says less lately than what is there when its source last changed it.

    A day alone lasts until midnight, and a time without seconds until the next minute.
    """
    if not any(planned.column == MODIFIED for planned in plan.fields):
        return "false"
    clock = f"({row} AT TIME ZONE '{plan.home}')::time"
    lasts = f"CASE WHEN {clock} = '00:00' THEN interval '1 day' WHEN extract(second FROM {row}) = 0 THEN interval '1 minute' ELSE interval '0' END"
    return f"coalesce({row} < {there} AND {row} + {lasts} <= {there}, false)"


def count_older(cursor: Any, plan: Plan) -> int:
    """Count the staged rows that are older than the record that is there."""
    older = is_older(plan, f"s.{MODIFIED}", f"t.{MODIFIED}")
    if older == "false":
        return 0
    cursor.execute(
        f"SELECT count(*) FROM {STAGE} s JOIN {quote_name(plan.table)} t ON t.source = %s AND t.external_id = s.external_id WHERE {older}",
        [plan.source.name],
    )
    return int(cursor.fetchone()[0])


def copy_rows(cursor: Any, plan: Plan, rows: bytes) -> None:
    columns = ", ".join(f"{quote_name(name)} {kind}" for name, kind in all_columns(plan))
    # COPY cannot update, so rows go to a table of their own first; it is gone with the transaction
    cursor.execute(f"CREATE TEMPORARY TABLE {STAGE} ({columns}) ON COMMIT DROP")
    cursor.copy_expert(f"COPY {STAGE} FROM STDIN (FORMAT csv)", io.BytesIO(rows), size=1 << 20)


def all_columns(plan: Plan) -> list[tuple[str, str]]:
    """Return the columns of the staging table, with those that say where cells were empty."""
    return [
        *staged_columns(plan),
        *((empty_cells.marker_column(planned), "boolean") for planned in empty_cells.marked_fields(plan)),
    ]


def _make_stubs(cursor: Any, plan: Plan, reference: PlannedReference, import_id: int) -> None:
    """Make what the rows point to, known by its key alone; the row with that id will fill it."""
    table, key = reference.model._meta.db_table, f"s.{quote_name(reference.staged)}"
    if reference.rule.by == lookups.ANY:
        lookups.make_stubs(cursor, reference, STAGE, plan.source.name)
        return
    if reference.rule.to == "territory":
        cursor.execute(
            f"INSERT INTO {table} (name) SELECT DISTINCT {key} FROM {STAGE} s WHERE {key} IS NOT NULL "
            "ON CONFLICT (name) DO NOTHING RETURNING id"
        )
        note_made_rows(import_id, table, [row_id for (row_id,) in cursor.fetchall()])
        return
    name_columns = ["name"] + (["email"] if reference.rule.by == "email" else [])
    columns = ", ".join(["source", "external_id", *name_columns])
    chosen = ", ".join([key] * (1 + len(name_columns)))
    missing = f"NOT EXISTS (SELECT 1 FROM {table} x WHERE x.source = %s AND x.{reference.rule.by} = {key})"
    cursor.execute(  # thousands of rows name the same few: each is looked for once
        f"INSERT INTO {table} ({columns}) SELECT %s, {chosen} FROM (SELECT DISTINCT {key} FROM {STAGE} s OFFSET 0) s "
        f"WHERE {key} IS NOT NULL AND {missing} ON CONFLICT (source, external_id) DO NOTHING",
        [plan.source.name, plan.source.name],
    )


def upsert_statement(plan: Plan, import_id: int) -> Sql:
    """Build the upsert: staged columns, links resolved, the rest of the row in `custom`, dangling links in `pending`."""
    table = quote_name(plan.table)
    expressions = select_expressions(plan)
    names = [name for name, _ in expressions]
    joins = [join_sql(reference, plan.source.name) for reference in plan.references]
    changes = [(quote_name(name), new_value(name, plan)) for name in names if name not in {"source", "external_id"}]
    old = ", ".join(f"t.{name}" for name, _ in changes)
    new = ", ".join(value.text for _, value in changes)
    set_list = ", ".join(f"{name} = {value.text}" for name, value in changes)
    columns = ", ".join(quote_name(name) for name in names)
    text = (
        f"WITH written AS (INSERT INTO {table} AS t ({columns}, last_import_id) "
        f"SELECT {', '.join(value.text for _, value in expressions)}, %s FROM {STAGE} s {' '.join(join.text for join in joins)} "
        "ON CONFLICT (source, external_id) DO "
    )
    values: tuple[Any, ...] = tuple(value for _, expression in expressions for value in expression.values)
    values += (import_id, *(value for join in joins for value in join.values))
    if changes:
        text += (
            f"UPDATE SET {set_list}, last_import_id = excluded.last_import_id WHERE ({old}) IS DISTINCT FROM ({new}) "
            f"AND NOT {is_older(plan, f'excluded.{MODIFIED}', f't.{MODIFIED}')} "
        )
        # the new values are in the statement twice: where they are set and where they are compared
        values += tuple(value for _, expression in changes for value in expression.values) * 2
    else:
        text += "NOTHING "
    # xmax is 0 for a row that was inserted, and the id of this transaction for one that was updated
    text += "RETURNING (xmax = 0) AS created) SELECT count(*) FILTER (WHERE created), count(*) FROM written"
    return Sql(text, values)


def select_expressions(plan: Plan) -> list[tuple[str, Sql]]:
    """Return (column of the table, expression over the staged row and its joins)."""
    expressions = [("source", Sql("%s", (plan.source.name,))), ("external_id", Sql("s.external_id"))]
    for planned in plan.fields:
        expressions.append((planned.column, Sql(f"s.{quote_name(planned.column)}")))
    expressions += [(reference.column, Sql(f"{reference.staged}_found.id")) for reference in plan.references]
    if plan.custom:
        expressions.append(("custom", _custom_sql(plan)))
    dangling = [reference for reference in plan.references if not reference.rule.stub]
    if dangling:
        expressions.append(("pending", _pending_sql(dangling)))
    return expressions


def _custom_sql(plan: Plan) -> Sql:
    parts: list[str] = []
    values: list[str] = []
    for start in range(0, len(plan.custom), PAIRS):
        headers = plan.custom[start : start + PAIRS]
        pairs = ", ".join(f"%s::text, s.custom_{start + number}" for number in range(len(headers)))
        parts.append(f"jsonb_strip_nulls(jsonb_build_object({pairs}))")
        values += headers
    return Sql(" || ".join(parts), tuple(values))


def _pending_sql(references: Iterable[PlannedReference]) -> Sql:
    pairs: list[str] = []
    values: list[str] = []
    for reference in references:
        key = f"s.{quote_name(reference.staged)}"
        pairs.append(
            f"%s::text, CASE WHEN {reference.staged}_found.id IS NULL AND {key} IS NOT NULL "
            f"THEN jsonb_build_object(%s::text, {key}) END"
        )
        values += [reference.rule.name, reference.rule.by]
    return Sql(f"jsonb_strip_nulls(jsonb_build_object({', '.join(pairs)}))", tuple(values))


def join_sql(reference: PlannedReference, source: str) -> Sql:
    table, alias = quote_name(reference.model._meta.db_table), f"{reference.staged}_found"
    key = f"s.{quote_name(reference.staged)}"
    if reference.rule.by == lookups.ANY:
        return Sql(*lookups.join_sql(reference, STAGE, source))
    if reference.rule.to == "territory":
        return Sql(f"LEFT JOIN {table} {alias} ON {alias}.name = {key}")
    if reference.rule.by == "external_id":
        return Sql(f"LEFT JOIN {table} {alias} ON {alias}.source = %s AND {alias}.external_id = {key}", (source,))
    return Sql(
        f"LEFT JOIN LATERAL (SELECT x.id FROM {table} x WHERE x.source = %s AND x.{reference.rule.by} = {key} "
        f"ORDER BY x.id LIMIT 1) {alias} ON true",
        (source,),
    )


def new_value(name: str, plan: Plan) -> Sql:
    """What a row that is there already gets: the staged value; of JSON only the keys that this file speaks of."""
    if plan.leaves_empty and (kept_value := _kept_where_empty(name, plan)):
        return kept_value
    if name == "custom":
        return Sql("(t.custom - %s::text[]) || excluded.custom", (list(plan.custom),))
    if name == "pending":
        link_names = [reference.rule.name for reference in plan.references]
        return Sql("(t.pending - %s::text[]) || excluded.pending", (link_names,))
    if name == "direction":  # another table of the same system may have said it
        return Sql("coalesce(nullif(excluded.direction, ''), t.direction)")
    if name == NAME and plan.name_parts:
        return _whole_name_sql(plan)
    return Sql(f"excluded.{quote_name(name)}")


def _kept_where_empty(name: str, plan: Plan) -> Sql | None:
    """Return what a row gets that keeps its value where the cell is empty; None where nothing is kept."""
    if name == "custom":
        return Sql("t.custom || excluded.custom")
    links = {reference.column: reference for reference in plan.references if not reference.rule.value}
    if name in links:
        column, rule = quote_name(name), links[name].rule
        # A link stays empty while the row names a record that is not here yet.
        waits = "false" if rule.stub else f"jsonb_exists(excluded.pending, '{rule.name}')"
        return Sql(f"coalesce(excluded.{column}, CASE WHEN NOT {waits} THEN t.{column} END)")
    if name == "pending":
        link_names = ", ".join(
            f"CASE WHEN excluded.{quote_name(item.column)} IS NOT NULL THEN '{item.rule.name}' END"
            for item in links.values()
        )
        return Sql(f"(t.pending - array_remove(ARRAY[{link_names}]::text[], NULL)) || excluded.pending")
    planned = next((item for item in plan.fields if item.column == name), None)
    if planned and empty_cells.kept_where_empty(plan, planned) and not (name == NAME and plan.name_parts):
        column = quote_name(name)
        value = (
            f"nullif(excluded.{column}, '')"
            if isinstance(planned.model_field, empty_cells.TEXTS)
            else f"excluded.{column}"
        )
        return Sql(f"coalesce({value}, t.{column})")
    return None


def _whole_name_sql(plan: Plan) -> Sql:
    """Build the name of a person from its parts; parts that the file does not have keep their stored value."""
    parts = [new_value(name, plan) if name in plan.name_parts else Sql(f"t.{quote_name(name)}") for name in NAME_PARTS]
    texts = ", ".join(f"nullif({part.text}, '')" for part in parts)
    return Sql(
        f"left(concat_ws(' ', {texts}), {LONGEST_NAME})", tuple(value for part in parts for value in part.values)
    )
