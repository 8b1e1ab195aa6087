"""Links as people write them in a sheet: by id, e-mail, domain or name, to a record of whatever source.

Our own templates use them. Of several that fit, the id goes before the name, and a record of the same source before
those of others.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db import connection, models

from imports.load.sql import quote_name, table_of
from imports.mapping.plan import PlannedReference
from imports.mapping.schema import column_of

ANY = "any"
BATCH = 20_000
KEYS = ("external_id", "email", "domain", "number", "name")  # in this order, as far as the record has them
LAST_FIRST = r"^\s*([^,]+?)\s*,\s*([^,]+?)\s*$"  # Fischer, Ina: the name of a person with the last name first


def keys_of(model: type[models.Model]) -> list[str]:
    names = {field.name for field in model._meta.concrete_fields}
    return [name for name in KEYS if name in names]


def find_sql(model: type[models.Model], wanted: str) -> str:
    """Return SQL for (key, id) over the keys that the query `wanted` gives as `key`; %s once: the source that comes first."""
    table = table_of(model)
    # false sorts before true, so records of the own source come first
    own = "x.source <> %s" if _has_source(model) else "%s IS NULL"
    source = "x.source" if _has_source(model) else "NULL"
    each = " UNION ALL ".join(
        f"SELECT w.key, x.id, {rank} AS place, x.{name} = w.key AS is_exact, {source} AS source FROM wanted w "
        f"JOIN {table} x ON lower(x.{name}) = lower(w.key) AND x.{name} <> ''"
        for rank, name in enumerate(keys_of(model))
    )
    if any(field.name == "last_name" for field in model._meta.concrete_fields):
        each += (
            f" UNION ALL SELECT w.key, x.id, {len(KEYS)}, false, {source} FROM (SELECT key FROM wanted WHERE key ~ '{LAST_FIRST}') w "
            f"JOIN {table} x ON lower(x.name) = lower(regexp_replace(w.key, '{LAST_FIRST}', '\\2 \\1'))"
        )
    return (
        f"WITH wanted AS ({wanted}) SELECT DISTINCT ON (x.key) x.key, x.id FROM ({each}) x "
        f"ORDER BY x.key, x.place, x.is_exact DESC, {own}, x.id"
    )


def _has_source(model: type[models.Model]) -> bool:
    return any(field.name == "source" for field in model._meta.concrete_fields)


def staged_keys_sql(reference: PlannedReference, stage: str) -> str:
    key = quote_name(reference.staged)
    return f"SELECT DISTINCT {key} AS key FROM {stage} WHERE {key} IS NOT NULL"


def join_sql(reference: PlannedReference, stage: str, source: str) -> tuple[str, tuple[Any, ...]]:
    """Return the join that finds what the staged rows point to, and its values."""
    alias = f"{reference.staged}_found"
    query = find_sql(reference.model, staged_keys_sql(reference, stage))
    return f"LEFT JOIN ({query}) {alias} ON {alias}.key = s.{quote_name(reference.staged)}", (source,)


def make_stubs(cursor: Any, reference: PlannedReference, stage: str, source: str) -> None:
    """Make what no source knows yet, under the name that the sheet gave it."""
    wanted = staged_keys_sql(reference, stage)
    table = quote_name(reference.model._meta.db_table)
    columns = ["source", "external_id", "name"] if _has_source(reference.model) else ["name"]
    chosen = ["%s", "w.key", "w.key"][-len(columns) :]
    if "email" in keys_of(reference.model):
        columns.append("email")
        chosen.append("CASE WHEN w.key LIKE '%%@%%' THEN lower(w.key) ELSE '' END")
    conflict = "(source, external_id)" if "source" in columns else "(name)"
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(chosen)} FROM ({wanted}) w "
        f"WHERE w.key NOT IN (SELECT f.key FROM ({find_sql(reference.model, wanted)}) f) ON CONFLICT {conflict} DO NOTHING",
        [*([source] if "source" in columns else []), source],
    )


def resolve_links(model: type[models.Model], link: str) -> int:
    """Set a link of rows that named a record, in whatever source, before it came; return how many."""
    table, target = table_of(model), model._meta.get_field(link).related_model
    assert isinstance(target, type)
    wanted = f"SELECT DISTINCT pending #>> ARRAY[%s, '{ANY}'] AS key FROM {table} WHERE pending -> %s ? '{ANY}'"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} t SET {quote_name(column_of(model, link))} = f.id, pending = t.pending - %s "
            f"FROM ({find_sql(target, wanted)}) f WHERE t.pending #>> ARRAY[%s, '{ANY}'] = f.key",
            [link, link, link, "", link],
        )
        return int(cursor.rowcount)


def link_tasks(waiting: Iterable[tuple[type[models.Model], str, str]]) -> list[Any]:
    """Return the tasks that resolve waiting links whose key can be of any kind."""
    return [partial(resolve_links, model, link) for model, link, by in waiting if by == ANY]
