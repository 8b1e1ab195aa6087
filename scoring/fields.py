"""What is in the fields of leads, today or as it stood when each was to be judged: what is learned and suspected from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from crm.rule_fields import LINKS, RuleTables
from facts.compiling import YES, RuleContext, add_rule_columns
from facts.engine import Facts
from facts.rules import Field, Rule, Type
from imports.history import RecordHistory
from imports.models import CustomField
from scoring.compiling import MOMENT, lead_columns
from scoring.identifiers import is_identifier, stands_for_nothing
from scoring.proof.measures import Flags
from scoring.terms import SCORED, FitRule, Model

OUTCOME = frozenset({"is_converted", "converted_on"})  # what is to be foretold
NAMES = 0.5  # of the filled cells differ: names and numbers of people, of which only “filled” says something
BINS = 20
MOST_VALUES = 200
NAMING = frozenset({"text", "number"})  # kinds of field that can name records
NUMBER = r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?"  # what begins with a nought is a code
YES_OR_NO = [{"true", "false"}, {"yes", "no"}, {"true"}, {"false"}, {"yes"}, {"no"}]


@dataclass(frozen=True)
class Column:
    """One field of the leads asked about. Texts are folded, with `spellings` saying how they are written; "" is empty.

    Numbers are floats with NaN for empty, yes and no are 1 and 0, of dates only “filled” is known: 1 or NaN.
    """

    path: str
    label: str
    kind: Type
    values: "pd.Series[Any]"
    spellings: Mapping[str, str]
    is_identifier: bool = False  # it names records: serial numbers, ids
    has_fillers: bool = False  # some cells hold words that mean nothing, which rules take for filled

    @property
    def filled(self) -> Flags:
        is_filled = self.values != "" if self.kind == "text" else self.values.notna()
        return is_filled.to_numpy(dtype=bool)

    @property
    def is_a_name(self) -> bool:
        """Whether nearly every lead has a word of its own."""
        filled = self.values[self.filled]
        return self.kind == "text" and len(filled) > 0 and filled.nunique() > max(MOST_VALUES, NAMES * len(filled))

    @property
    def codes(self) -> npt.NDArray[np.int64]:
        """Number what is there: 0 for nothing, then each value, or each of some ranges of a number."""
        if self.kind == "number" and self.values.nunique() > BINS:
            return pd.qcut(self.values, BINS, labels=False, duplicates="drop").fillna(-1).to_numpy(dtype=np.int64) + 1
        if self.is_a_name:
            return self.filled.astype(np.int64)
        cells = self.values.where(self.filled, None)
        often = cells.value_counts().index[:MOST_VALUES]
        return often.get_indexer_for(pd.Index(cells)).astype(np.int64) + 1


def read_columns(facts: Facts, rows: pd.DataFrame, *, then: bool) -> list[Column]:
    """Return all fields that rules of fit may name, of the leads in `rows` (lead_id, asked_at) and in their order.

    `then`: as each lead stood at its moment, as far as imports remember it; else as it is today.
    """
    # fields that no table stores, such as the distance from the ideal customer, are computed: they are not inputs here
    stored = facts.table("leads").columns
    fields = [
        field
        for field in SCORED.fields.values()
        if field.path not in OUTCOME and ("." in field.path or field.path in stored)
    ]
    answer = _query_fields(facts, rows, fields, then).set_index("id").reindex(rows["lead_id"]).reset_index()
    custom_values = [json.loads(text) if isinstance(text, str) else {} for text in answer["custom"]]
    columns = [
        *(_make_column(field, answer[f"v_{number}"]) for number, field in enumerate(fields)),
        *(
            _make_custom_column(key, kind, [values.get(key) for values in custom_values])
            for key, kind in _custom_types(custom_values).items()
        ),
    ]
    order = rows["lead_id"].reset_index(drop=True)
    return [
        replace(column, is_identifier=column.kind in NAMING and is_identifier(column.label, column.values, order))
        for column in columns
    ]


def _query_fields(facts: Facts, rows: pd.DataFrame, fields: Sequence[Field], then: bool) -> pd.DataFrame:
    asks: dict[str, Rule] = {
        f"r_{number}": {"field": field.path, "is": "yes" if field.type == "yes_no" else "filled"}
        for number, field in enumerate(fields)
    }
    values = {f"v_{number}": {"field": field.path} for number, field in enumerate(fields)}
    model = Model("", 0, tuple(FitRule(name, rule, 1) for name, rule in asks.items()))
    names = [*lead_columns(model, facts.table("leads").columns), "custom"]
    tables: Any = facts
    if then:
        tables = RecordHistory(facts, moments_table(rows), names)
        leads = tables.leads
    else:
        chosen = moments_table(rows).select("of_lead")
        leads = facts.table("leads").select(*names).inner_join(chosen, [("id", "of_lead")]).drop("of_lead")
    assert facts.as_of is not None
    wide = add_rule_columns(RuleContext(RuleTables(tables, "leads"), facts.as_of, LINKS), SCORED, asks, leads, values)
    return facts.execute(wide.select("id", "custom", *values))


def moments_table(rows: pd.DataFrame) -> Any:
    """Return of_lead and asked_at as a table."""
    moments = rows[["lead_id", MOMENT]].rename(columns={"lead_id": "of_lead"})
    moments[MOMENT] = moments[MOMENT].astype("datetime64[us, UTC]")
    return ibis.memtable(pa.Table.from_pandas(moments, preserve_index=False))


def _custom_types(custom_values: Sequence[Mapping[str, Any]]) -> dict[str, Type]:
    """Return the custom fields with their types; what no import named is text."""
    declared_types = dict(CustomField.objects.filter(kind="lead").values_list("key", "type"))
    keys = sorted({key for values in custom_values for key in values})
    return {key: declared_types.get(key, "text") for key in keys}  # type: ignore[misc]  # the same words


def _make_column(field: Field, values: "pd.Series[Any]") -> Column:
    if field.type == "number":
        return Column(field.path, field.label, "number", values.astype(float), {})
    if field.type == "yes_no":
        return Column(field.path, field.label, "yes_no", values.astype("boolean").astype("Float64").astype(float), {})
    if field.type == "date":
        return Column(field.path, field.label, "date", values.notna().map({True: 1.0, False: np.nan}), {})
    return _make_text_column(field.path, field.label, values)


def _make_custom_column(key: str, kind: Type, cells: Sequence[Any]) -> Column:
    path, label = f"custom.{key}", key.replace("_", " ")
    written = pd.Series([_cell_to_text(cell) for cell in cells], dtype="str")
    values = written.where(~are_fillers(written), "")
    has_fillers = bool((values != written).any())
    kind = _type_of(values) if kind == "text" else kind
    if kind == "number":
        numbers = pd.to_numeric(values, errors="coerce").astype(float)
        return Column(
            path, label, "number", numbers, {}, has_fillers=has_fillers or bool((numbers.isna() & (values != "")).any())
        )
    if kind == "yes_no":
        flags = values.str.lower().isin(YES).astype(float).where(values != "")
        return Column(path, label, "yes_no", flags, {}, has_fillers=has_fillers)
    if kind == "date":
        return Column(path, label, "date", (values != "").map({True: 1.0, False: np.nan}), {}, has_fillers=has_fillers)
    return replace(_make_text_column(path, label, values), has_fillers=has_fillers)


def _type_of(values: "pd.Series[Any]") -> Type:
    """Return the type that fits every cell of a field without a declared type, as custom columns of known systems are."""
    filled = values[values != ""]
    if not len(filled):
        return "text"
    if set(filled.str.lower().unique()) in YES_OR_NO:
        return "yes_no"
    return "number" if filled.str.fullmatch(NUMBER).all() else "text"


def are_fillers(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return which cells hold a word that means nothing."""
    return values.map({word: stands_for_nothing(str(word)) for word in values.unique()}).astype(bool)


def _cell_to_text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else str(cell)


def _make_text_column(path: str, label: str, values: "pd.Series[Any]") -> Column:
    """Fold texts as the rules do, each spelling once; of several spellings the first one names the value."""
    codes, spelled = pd.factorize(values, use_na_sentinel=True)
    written = pd.Series(["", *map(str, spelled)], dtype="str").str.strip()
    plain = written.where(~are_fillers(written), "")
    folded = plain.str.lower()
    places = codes + 1  # what is missing comes first, as an empty text
    spellings = dict(zip(folded[::-1], plain[::-1], strict=True))
    texts = folded.take(places).reset_index(drop=True)
    return Column(path, label, "text", texts, spellings, has_fillers=bool((plain != written).any()))
