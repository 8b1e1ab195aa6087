"""Which rows of a block are read for which kind of record, which are left out and why, and those that are staged."""

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from imports.load import record_keys
from imports.load.checks import Checks, Staged
from imports.load.stored_ids import long_ids
from imports.load.upsert import all_columns
from imports.mapping.departures import Departure, find_departed_rows, merged_records
from imports.mapping.plan import Plan
from imports.parsing.headers import fold
from imports.parsing.notes import DELETED, FILTERED, MERGED, MERGED_HERE, MIXED_IDS, NO_RECORD, add_note


@dataclass
class BlockRows:
    """The rows of a block, by what becomes of them before their cells are read."""

    plans: list[Plan]
    filtered: np.ndarray  # what no mapping wants
    gone: list[np.ndarray]  # by plan: the source says that the record is no more
    masters: list[pd.Series]  # by plan: the record that it was merged into

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, plans: list[Plan]) -> "BlockRows":
        departures = [find_departed_rows(plan.departures, frame, plan.source.nulls) for plan in plans]
        return cls(
            plans,
            _filtered_rows(frame, plans),
            [gone for gone, _ in departures],
            [masters for _, masters in departures],
        )

    def read_mask(self, plan_index: int) -> np.ndarray:
        """Return the rows whose cells are read for a plan."""
        return ~self.filtered & ~self.gone[plan_index]

    def left_out(self, columns: list[dict[str, pd.Series]], checks: Checks) -> int:
        """Count the rows of which nothing is staged though nothing is wrong with them, and note why."""
        staged, gone = np.zeros(len(self.filtered), bool), np.zeros(len(self.filtered), bool)
        for plan_index, column in enumerate(columns):
            has_id = (column["external_id"] != "").to_numpy()
            staged |= has_id & self.read_mask(plan_index)
            gone |= has_id & self.gone[plan_index]
        left = ~staged & ~checks.wrong
        merged = np.any([(masters != "").to_numpy() for masters in self.masters], axis=0) if self.masters else gone
        for what, rows in (
            (FILTERED, self.filtered),
            (MERGED, ~self.filtered & gone & merged),
            (DELETED, ~self.filtered & gone & ~merged),
            (NO_RECORD, ~self.filtered & ~gone),
        ):
            add_note(checks.notes, what, int((left & rows).sum()), self._columns_naming(what))
        return int(left.sum())

    def _columns_naming(self, note: str) -> str:
        """Return the columns that say it."""
        columns = [plan.departures for plan in self.plans]
        if note == MERGED:
            return ", ".join(dict.fromkeys(f"“{name}”" for rules in columns for name in rules.merged_into))
        return ", ".join(dict.fromkeys(f"“{name}”" for rules in columns for name, _ in rules.deleted_when))


def _filtered_rows(frame: pd.DataFrame, plans: list[Plan]) -> np.ndarray:
    filtered = np.zeros(len(frame), bool)
    for header, drop_words in {rule for plan in plans for rule in plan.drop_when}:
        marked = [word for word in frame[header].unique() if fold(word) in drop_words]
        filtered |= frame[header].isin(marked).to_numpy()
    if plans and all(plan.only for plan in plans):  # what no kind of record wants is left out
        filtered |= ~np.any([record_keys.makes_a_record(plan, frame) for plan in plans], axis=0)
    return filtered


def stage_rows(plan: Plan, columns: dict[str, pd.Series], plan_index: int, rows: BlockRows, checks: Checks) -> Staged:
    """Write the rows that are taken as CSV; of rows with one id the one that its source changed last counts, else the last."""
    key = columns["external_id"]
    has_id = (key != "").to_numpy()
    here = ~checks.wrong & rows.read_mask(plan_index) & has_id
    # each id once: ON CONFLICT cannot update a row twice in one statement
    picked = _latest_rows(np.flatnonzero(here), key, columns.get("modified_at"))
    names = [name for name, _ in all_columns(plan)]
    table = pa.table({name: pa.array(columns[name].iloc[picked], from_pandas=True) for name in names})
    out = io.BytesIO()
    arrow_csv.write_csv(table, out, arrow_csv.WriteOptions(include_header=False))
    gone = ~checks.wrong & ~rows.filtered & rows.gone[plan_index] & has_id
    kind = plan.source.name, plan.mapping.object
    masters = record_keys.kept_ids(rows.masters[plan_index][gone], *kind, "", lambda *_: None, {})
    departures = [
        Departure(str(record_id), "" if record_id == master else str(master))
        for record_id, master in zip(key[gone], masters, strict=True)
    ]
    merged = list(merged_records(plan.departures, checks.frame, key, here))
    if merged:
        add_note(checks.notes, MERGED_HERE, len({record_id.master for record_id in merged}), merged[0].external_id)
    is_mixed = bool(MIXED_IDS & checks.notes.keys())
    return Staged(
        plan, out.getvalue(), len(picked), int(here.sum()) - len(picked), key.iloc[picked], checks.lines[picked],
        _with_kept_ids(plan, [*departures, *merged]), is_mixed, long_ids(plan, columns, picked, is_mixed=is_mixed),
    )  # fmt: skip


def _latest_rows(positions: np.ndarray, key: pd.Series, modified: pd.Series | None) -> np.ndarray:
    """Return one place for each id, in the order of the file."""
    repeated = key.iloc[positions].duplicated(keep=False).to_numpy()
    if not repeated.any():
        return positions
    ordered = positions
    if modified is not None and pd.api.types.is_datetime64_any_dtype(modified.dtype):
        times = modified.iloc[positions]
        ordered = positions[np.argsort(times.fillna(times.max()).to_numpy(), kind="stable")]
    last = ~key.iloc[ordered].duplicated(keep="last").to_numpy()
    return np.sort(ordered[last])


def _with_kept_ids(plan: Plan, departures: list[Departure]) -> list[Departure]:
    """Return the departures with ids in the form in which they are kept."""
    ids = pd.Series([departure.external_id for departure in departures], dtype="str")
    kept_keys = record_keys.kept_ids(ids, plan.source.name, plan.mapping.object, "", lambda *_: None, {})
    return [Departure(str(key), departure.master) for key, departure in zip(kept_keys, departures, strict=True)]
