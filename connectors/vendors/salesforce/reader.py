"""Salesforce by Bulk API 2.0: a job for each object, what was deleted or archived included, its result page by page."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from connectors.errors import Busy, NotPermitted, UnexpectedResponse
from connectors.protocol import Connection, Page, Table, Window
from connectors.session import Session
from connectors.vendors.salesforce.bulk import VERSION, Bulk, Results

PAGE_ROWS = 10_000  # a page: a few MB, so that it comes well within a lease
FIRST_CHECKS = (0.5, 1.0, 1.5)  # seconds between the first looks at a job; small ones are done by then
CHECK_AGAIN_AFTER = 5.0  # seconds before it is looked at again in another step
MAX_COLUMNS = 480  # the import takes 500
UNREADABLE = {"address", "location", "base64", "complexvalue", "json"}
MODIFIED_FIELDS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")


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

    def __init__(self, access: Connection) -> None:
        self.access = access

    def close(self) -> None:
        self.access.close()

    def greet(self) -> str:
        self._get_json("/")
        return f"the org at {urlsplit(self.access.session.base_url).hostname}"

    def page(self, kind: str, window: Window, position: dict[str, Any]) -> Page:
        if not position.get("job"):
            return self._create_job(KINDS[kind], window)
        try:
            return self._read_result(KINDS[kind], window, position)
        except NotPermitted as fault:
            if "NOT_FOUND" not in str(fault):
                raise
            return Page(position={})  # the job was deleted meanwhile: a new one, from the beginning

    def _create_job(self, kind: Kind, window: Window) -> Page:
        fields = self._readable_fields(kind)
        query = build_soql(kind, fields, window)
        job = self._with_bulk(lambda bulk: bulk.create_job(query))
        return Page(position={"job": job, "locator": "", "columns": fields})

    def _readable_fields(self, kind: Kind) -> list[str]:
        """Return the fields that we may read, the ones of a company's own included."""
        described = self._get_json(f"/sobjects/{kind.name}/describe")
        if not described.get("queryable", True):
            raise NotPermitted(f"{kind.name} cannot be queried")
        readable = [field["name"] for field in described["fields"] if field["type"] not in UNREADABLE]
        return sorted(
            readable, key=lambda name: (name not in ("Id", *MODIFIED_FIELDS, "IsDeleted"), name.endswith("__c"))
        )[:MAX_COLUMNS]

    def _read_result(self, kind: Kind, window: Window, position: dict[str, Any]) -> Page:
        if not position["locator"] and not position.get("ready"):
            if not self._is_complete(position["job"]):
                return Page(position=position, wait=CHECK_AGAIN_AFTER)
            return Page(position={**position, "ready": True})
        results = self._with_bulk(lambda bulk: bulk.read_results(position["job"], position["locator"], PAGE_ROWS))
        return _result_page(kind, window, position, results)

    def _is_complete(self, job: str) -> bool:
        for pause in (*FIRST_CHECKS, 0.0):
            if self._with_bulk(lambda bulk: bulk.is_complete(job)):
                return True
            time.sleep(pause)
        return False

    def _with_bulk(self, query: Any) -> Any:
        """Ask with a signed-in bulk client; a token that ended meanwhile is renewed and the question repeated."""

        def put(session: Session) -> Any:
            bulk = Bulk(session, self.access.secrets)
            try:
                return query(bulk)
            finally:
                bulk.close()

        return self.access.with_session(put)

    def _get_json(self, path: str) -> dict[str, Any]:
        try:
            return dict(self.access.request("GET", f"/services/data/v{VERSION}{path}").json())
        except NotPermitted as fault:
            if "REQUEST_LIMIT_EXCEEDED" in str(fault):
                raise Busy(str(fault), 900.0) from None
            raise


def build_soql(kind: Kind, fields: list[str], window: Window) -> str:
    """Write the query: everything changed in the window, in whatever order."""
    clock = next((name for name in MODIFIED_FIELDS if name in fields), None)
    if clock is None:
        raise UnexpectedResponse(f"{kind.name} has no time of change")
    conditions = [f"{clock} < {_soql_time(window.until)}"]
    if window.since:
        conditions.append(f"{clock} >= {_soql_time(window.since)}")
    if kind.only:
        conditions.append(kind.only)
    return f"SELECT {', '.join(fields)} FROM {kind.name} WHERE {' AND '.join(conditions)}"


def _soql_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _result_page(kind: Kind, window: Window, position: dict[str, Any], results: Results) -> Page:
    next_position = {**position, "locator": results.locator}
    if not results.rows:
        return Page(position=next_position, is_last=not results.locator)
    column = {name: number for number, name in enumerate(results.header)}
    clock = column[next(name for name in MODIFIED_FIELDS if name in column)]
    fresh = [row for row in results.rows if window.is_news(row[column["Id"]], row[clock])]
    deleted = column.get("IsDeleted")
    gone = [row[column["Id"]] for row in fresh if deleted is not None and row[deleted].lower() in {"true", "1"}]
    deleted_ids = set(gone)
    return Page(
        tables=[
            Table(
                kind.name,
                tuple(results.header),
                [row for row in fresh if row[column["Id"]] not in deleted_ids],
            )
        ],
        gone=[(kind.record, key) for key in gone],
        recent={row[column["Id"]]: row[clock] for row in results.rows if _is_recent(row[clock], window)},
        position=next_position,
        is_last=not results.locator,
    )


def _is_recent(word: str, window: Window) -> bool:
    try:
        return datetime.fromisoformat(word) >= window.tail
    except (ValueError, TypeError):
        return True


__all__ = ["KINDS", "Salesforce", "build_soql"]
