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
    ]
}


def _first_of(*paths: str) -> Build:
    return lambda row: row.first(*paths)


def _owner_of(*paths: str) -> Build:
    """Return the owner record that stands for the person behind the first link that leads to one."""
    return lambda row: row.first(*(step for path in paths for step in (f"{path.removesuffix('_id')}.person_id", path)))


def _text_of(*paths: str) -> Build:
    return lambda row: row.text(*paths)


def _flag_of(path: str) -> Build:
    return lambda row: ibis.cases((row[path], "true"), (~row[path], "false"))  # neither where it is not known


def _currency_of(path: str = "currency") -> Build:
    return lambda row: ibis.coalesce(row[path].nullif(""), ibis.literal(row.scope.currency).nullif(""))


def _lead_or_contact() -> Build:
    return lambda row: ibis.cases((row["lead_id"].notnull(), "Lead"), (row["contact_id"].notnull(), "Contact"))


def _stage_of(pipeline: Build) -> Build:
    """Return a stage with its pipeline, which may be none: stages of one name in two pipelines are two stages."""

    def build(row: Row) -> Any:
        stage, of = row.text("stage"), pipeline(row)
        return stage + " (" + of.fill_null("") + ")"

    return build


def _texts_of(*names: str) -> dict[str, Build]:
    return {name: _text_of(name) for name in names}


OPPORTUNITIES: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "manager": _owner_of("owner.manager_id"),
    "lead_owner": _owner_of("lead.owner_id"),
    "campaign": _first_of("campaign_id", "lead.campaign_id", "lead.first_touch.campaign_id"),
    "account": _first_of("account_id"),
    "territory": _text_of("territory.name", "owner.territory.name", "account.territory.name"),
    "product": _text_of("product.name", "product_as_written"),
    "product_as_written": _text_of("product_as_written", "product.name"),
    "vertical": _text_of("account.vertical.name", "lead.vertical.name"),
    "lead_source": _text_of("lead_source", "lead.lead_source"),
    "country": _text_of("account.country", "lead.country"),
    "region": _text_of("account.region", "lead.region"),
    "city": _text_of("account.city", "lead.city"),
    "is_new_business": _flag_of("is_new_business"),
    "currency": _currency_of(),
    "stage": _stage_of(_text_of("pipeline")),
    **_texts_of("pipeline", "outcome", "lost_reason", "kind", "source_system"),
}
LEADS: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "lead_owner": _owner_of("owner_id"),
    "manager": _owner_of("owner.manager_id"),
    "campaign": _first_of("campaign_id", "first_touch.campaign_id"),
    "account": _first_of("account_id"),
    "territory": _text_of("territory.name", "owner.territory.name", "account.territory.name"),
    "product": _text_of("product.name"),
    "vertical": _text_of("vertical.name", "account.vertical.name"),
    "country": _text_of("country", "account.country"),
    "is_converted": _flag_of("is_converted"),
    **_texts_of("lead_source", "status", "lifecycle_stage", "rating", "persona", "region", "city", "source_system"),
}
INVOICES: dict[str, Build] = {
    "owner": _owner_of("opportunity.owner_id", "account.owner_id"),
    "manager": _owner_of("opportunity.owner.manager_id", "account.owner.manager_id"),
    "lead_owner": _owner_of("opportunity.lead.owner_id"),
    "campaign": _first_of(
        "opportunity.campaign_id", "opportunity.lead.campaign_id", "opportunity.lead.first_touch.campaign_id"
    ),
    "account": _first_of("account_id", "opportunity.account_id"),
    "territory": _text_of("opportunity.territory.name", "opportunity.owner.territory.name", "account.territory.name"),
    "product": _text_of("product.name", "opportunity.product.name", "opportunity.product_as_written"),
    "vertical": _text_of(
        "account.vertical.name", "opportunity.account.vertical.name", "opportunity.lead.vertical.name"
    ),
    "lead_source": _text_of("opportunity.lead_source", "opportunity.lead.lead_source"),
    "country": _text_of("account.country", "opportunity.account.country"),
    "region": _text_of("account.region", "opportunity.account.region"),
    "is_new_business": _flag_of("is_new_business"),
    "currency": _currency_of(),
    **_texts_of("kind", "source_system"),
}
SPEND: dict[str, Build] = {
    "campaign": _first_of("campaign_id"),
    "territory": _text_of("territory.name"),
    "product": _text_of("product.name"),
    "vertical": _text_of("vertical.name"),
    "currency": _currency_of(),
    **_texts_of("side", "category", "source_system"),
}
ACCOUNTS: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "manager": _owner_of("owner.manager_id"),
    "territory": _text_of("territory.name", "owner.territory.name"),
    "vertical": _text_of("vertical.name"),
    **_texts_of("kind", "country", "region", "city", "source_system"),
}
CONTACTS: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "manager": _owner_of("owner.manager_id"),
    "account": _first_of("account_id"),
    "territory": _text_of("owner.territory.name", "account.territory.name"),
    "vertical": _text_of("account.vertical.name"),
    "country": _text_of("country", "account.country"),
    **_texts_of("lead_source", "lifecycle_stage", "status", "persona", "source_system"),
}
TOUCHES: dict[str, Build] = {
    "campaign": _first_of("campaign_id"),
    "owner": _owner_of("lead.owner_id", "contact.owner_id"),
    "account": _first_of("contact.account_id", "lead.account_id"),
    "lead_source": _text_of("lead.lead_source", "contact.lead_source"),
    "person": _lead_or_contact(),
    "currency": _currency_of(),
    **_texts_of("kind", "status", "source_system"),
}
ACTIVITIES: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "manager": _owner_of("owner.manager_id"),
    "account": _first_of("account_id", "contact.account_id", "lead.account_id", "opportunity.account_id"),
    "territory": _text_of("owner.territory.name"),
    "person": _lead_or_contact(),
    **_texts_of("kind", "status", "outcome", "source_system"),
}
ENQUIRIES: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "manager": _owner_of("owner.manager_id"),
    "account": _first_of("account_id", "contact.account_id"),
    "country": _text_of("account.country", "contact.country"),
    **_texts_of("kind", "status", "priority", "channel", "pipeline", "source_system"),
}
CAMPAIGNS: dict[str, Build] = {
    "owner": _owner_of("owner_id"),
    "currency": _currency_of(),
    **_texts_of("kind", "status", "source_system"),
}
STAGE_CHANGES: dict[str, Build] = {
    "owner": _owner_of("opportunity.owner_id"),
    "pipeline": _text_of("pipeline", "opportunity.pipeline"),
    "stage": _stage_of(_text_of("pipeline", "opportunity.pipeline")),
    **_texts_of("source_system"),
}
PAYMENTS: dict[str, Build] = {
    "account": _first_of("invoice.account_id"),
    "owner": _owner_of("invoice.account.owner_id"),
    "currency": _currency_of(),
    **_texts_of("source_system"),
}
LINE_ITEMS: dict[str, Build] = {
    "product": _text_of("product.name", "name"),
    "owner": _owner_of("opportunity.owner_id", "account.owner_id", "invoice.account.owner_id"),
    "manager": _owner_of("opportunity.owner.manager_id", "account.owner.manager_id"),
    "account": _first_of("account_id", "opportunity.account_id", "invoice.account_id"),
    "campaign": _first_of("opportunity.campaign_id", "opportunity.lead.campaign_id"),
    "outcome": _text_of("opportunity.outcome"),
    "territory": _text_of("opportunity.territory.name", "opportunity.owner.territory.name", "account.territory.name"),
    "vertical": _text_of("account.vertical.name", "opportunity.account.vertical.name", "invoice.account.vertical.name"),
    "country": _text_of("account.country", "opportunity.account.country", "invoice.account.country"),
    "currency": _currency_of(),
    **_texts_of("source_system"),
}
SUBSCRIPTIONS: dict[str, Build] = {
    "account": _first_of("account_id"),
    "owner": _owner_of("account.owner_id", "opportunity.owner_id"),
    "manager": _owner_of("account.owner.manager_id", "opportunity.owner.manager_id"),
    "product": _text_of("product.name"),
    "pays_by": _text_of("period"),
    "vertical": _text_of("account.vertical.name"),
    "country": _text_of("account.country"),
    "currency": _currency_of(),
    **_texts_of("plan", "status", "source_system"),
}
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
