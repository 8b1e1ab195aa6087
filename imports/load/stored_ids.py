"""Staged rows that write the id of a Salesforce record in another way than it is stored get the stored one.

Ids are kept with 18 characters (`record_ids`). Records from before that rule are stored with 15, and ids whose last three
characters do not fit the others are stored as they were written; their first 15 characters tell which record they are.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection

from crm.record_ids import CHECKS, LONG_ID, SHORT, is_of_salesforce, matches, with_check_characters
from imports.mapping.plan import Plan

EXTERNAL_ID = "external_id"
LETTERS, UPPER_OR_NOT = ascii_uppercase + ascii_lowercase + digits, "1" * 26 + "0" * 36
BY_BITS = "".join(CHECKS[int(f"{number:05b}"[::-1], 2)] for number in range(32))  # PostgreSQL counts the first bit most
quoted = connection.ops.quote_name


@dataclass(frozen=True)
class LongIds:
    """The ids of 18 characters in a staged column, and those whose last three do not fit, each with the id that would."""

    words: list[str]
    misfits: dict[str, str]


def long_ids(plan: Plan, columns: Mapping[str, pd.Series], picked: np.ndarray, *, is_mixed: bool) -> dict[str, LongIds]:
    """Return the ids of Salesforce in the staged columns, by column; `picked` are the places of the rows that are staged."""
    if not is_of_salesforce(plan.source.name):
        return {}
    ids = {}
    for column in _columns(plan):
        words = columns[column].iloc[picked].drop_duplicates().dropna()
        long = words[matches(words, LONG_ID)].tolist()
        fitting = zip(long, with_check_characters(long), strict=True) if is_mixed else ()
        ids[column] = LongIds(long, {word: fit for word, fit in fitting if word != fit})
    return ids


def use_stored_ids(
    cursor: Any, plan: Plan, stage: str, ids: Mapping[str, LongIds], *, is_mixed: bool, run: tuple[str, int]
) -> None:
    """Rewrite the ids of staged rows, and those by which they name others.

    Args:
        ids: the ids of Salesforce in the staged columns; none where the source is another.
        is_mixed: some were written with 15 characters, or do not fit; else only what is stored can differ.
        run: the import or preview, for which it is asked once whether any stored id has 15 characters.
    """
    source, has_new_misfits = plan.source.name, False
    for column, staged in ids.items():
        table = _columns(plan)[column]
        has_short = has_short_ids(table, source, run)
        if not is_mixed and not has_short:
            continue
        found = _stored_otherwise(cursor, source, table, staged, has_short)
        if has_misfits(table, source, run):
            fits = [word for word in staged.words if word not in staged.misfits and word not in found]
            found |= _stored_misfits(cursor, source, table, fits)
        here = _stored(cursor, source, table, found)
        _rewrite(cursor, stage, column, {word: form for word, form in found.items() if word not in here})
        has_new_misfits |= bool(staged.misfits)
    if has_new_misfits:
        has_misfits.cache_clear()  # they are stored as they are written, and the next block may name them


def _columns(plan: Plan) -> dict[str, str]:
    """Return the staged columns that hold ids, each with the table of the records."""
    references = [one for one in plan.references if one.rule.by == EXTERNAL_ID]
    return {EXTERNAL_ID: plan.table, **{one.staged: one.model._meta.db_table for one in references}}


@lru_cache(maxsize=256)
def has_short_ids(table: str, source: str, run: tuple[str, int]) -> bool:
    """Tell whether any record of a source is stored under an id of 15 characters."""
    return _exists(f"{quoted(table)} WHERE source = %s AND length(external_id) = {SHORT}", source)


@lru_cache(maxsize=256)
def has_misfits(table: str, source: str, run: tuple[str, int]) -> bool:
    """Tell whether the last three characters of any stored id do not fit the others."""
    return _exists(f"{quoted(table)} WHERE source = %s AND {misfit(EXTERNAL_ID)}", source)


def _exists(rows: str, *values: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {rows})", values)
        return bool(cursor.fetchone()[0])


def _fitting(key: str) -> str:
    """Return SQL for an id of 18 characters with the last three that its first 15 need."""
    bits = f"translate(left({key}, {SHORT}), '{LETTERS}', '{UPPER_OR_NOT}')"
    checks = (f"substr('{BY_BITS}', substr({bits}, {start}, 5)::bit(5)::int + 1, 1)" for start in (1, 6, 11))
    return f"left({key}, {SHORT}) || {' || '.join(checks)}"


def misfit(key: str) -> str:
    """Return SQL that tells whether the last three characters of an id of 18 do not fit the others."""
    return f"CASE WHEN {key} ~ '^{LONG_ID.pattern}$' THEN {key} <> {_fitting(key)} ELSE false END"


def _stored(cursor: Any, source: str, table: str, ids: Collection[str]) -> set[str]:
    if not ids:
        return set()
    cursor.execute(
        f"SELECT external_id FROM {quoted(table)} WHERE source = %s AND external_id = ANY(%s)", [source, list(ids)]
    )
    return {word for (word,) in cursor.fetchall()}


def _stored_otherwise(cursor: Any, source: str, table: str, staged: LongIds, has_short: bool) -> dict[str, str]:
    """Return {id: id as it is stored} of those stored with 15 characters, or with the last three that fit."""
    alike = Counter(word[:SHORT] for word in staged.misfits)
    forms = {word: [fit] for word, fit in staged.misfits.items() if alike[word[:SHORT]] == 1}
    if has_short:
        alone = (word for word in staged.words if word not in staged.misfits or word in forms)
        forms = {word: [word[:SHORT], *forms.get(word, [])] for word in alone}
    here = _stored(cursor, source, table, {form for some in forms.values() for form in some})
    found = {word: next((form for form in some if form in here), "") for word, some in forms.items()} if here else {}
    return {word: form for word, form in found.items() if form}


def _stored_misfits(cursor: Any, source: str, table: str, words: Sequence[str]) -> dict[str, str]:
    """Return {id: id as it is stored} of those stored with last three characters that do not fit, where one alone is."""
    if not words:
        return {}
    cursor.execute(
        f"SELECT left(external_id, {SHORT}), min(external_id) FROM {quoted(table)} WHERE source = %s "
        f"AND left(external_id, {SHORT}) = ANY(%s) AND {misfit(EXTERNAL_ID)} GROUP BY 1 HAVING count(*) = 1",
        [source, [word[:SHORT] for word in words]],
    )
    stored = dict(cursor.fetchall())
    return {word: stored[word[:SHORT]] for word in words if word[:SHORT] in stored}


def _rewrite(cursor: Any, stage: str, column: str, found: Mapping[str, str]) -> None:
    if found:
        key = quoted(column)
        cursor.execute(
            f"UPDATE {stage} s SET {key} = k.stored FROM unnest(%s::text[], %s::text[]) AS k(written, stored) "
            f"WHERE s.{key} = k.written",
            [list(found), list(found.values())],
        )
