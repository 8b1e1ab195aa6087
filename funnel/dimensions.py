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


def _behind(facts: Facts, rows: Any, pointer: str, table: str, column: str, as_: str) -> Any:
    found = facts.table(table)
    found = found.select(**{f"{as_}_key": found.id, as_: found[column]})
    return rows.left_join(found, rows[pointer] == found[f"{as_}_key"]).drop(f"{as_}_key")


def _territory(facts: Facts, rows: Any) -> Any:
    rows = _behind(facts, rows, "owner_id", "owners", "territory_id", "of_owner")
    rows = _behind(facts, rows, "account_id", "accounts", "territory_id", "of_account")
    rows = rows.mutate(nearest=ibis.coalesce(rows.territory_id, rows.of_owner, rows.of_account))
    return _behind(facts, rows, "nearest", "territories", "name", "territory")


def _vertical(facts: Facts, rows: Any) -> Any:
    rows = _behind(facts, rows, "account_id", "accounts", "vertical_id", "of_account")
    rows = rows.mutate(nearest=ibis.coalesce(rows.vertical_id, rows.of_account))
    return _behind(facts, rows, "nearest", "verticals", "name", "vertical")


def _product(facts: Facts, rows: Any) -> Any:
    return _behind(facts, rows, "product_id", "products", "name", "product")


def _source(facts: Facts, rows: Any) -> Any:
    return rows


def _campaign(facts: Facts, rows: Any) -> Any:
    return rows.mutate(campaign=rows.campaign_id.cast("string"))


def _owner(facts: Facts, rows: Any) -> Any:
    return rows.mutate(owner=rows.owner_id.cast("string"))


CUTS = {
    cut.name: cut
    for cut in (
        Cut("lead_source", "Lead source", _source),
        Cut("campaign", "Campaign", _campaign, "campaigns"),
        Cut("territory", "Territory", _territory),
        Cut("product", "Product", _product),
        Cut("vertical", "Vertical", _vertical),
        Cut("owner", "Owner", _owner, "owners"),
    )
}


def with_cut(facts: Facts, leads: Any, name: str) -> Any:
    """Return (lead, cut) rows, what is empty as `(blank)`."""
    found = CUTS[name].build(facts, leads)
    return found.select(cut_lead=found.id, cut=found[name].cast("string").nullif("").fill_null(BLANK))


def only(facts: Facts, leads: Any, where: Mapping[str, str]) -> Any:
    """Return the leads that every filter lets through."""
    for name, value in where.items():
        kept = with_cut(facts, leads, name)
        kept = kept.filter(kept.cut == value)
        leads = leads.semi_join(kept, leads.id == kept.cut_lead)
    return leads


def names(facts: Facts, name: str, keys: list[str]) -> dict[str, str]:
    """Return what people call the values of a cut."""
    ids = [pk for key in keys if (pk := read_id(key)) is not None]
    if not CUTS[name].names or not ids:
        return {}
    table = facts.table(CUTS[name].names)
    rows = facts.execute(table.filter(table.id.isin(ids)).select("id", "name"))
    return {str(row.id): str(row.name) or f"no. {row.id}" for row in rows.itertuples(index=False)}
