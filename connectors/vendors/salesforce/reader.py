"""Salesforce by Bulk API 2.0: a job for each object, what was deleted or archived included, its result page by page."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.access import Access
from connectors.errors import Busy, Misunderstood, NotPermitted
from connectors.protocol import Page, Table, Window
from connectors.session import Session
from connectors.vendors.salesforce.bulk import VERSION, Bulk, Results

ROWS = 10_000  # a page: a few MB, so that it comes well within a lease
LOOKS = (0.5, 1.0, 1.5)  # seconds between the first looks at a job; small ones are done by then
PATIENCE = 5.0  # seconds before it is looked at again in another step
MOST_COLUMNS = 480  # the import takes 500
UNREADABLE = {"address", "location", "base64", "complexvalue", "json"}
LATEST = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


@dataclass(frozen=True)
class Kind:
    """One of Salesforce's objects; its export's columns are its fields."""

    name: str
    record: str
    only: str = ""  # a condition


KINDS = {
    kind.name: kind
    for kind in (
        Kind("User", "owner"),
        Kind("Campaign", "campaign"),
        Kind("Account", "account"),
        Kind("Contact", "contact"),
        Kind("Lead", "lead"),
        Kind("LeadHistory", "stage_change", "Field = 'Status'"),
        Kind("Opportunity", "opportunity"),
        Kind("OpportunityHistory", "stage_change"),
        Kind("OpportunityFieldHistory", "stage_change", "Field = 'StageName'"),
        Kind("OpportunityContactRole", "buying_role"),
        Kind("CampaignMember", "touch"),
        Kind("Task", "activity"),
        Kind("EmailMessage", "activity"),
        Kind("Event", "activity"),
        Kind("Case", "enquiry"),
    )
}


class Salesforce:
    """Reads one org."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def close(self) -> None:
        self.access.close()

    def greet(self) -> str:
        self._get("/")
        return f"the org at {urlsplit(self.access.session.base_url).hostname}"

    def page(self, kind: str, window: Window, position: dict[str, Any]) -> Page:
        if not position.get("job"):
            return self._begin(KINDS[kind], window)
        try:
            return self._read(KINDS[kind], window, position)
        except NotPermitted as fault:
            if "NOT_FOUND" not in str(fault):
                raise
            return Page(position={})  # the job was deleted meanwhile: a new one, from the beginning

    def _begin(self, kind: Kind, window: Window) -> Page:
        fields = self._fields(kind)
        query = soql(kind, fields, window)
        job = self._bulk(lambda bulk: bulk.begin(query))
        return Page(position={"job": job, "locator": "", "columns": fields})

    def _fields(self, kind: Kind) -> list[str]:
        """Return the fields that we may read, the ones of a company's own included."""
        described = self._get(f"/sobjects/{kind.name}/describe")
        if not described.get("queryable", True):
            raise NotPermitted(f"{kind.name} cannot be queried")
        there = [one["name"] for one in described["fields"] if one["type"] not in UNREADABLE]
        return sorted(there, key=lambda name: (name not in ("Id", *LATEST, "IsDeleted"), name.endswith("__c")))[
            :MOST_COLUMNS
        ]

    def _read(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        if not position["locator"] and not position.get("ready"):
            if not self._is_complete(position["job"]):
                return Page(position=position, wait=PATIENCE)
            return Page(position={**position, "ready": True})
        found = self._bulk(lambda bulk: bulk.results(position["job"], position["locator"], ROWS))
        return _page(kind, window, position, found)

    def _is_complete(self, job: str) -> bool:
        for pause in (*LOOKS, 0.0):
            if self._bulk(lambda bulk: bulk.is_complete(job)):
                return True
            time.sleep(pause)
        return False

    def _bulk(self, question: Any) -> Any:
        """Ask with a signed-in bulk client; a token that ended meanwhile is renewed and the question repeated."""

        def put(session: Session) -> Any:
            bulk = Bulk(session, self.access.secrets)
            try:
                return question(bulk)
            finally:
                bulk.close()

        return self.access.use(put)

    def _get(self, path: str) -> dict[str, Any]:
        try:
            return dict(self.access.ask("GET", f"/services/data/v{VERSION}{path}").json())
        except NotPermitted as fault:
            if "REQUEST_LIMIT_EXCEEDED" in str(fault):
                raise Busy(str(fault), 900.0) from None
            raise


def soql(kind: Kind, fields: list[str], window: Window) -> str:
    """Write the query: everything changed in the window, in whatever order."""
    clock = next((name for name in LATEST if name in fields), None)
    if clock is None:
        raise Misunderstood(f"{kind.name} does not say when its rows changed")
    conditions = [f"{clock} < {_literal(window.until)}"]
    if window.since:
        conditions.append(f"{clock} >= {_literal(window.since)}")
    if kind.only:
        conditions.append(kind.only)
    return f"SELECT {', '.join(fields)} FROM {kind.name} WHERE {' AND '.join(conditions)}"


def _literal(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _page(kind: Kind, window: Window, position: dict[str, Any], found: Results) -> Page:
    then = {**position, "locator": found.locator}
    if not found.rows:
        return Page(position=then, is_last=not found.locator)
    place = {name: number for number, name in enumerate(found.header)}
    clock = place[next(name for name in LATEST if name in place)]
    fresh = [row for row in found.rows if window.is_news(row[place["Id"]], row[clock])]
    deleted = place.get("IsDeleted")
    gone = [row[place["Id"]] for row in fresh if deleted is not None and row[deleted].lower() in {"true", "1"}]
    away = set(gone)
    return Page(
        tables=[
            Table(
                kind.name,
                tuple(found.header),
                [row for row in fresh if row[place["Id"]] not in away],
            )
        ],
        gone=[(kind.record, key) for key in gone],
        recent={row[place["Id"]]: row[clock] for row in found.rows if _is_recent(row[clock], window)},
        position=then,
        is_last=not found.locator,
    )


def _is_recent(word: str, window: Window) -> bool:
    try:
        return datetime.fromisoformat(word) >= window.tail
    except (ValueError, TypeError):
        return True


__all__ = ["KINDS", "Salesforce", "soql"]
