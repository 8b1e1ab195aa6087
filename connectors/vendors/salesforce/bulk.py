"""Salesforce's Bulk API 2.0 through simple-salesforce, over a session that is bounded and goes nowhere else.

simple-salesforce knows the API; its waiting loops we do not use, because a task must not sleep: a job is made in
one step, asked after in others, and read page by page in the ones after.
"""

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from simple_salesforce.bulk2 import JobState, Operation, SFBulk2Handler
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from connectors.allowed_hosts import allowed_base_url
from connectors.answer import Answer
from connectors.errors import Busy, NotPermitted, Refused, UnexpectedResponse, clean_message, raise_for_status
from connectors.http import USER_AGENT
from connectors.session import Session

VERSION = "62.0"
TIMEOUT = (10.0, 40.0)  # to connect, and between two bytes
SESSION_SECONDS = 3600.0  # Salesforce does not say how long; a session that ends earlier is renewed when it does
LIMITS = ("REQUEST_LIMIT_EXCEEDED", "CONCURRENT", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW")


class GuardedSession(requests.Session):
    """Calls allowed hosts only, never longer than it should, follows nothing, and judges each answer itself."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.secrets = secrets
        self.headers["user-agent"] = USER_AGENT
        self.auth = lambda prepared: prepared  # or a .netrc would replace the token

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        allowed_base_url("salesforce", str(url))
        options.update(timeout=TIMEOUT, allow_redirects=False)
        try:
            response = super().request(method, url, *args, **options)
        except requests.Timeout:
            raise Busy("No response within the time limit") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise Busy("The response is incomplete: the connection was lost") from None
        except requests.RequestException as error:
            raise Busy(f"The source cannot be reached ({type(error).__name__})") from None
        check_answer(response.status_code, response.headers, response.content, self.secrets)
        return response


def check_answer(status: int, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...] = ()) -> None:
    """Judge an answer; Salesforce says 403 both for what is closed and for limits that are reached."""
    message = clean_message(Answer(status, headers, body).message, secrets)
    if status == 500 and "LoginFault" in body[:4096].decode(errors="replace"):
        return  # a refused sign-in of the older kind, which simple-salesforce reads itself
    if status == 403 and any(code in message for code in LIMITS):
        raise Busy(message, 900.0)
    if status == 400 and ("INVALID_TYPE" in message or "not supported" in message):
        raise NotPermitted(message)
    if 300 <= status < 400:
        raise UnexpectedResponse("The source redirects to another address; check its address")
    raise_for_status(status, headers, message)


def log_in(base_url: str, filled: Mapping[str, str]) -> Session:
    """Sign in with user name, password and security token (SOAP)."""
    with GuardedSession(tuple(filled.values())) as guarded:
        try:
            token, host = SalesforceLogin(
                username=filled["username"], password=filled["password"], security_token=filled["security_token"],
                scratch_url=base_url, sf_version=VERSION, session=guarded,
            )  # fmt: skip
        except SalesforceAuthenticationFailed as error:
            raise Refused(clean_message(str(error.auth_message), tuple(filled.values()))) from None
    return Session(f"{urlsplit(base_url).scheme}://{host}", token, expires_at=time.time() + SESSION_SECONDS)


@dataclass(frozen=True)
class Results:
    """One page of a job's result; an empty locator means that it was the last."""

    header: list[str]
    rows: list[list[str]]
    locator: str


class Bulk:
    """The query jobs of one signed-in session."""

    def __init__(self, session: Session, secrets: tuple[str, ...] = ()) -> None:
        self._guarded = GuardedSession((*secrets, session.token))
        url = f"{session.base_url}/services/data/v{VERSION}/jobs/"
        self._client: Any = SFBulk2Handler(session.token, url, session=self._guarded).Query._client

    def close(self) -> None:
        self._guarded.close()

    def create_job(self, query: str) -> str:
        """Make a job that also sees what was deleted or archived, and return its id."""
        return str(self._call(self._client.create_job, Operation.query_all, query=query)["id"])

    def is_complete(self, job: str) -> bool:
        """Tell whether a job's result can be read.

        Raises:
            Misunderstood: the job failed, with Salesforce's reason.
            NotPermitted: the object cannot be asked for.
        """
        job_info = self._call(self._client.get_job, job, True)
        if job_info["state"] in {JobState.failed, JobState.aborted}:
            message = clean_message(str(job_info.get("errorMessage") or f"The job was {job_info['state'].lower()}"))
            raise (NotPermitted if "INVALID_TYPE" in message else UnexpectedResponse)(message)
        return bool(job_info["state"] == JobState.job_complete)

    def read_results(self, job: str, locator: str, most: int) -> Results:
        """Read one page, and make sure that it is whole: Salesforce says how many rows there are."""
        try:
            page = self._client.get_query_results(job, locator, most)
        except (KeyError, UnicodeDecodeError):
            raise Busy("The page is incomplete: the number of its rows is missing") from None
        rows = list(csv.reader(io.StringIO(page["records"], newline="")))
        if not rows and not page["number_of_records"]:
            return Results([], [], "")
        if len(rows) - 1 != page["number_of_records"] or any(len(row) != len(rows[0]) for row in rows):
            raise Busy("The page is incomplete: fewer rows than announced")
        return Results(rows[0], rows[1:], page["locator"])

    @staticmethod
    def _call(call: Any, *args: Any, **options: Any) -> dict[str, Any]:
        try:
            return dict(call(*args, **options))
        except requests.exceptions.JSONDecodeError:
            raise Busy("The response is incomplete: its JSON ends early") from None
