"""What staged rows would do to the tables, asked without doing it."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from imports.load import duplicates, empty_cells, lookups, removals, upsert
from imports.load.checks import Staged
from imports.load.sql import quote_name
from imports.load.stored_ids import use_stored_ids
from imports.load.upsert import MODIFIED, STAGE, Sql
from imports.mapping.plan import Plan, PlannedReference

ROWS = "preview_rows"
EXAMPLES = 20
ANY_NAME = "/any"  # behind the kind of a row that is known by one of its names


@dataclass(frozen=True)
class Counts:
    created: int
    updated: int
    unchanged: int
    older: int = 0
    removed: int = 0
    merged: int = 0


@dataclass(frozen=True)
class DryRunResult:
    """What a block would do; per link: rows that find nothing, what is made, examples; rows that seem to be there already."""

    counts: Counts
    links: dict[str, dict[str, Any]]
    alike: duplicates.DuplicateMatches
    left_out: int = 0  # of those, by the user's choice
    empty: tuple[int, str] = (0, "")  # empty cells where records have values, and the column with the most of them


def dry_run(staged: Staged, preview_id: int, named_kinds: set[str], treatments: Mapping[str, str]) -> DryRunResult:
    """Compare the rows with what is there and with what earlier blocks would have written, and note them as seen.

    `named` are the kinds of record that some file of the import points to by a name. Call it in a transaction.
    """
    plan = staged.plan
    gone = removals.count_removals(plan.mapping.object, plan.source.name, staged.departures, preview_id)
    if not staged.rows:
        return DryRunResult(Counts(0, 0, 0, **gone), {}, duplicates.DuplicateMatches({}, []))
    with connection.cursor() as cursor:
        upsert.copy_rows(cursor, plan, staged.csv)
        use_stored_ids(cursor, plan, STAGE, staged.ids, is_mixed=staged.is_mixed, run=("preview", preview_id))
        alike = duplicates.find_duplicates(cursor, plan, STAGE, preview_id)
        out = len(duplicates.remove_left_out(cursor, plan, STAGE, treatments, preview_id))
        duplicates.note_seen_words(cursor, plan, STAGE, preview_id)
        empty = empty_cells.count_filled(cursor, plan, STAGE)
        empty_cells.keep_values_where_empty(cursor, plan, STAGE)
        create_preview_table(cursor, plan, preview_id)
        links = {
            reference.rule.name: _preview_link(cursor, reference, plan, preview_id) for reference in plan.references
        }
        # after the links: records that links create exist before the rows do
        counts = replace(
            _count_changes(cursor, plan, preview_id, staged.rows - out), **gone
        )  # what links make is there before the rows are
        _note_seen(cursor, plan, preview_id, named_kinds)
        cursor.execute(f"DROP TABLE {STAGE}, {ROWS}")
    return DryRunResult(
        counts, {name: link for name, link in links.items() if link["rows"] or link["made"]}, alike, out, empty
    )


def create_preview_table(cursor: Any, plan: Plan, preview_id: int) -> None:
    """Put the rows as they would be written, and the hashes they are known by, in a table of their own."""
    links = {reference.column: reference for reference in plan.references}
    chosen = [
        (name, _resolved_link(links[name], preview_id, plan) if name in links else sql)
        for name, sql in upsert.select_expressions(plan)
    ]
    joins = [upsert.join_sql(reference, plan.source.name) for reference in plan.references]
    columns = ", ".join(f"{sql.text} AS {quote_name(name)}" for name, sql in chosen)
    keys = ", ".join(
        f"s.{quote_name(reference.staged)} AS {quote_name('key of ' + reference.rule.name)}"
        for reference in plan.references
    )
    # the lowest 16 bits of accord_content hold the mark of the columns, the others the hash of the row
    cursor.execute(
        f"CREATE TEMPORARY TABLE {ROWS} ON COMMIT DROP AS SELECT {columns}, {keys + ', ' if keys else ''}"
        f"{_hash_sql('%s', 's.external_id')} AS accord_key, (hashtextextended(s::text, 0) & ~65535) | {_columns_mark(plan)} AS accord_content "
        f"FROM {STAGE} s {' '.join(join.text for join in joins)}",
        [*(v for _, sql in chosen for v in sql.values), plan.source.name, *(v for join in joins for v in join.values)],
    )


def _columns_mark(plan: Plan) -> int:
    """Return 16 bits that tell the columns of one plan from those of another: only the same columns can be compared."""
    return zlib.crc32("|".join(name for name, _ in upsert.select_expressions(plan)).encode()) & 65535


def _hash_sql(source: str, key: str) -> str:
    return f"hashtextextended({source} || chr(31) || {key}, 0)"


def _resolved_link(reference: PlannedReference, preview_id: int, plan: Plan) -> Sql:
    """Return the id of what a link finds; -1 where it would be there by then, made on the way or come before."""
    key = f"s.{quote_name(reference.staged)}"
    found_id = f"{reference.staged}_found.id"
    if reference.rule.stub:
        return Sql(f"coalesce({found_id}, CASE WHEN {key} IS NOT NULL THEN -1 END)")
    kind, hashed, values = _seen_as(reference, key, plan)
    return Sql(
        f"coalesce({found_id}, (SELECT -1 FROM imports_seenkey k WHERE k.preview_id = %s AND k.kind = %s AND k.key = {hashed}))",
        (preview_id, kind, *values),
    )


def _seen_as(reference: PlannedReference, key: str, plan: Plan) -> tuple[str, str, tuple[str, ...]]:
    """Return (kind, hash, its values) under which what a link names would have been noted."""
    if reference.rule.by == "external_id":
        return reference.rule.to, _hash_sql("%s", key), (plan.source.name,)
    return f"{reference.rule.to}{ANY_NAME}", f"hashtextextended(lower({key}), 0)", ()


def _count_changes(cursor: Any, plan: Plan, preview_id: int, rows: int) -> Counts:
    names = [name for name, _ in upsert.select_expressions(plan) if name not in {"source", "external_id"}]
    new = [upsert.new_value(name, plan) for name in names]
    changed = "false"
    if names:
        old = ", ".join(f"t.{quote_name(name)}" for name in names)
        changed = f"({old}) IS DISTINCT FROM ({', '.join(value.text for value in new)})"
    again = f"k.content & 65535 = {_columns_mark(plan)}"
    older = upsert.is_older(plan, f"excluded.{MODIFIED}", f"greatest(t.{MODIFIED}, k.{MODIFIED})")
    cursor.execute(
        "SELECT count(*) FILTER (WHERE k.key IS NULL AND t.id IS NULL), "
        f"count(*) FILTER (WHERE NOT {older} AND CASE WHEN {again} THEN k.content <> excluded.accord_content "
        f"WHEN t.id IS NULL THEN k.key IS NOT NULL ELSE {changed} END), count(*) FILTER (WHERE {older}) "
        f"FROM {ROWS} excluded LEFT JOIN {quote_name(plan.table)} t ON t.source = %s AND t.external_id = excluded.external_id "
        "LEFT JOIN imports_seenkey k ON k.preview_id = %s AND k.kind = %s AND k.key = excluded.accord_key",
        [*(v for value in new for v in value.values), plan.source.name, preview_id, plan.mapping.object],
    )
    created, updated, older_ones = cursor.fetchone()
    return Counts(created, updated, rows - created - updated - older_ones, older_ones)


def _preview_link(cursor: Any, reference: PlannedReference, plan: Plan, preview_id: int) -> dict[str, Any]:
    """Say of a link: how many rows find nothing behind it, what of it would be made, and the commonest words."""
    word, column = quote_name(f"key of {reference.rule.name}"), quote_name(reference.column)
    if reference.rule.stub:
        return {"rows": 0, "made": _note_made(cursor, reference, plan, preview_id, word), "named": []}
    cursor.execute(
        f"SELECT {word}, count(*) AS number, sum(count(*)) OVER () FROM {ROWS} WHERE {word} IS NOT NULL AND {column} IS NULL "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {EXAMPLES}"
    )
    rows = cursor.fetchall()
    return {"rows": int(rows[0][2]) if rows else 0, "made": 0, "named": [(key, number) for key, number, _ in rows]}


def _note_made(cursor: Any, reference: PlannedReference, plan: Plan, preview_id: int, word: str) -> int:
    """Note what would be made for a link under its key alone; return how many are new to this preview."""
    kind, hashed, values = _seen_as(reference, word, plan)
    cursor.execute(
        f"INSERT INTO imports_seenkey (preview_id, kind, key, content) SELECT DISTINCT %s::bigint, %s, {hashed}, 0 FROM {ROWS} "
        f"WHERE {quote_name(reference.column)} = -1 ON CONFLICT DO NOTHING",
        [preview_id, kind, *values],
    )
    made = int(cursor.rowcount)
    if made and reference.rule.by != "external_id":  # it gets its name for an id
        cursor.execute(
            f"INSERT INTO imports_seenkey (preview_id, kind, key, content) SELECT DISTINCT %s::bigint, %s, {_hash_sql('%s', word)}, 0 "
            f"FROM {ROWS} WHERE {quote_name(reference.column)} = -1 ON CONFLICT DO NOTHING",
            [preview_id, reference.rule.to, plan.source.name],
        )
    return made


def _note_seen(cursor: Any, plan: Plan, preview_id: int, named_kinds: set[str]) -> None:
    modified = MODIFIED if any(planned.column == MODIFIED for planned in plan.fields) else "NULL::timestamptz"
    older = upsert.is_older(plan, f"excluded.{MODIFIED}", f"k.{MODIFIED}")
    cursor.execute(
        "INSERT INTO imports_seenkey AS k (preview_id, kind, key, content, modified_at) "
        f"SELECT DISTINCT ON (accord_key) %s::bigint, %s, accord_key, accord_content, {modified} FROM {ROWS} "
        "ON CONFLICT (preview_id, kind, key) DO UPDATE SET content = excluded.content, "
        f"modified_at = coalesce(excluded.modified_at, k.modified_at) WHERE NOT {older}",
        [preview_id, plan.mapping.object],
    )
    if plan.mapping.object not in named_kinds:
        return
    columns = {"external_id", *(planned.column for planned in plan.fields)}
    for name in lookups.keys_of(plan.model):
        if name in columns:
            cursor.execute(
                "INSERT INTO imports_seenkey (preview_id, kind, key, content) SELECT DISTINCT %s::bigint, %s, "
                f"hashtextextended(lower({quote_name(name)}), 0), 0 FROM {ROWS} WHERE {quote_name(name)} <> '' ON CONFLICT DO NOTHING",
                [preview_id, f"{plan.mapping.object}{ANY_NAME}"],
            )
