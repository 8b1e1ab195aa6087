"""What a number can be cut by: for each fact table, where each dimension is found.

A dimension is a text of the row (or of a row it points to), or the id of a record that is then shown by name.
Empty values stay together as `(blank)`, apart from a literal “unknown”.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import ibis

from crm.record_kind import RecordKind
from crm.registry import kinds_by_plural
from kpis.credits import NO_TOUCH
from kpis.grains import GRAINS
from kpis.rows import Build, Row
from team.models import Company

BLANK = "(blank)"
CUSTOM = "custom."
MODEL = "model"  # a filter that keeps every row: by which model of attribution records are divided over touches
MODEL_LABELS: Mapping[str, str] = dict(Company.AttributionModel.choices)


NO_PIPELINE = " ()"  # ends the key of a stage whose deals are in no pipeline


@dataclass(frozen=True)
class Dimension:
    """A way to cut: `lookup` names the fact table that gives ids their names; empty when the value is a text.

    A value may name a colleague, whose achievement it then shows, or tell of a buyer, as free text may:
    `kpis.visibility` says who sees that.
    """

    name: str
    label: str
    lookup: str = ""
    labels: tuple[tuple[str, str], ...] = ()  # stored value and the word for it on screen
    names: Literal["", "colleague", "buyer"] = ""

    def label_of(self, value: str) -> str:
        if self.name.startswith(CUSTOM):
            return dict(YES_NO).get(value, value)
        return dict(self.labels).get(value, value.removesuffix(NO_PIPELINE) if self.name == "stage" else value)

    def stored_values(self, word: str) -> list[str]:
        """Return the values that a word of the screen may mean: the stored one, else the word itself.

        In a column of the company's own “Yes” may be a text as well as a boolean.
        """
        labels = YES_NO if self.name.startswith(CUSTOM) else self.labels
        matches = [value for value, label in labels if label.casefold() == word.casefold()]
        return [*matches, word] if self.name.startswith(CUSTOM) or not matches else matches


OUTCOMES = (("open", "Open"), ("won", "Won"), ("lost", "Lost"), ("no_decision", "No decision"))
SIDES = (("marketing", "Marketing"), ("sales", "Sales"))
CATEGORIES = (
    ("lead_generation", "Lead generation"),
    ("sales_support", "Sales support"),
    ("technology", "Technology"),
    ("people", "People"),
)
ICP_PLACES = (("inside", "Inside"), ("near", "Near"), ("outside", "Outside"))
NEW_OR_NOT = (("true", "New business"), ("false", "Existing business"))
ANSWERS = (("accepted", "Accepted"), ("rejected", "Rejected"))
ENDS = (
    ("accepted", "Accepted"),
    ("rejected", "Rejected"),
    ("rerouted", "Passed on"),
    ("withdrawn", "Withdrawn"),
    ("lapsed", "Never answered"),
)
PERIODS = (
    ("week", "Week"),
    ("month", "Month"),
    ("quarter", "Quarter"),
    ("half_year", "Half year"),
    ("year", "Year"),
)
YES_NO = (("true", "Yes"), ("false", "No"))
OWNERS = "owners"
DIMENSIONS = {
    dimension.name: dimension
    for dimension in [
        Dimension("owner", "Owner", "owners", names="colleague"),
        Dimension("manager", "Manager", "owners", names="colleague"),
        Dimension("lead_owner", "Lead owner", "owners", names="colleague"),
        Dimension("campaign", "Campaign", "campaigns"),
        Dimension("account", "Account", "accounts", names="buyer"),
        Dimension("territory", "Territory"),
        Dimension("product", "Product"),
        Dimension("product_as_written", "Product as written", names="buyer"),
        Dimension("vertical", "Vertical"),
        Dimension("lead_source", "Lead source"),
        Dimension("pipeline", "Pipeline"),
        Dimension("stage", "Stage"),
        Dimension("outcome", "Outcome", labels=OUTCOMES),
        Dimension("lost_reason", "Reason lost", names="buyer"),
        Dimension("is_new_business", "New or existing business", labels=NEW_OR_NOT),
        Dimension("is_converted", "Converted", labels=YES_NO),
        Dimension("kind", "Kind"),
        Dimension("plan", "Plan"),
        Dimension("pays_by", "Pays by", labels=PERIODS),
        Dimension("status", "Status"),
        Dimension("lifecycle_stage", "Lifecycle stage"),
        Dimension("rating", "Rating"),
        Dimension("persona", "Persona"),
        Dimension("priority", "Priority"),
        Dimension("channel", "Channel"),
        Dimension("person", "Lead or contact"),
        Dimension("side", "Side", labels=SIDES),
        Dimension("category", "Category", labels=CATEGORIES),
        Dimension("country", "Country"),
        Dimension("region", "Region"),
        Dimension("city", "City", names="buyer"),
        Dimension("currency", "Currency"),
        Dimension("source_system", "Source"),
        Dimension("criterion", "Criterion that failed", names="buyer"),
        Dimension("given_answer", "Verdict", labels=ANSWERS),
        Dimension("handoff_end", "How it ended", labels=ENDS),
        Dimension("content", "Content", "content_assets"),
        Dimension("icp", "Ideal customer profile", labels=ICP_PLACES),
        Dimension("journey_stage", "Stage of the content"),
        Dimension("reason_unused", "Reason not used", names="buyer"),
        Dimension(MODEL, "Attribution model", labels=tuple(MODEL_LABELS.items())),
    ]
}


def _first_of(*paths: str) -> Build:
    return lambda row: row.first(*paths)


def _owner_of(*paths: str) -> Build:
    """Return the owner record that represents the person behind the first link that leads to one."""
    return lambda row: row.first(*(step for path in paths for step in (f"{path.removesuffix('_id')}.person_id", path)))


def _text_of(*paths: str) -> Build:
    return lambda row: row.text(*paths)


def _flag_of(path: str) -> Build:
    return lambda row: ibis.cases((row[path], "true"), (~row[path], "false"))  # neither where it is not known


def _currency_of(path: str) -> Build:
    return lambda row: ibis.coalesce(row[path].nullif(""), ibis.literal(row.scope.currency).nullif(""))


def _lead_or_contact(lead: str, contact: str) -> Build:
    return lambda row: ibis.cases((row[lead].notnull(), "Lead"), (row[contact].notnull(), "Contact"))


def _stage_of(*pipelines: str) -> Build:
    """Return a stage with its pipeline, which may be none: stages of one name in two pipelines are two stages."""
    return lambda row: row.text("stage") + " (" + row.text(*pipelines).fill_null("") + ")"


OF_THE_LEAD: dict[str, Build] = {
    "campaign": _first_of("lead.campaign_id", "lead.first_touch.campaign_id"),
    "account": _first_of("lead.account_id"),
    "product": _text_of("lead.product.name"),
    "vertical": _text_of("lead.vertical.name", "lead.account.vertical.name"),
    "lead_source": _text_of("lead.lead_source"),
    "persona": _text_of("lead.persona"),
    "country": _text_of("lead.country", "lead.account.country"),
    "source_system": _text_of("lead.source_system"),
}
HANDOFFS: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "manager": _owner_of("owner.manager_id"),
    "territory": _text_of("owner.territory.name", "lead.territory.name"),
    "handoff_end": _text_of("end"),
    **OF_THE_LEAD,
}
VERDICTS: dict[str, Build] = {
    "owner": _owner_of("handoff.owner_id"),
    "manager": _owner_of("handoff.owner.manager_id"),
    "territory": _text_of("handoff.owner.territory.name", "lead.territory.name"),
    "criterion": _text_of("criterion"),
    "given_answer": _text_of("answer"),
    **OF_THE_LEAD,
}
OUR_OWN = {"handoffs": HANDOFFS, "verdicts": VERDICTS}  # what happened here: no source brought columns for it


def _of_touch(column: str) -> Build:
    """Return a text of the credited touch, apart from what had none."""

    def build(row: Row) -> Any:
        return row["credit_id"].isnull().ifelse(NO_TOUCH, row[column].nullif(""))

    return build


CREDITED = {"opportunity_credits": "opportunities", "lead_credits": "leads"}
OF_THE_TOUCH: dict[str, Build] = {
    "campaign": _first_of("touch_campaign_id"),
    "content": _first_of("touch_asset_id"),
    "channel": _of_touch("touch_channel"),
    "lead_source": _of_touch("touch_source"),
    "persona": _of_touch("touch_persona"),
}
BUILDERS: dict[str, Callable[..., Build]] = {
    "id": _first_of,
    "owner": _owner_of,
    "text": _text_of,
    "flag": _flag_of,
    "currency": _currency_of,
    "stage": _stage_of,
    "person": _lead_or_contact,
}


def dimensions_of(table: str) -> Mapping[str, Build]:
    """Return where each dimension is found on a row of the table."""
    if table in CREDITED:
        return _dimensions_of_kind(kinds_by_plural()[CREDITED[table]]) | OF_THE_TOUCH
    return OUR_OWN[table] if table in OUR_OWN else _dimensions_of_kind(kinds_by_plural()[table])


@cache
def _dimensions_of_kind(kind: RecordKind) -> dict[str, Build]:
    return {name: BUILDERS[cut.how](*cut.paths) for name, cut in kind.cuts.items()}


def get_dimension(name: str) -> Dimension:
    if name.startswith(CUSTOM):
        return Dimension(name, name.removeprefix(CUSTOM), names="buyer")
    grain = GRAINS.get(name)
    return Dimension(name, grain.label) if grain else DIMENSIONS[name]


def dimension_build(table: str, name: str) -> Build:
    """Return the expression that finds the dimension on a row of the table."""
    if name.startswith(CUSTOM):
        return lambda row: row.custom(name.removeprefix(CUSTOM))
    return dimensions_of(table)[name]
