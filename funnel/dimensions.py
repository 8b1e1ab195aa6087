"""What the funnel can be cut by: a text of the lead, of its owner or account, or the id of a record shown by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis

from core.request_values import read_id
from facts.engine import Facts

BLANK = "(blank)"


@dataclass(frozen=True)
class Cut:
    """`names` is the table that gives the ids their names; empty where the value is a text."""

    name: str
    label: str
    build: Callable[[Facts, Any], Any]  # from facts and leads to the leads with a column of the cut's name
    names: str = ""


def _join_column(facts: Facts, rows: Any, pointer: str, table: str, column: str, as_: str) -> Any:
    pointed_at = facts.table(table)
    pointed_at = pointed_at.select(**{f"{as_}_key": pointed_at.id, as_: pointed_at[column]})
    return rows.left_join(pointed_at, rows[pointer] == pointed_at[f"{as_}_key"]).drop(f"{as_}_key")


def _with_territory(facts: Facts, rows: Any) -> Any:
    rows = _join_column(facts, rows, "owner_id", "owners", "territory_id", "of_owner")
    rows = _join_column(facts, rows, "account_id", "accounts", "territory_id", "of_account")
    rows = rows.mutate(nearest=ibis.coalesce(rows.territory_id, rows.of_owner, rows.of_account))
    return _join_column(facts, rows, "nearest", "territories", "name", "territory")


def _with_vertical(facts: Facts, rows: Any) -> Any:
    rows = _join_column(facts, rows, "account_id", "accounts", "vertical_id", "of_account")
    rows = rows.mutate(nearest=ibis.coalesce(rows.vertical_id, rows.of_account))
    return _join_column(facts, rows, "nearest", "verticals", "name", "vertical")


CUTS = {
    cut.name: cut
    for cut in (
        Cut("lead_source", "Lead source", lambda facts, rows: rows),
        Cut(
            "campaign",
            "Campaign",
            lambda facts, rows: rows.mutate(campaign=rows.campaign_id.cast("string")),
            "campaigns",
        ),
        Cut("territory", "Territory", _with_territory),
        Cut(
            "product",
            "Product",
            lambda facts, rows: _join_column(facts, rows, "product_id", "products", "name", "product"),
        ),
        Cut("vertical", "Vertical", _with_vertical),
        Cut("owner", "Owner", lambda facts, rows: rows.mutate(owner=rows.owner_id.cast("string")), "owners"),
    )
}


def with_cut(facts: Facts, leads: Any, name: str) -> Any:
    """Return (lead, cut) rows, what is empty as `(blank)`."""
    rows = CUTS[name].build(facts, leads)
    return rows.select(cut_lead=rows.id, cut=rows[name].cast("string").nullif("").fill_null(BLANK))


def filter_leads(facts: Facts, leads: Any, where: Mapping[str, str]) -> Any:
    """Return the leads that every filter lets through."""
    for name, value in where.items():
        matching = with_cut(facts, leads, name)
        matching = matching.filter(matching.cut == value)
        leads = leads.semi_join(matching, leads.id == matching.cut_lead)
    return leads


def value_names(facts: Facts, name: str, keys: list[str]) -> dict[str, str]:
    """Return what people call the values of a cut."""
    ids = [pk for key in keys if (pk := read_id(key)) is not None]
    if not CUTS[name].names or not ids:
        return {}
    table = facts.table(CUTS[name].names)
    rows = facts.execute(table.filter(table.id.isin(ids)).select("id", "name"))
    return {str(row.id): str(row.name) or f"no. {row.id}" for row in rows.itertuples(index=False)}
