"""HubSpot played from memory: search with its cap, owners, properties, pipelines, associations, history, archive."""

from datetime import datetime, timedelta
from typing import Any

from tests.connectors.server import Question, Reply, Source

MODIFIED = {"contacts": "lastmodifieddate"}
PIPELINES = {
    "deals": {
        "results": [
            {
                "id": "default",
                "label": "Sales Pipeline",
                "displayOrder": 0,
                "archived": False,
                "stages": [
                    {
                        "id": "appointmentscheduled",
                        "label": "Termin",
                        "metadata": {"isClosed": "false", "probability": "0.2"},
                    },
                    {
                        "id": "contractsent",
                        "label": "Vertrag verschickt",
                        "metadata": {"isClosed": "false", "probability": "0.9"},
                    },
                    {"id": "closedwon", "label": "Gewonnen", "metadata": {"isClosed": "true", "probability": "1.0"}},
                    {"id": "closedlost", "label": "Verloren", "metadata": {"isClosed": "true", "probability": "0.0"}},
                    {"id": "79964941", "label": "No decision", "metadata": {"isClosed": "true", "probability": "0.0"}},
                ],
            }
        ]
    },
    "tickets": {
        "results": [
            {
                "id": "0",
                "label": "Support Pipeline",
                "stages": [
                    {"id": "1", "label": "New", "metadata": {"ticketState": "OPEN"}},
                    {"id": "4", "label": "Closed", "metadata": {"ticketState": "CLOSED"}},
                ],
            }
        ]
    },
}
OPTIONS = {
    "lifecyclestage": {"lead": "Lead", "marketingqualifiedlead": "Marketing Qualified Lead", "customer": "Customer"},
    "hs_lead_status": {"NEW": "New", "OPEN_DEAL": "Open Deal"},
    "hs_call_disposition": {"f240bbac-87c9-4f6e-bf70-924b57d47db7": "Connected"},
    "dealtype": {"newbusiness": "New Business", "existingbusiness": "Existing Business"},
}
TIMES = {
    "createdate",
    "hs_createdate",
    "hs_lastmodifieddate",
    "lastmodifieddate",
    "closedate",
    "hs_timestamp",
    "closed_date",
}


class HubSpot(Source):
    """A portal. `cap` is how many results a query shows at most, 10,000 at the real one."""

    def __init__(self, cap: int = 10_000) -> None:
        super().__init__()
        self.cap = cap
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.archived: dict[str, list[dict[str, Any]]] = {}
        self.history: dict[str, list[dict[str, str]]] = {}
        self.links: dict[tuple[str, str], dict[str, list[dict[str, Any]]]] = {}
        self.owners = [
            {"id": "77", "email": "Ann@example.com", "firstName": "Ann", "lastName": "Able", "archived": False}
        ]
        self.custom: dict[str, list[dict[str, Any]]] = {}
        self.closed: set[str] = set()  # objects that the token may not read
        self.refresh_tokens = {"refresh-1-very-secret"}

    def put(self, kind: str, key: int | str, modified: datetime | None = None, **properties: Any) -> None:
        """Make a record, or change one; it is modified now unless said otherwise."""
        at = modified or self.now - timedelta(seconds=30)
        row = self.records.setdefault(kind, {}).setdefault(str(key), {})
        row.setdefault("createdate", _iso(at))
        row.update({"hs_object_id": str(key), MODIFIED.get(kind, "hs_lastmodifieddate"): _iso(at), **properties})

    def archive(self, kind: str, key: int | str) -> None:
        self.records[kind].pop(str(key))
        self.archived.setdefault(kind, []).append({"id": str(key), "archived": True, "archivedAt": _iso(self.now)})

    def link(self, kind: str, key: str, other: str, ids: dict[int, bool]) -> None:
        """Associate; ids of the others, and whether primary."""
        self.links.setdefault((kind, other), {})[key] = [
            {
                "toObjectId": one,
                "associationTypes": [
                    {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary" if first else None}
                ],
            }
            for one, first in ids.items()
        ]

    def answer(self, question: Question) -> Reply:
        if question.path == "/oauth/v1/token":
            return self._token(question)
        if question.headers.get("authorization") != f"Bearer {self.token}":
            return _error(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired")
        parts = question.path.strip("/").split("/")
        kind = parts[3] if len(parts) > 3 else ""
        if kind in self.closed:
            return _error(403, "MISSING_SCOPES", f"This app hasn't been granted all required scopes to read {kind}.")
        match parts:
            case ["account-info", *_]:
                return Reply({"portalId": 62515, "timeZone": "Europe/Berlin", "companyCurrency": "EUR"})
            case ["crm", "v3", "owners"]:
                return self._owners(question)
            case ["crm", "v3", "properties", kind]:
                return Reply({"results": self._properties(kind)})
            case ["crm", "v3", "pipelines", kind]:
                return Reply(PIPELINES[kind])
            case ["crm", "v3", "objects", kind, "search"]:
                return self._search(kind, question.json)
            case ["crm", "v3", "objects", "deals", "batch", "read"]:
                return self._histories(question.json)
            case ["crm", "v3", "objects", kind]:
                return self._listed(kind, question)
            case ["crm", "v4", "associations", kind, other, "batch", "read"]:
                return self._linked(kind, other, question.json)
        return _error(404, "OBJECT_NOT_FOUND", "resource not found")

    def _token(self, question: Question) -> Reply:
        form = question.form
        if form["refresh_token"] not in self.refresh_tokens or form["client_secret"] != "hush-hush-secret":
            return Reply({"status": "BAD_REFRESH_TOKEN", "message": "missing or unknown refresh token"}, 400)
        number = int(self.token.split("-")[1]) + 1
        self.token = f"token-{number}-of-the-hour"
        return Reply(
            {
                "token_type": "bearer",
                "refresh_token": form["refresh_token"],
                "access_token": self.token,
                "expires_in": 1800,
            }
        )

    def _owners(self, question: Question) -> Reply:
        archived = question.query["archived"] == "true"
        return Reply({"results": [one for one in self.owners if one["archived"] is archived]})

    def _properties(self, kind: str) -> list[dict[str, Any]]:
        names = sorted({name for row in self.records.get(kind, {}).values() for name in row})
        own = self.custom.get(kind, [])
        found = [_property(name) for name in names if name not in {one["name"] for one in own}]
        return [*found, *own]

    def _search(self, kind: str, body: dict[str, Any]) -> Reply:
        offset, limit = int(body.get("after") or 0), body["limit"]
        if limit > 200 or offset + limit > self.cap:
            return _error(400, "VALIDATION_ERROR", "The search endpoint shows no more than 10000 results.")
        if len(body["sorts"]) != 1:
            return _error(400, "VALIDATION_ERROR", "one sort only")
        rows = [
            row
            for row in self.records.get(kind, {}).values()
            if all(_holds(f, row) for f in body["filterGroups"][0]["filters"])
        ]
        sort = body["sorts"][0]["propertyName"]
        rows.sort(key=lambda row: (_number(row[sort]), int(row["hs_object_id"]) * 7 % 1009))  # ties in no useful order
        page = rows[offset : offset + limit]
        found = [
            {"id": row["hs_object_id"], "properties": {n: row.get(n) for n in body["properties"]}, "archived": False}
            for row in page
        ]
        paging = {"paging": {"next": {"after": str(offset + limit)}}} if len(rows) > offset + limit else {}
        return Reply({"total": min(len(rows), self.cap), "results": found, **paging})

    def _histories(self, body: dict[str, Any]) -> Reply:
        if len(body["inputs"]) > 50:
            return _error(400, "VALIDATION_ERROR", "at most 50 with history")
        found = [
            {"id": one["id"], "propertiesWithHistory": {"dealstage": self.history.get(one["id"], [])}, "properties": {}}
            for one in body["inputs"]
        ]
        return Reply({"status": "COMPLETE", "results": found})

    def _linked(self, kind: str, other: str, body: dict[str, Any]) -> Reply:
        there = self.links.get((kind, other), {})
        ids = [one["id"] for one in body["inputs"]]
        found = [{"from": {"id": key}, "to": there[key]} for key in ids if key in there]
        return Reply({"status": "COMPLETE", "results": found}, 200 if len(found) == len(ids) else 207)

    def _listed(self, kind: str, question: Question) -> Reply:
        rows = self.archived.get(kind, []) if question.query.get("archived") == "true" else []
        start, limit = int(question.query.get("after", 0)), int(question.query["limit"])
        paging = {"paging": {"next": {"after": str(start + limit), "link": "…"}}} if len(rows) > start + limit else {}
        return Reply({"results": rows[start : start + limit], **paging})


def _holds(one: dict[str, str], row: dict[str, Any]) -> bool:
    left, right = _number(row[one["propertyName"]]), int(one["value"])
    return {"GTE": left >= right, "LTE": left <= right, "LT": left < right, "GT": left > right}[one["operator"]]


def _number(value: str) -> int:
    return int(value) if value.isdigit() else round(datetime.fromisoformat(value).timestamp() * 1000)


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _property(name: str) -> dict[str, Any]:
    kind = "datetime" if name in TIMES else "enumeration" if name in OPTIONS else "string"
    options = [{"value": value, "label": label} for value, label in OPTIONS.get(name, {}).items()]
    return {"name": name, "label": name, "type": kind, "options": options, "hubspotDefined": True, "hidden": False}


def _error(status: int, category: str, message: str) -> Reply:
    return Reply({"status": "error", "message": message, "correlationId": "c0ffee", "category": category}, status)
