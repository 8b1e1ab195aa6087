"""Salesforce played from memory: describe, Bulk 2.0 query jobs with locators, and its ways to sign in."""

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

from tests.connectors.server import Question, Reply, Source

HIDDEN = {"OpportunityFieldHistory"}
COMPOUND = {"Address": "address", "BillingAddress": "address"}
COLUMNS = {
    "User": ["Id", "Username", "Name", "Email", "IsActive"],
    "Account": ["Id", "IsDeleted", "Name", "BillingAddress", "BillingCity", "Industry", "OwnerId"],
    "Lead": [
        "Id",
        "IsDeleted",
        "LastName",
        "FirstName",
        "Name",
        "Company",
        "Email",
        "Status",
        "IsConverted",
        "Address",
        "OwnerId",
        "Score__c",
    ],
    "Opportunity": [
        "Id",
        "IsDeleted",
        "AccountId",
        "Name",
        "StageName",
        "Amount",
        "Probability",
        "CloseDate",
        "OwnerId",
    ],
    "OpportunityHistory": ["Id", "IsDeleted", "OpportunityId", "StageName", "Amount", "Probability", "CloseDate"],
    "OpportunityFieldHistory": ["Id", "IsDeleted", "OpportunityId", "Field", "OldValue", "NewValue"],
    "CampaignMember": ["Id", "IsDeleted", "CampaignId", "LeadId", "ContactId", "Status"],
}
CLOCK = {"OpportunityFieldHistory": "CreatedDate"}


class Salesforce(Source):
    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, dict[str, str]]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.closed: set[str] = set()
        self.looks = 1  # how often a job is looked at before it is complete
        self.refresh_tokens = {"refresh-1-very-secret"}

    def put(self, name: str, key: str, modified: datetime | None = None, **values: str) -> None:
        at = _iso(modified or self.now - timedelta(seconds=30))
        row = self.rows.setdefault(name, {}).setdefault(key, {"Id": key, "IsDeleted": "false", "CreatedDate": at})
        row.update({CLOCK.get(name, "SystemModstamp"): at, "LastModifiedDate": at, **values})

    def answer(self, question: Question) -> Reply:
        if question.path == "/services/oauth2/token":
            return self._token(question)
        if question.path.startswith("/services/Soap/u/"):
            return self._soap(question)
        if question.headers.get("authorization") != f"Bearer {self.token}":
            return Reply([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401)
        match question.path.strip("/").split("/")[3:]:
            case []:
                return Reply({"sobjects": "…", "jobs": "…"})
            case ["sobjects", name, "describe"]:
                return self._describe(name)
            case ["jobs", "query"]:
                return self._begin(question.json)
            case ["jobs", "query", job]:
                return self._look(job)
            case ["jobs", "query", job, "results"]:
                return self._results(job, question.query)
        return _error(404, "NOT_FOUND", "The requested resource does not exist")

    def _token(self, question: Question) -> Reply:
        form = question.form
        fine = {
            "refresh_token": form.get("refresh_token") in self.refresh_tokens,
            "client_credentials": form.get("client_secret") == "hush-hush-secret",
            "urn:ietf:params:oauth:grant-type:jwt-bearer": form.get("assertion", "").count(".") == 2,
        }[form["grant_type"]]
        if not fine:
            return Reply({"error": "invalid_grant", "error_description": "expired access/refresh token"}, 400)
        self._new_token()
        reply = {
            "access_token": self.token,
            "instance_url": f"http://{question.headers['host']}",
            "token_type": "Bearer",
        }
        if form["grant_type"] == "refresh_token":  # rotation: the old one is void at once
            self.refresh_tokens = {f"{form['refresh_token']}+"}
            reply["refresh_token"] = f"{form['refresh_token']}+"
        return Reply(reply)

    def _new_token(self) -> None:
        self.token = f"token-{int(self.token.split('-')[1]) + 1}-of-the-hour"

    def _soap(self, question: Question) -> Reply:
        if b"<n1:password>sesamSECTOKEN</n1:password>" not in question.body:
            fault = (
                "<soapenv:Envelope xmlns:soapenv='s' xmlns:sf='f'><soapenv:Body><soapenv:Fault><faultcode>INVALID_LOGIN</faultcode>"
                "<detail><sf:LoginFault><sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode>"
                "<sf:exceptionMessage>Invalid username, password, security token; or user locked out.</sf:exceptionMessage>"
                "</sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
            )
            return Reply(fault.encode(), 500)
        self._new_token()
        url = f"http://{question.headers['host']}/services/Soap/u/62.0/00D000000000001"
        return Reply(f"<r><serverUrl>{url}</serverUrl><sessionId>{self.token}</sessionId></r>".encode())

    def _columns(self, name: str) -> list[str]:
        clock = [CLOCK[name]] if name in CLOCK else ["CreatedDate", "SystemModstamp"]
        return COLUMNS.get(name, ["Id", "IsDeleted"]) + clock

    def _describe(self, name: str) -> Reply:
        if name in self.closed:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        fields = [{"name": column, "type": COMPOUND.get(column, "string")} for column in self._columns(name)]
        return Reply({"name": name, "queryable": True, "fields": fields})

    def _begin(self, body: dict[str, Any]) -> Reply:
        assert body["operation"] == "queryAll"
        found = re.fullmatch(r"SELECT (.+) FROM (\w+) WHERE (.+)", body["query"])
        assert found
        fields, name, conditions = found[1].split(", "), found[2], found[3].split(" AND ")
        if set(fields) & set(COMPOUND):
            return _error(400, "FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query")
        rows = [row for row in self.rows.get(name, {}).values() if all(_holds(one, row) for one in conditions)]
        rows.sort(key=lambda row: row["Id"])
        job = f"750R0000000zlh{len(self.jobs)}IAQ"
        self.jobs[job] = {"fields": fields, "rows": rows, "looks": 0, "query": body["query"]}
        return Reply({"id": job, "operation": "queryAll", "object": name, "state": "UploadComplete"})

    def _look(self, job: str) -> Reply:
        if job not in self.jobs:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        self.jobs[job]["looks"] += 1
        done = self.jobs[job]["looks"] >= self.looks
        return Reply(
            {
                "id": job,
                "state": "JobComplete" if done else "InProgress",
                "numberRecordsProcessed": len(self.jobs[job]["rows"]),
            }
        )

    def _results(self, job: str, query: dict[str, str]) -> Reply:
        found = self.jobs.get(job)
        if found is None:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        start, most = int(query.get("locator") or 0), int(query["maxRecords"])
        rows = found["rows"][start : start + most]
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(found["fields"])
        writer.writerows([row.get(name, "") for name in found["fields"]] for row in rows)
        more = start + most < len(found["rows"])
        headers = {"Sforce-Locator": str(start + most) if more else "null", "Sforce-NumberOfRecords": str(len(rows))}
        return Reply(out.getvalue().encode(), headers=headers)


def _holds(condition: str, row: dict[str, str]) -> bool:
    name, operator, value = condition.split(" ", 2)
    left = row[name]
    value = value.strip("'")
    return {"<": left < value, ">=": left >= value, "=": left == value}[operator]


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _error(status: int, code: str, message: str) -> Reply:
    return Reply([{"errorCode": code, "message": message}], status)
