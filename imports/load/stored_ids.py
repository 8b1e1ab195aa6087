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

from crm.record_ids import CHECKS, LONG_ID, SHORT, is_of_salesforce, match_whole, with_check_characters
from imports.load.sql import fetch_value, quote_name
from imports.mapping.plan import Plan

EXTERNAL_ID = "external_id"
LETTERS, UPPER_OR_NOT = ascii_uppercase + ascii_lowercase + digits, "1" * 26 + "0" * 36
BY_BITS = "".join(CHECKS[int(f"{number:05b}"[::-1], 2)] for number in range(32))  # PostgreSQL counts the first bit most


@dataclass(frozen=True)
class LongIds:
    """The ids of 18 characters in a staged column, and those whose last three do not fit, each with the id that would."""

    ids: list[str]
    misfits: dict[str, str]


def long_ids(plan: Plan, columns: Mapping[str, pd.Series], picked: np.ndarray, *, is_mixed: bool) -> dict[str, LongIds]:
    """Return the ids of Salesforce in the staged columns, by column; `picked` are the places of the rows that are staged."""
    if not is_of_salesforce(plan.source.name):
        return {}
    ids = {}
    for column in _id_columns(plan):
        cells = columns[column].iloc[picked].drop_duplicates().dropna()
        long = cells[match_whole(cells, LONG_ID)].tolist()
        fitting = zip(long, with_check_characters(long), strict=True) if is_mixed else ()
        ids[column] = LongIds(long, {cell: fit for cell, fit in fitting if cell != fit})
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
        table = _id_columns(plan)[column]
        has_short = has_short_ids(table, source, run)
        # then every staged id is already written as it is stored
        if not is_mixed and not has_short:
            continue
        stored_forms = _other_stored_forms(cursor, source, table, staged, has_short)
        if has_misfits(table, source, run):
            fits = [word for word in staged.ids if word not in staged.misfits and word not in stored_forms]
            stored_forms |= _stored_misfits(cursor, source, table, fits)
        existing = _stored_ids(cursor, source, table, stored_forms)
        _rewrite_ids(cursor, stage, column, {word: form for word, form in stored_forms.items() if word not in existing})
        has_new_misfits |= bool(staged.misfits)
    if has_new_misfits:
        has_misfits.cache_clear()  # they are stored as they are written, and the next block may name them


def _id_columns(plan: Plan) -> dict[str, str]:
    """Return the staged columns that hold ids, each with the table of the records."""
    references = [reference for reference in plan.references if reference.rule.by == EXTERNAL_ID]
    return {EXTERNAL_ID: plan.table, **{reference.staged: reference.model._meta.db_table for reference in references}}


# `run` is only part of the key of the cache: each import and preview asks once
@lru_cache(maxsize=256)
def has_short_ids(table: str, source: str, run: tuple[str, int]) -> bool:
    """Tell whether any record of a source is stored under an id of 15 characters."""
    return bool(
        fetch_value(
            f"SELECT EXISTS (SELECT 1 FROM {quote_name(table)} WHERE source = %s AND length(external_id) = {SHORT})",
            [source],
        )
    )


@lru_cache(maxsize=256)
def has_misfits(table: str, source: str, run: tuple[str, int]) -> bool:
    """Tell whether the last three characters of any stored id do not fit the others."""
    return bool(
        fetch_value(
            f"SELECT EXISTS (SELECT 1 FROM {quote_name(table)} WHERE source = %s AND {misfit_sql(EXTERNAL_ID)})",
            [source],
        )
    )


def misfit_sql(key: str) -> str:
    """Return SQL that tells whether the last three characters of an id of 18 do not fit the others."""
    # The checks say which of the letters before are upper-case, five letters to a character.
    bits = f"translate(left({key}, {SHORT}), '{LETTERS}', '{UPPER_OR_NOT}')"
    checks = (f"substr('{BY_BITS}', substr({bits}, {start}, 5)::bit(5)::int + 1, 1)" for start in (1, 6, 11))
    fitting = f"left({key}, {SHORT}) || {' || '.join(checks)}"
    return f"CASE WHEN {key} ~ '^{LONG_ID.pattern}$' THEN {key} <> {fitting} ELSE false END"


def _stored_ids(cursor: Any, source: str, table: str, ids: Collection[str]) -> set[str]:
    if not ids:
        return set()
    cursor.execute(
        f"SELECT external_id FROM {quote_name(table)} WHERE source = %s AND external_id = ANY(%s)", [source, list(ids)]
    )
    return {word for (word,) in cursor.fetchall()}


def _other_stored_forms(cursor: Any, source: str, table: str, staged: LongIds, has_short: bool) -> dict[str, str]:
    """Return {id: id as it is stored} of those stored with 15 characters, or with the last three that fit."""
    alike = Counter(word[:SHORT] for word in staged.misfits)
    forms = {word: [fit] for word, fit in staged.misfits.items() if alike[word[:SHORT]] == 1}
    if has_short:
        alone = (word for word in staged.ids if word not in staged.misfits or word in forms)
        forms = {word: [word[:SHORT], *forms.get(word, [])] for word in alone}
    existing = _stored_ids(cursor, source, table, {form for candidates in forms.values() for form in candidates})
    stored_forms = (
        {word: next((form for form in candidates if form in existing), "") for word, candidates in forms.items()}
        if existing
        else {}
    )
    return {word: form for word, form in stored_forms.items() if form}


def _stored_misfits(cursor: Any, source: str, table: str, ids: Sequence[str]) -> dict[str, str]:
    """Return {id: id as it is stored} of those stored with last three characters that do not fit, where one alone is."""
    if not ids:
        return {}
    cursor.execute(
        f"SELECT left(external_id, {SHORT}), min(external_id) FROM {quote_name(table)} WHERE source = %s "
        f"AND left(external_id, {SHORT}) = ANY(%s) AND {misfit_sql(EXTERNAL_ID)} GROUP BY 1 HAVING count(*) = 1",
        [source, [record_id[:SHORT] for record_id in ids]],
    )
    stored = dict(cursor.fetchall())
    return {record_id: stored[record_id[:SHORT]] for record_id in ids if record_id[:SHORT] in stored}


def _rewrite_ids(cursor: Any, stage: str, column: str, stored_forms: Mapping[str, str]) -> None:
    if stored_forms:
        key = quote_name(column)
        cursor.execute(
            f"UPDATE {stage} s SET {key} = k.stored FROM unnest(%s::text[], %s::text[]) AS k(written, stored) "
            f"WHERE s.{key} = k.written",
            [list(stored_forms), list(stored_forms.values())],
        )
