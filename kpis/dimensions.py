"""What a number can be cut by: for each fact table, where each dimension is found.

A dimension is a text of the row (or of a row it points to), or the id of a record that is then shown by name.
Empty values stay together as `(blank)`, apart from a literal “unknown”.
"""

from dataclasses import dataclass
from typing import Any, Literal

import ibis

from kpis.grains import GRAINS
from kpis.rows import Build, Row

BLANK = "(blank)"
CUSTOM = "custom."


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
    words: tuple[tuple[str, str], ...] = ()  # stored value and the word for it on screen
    names: Literal["", "colleague", "buyer"] = ""

    def word(self, value: str) -> str:
        if self.name.startswith(CUSTOM):
            return dict(YES_NO).get(value, value)
        return dict(self.words).get(value, value.removesuffix(NO_PIPELINE) if self.name == "stage" else value)

    def stored(self, word: str) -> list[str]:
        """Return the values that a word of the screen may mean: the stored one, else the word itself.

        In a column of the company's own “Yes” may be a text as well as a boolean.
        """
        words = YES_NO if self.name.startswith(CUSTOM) else self.words
        known = [value for value, shown in words if shown.casefold() == word.casefold()]
        return [*known, word] if self.name.startswith(CUSTOM) or not known else known


OUTCOMES = (("open", "Open"), ("won", "Won"), ("lost", "Lost"), ("no_decision", "No decision"))
SIDES = (("marketing", "Marketing"), ("sales", "Sales"))
CATEGORIES = (
    ("lead_generation", "Lead generation"),
    ("sales_support", "Sales support"),
    ("technology", "Technology"),
    ("people", "People"),
)
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
        Dimension("outcome", "Outcome", words=OUTCOMES),
        Dimension("lost_reason", "Reason lost", names="buyer"),
        Dimension("is_new_business", "New or existing business", words=NEW_OR_NOT),
        Dimension("is_converted", "Converted", words=YES_NO),
        Dimension("kind", "Kind"),
        Dimension("plan", "Plan"),
        Dimension("pays_by", "Pays by", words=PERIODS),
        Dimension("status", "Status"),
        Dimension("lifecycle_stage", "Lifecycle stage"),
        Dimension("rating", "Rating"),
        Dimension("persona", "Persona"),
        Dimension("priority", "Priority"),
        Dimension("channel", "Channel"),
        Dimension("person", "Lead or contact"),
        Dimension("side", "Side", words=SIDES),
        Dimension("category", "Category", words=CATEGORIES),
        Dimension("country", "Country"),
        Dimension("region", "Region"),
        Dimension("city", "City", names="buyer"),
        Dimension("currency", "Currency"),
        Dimension("source_system", "Source"),
        Dimension("criterion", "Criterion that failed", names="buyer"),
        Dimension("given_answer", "Verdict", words=ANSWERS),
        Dimension("handoff_end", "How it ended", words=ENDS),
    ]
}


def _first(*paths: str) -> Build:
    return lambda row: row.first(*paths)


def _owner(*paths: str) -> Build:
    """Return the owner record that stands for the person behind the first link that leads to one."""
    return lambda row: row.first(*(step for path in paths for step in (f"{path.removesuffix('_id')}.person_id", path)))


def _text(*paths: str) -> Build:
    return lambda row: row.text(*paths)


def _flag(path: str) -> Build:
    return lambda row: ibis.cases((row[path], "true"), (~row[path], "false"))  # neither where it is not known


def _currency(path: str = "currency") -> Build:
    return lambda row: ibis.coalesce(row[path].nullif(""), ibis.literal(row.scope.currency).nullif(""))


def _person() -> Build:
    return lambda row: ibis.cases((row["lead_id"].notnull(), "Lead"), (row["contact_id"].notnull(), "Contact"))


def _stage(pipeline: Build) -> Build:
    """Return a stage with its pipeline, which may be none: stages of one name in two pipelines are two stages."""

    def build(row: Row) -> Any:
        stage, of = row.text("stage"), pipeline(row)
        return stage + " (" + of.fill_null("") + ")"

    return build


def _texts(*names: str) -> dict[str, Build]:
    return {name: _text(name) for name in names}


OPPORTUNITIES: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "manager": _owner("owner.manager_id"),
    "lead_owner": _owner("lead.owner_id"),
    "campaign": _first("campaign_id", "lead.campaign_id", "lead.first_touch.campaign_id"),
    "account": _first("account_id"),
    "territory": _text("territory.name", "owner.territory.name", "account.territory.name"),
    "product": _text("product.name", "product_as_written"),
    "product_as_written": _text("product_as_written", "product.name"),
    "vertical": _text("account.vertical.name", "lead.vertical.name"),
    "lead_source": _text("lead_source", "lead.lead_source"),
    "country": _text("account.country", "lead.country"),
    "region": _text("account.region", "lead.region"),
    "city": _text("account.city", "lead.city"),
    "is_new_business": _flag("is_new_business"),
    "currency": _currency(),
    "stage": _stage(_text("pipeline")),
    **_texts("pipeline", "outcome", "lost_reason", "kind", "source_system"),
}
LEADS: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "lead_owner": _owner("owner_id"),
    "manager": _owner("owner.manager_id"),
    "campaign": _first("campaign_id", "first_touch.campaign_id"),
    "account": _first("account_id"),
    "territory": _text("territory.name", "owner.territory.name", "account.territory.name"),
    "product": _text("product.name"),
    "vertical": _text("vertical.name", "account.vertical.name"),
    "country": _text("country", "account.country"),
    "is_converted": _flag("is_converted"),
    **_texts("lead_source", "status", "lifecycle_stage", "rating", "persona", "region", "city", "source_system"),
}
INVOICES: dict[str, Build] = {
    "owner": _owner("opportunity.owner_id", "account.owner_id"),
    "manager": _owner("opportunity.owner.manager_id", "account.owner.manager_id"),
    "lead_owner": _owner("opportunity.lead.owner_id"),
    "campaign": _first(
        "opportunity.campaign_id", "opportunity.lead.campaign_id", "opportunity.lead.first_touch.campaign_id"
    ),
    "account": _first("account_id", "opportunity.account_id"),
    "territory": _text("opportunity.territory.name", "opportunity.owner.territory.name", "account.territory.name"),
    "product": _text("product.name", "opportunity.product.name", "opportunity.product_as_written"),
    "vertical": _text("account.vertical.name", "opportunity.account.vertical.name", "opportunity.lead.vertical.name"),
    "lead_source": _text("opportunity.lead_source", "opportunity.lead.lead_source"),
    "country": _text("account.country", "opportunity.account.country"),
    "region": _text("account.region", "opportunity.account.region"),
    "is_new_business": _flag("is_new_business"),
    "currency": _currency(),
    **_texts("kind", "source_system"),
}
SPEND: dict[str, Build] = {
    "campaign": _first("campaign_id"),
    "territory": _text("territory.name"),
    "product": _text("product.name"),
    "vertical": _text("vertical.name"),
    "currency": _currency(),
    **_texts("side", "category", "source_system"),
}
ACCOUNTS: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "manager": _owner("owner.manager_id"),
    "territory": _text("territory.name", "owner.territory.name"),
    "vertical": _text("vertical.name"),
    **_texts("kind", "country", "region", "city", "source_system"),
}
CONTACTS: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "manager": _owner("owner.manager_id"),
    "account": _first("account_id"),
    "territory": _text("owner.territory.name", "account.territory.name"),
    "vertical": _text("account.vertical.name"),
    "country": _text("country", "account.country"),
    **_texts("lead_source", "lifecycle_stage", "status", "persona", "source_system"),
}
TOUCHES: dict[str, Build] = {
    "campaign": _first("campaign_id"),
    "owner": _owner("lead.owner_id", "contact.owner_id"),
    "account": _first("contact.account_id", "lead.account_id"),
    "lead_source": _text("lead.lead_source", "contact.lead_source"),
    "person": _person(),
    "currency": _currency(),
    **_texts("kind", "status", "source_system"),
}
ACTIVITIES: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "manager": _owner("owner.manager_id"),
    "account": _first("account_id", "contact.account_id", "lead.account_id", "opportunity.account_id"),
    "territory": _text("owner.territory.name"),
    "person": _person(),
    **_texts("kind", "status", "outcome", "source_system"),
}
ENQUIRIES: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "manager": _owner("owner.manager_id"),
    "account": _first("account_id", "contact.account_id"),
    "country": _text("account.country", "contact.country"),
    **_texts("kind", "status", "priority", "channel", "pipeline", "source_system"),
}
CAMPAIGNS: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "currency": _currency(),
    **_texts("kind", "status", "source_system"),
}
STAGE_CHANGES: dict[str, Build] = {
    "owner": _owner("opportunity.owner_id"),
    "pipeline": _text("pipeline", "opportunity.pipeline"),
    "stage": _stage(_text("pipeline", "opportunity.pipeline")),
    **_texts("source_system"),
}
PAYMENTS: dict[str, Build] = {
    "account": _first("invoice.account_id"),
    "owner": _owner("invoice.account.owner_id"),
    "currency": _currency(),
    **_texts("source_system"),
}
LINE_ITEMS: dict[str, Build] = {
    "product": _text("product.name", "name"),
    "owner": _owner("opportunity.owner_id", "account.owner_id", "invoice.account.owner_id"),
    "manager": _owner("opportunity.owner.manager_id", "account.owner.manager_id"),
    "account": _first("account_id", "opportunity.account_id", "invoice.account_id"),
    "campaign": _first("opportunity.campaign_id", "opportunity.lead.campaign_id"),
    "outcome": _text("opportunity.outcome"),
    "territory": _text("opportunity.territory.name", "opportunity.owner.territory.name", "account.territory.name"),
    "vertical": _text("account.vertical.name", "opportunity.account.vertical.name", "invoice.account.vertical.name"),
    "country": _text("account.country", "opportunity.account.country", "invoice.account.country"),
    "currency": _currency(),
    **_texts("source_system"),
}
SUBSCRIPTIONS: dict[str, Build] = {
    "account": _first("account_id"),
    "owner": _owner("account.owner_id", "opportunity.owner_id"),
    "manager": _owner("account.owner.manager_id", "opportunity.owner.manager_id"),
    "product": _text("product.name"),
    "pays_by": _text("period"),
    "vertical": _text("account.vertical.name"),
    "country": _text("account.country"),
    "currency": _currency(),
    **_texts("plan", "status", "source_system"),
}
OF_THE_LEAD: dict[str, Build] = {
    "campaign": _first("lead.campaign_id", "lead.first_touch.campaign_id"),
    "account": _first("lead.account_id"),
    "product": _text("lead.product.name"),
    "vertical": _text("lead.vertical.name", "lead.account.vertical.name"),
    "lead_source": _text("lead.lead_source"),
    "persona": _text("lead.persona"),
    "country": _text("lead.country", "lead.account.country"),
    "source_system": _text("lead.source_system"),
}
HANDOFFS: dict[str, Build] = {
    "owner": _owner("owner_id"),
    "manager": _owner("owner.manager_id"),
    "territory": _text("owner.territory.name", "lead.territory.name"),
    "handoff_end": _text("end"),
    **OF_THE_LEAD,
}
VERDICTS: dict[str, Build] = {
    "owner": _owner("handoff.owner_id"),
    "manager": _owner("handoff.owner.manager_id"),
    "territory": _text("handoff.owner.territory.name", "lead.territory.name"),
    "criterion": _text("criterion"),
    "given_answer": _text("answer"),
    **OF_THE_LEAD,
}
OUR_OWN = {"handoffs", "verdicts"}  # tables of what happened here: no source brought columns for them
BY_TABLE: dict[str, dict[str, Build]] = {
    "opportunities": OPPORTUNITIES,
    "leads": LEADS,
    "invoices": INVOICES,
    "spend": SPEND,
    "accounts": ACCOUNTS,
    "contacts": CONTACTS,
    "touches": TOUCHES,
    "activities": ACTIVITIES,
    "enquiries": ENQUIRIES,
    "campaigns": CAMPAIGNS,
    "stage_changes": STAGE_CHANGES,
    "payments": PAYMENTS,
    "line_items": LINE_ITEMS,
    "subscriptions": SUBSCRIPTIONS,
    "handoffs": HANDOFFS,
    "verdicts": VERDICTS,
}


def get_dimension(name: str) -> Dimension:
    if name.startswith(CUSTOM):
        return Dimension(name, name.removeprefix(CUSTOM), names="buyer")
    grain = GRAINS.get(name)
    return Dimension(name, grain.label) if grain else DIMENSIONS[name]


def dimension_build(table: str, name: str) -> Build:
    """Return the expression that finds the dimension on a row of the table."""
    if name.startswith(CUSTOM):
        return lambda row: row.custom(name.removeprefix(CUSTOM))
    return BY_TABLE[table][name]
