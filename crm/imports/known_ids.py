"""Staged rows that write the id of a Salesforce record in another way than it is stored get the stored one.

Ids are kept with 18 characters (`record_ids`). Records from before that rule are stored with 15, and ids whose last three
characters do not fit the others are stored as they were written; their first 15 characters tell which record they are.
"""

from collections.abc import Iterable
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

from django.db import connection

from crm.imports.plan import Plan
from crm.imports.record_ids import CHECKS, LONG, SHORT, check_characters, is_of_salesforce

EXTERNAL_ID = "external_id"
LETTERS = ascii_uppercase + ascii_lowercase + digits
UPPER_CASE = "1" * 26 + "0" * 36
# the check character of five letters, by the number that their upper case makes when the first counts most
BY_BITS = "".join(CHECKS[int(f"{number:05b}"[::-1], 2)] for number in range(32))
quoted = connection.ops.quote_name


def use_stored_ids(cursor: Any, plan: Plan, stage: str, *, is_mixed: bool, run: tuple[str, int]) -> None:
    """Rewrite the ids of staged rows, and those by which they name others.

    Args:
        is_mixed: some were written with 15 characters, or do not fit; else only what is stored can differ.
        run: the import or preview, for which it is asked once whether any stored id has 15 characters.
    """
    if not is_of_salesforce(plan.source.name):
        return
    columns = [(EXTERNAL_ID, plan.table)]
    columns += [(one.staged, one.model._meta.db_table) for one in plan.references if one.rule.by == EXTERNAL_ID]
    source, has_new_misfits = plan.source.name, False
    for column, table in columns:
        if is_mixed or has_short_ids(table, source, run):
            has_new_misfits |= _rewrite(cursor, source, stage, column, table)
            if has_misfits(table, source, run):
                _rewrite_to_misfits(cursor, source, stage, column, table)
    if has_new_misfits:
        has_misfits.cache_clear()  # they are stored as they are written, and the next block may name them


@lru_cache(maxsize=256)
def has_short_ids(table: str, source: str, run: tuple[str, int]) -> bool:
    """Tell whether any record of a source is stored under an id of 15 characters."""
    return _exists(f"{quoted(table)} WHERE source = %s AND length(external_id) = {SHORT}", source)


@lru_cache(maxsize=256)
def has_misfits(table: str, source: str, run: tuple[str, int]) -> bool:
    """Tell whether the last three characters of any stored id do not fit the others."""
    return _exists(f"{quoted(table)} WHERE source = %s AND {_misfit(EXTERNAL_ID)}", source)


def _exists(rows: str, *values: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {rows})", values)
        return bool(cursor.fetchone()[0])


def _fitting(key: str) -> str:
    """Return SQL for an id of 18 characters with the last three that its first 15 need."""
    bits = f"translate(left({key}, {SHORT}), '{LETTERS}', '{UPPER_CASE}')"
    checks = (f"substr('{BY_BITS}', substr({bits}, {start}, 5)::bit(5)::int + 1, 1)" for start in (1, 6, 11))
    return f"left({key}, {SHORT}) || {' || '.join(checks)}"


def _misfit(key: str) -> str:
    return f"CASE WHEN {key} ~ '^[0-9A-Za-z]{{{LONG}}}$' THEN {key} <> {_fitting(key)} ELSE false END"


def _rewrite(cursor: Any, source: str, stage: str, column: str, table: str) -> bool:
    """Look ids up by the other forms that they can have; tell whether the last three characters of any do not fit."""
    key = quoted(column)
    cursor.execute(f"SELECT DISTINCT {key} FROM {stage} WHERE length({key}) = {LONG}")
    forms = {word: (word[:SHORT], word[:SHORT] + check_characters(word[:SHORT])) for (word,) in cursor.fetchall()}
    here = _stored(cursor, source, table, {*forms, *(form for pair in forms.values() for form in pair)})
    other = {
        word: next((form for form in pair if form in here), "") for word, pair in forms.items() if word not in here
    }
    found = {word: form for word, form in other.items() if form}
    if found:
        cursor.execute(
            f"UPDATE {stage} s SET {key} = k.stored FROM unnest(%s::text[], %s::text[]) AS k(written, stored) "
            f"WHERE s.{key} = k.written",
            [list(found), list(found.values())],
        )
    return any(word != fitting for word, (_, fitting) in forms.items())


def _stored(cursor: Any, source: str, table: str, ids: Iterable[str]) -> set[str]:
    cursor.execute(
        f"SELECT external_id FROM {quoted(table)} WHERE source = %s AND external_id = ANY(%s)", [source, list(ids)]
    )
    return {word for (word,) in cursor.fetchall()}


def _rewrite_to_misfits(cursor: Any, source: str, stage: str, column: str, table: str) -> None:
    """Look ids up among the stored ones that do not fit, by their first 15 characters.

    No index helps there, and a planner without statistics would compare each with each.
    """
    key, stored = quoted(column), quoted(table)
    cursor.execute("SET LOCAL enable_nestloop = off")
    cursor.execute(
        f"UPDATE {stage} s SET {key} = k.stored FROM (SELECT DISTINCT ON (w.key) w.key, x.external_id AS stored FROM "
        f"(SELECT DISTINCT {key} AS key FROM {stage} WHERE length({key}) = {LONG}) w JOIN {stored} x ON x.source = %s "
        f"AND length(x.external_id) = {LONG} AND left(x.external_id, {SHORT}) = left(w.key, {SHORT}) "
        f"WHERE NOT EXISTS (SELECT 1 FROM {stored} y WHERE y.source = %s AND y.external_id = w.key) "
        f"ORDER BY w.key, x.id) k WHERE s.{key} = k.key",
        [source, source],
    )
    cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
