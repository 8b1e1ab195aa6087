"""What staged rows would do to the tables, asked without doing it."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from imports.load import duplicates, empty_cells, lookups, removals, upsert
from imports.load.checks import Staged
from imports.load.stored_ids import use_stored_ids
from imports.load.upsert import MODIFIED, STAGE, Sql, quoted
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
class Found:
    """What a block would do; per link: rows that find nothing, what is made, examples; rows that seem to be there already."""

    counts: Counts
    links: dict[str, dict[str, Any]]
    alike: duplicates.Found
    left_out: int = 0  # of those, as somebody chose
    empty: tuple[int, str] = (0, "")  # empty cells where records have values, and the column with the most of them


def would_do(staged: Staged, preview_id: int, named: set[str], treatments: Mapping[str, str]) -> Found:
    """Compare the rows with what is there and with what blocks before would have brought, and note them as seen.

    `named` are the kinds of record that some file of the import points to by a name. Call it in a transaction.
    """
    plan = staged.plan
    gone = removals.count_here(plan.mapping.object, plan.source.name, staged.departures, preview_id)
    if not staged.rows:
        return Found(Counts(0, 0, 0, **gone), {}, duplicates.Found({}, []))
    with connection.cursor() as cursor:
        upsert.copy(cursor, plan, staged.csv)
        use_stored_ids(cursor, plan, STAGE, staged.ids, is_mixed=staged.is_mixed, run=("preview", preview_id))
        alike = duplicates.search(cursor, plan, STAGE, preview_id)
        out = len(duplicates.take_out(cursor, plan, STAGE, treatments, preview_id))
        duplicates.note_words(cursor, plan, STAGE, preview_id)
        empty = empty_cells.count_filled(cursor, plan, STAGE)
        empty_cells.fill_in(cursor, plan, STAGE)
        lay_out(cursor, plan, preview_id)
        links = {one.rule.name: _link(cursor, one, plan, preview_id) for one in plan.references}
        counts = replace(
            _counts(cursor, plan, preview_id, staged.rows - out), **gone
        )  # what links make is there before the rows are
        _note_seen(cursor, plan, preview_id, named)
        cursor.execute(f"DROP TABLE {STAGE}, {ROWS}")
    return Found(
        counts, {name: found for name, found in links.items() if found["rows"] or found["made"]}, alike, out, empty
    )


def lay_out(cursor: Any, plan: Plan, preview_id: int) -> None:
    """Put the rows as they would be written, and the hashes they are known by, in a table of their own."""
    links = {one.column: one for one in plan.references}
    chosen = [
        (name, _resolved(links[name], preview_id, plan) if name in links else sql) for name, sql in upsert.chosen(plan)
    ]
    joins = [upsert.join(one, plan.source.name) for one in plan.references]
    columns = ", ".join(f"{sql.text} AS {quoted(name)}" for name, sql in chosen)
    keys = ", ".join(f"s.{quoted(one.staged)} AS {quoted('key of ' + one.rule.name)}" for one in plan.references)
    cursor.execute(
        f"CREATE TEMPORARY TABLE {ROWS} ON COMMIT DROP AS SELECT {columns}, {keys + ', ' if keys else ''}"
        f"{_hash('%s', 's.external_id')} AS accord_key, (hashtextextended(s::text, 0) & ~65535) | {_mark(plan)} AS accord_content "
        f"FROM {STAGE} s {' '.join(join.text for join in joins)}",
        [*(v for _, sql in chosen for v in sql.values), plan.source.name, *(v for join in joins for v in join.values)],
    )


def _mark(plan: Plan) -> int:
    """Return 16 bits that tell the columns of one plan from those of another: only the same columns can be compared."""
    return zlib.crc32("|".join(name for name, _ in upsert.chosen(plan)).encode()) & 65535


def _hash(source: str, key: str) -> str:
    return f"hashtextextended({source} || chr(31) || {key}, 0)"


def _resolved(reference: PlannedReference, preview_id: int, plan: Plan) -> Sql:
    """Return the id of what a link finds; -1 where it would be there by then, made on the way or come before."""
    key = f"s.{quoted(reference.staged)}"
    found = f"{reference.staged}_found.id"
    if reference.rule.stub:
        return Sql(f"coalesce({found}, CASE WHEN {key} IS NOT NULL THEN -1 END)")
    kind, hashed, values = _seen_as(reference, key, plan)
    return Sql(
        f"coalesce({found}, (SELECT -1 FROM imports_seenkey k WHERE k.preview_id = %s AND k.kind = %s AND k.key = {hashed}))",
        (preview_id, kind, *values),
    )


def _seen_as(reference: PlannedReference, key: str, plan: Plan) -> tuple[str, str, tuple[str, ...]]:
    """Return (kind, hash, its values) under which what a link names would have been noted."""
    if reference.rule.by == "external_id":
        return reference.rule.to, _hash("%s", key), (plan.source.name,)
    return f"{reference.rule.to}{ANY_NAME}", f"hashtextextended(lower({key}), 0)", ()


def _counts(cursor: Any, plan: Plan, preview_id: int, rows: int) -> Counts:
    names = [name for name, _ in upsert.chosen(plan) if name not in {"source", "external_id"}]
    new = [upsert.new_value(name, plan) for name in names]
    changed = "false"
    if names:
        old = ", ".join(f"t.{quoted(name)}" for name in names)
        changed = f"({old}) IS DISTINCT FROM ({', '.join(value.text for value in new)})"
    again = f"k.content & 65535 = {_mark(plan)}"
    older = upsert.is_older(plan, f"excluded.{MODIFIED}", f"greatest(t.{MODIFIED}, k.{MODIFIED})")
    cursor.execute(
        "SELECT count(*) FILTER (WHERE k.key IS NULL AND t.id IS NULL), "
        f"count(*) FILTER (WHERE NOT {older} AND CASE WHEN {again} THEN k.content <> excluded.accord_content "
        f"WHEN t.id IS NULL THEN k.key IS NOT NULL ELSE {changed} END), count(*) FILTER (WHERE {older}) "
        f"FROM {ROWS} excluded LEFT JOIN {quoted(plan.table)} t ON t.source = %s AND t.external_id = excluded.external_id "
        "LEFT JOIN imports_seenkey k ON k.preview_id = %s AND k.kind = %s AND k.key = excluded.accord_key",
        [*(v for value in new for v in value.values), plan.source.name, preview_id, plan.mapping.object],
    )
    created, updated, older_ones = cursor.fetchone()
    return Counts(created, updated, rows - created - updated - older_ones, older_ones)


def _link(cursor: Any, reference: PlannedReference, plan: Plan, preview_id: int) -> dict[str, Any]:
    """Say of a link: how many rows find nothing behind it, what of it would be made, and the commonest words."""
    word, column = quoted(f"key of {reference.rule.name}"), quoted(reference.column)
    if reference.rule.stub:
        return {"rows": 0, "made": _note_made(cursor, reference, plan, preview_id, word), "named": []}
    cursor.execute(
        f"SELECT {word}, count(*) AS number, sum(count(*)) OVER () FROM {ROWS} WHERE {word} IS NOT NULL AND {column} IS NULL "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {EXAMPLES}"
    )
    found = cursor.fetchall()
    return {"rows": int(found[0][2]) if found else 0, "made": 0, "named": [(key, number) for key, number, _ in found]}


def _note_made(cursor: Any, reference: PlannedReference, plan: Plan, preview_id: int, word: str) -> int:
    """Note what would be made for a link under its key alone; return how many are new to this preview."""
    kind, hashed, values = _seen_as(reference, word, plan)
    cursor.execute(
        f"INSERT INTO imports_seenkey (preview_id, kind, key, content) SELECT DISTINCT %s::bigint, %s, {hashed}, 0 FROM {ROWS} "
        f"WHERE {quoted(reference.column)} = -1 ON CONFLICT DO NOTHING",
        [preview_id, kind, *values],
    )
    made = int(cursor.rowcount)
    if made and reference.rule.by != "external_id":  # it gets its name for an id
        cursor.execute(
            f"INSERT INTO imports_seenkey (preview_id, kind, key, content) SELECT DISTINCT %s::bigint, %s, {_hash('%s', word)}, 0 "
            f"FROM {ROWS} WHERE {quoted(reference.column)} = -1 ON CONFLICT DO NOTHING",
            [preview_id, reference.rule.to, plan.source.name],
        )
    return made


def _note_seen(cursor: Any, plan: Plan, preview_id: int, named: set[str]) -> None:
    modified = MODIFIED if any(planned.column == MODIFIED for planned in plan.fields) else "NULL::timestamptz"
    older = upsert.is_older(plan, f"excluded.{MODIFIED}", f"k.{MODIFIED}")
    cursor.execute(
        "INSERT INTO imports_seenkey AS k (preview_id, kind, key, content, modified_at) "
        f"SELECT DISTINCT ON (accord_key) %s::bigint, %s, accord_key, accord_content, {modified} FROM {ROWS} "
        "ON CONFLICT (preview_id, kind, key) DO UPDATE SET content = excluded.content, "
        f"modified_at = coalesce(excluded.modified_at, k.modified_at) WHERE NOT {older}",
        [preview_id, plan.mapping.object],
    )
    if plan.mapping.object not in named:
        return
    here = {"external_id", *(planned.column for planned in plan.fields)}
    for name in lookups.keys_of(plan.model):
        if name in here:
            cursor.execute(
                "INSERT INTO imports_seenkey (preview_id, kind, key, content) SELECT DISTINCT %s::bigint, %s, "
                f"hashtextextended(lower({quoted(name)}), 0), 0 FROM {ROWS} WHERE {quoted(name)} <> '' ON CONFLICT DO NOTHING",
                [preview_id, f"{plan.mapping.object}{ANY_NAME}"],
            )
