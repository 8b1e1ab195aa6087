"""Which rows make a record, and under which id, where a file gives its rows none of their own."""

import hashlib
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import pandas as pd

from crm.record_ids import SHORTENED_REASON, read_ids
from imports.mapping.conditions import rows_meeting_conditions
from imports.mapping.plan import Plan
from imports.mapping.schema import ALL
from imports.parsing.headers import fold, index_headers
from imports.parsing.notes import DECIMALS, MISFIT, SHORT_ID, Notes, add_note

Refuse = Callable[[np.ndarray, str, Callable[[int], str]], None]  # (rows, column, reason by row)
IS_COMPOSED = "made of cells"  # in the columns of a block: whether the id of a row was
MAX_LENGTH = 255
DIGEST_LENGTH = 32


def makes_a_record(plan: Plan, frame: pd.DataFrame) -> np.ndarray:
    """Return which rows the mapping is about: those with its words, and with something in its column."""
    rows = np.ones(len(frame), bool)
    for header, record_words in plan.keep_when:
        matching_cells = [cell for cell in frame[header].unique() if fold(cell) in record_words]
        rows &= frame[header].isin(matching_cells).to_numpy()
    rows &= rows_meeting_conditions(plan.only, index_headers(frame.columns), frame, plan.options)
    if plan.mapping.column:
        nulls = {"", *plan.source.nulls, *(cell for rule in plan.mapping.fields for cell in rule.empty)}
        rows &= ~frame[plan.mapping.column].isin(nulls).to_numpy()
    return rows


def kept_ids(written: pd.Series, source: str, kind: str, header: str, refuse: Refuse, notes: Notes) -> pd.Series:
    """Return the ids in a column as they are kept; those that a spreadsheet shortened are refused."""
    ids = read_ids(written, source, kind)
    refuse(ids.shortened, header, lambda row: f"“{written.iat[row]}” {SHORTENED_REASON}")
    for what, cells in ((SHORT_ID, ids.short), (MISFIT, ids.misfits), (DECIMALS, ids.decimals)):
        add_note(notes, what, len(cells), next(iter(cells), ""))
    return ids.stored


def join_names(frame: pd.DataFrame, headers: tuple[str, ...]) -> pd.Series:
    """Return names of which each column has a part; of people with one name, some exports have it in each."""
    names, parts = pd.Series("", index=frame.index, dtype="str"), [frame[header] for header in headers]
    for number, part in enumerate(parts):
        is_new = (part != "") & ~np.any([part == earlier for earlier in parts[:number]], axis=0)
        names += (" " + part).where(is_new & (names != ""), part.where(is_new, ""))
    return names


def own_ids(
    plan: Plan, columns: dict[str, pd.Series], about: np.ndarray, frame: pd.DataFrame, refuse: Refuse
) -> pd.Series:
    """Return the ids of the rows that make a record; the others have none, and are not staged."""
    key = columns["external_id"]
    if plan.mapping.id_from:
        columns[IS_COMPOSED] = key == ""
        if (key == "").any():
            key = key.where(key != "", compose_ids(plan, columns, frame))
        headers = [*plan.id_headers, *(header for part in plan.mapping.id_from for header in plan.headers_of(part))]
        either = " or ".join(f"“{header}”" for header in dict.fromkeys(headers)) or "the column of its id"
        refuse((key == "").to_numpy() & about, (*headers, "")[0], lambda _: f"The row has no id; fill in {either}")
    return key if about.all() else key.where(about, "")


def compose_ids(plan: Plan, columns: dict[str, pd.Series], frame: pd.DataFrame) -> pd.Series:
    """Return for each row an id made of what the mapping says makes it what it is."""
    if plan.mapping.id_from == (ALL,):
        parts = [_column_texts(plan, columns, name, frame) for name in _read_columns(plan, frame)]
    else:
        parts = [_part_texts(plan, columns, name, frame) for name in plan.mapping.id_from]
    if not parts:  # a person left out every column so far
        return pd.Series("", index=frame.index, dtype="str")
    rows = zip(*parts, strict=True)
    return pd.Series([_join_key(row) for row in rows], index=frame.index, dtype="str")


def _read_columns(plan: Plan, frame: pd.DataFrame) -> list[str]:
    """Return all columns that are read or kept, in an order that does not hang on that of the file."""
    read = set(plan.custom)
    for field in plan.fields:
        read |= {*field.headers, *field.join, *(field.calculation.headers if field.calculation else ())}
    for link in plan.references:
        read |= set(link.headers)
    return sorted((str(name) for name in frame if name in read), key=fold)


def _column_texts(plan: Plan, columns: dict[str, pd.Series], name: str, frame: pd.DataFrame) -> list[str]:
    """Return the values of a column; its raw cells where the mapping translates them, since a new translation must not change ids."""
    alone = (planned for planned in plan.fields if planned.headers == (name,))
    plain = (
        field for field in alone if not (field.rule.map or field.rule.refine or field.rule.when or field.rule.unless)
    )
    column = next((field.column for field in plain), "")
    return (
        [_value_to_text(value) for value in columns[column].astype(object)] if column in columns else list(frame[name])
    )


def _part_texts(plan: Plan, columns: dict[str, pd.Series], name: str, frame: pd.DataFrame) -> list[str]:
    column = next((reference.staged for reference in plan.references if reference.rule.name == name), name)
    if column not in columns:
        header = index_headers(frame.columns).get(fold(name))  # a column that the record keeps, or none at all
        return list(frame[header]) if header else [""] * len(frame)
    return [_value_to_text(value) for value in columns[column].astype(object)]


def _value_to_text(value: Any) -> str:
    """Write a value as everyone would: 12.50 and 12.5 are one number, a day is ISO."""
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, pd.Timestamp):
        return value.isoformat().removesuffix("T00:00:00")
    text = str(value)
    try:
        return f"{Decimal(text).normalize():f}" if text[-1:].isdigit() else text
    except InvalidOperation:
        return text


def _join_key(parts: tuple[str, ...]) -> str:
    if not any(parts):
        return ""
    key = "|".join(parts)
    if len(key) <= MAX_LENGTH:
        return key
    # the digest keeps long keys apart that begin alike
    return f"{key[: MAX_LENGTH - DIGEST_LENGTH - 1]}#{hashlib.sha256(key.encode()).hexdigest()[:DIGEST_LENGTH]}"
