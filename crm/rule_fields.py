"""What rules may speak of: the fields of leads and accounts, and the events that can be counted on each.

`figures` are columns that a caller adds to the rows: the score, the last verdict of Sales, the stage in the CRM as
mapped to ours. A rule that names one that was not added would not compile, so every caller adds all of them.
"""

from collections.abc import Callable
from typing import Any

import ibis

from facts.compiling import HasTables
from facts.rules import Events, Field, Subject, Type

LINKS = {
    "account": "accounts", "campaign": "campaigns", "contact": "contacts", "lead": "leads", "opportunity": "opportunities",
    "owner": "owners", "parent": "accounts", "product": "products", "territory": "territories", "vertical": "verticals",
}  # fmt: skip


def _fields_by_path(**given: tuple[str, Type]) -> dict[str, Field]:
    """Return fields by path; a double underscore represents the dot."""
    return {(path := name.replace("__", ".")): Field(path, label, type_) for name, (label, type_) in given.items()}


TOUCH = _fields_by_path(
    kind=("kind", "text"), status=("status", "text"), has_responded=("response", "yes_no"),
    campaign__name=("campaign", "text"), campaign__kind=("kind of campaign", "text"),
)  # fmt: skip
ACTIVITY = _fields_by_path(
    kind=("kind", "text"), status=("status", "text"), outcome=("outcome", "text"), subject=("subject", "text")
)
USAGE = _fields_by_path(name=("name", "text"), quantity=("quantity", "number"))
DEAL = _fields_by_path(
    outcome=("outcome", "text"), amount=("amount", "number"), stage=("stage in the CRM", "text"), kind=("kind", "text"),
    pipeline=("pipeline", "text"), product__name=("product", "text"), is_new_business=("new business", "yes_no"),
)  # fmt: skip
FIGURES = _fields_by_path(
    score=("the score", "number"), is_ready=("ready by the signed threshold of the score", "yes_no"),
    use_score=("the score of product use", "number"),
    is_ready_by_use=("ready by the signed threshold of product use", "yes_no"),
    verdict=("the last verdict of Sales", "text"), crm_stage=("the stage in the CRM", "text"),
)  # fmt: skip
WHERE = _fields_by_path(country=("country", "text"), region=("region", "text"), city=("city", "text"))
COMPANY = _fields_by_path(employees=("employees", "number"), annual_revenue=("annual revenue", "number"))


def _events_of(key: str) -> dict[str, Events]:
    return {
        "touches": Events("touches", "touches", key, "happened_at", TOUCH),
        "activities": Events("activities", "activities", key, "happened_at", ACTIVITY),
        "usage_events": Events("usage_events", "uses of the product", key, "happened_at", USAGE),
        "opportunities": Events("opportunities", "opportunities", key, "began_at", DEAL),
    }


LEADS = Subject(
    "leads",
    FIGURES
    | _fields_by_path(
        title=("title", "text"), persona=("persona", "text"), email=("e-mail", "text"), phone=("phone", "text"),
        company_name=("company", "text"), lead_source=("lead source", "text"), status=("status", "text"),
        lifecycle_stage=("lifecycle stage", "text"), rating=("rating", "text"), source_system=("system it came from", "text"),
        is_converted=("converted", "yes_no"),
        first_contact_on=("first contact", "date"), created_at=("creation", "date"), converted_on=("conversion", "date"),
        campaign__name=("campaign", "text"), campaign__kind=("kind of campaign", "text"), product__name=("product", "text"),
        territory__name=("territory", "text"), vertical__name=("vertical", "text"), owner__name=("owner", "text"),
        account__name=("account", "text"), account__kind=("kind of account", "text"),
        account__employees=("employees of the account", "number"),
        account__annual_revenue=("annual revenue of the account", "number"),
        account__vertical__name=("vertical of the account", "text"), account__country=("country of the account", "text"),
    )
    | WHERE
    | COMPANY,
    _events_of("lead_id"),
)  # fmt: skip
ACCOUNTS = Subject(
    "accounts",
    {"crm_stage": FIGURES["crm_stage"], "is_converted": Field("is_converted", "converted (leads only)", "yes_no")}
    | _fields_by_path(
        name=("name", "text"), kind=("kind", "text"), domain=("domain", "text"), created_at=("creation", "date"),
        founded_year=("founded", "number"), territory__name=("territory", "text"), vertical__name=("vertical", "text"),
        owner__name=("owner", "text"), parent__name=("parent account", "text"),
    )
    | WHERE
    | COMPANY,
    _events_of("account_id"),
)  # fmt: skip
SUBJECTS = {"leads": LEADS, "accounts": ACCOUNTS}


class RuleTables:
    """Facts as rules read them.

    A deal has one moment at which it began, whatever dates its source knows, and its changes of stage are its lead's. What a customer's account uses from the
    win on counts for the lead whose deal won it.
    """

    def __init__(self, tables: HasTables, subject: str, narrow: Callable[[str, Any], Any] | None = None) -> None:
        self._tables = tables
        self._subject = subject
        self._narrow = narrow
        self._known: dict[str, Any] = {}

    def table(self, name: str) -> Any:
        """Return the table; `narrow` may leave out rows that are not needed."""
        if name not in self._known:
            rows = self._tables.table(name)
            if name == "opportunities":
                rows = rows.mutate(began_at=began_at(rows))
            if name == "stage_changes" and self._subject == "leads":
                rows = _with_leads_of_deals(rows, self._tables.table("opportunities"))
            if name == "usage_events" and self._subject == "leads":
                rows = _with_leads(rows, self._tables.table("opportunities"))
            if name in {"touches", "activities"} and self._subject == "accounts":
                rows = _with_accounts(rows, self._tables)
            self._known[name] = self._narrow(name, rows) if self._narrow else rows
        return self._known[name]


def _with_leads_of_deals(changes: Any, deals: Any) -> Any:
    """A change of a deal's stage counts for the deal's lead, unless it names another."""
    leads = deals.select(deal="id", lead_of_deal="lead_id")
    both = changes.left_join(leads, changes.opportunity_id == leads.deal)
    return both.mutate(lead_id=ibis.coalesce(both.lead_id, both.lead_of_deal)).select(*changes.columns)


def _with_leads(uses: Any, deals: Any) -> Any:
    own = uses.filter(uses.lead_id.notnull() | uses.account_id.isnull())
    of_accounts = uses.filter(uses.lead_id.isnull() & uses.account_id.notnull())
    won = deals.filter((deals.outcome == "won") & deals.lead_id.notnull() & deals.account_id.notnull())
    winners = won.group_by(winner=won.lead_id, won_for=won.account_id).aggregate(won_on=won.closed_on.min())
    both = of_accounts.left_join(winners, of_accounts.account_id == winners.won_for)
    since = both.winner.notnull() & (both.happened_at.date() >= both.won_on).fill_null(False)
    theirs = both.mutate(lead_id=since.ifelse(both.winner, None)).select(*uses.columns)
    return ibis.union(own, theirs)


def _with_accounts(events: Any, tables: HasTables) -> Any:
    """A touch or activity of a person counts for the person's account."""
    rows = events.select(
        *(name for name in events.columns if name != "account_id"),
        own=events.account_id if "account_id" in events.columns else ibis.null("int64"),
    )
    for person in ("lead", "contact"):
        people = tables.table(f"{person}s").select(person="id", through="account_id")
        rows = rows.left_join(people, rows[f"{person}_id"] == people.person)
        rows = rows.mutate(own=ibis.coalesce(rows.own, rows.through)).drop("person", "through")
    return rows.rename(account_id="own")


def began_at(deals: Any) -> Any:
    """The opening of a deal, else the first moment that is known of it; never empty, so that no deal goes uncounted."""
    moment = deals.created_at.type()
    dates = [deals.opened_on, deals.created_at, deals.closed_at, deals.closed_on]
    return ibis.coalesce(
        *(value.cast(moment) for value in dates), ibis.timestamp("1970-01-01 00:00:00+00:00").cast(moment)
    )
