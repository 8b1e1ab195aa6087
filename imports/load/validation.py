"""A block of rows and a plan: what is checked, corrected and staged, and which rows are refused and why."""

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from django.db import models

from crm.models import OutcomeBasis, StageTrack
from crm.registry import find_kind
from imports.files.blocks import Block, strip_cells
from imports.inference.occurrences import RowNumbering
from imports.load import bounds, record_keys, row_currency, stage_lookup
from imports.load.bounds import quote_cell
from imports.load.calculations import calculate
from imports.load.cells import NO_BOOLEAN, NO_DATE, NO_NUMBER, describe_cell_error, read_cells, read_days
from imports.load.checks import Checks, Prepared, Refused, replace_nul
from imports.load.empty_cells import is_marked, marker_column
from imports.load.lookups import ANY
from imports.load.rows import BlockRows, stage_rows
from imports.mapping import outcomes
from imports.mapping.constants import constant_column
from imports.mapping.plan import OUTCOME_BASIS, Plan, PlannedField, PlannedReference
from imports.mapping.stage_meanings import usual_meaning_of
from imports.parsing import column_values
from imports.parsing.headers import fold
from imports.parsing.notes import TOTALS, add_note

LONGEST_KEY = 255


def prepare_block(block: Block, plans: list[Plan], numbering: RowNumbering | None = None) -> Prepared:
    """Check every cell that some plan reads; a row with one wrong cell is refused whole."""
    frame = strip_cells(block.frame)
    blank = (frame == "").all(axis=1).to_numpy() if len(frame) else np.array([], bool)
    if blank.any():
        frame, lines = frame[~blank].reset_index(drop=True), block.lines[~blank]
    else:
        lines = block.lines
    checks = Checks(frame, lines, np.zeros(len(frame), bool))
    _check_cells(checks)
    rows = BlockRows.from_frame(frame, plans)
    columns = [read_columns(plan, checks, rows.read_mask(plan_index)) for plan_index, plan in enumerate(plans)]
    if numbering:
        _number_rows(numbering, columns, checks)
    # rates come last: they need the ids, and refuse only rows that become records
    for plan_index, (plan, staged_columns) in enumerate(zip(plans, columns, strict=True)):
        checks.about = rows.read_mask(plan_index)
        _check_rates(plan, staged_columns, checks)
    staged = [
        stage_rows(plan, staged_columns, plan_index, rows, checks)
        for plan_index, (plan, staged_columns) in enumerate(zip(plans, columns, strict=True))
    ]
    refused = [Refused(bad.line, "", bad.reason, {"": replace_nul(bad.text[:10_000])}) for bad in block.bad]
    refused += checks.refused_rows()
    dropped, totals = rows.left_out(columns, checks), len(block.totals)
    add_note(checks.notes, TOTALS, totals, next(iter(block.totals), ""))
    read = len(frame) + len(block.bad) + totals
    return Prepared(staged, refused, read, dropped + totals, block.end, block.next_line, notes=checks.notes)


def _number_rows(numbering: RowNumbering, columns: list[dict[str, pd.Series]], checks: Checks) -> None:
    for plan_index, staged_columns in enumerate(columns):
        if record_keys.IS_COMPOSED in staged_columns:
            key, made = staged_columns["external_id"], staged_columns.pop(record_keys.IS_COMPOSED)
            is_made = (made & (key != "")).to_numpy()
            staged_columns["external_id"] = numbering.number_ids(plan_index, key, is_made, checks.frame, checks.notes)


def _check_cells(checks: Checks) -> None:
    for name in checks.frame:
        nul = checks.frame[name].str.contains("\0", regex=False).to_numpy(dtype=bool, na_value=False)
        checks.refuse(nul, str(name), lambda _: "The cell holds a NUL character")


def read_columns(plan: Plan, checks: Checks, read: np.ndarray | None = None) -> dict[str, pd.Series]:
    """Return the staged columns of all rows by name, wrong cells noted; of rows that are not to be read only the id."""
    record_rows = record_keys.makes_a_record(plan, checks.frame)
    checks.about = record_rows if read is None else record_rows & read
    columns = {"external_id": _read_ids(plan, checks)}
    for planned in plan.fields:
        columns[planned.column] = _read_field(planned, plan, checks, columns)
        if planned.column == "outcome" and plan.stages:
            columns |= stage_lookup.agreed_outcomes(plan, columns, checks.frame)
        _check_filled(planned, planned.column, columns, record_rows, checks)
    for reference in plan.references:
        columns[reference.staged] = _read_reference(reference, plan, checks)
        _check_filled(reference, reference.staged, columns, record_rows, checks)
    # ids may be composed of other columns, so they come after all fields
    columns["external_id"] = record_keys.own_ids(plan, columns, record_rows, checks.frame, checks.refuse)
    if plan.stages:
        columns |= stage_lookup.agreed_probabilities(
            plan, columns, lambda one, found: _read_field(one, plan, checks, found)
        )
    for number, header in enumerate(plan.custom):
        columns[f"custom_{number}"] = _read_custom(header, plan, checks)
    checks.about = None
    return columns


def _read_custom(header: str, plan: Plan, checks: Checks) -> pd.Series:
    """Read a column that is kept as a custom field; a cell that is not of its type is wrong."""
    column = _blank_words(checks.frame[header], plan.source.nulls)
    if plan.custom_types.get(header):
        column = _blank_words(column, plan.options.nulls_of([header]))
    match plan.custom_types.get(header, ""):
        case "number":
            values, wrong = column_values.read_numbers_or_percents(column, plan.options.decimal_of([header]))
            error = NO_NUMBER
        case "date":
            values, wrong = read_days(column, [header], plan)
            error = NO_DATE
        case "yes_no":
            values, wrong = column_values.read_booleans(column, nullable=True)
            error = NO_BOOLEAN
        case _:
            return column_values.blank_to_missing(column)
    checks.refuse(wrong, header, lambda row: f"{quote_cell(str(column.iat[row]))} {error}")
    return values


def _read_ids(plan: Plan, checks: Checks) -> pd.Series:
    key = first_filled(checks.frame, plan.id_headers, {*plan.source.nulls, *plan.options.nulls_of(plan.id_headers)})
    header = plan.id_headers[0] if plan.id_headers else ""
    if not plan.mapping.id_may_be_empty and not plan.mapping.id_from:
        checks.refuse((key == "").to_numpy(), header, lambda _: "The id is missing")
    checks.refuse(
        (key.str.len() > LONGEST_KEY).to_numpy(), header, lambda _: f"The id is longer than {LONGEST_KEY} characters"
    )
    return record_keys.kept_ids(key, plan.source.name, plan.mapping.object, header, checks.refuse, checks.notes)


def _check_filled(
    planned: PlannedField | PlannedReference,
    name: str,
    columns: dict[str, pd.Series],
    record_rows: np.ndarray,
    checks: Checks,
) -> None:
    if not planned.rule.required:
        return
    empty = (columns[name].isna() | (columns[name].astype(object) == "")).to_numpy() & record_rows
    header = planned.headers[0] if planned.headers else ""
    checks.refuse(empty, header, lambda _: "This must be filled in")


def _check_rates(plan: Plan, columns: dict[str, pd.Series], checks: Checks) -> None:
    """Refuse amounts that the company converts to its own currency where no exchange rate exists."""
    money = find_kind(plan.mapping.object).dated_money
    if plan.conversion is None or money is None:
        return
    reasons = plan.conversion.missing_rates(plan.mapping.object, columns)
    mask = np.zeros(len(checks.frame), bool)
    mask[list(reasons)] = True
    mask &= (columns["external_id"] != "").to_numpy()
    checks.refuse(mask, (*plan.headers_of(money.amounts[0]), "")[0], reasons.__getitem__)


def first_filled(frame: pd.DataFrame, headers: tuple[str, ...], nulls: Iterable[str] = ()) -> pd.Series:
    """Return for each row the first of the columns that holds something."""
    if not headers:
        return pd.Series("", index=frame.index, dtype="str")
    cells = _blank_words(frame[headers[0]], nulls)
    for header in headers[1:]:
        cells = cells.where(cells != "", _blank_words(frame[header], nulls))
    return cells


def _blank_words(column: pd.Series, blanks: Iterable[str]) -> pd.Series:
    blanks = list(blanks)
    return column.where(~column.isin(blanks), "") if blanks else column


def _read_field(planned: PlannedField, plan: Plan, checks: Checks, done: dict[str, pd.Series]) -> pd.Series:
    """Return the values of a field for all rows; wrong cells are refused. `done` holds the fields read before."""
    rule, frame = planned.rule, checks.frame
    if rule.name == OUTCOME_BASIS:
        return done[OUTCOME_BASIS]
    if rule.value is not None:
        if rule.name != "currency":
            return constant_column(planned.model_field, rule.value, frame.index, rule.reads, plan.zone)
        currency = pd.Series(str(rule.value), index=frame.index, dtype="str")
        return row_currency.currency_beside_amounts(currency, plan, frame)
    if isinstance(planned.model_field, models.DateField):
        frame = bounds.blank_empty_dates(frame, planned, checks.notes)
    raw = _raw_cells(planned, plan, checks, frame, done)
    column = _translate(planned, plan, checks, frame, raw, done)
    if rule.when:
        column = column.where(_rows_where(rule.when, done, frame), "")
    for header, unless_words in planned.unless:
        excluded = [word for word in frame[header].unique() if fold(word) in unless_words]
        column = column.where(~frame[header].isin(excluded), "")
    if is_marked(plan, planned):
        _mark_empty(planned, plan, raw, column, done, frame)
    values, wrong = read_cells(planned, column, plan)
    if planned.calculation:
        values = _with_calculation(planned, plan, values, wrong, checks)
    header = (*planned.headers, *planned.join, "")[0]
    checks.refuse(wrong, header, lambda row: describe_cell_error(planned, plan, str(raw.iat[row])))
    bounds.check_bounds(planned, header, raw, values, checks)
    return values


def _raw_cells(
    planned: PlannedField, plan: Plan, checks: Checks, frame: pd.DataFrame, done: dict[str, pd.Series]
) -> pd.Series:
    """Return what the columns of a field hold: the first that is filled, else columns joined, else the parts of a name."""
    is_text = isinstance(planned.model_field, models.CharField | models.TextField) and not planned.model_field.choices
    # Words such as "n/a" mean nothing, but in a text they can be what it says.
    null_words = frozenset() if is_text else plan.options.nulls_of(planned.headers)
    raw = first_filled(frame, planned.headers, {*plan.source.nulls, *null_words})
    if planned.join:
        joined = frame[planned.join[0]]
        for header in planned.join[1:]:
            joined = joined + " " + frame[header]
        raw = raw.where(raw != "", joined.str.strip())
        if isinstance(planned.model_field, models.DateField):
            raw = bounds.blank_empty_dates_of(raw, checks.notes)
    if planned.name_parts:
        raw = raw.where(raw != "", record_keys.join_names(pd.DataFrame(done), planned.name_parts))
    return raw


def _translate(
    planned: PlannedField, plan: Plan, checks: Checks, frame: pd.DataFrame, raw: pd.Series, done: dict[str, pd.Series]
) -> pd.Series:
    """Return the cells with their words mapped, refined and defaulted; an outcome also by the flags that prove it."""
    rule = planned.rule
    proves = rule.name == "outcome" and any(field.rule.name == OUTCOME_BASIS for field in plan.fields)
    column = _blank_words(raw, rule.empty)
    if rule.map:
        column = column_values.map_unique_cells(column, lambda word: _translate_word(planned, word))
    if planned.refine and not proves:
        column = _refine_column(planned, column, frame)
    if rule.default is not None and not planned.calculation:
        default = pd.Series(_constant_to_text(rule.default), index=frame.index, dtype="str")
        if rule.name == "currency":
            default = row_currency.currency_beside_amounts(default, plan, frame)
        column = column.where(column != "", default)
    if proves:
        column, done[OUTCOME_BASIS] = _prove_outcomes(planned, plan, checks, raw, column)
        column = _refine_column(planned, column, frame) if planned.refine else column
    return column


def _mark_empty(
    planned: PlannedField,
    plan: Plan,
    raw: pd.Series,
    column: pd.Series,
    done: dict[str, pd.Series],
    frame: pd.DataFrame,
) -> None:
    """Note where a cell was empty and only its default, or a guess from the stage, is staged."""
    rule = planned.rule
    default = "" if rule.default is None else _constant_to_text(rule.default)
    empty = (raw == "") & ((column == default) | (rule.name == "currency"))
    if rule.name == "outcome" and OUTCOME_BASIS in done:
        own = tuple(header for header in planned.headers if header not in plan.headers_of("stage"))
        empty = (first_filled(frame, own, plan.source.nulls) == "") & (done[OUTCOME_BASIS] == OutcomeBasis.GUESS)
        done[f"empty_{OUTCOME_BASIS}"] = empty
    if rule.when:
        unknown = done.get("empty_outcome", pd.Series(False, index=frame.index))
        empty &= _rows_where(rule.when, done, frame) | unknown
    done[marker_column(planned)] = empty


def _with_calculation(
    planned: PlannedField, plan: Plan, values: pd.Series, wrong: np.ndarray, checks: Checks
) -> pd.Series:
    """Fill what no column gives with what is worked out; cells that are not numbers refuse the rows that need them."""
    assert planned.calculation
    needed = values.isna().to_numpy() & ~wrong

    def note(bad: np.ndarray, header: str, cells: pd.Series) -> None:
        checks.refuse(bad & needed, header, lambda row: f"{quote_cell(str(cells.iat[row]))} {NO_NUMBER}")

    worked_out = calculate(planned.calculation, checks.frame, plan.options, note)
    values = values.astype(object).where(~needed, worked_out)
    if planned.rule.default is not None:
        values = values.where(values.notna(), str(planned.rule.default))
    if isinstance(planned.model_field, models.IntegerField):
        whole = values.map(lambda number: number if number is None or number != number else str(round(Decimal(number))))
        return whole.astype("str").where(values.notna(), None)
    return values


def _constant_to_text(value: Any) -> str:
    return ("t" if value else "f") if isinstance(value, bool) else str(value)


def _translate_word(planned: PlannedField, word: str) -> str:
    """Translate a word; one that the map does not know stays, unless the field has a default."""
    assert planned.rule.map
    unknown = word if planned.rule.default is None else ""
    return _constant_to_text(planned.rule.map.get(word, unknown)) if word else ""


def _refine_column(planned: PlannedField, column: pd.Series, frame: pd.DataFrame) -> pd.Series:
    refinement = planned.rule.refine
    assert refinement
    more = column_values.map_unique_cells(
        first_filled(frame, planned.refine), lambda word: refinement.map.get(word, "")
    )
    return column.where(~((column == refinement.value) & (more != "")), more)


def _prove_outcomes(
    planned: PlannedField, plan: Plan, checks: Checks, names: pd.Series, guesses: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """Return the outcomes that the flags of the source prove, else its names suggest, and what each rests on.

    A row whose flag is neither yes nor no is refused.
    """
    assert planned.rule.map
    frame, nulls = checks.frame, plan.source.nulls
    stage_headers = plan.headers_of("stage")
    others = tuple(header for header in planned.headers if header not in stage_headers)
    is_stage = (first_filled(frame, others, nulls) == "").to_numpy()
    flags_by_name = {flag: _read_flag(headers, nulls, checks) for flag, headers in planned.flags}
    nothing = np.full(len(frame), np.nan)
    chances = outcomes.read_certainties(first_filled(frame, plan.headers_of("probability"), nulls))
    won, lost, closed = (flags_by_name.get(flag, nothing) for flag in ("won", "lost", "closed"))
    flags = outcomes.Flags(won, lost, closed, chances)
    usual_name = partial(usual_meaning_of, plan.source.name, StageTrack.DEAL)
    return outcomes.apply_flags(guesses, outcomes.outcome_basis(names, planned.rule.map, usual_name, is_stage), flags)


def _read_flag(headers: tuple[str, ...], nulls: Iterable[str], checks: Checks) -> np.ndarray:
    cells = first_filled(checks.frame, headers, nulls)
    flag = outcomes.read_flags(cells)
    unread = (cells != "").to_numpy() & np.isnan(flag)
    checks.refuse(unread, (*headers, "")[0], lambda row: f"{quote_cell(str(cells.iat[row]))} {NO_BOOLEAN}")
    return flag


def _rows_where(
    when: tuple[tuple[str, tuple[str, ...]], ...], done: dict[str, pd.Series], frame: pd.DataFrame
) -> pd.Series:
    holds = pd.Series(True, index=frame.index)
    for name, allowed in when:
        holds &= done[name].isin(allowed) if name in done else False
    return holds


def _read_reference(planned: PlannedReference, plan: Plan, checks: Checks) -> pd.Series:
    rule = planned.rule
    nulls = {*plan.source.nulls, *plan.options.nulls_of(planned.headers)}
    if rule.value:
        return pd.Series(rule.value, index=checks.frame.index, dtype="str")
    column = _blank_words(first_filled(checks.frame, planned.headers, nulls), rule.empty)
    if planned.join:
        column = record_keys.join_names(checks.frame, planned.join)
    if rule.split:
        column = column.str.partition(rule.split)[0].str.strip()
    if rule.match:
        column = column.where(column_values.matches_whole_cell(column, rule.match.pattern), "")
    if rule.map:
        column = column_values.map_unique_cells(column, lambda word: rule.map.get(word, word) if word else "")  # type: ignore[union-attr]
    if rule.default:
        column = column.where(column != "", rule.default)
    if rule.by == "email":
        column = column_values.normalise_emails(column)
    if rule.by == "domain":
        column = column_values.normalise_domains(column)
    if rule.by in {"external_id", ANY}:
        source = plan.source.name if rule.by == "external_id" else ""
        column = record_keys.kept_ids(column, source, rule.to, planned.headers[0], checks.refuse, checks.notes)
    longest = planned.model._meta.get_field("name" if rule.by == "name" else "external_id").max_length or LONGEST_KEY  # type: ignore[union-attr]
    too_long = (column.str.len() > longest).to_numpy(dtype=bool, na_value=False)
    checks.refuse(too_long, planned.headers[0], lambda _: f"The name is longer than {longest} characters")
    return column_values.blank_to_missing(column)
