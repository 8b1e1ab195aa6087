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

from connectors.allowed_hosts import base_of
from connectors.errors import Busy, Misunderstood, NotPermitted, Refused, judge, shown
from connectors.http import USER_AGENT, Answer
from connectors.session import SALESFORCE_SESSION, Session

VERSION = "62.0"
TIMEOUT = (10.0, 40.0)  # to connect, and between two bytes
LIMITS = ("REQUEST_LIMIT_EXCEEDED", "CONCURRENT", "SERVER_UNAVAILABLE", "UNABLE_TO_LOCK_ROW")


class GuardedSession(requests.Session):
    """Calls allowed hosts only, never longer than it should, follows nothing, and judges each answer itself."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.secrets = secrets
        self.headers["user-agent"] = USER_AGENT
        self.auth = lambda prepared: prepared  # or a .netrc would put its own token in place of ours

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        base_of("salesforce", str(url))
        options.update(timeout=TIMEOUT, allow_redirects=False)
        try:
            response = super().request(method, url, *args, **options)
        except requests.Timeout:
            raise Busy("No answer came in time") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise Busy("Half an answer came: the line was cut") from None
        except requests.RequestException as error:
            raise Busy(f"The source cannot be reached ({type(error).__name__})") from None
        check(response.status_code, response.headers, response.content, self.secrets)
        return response


def check(status: int, headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...] = ()) -> None:
    """Judge an answer; Salesforce says 403 both for what is closed and for limits that are reached."""
    words = shown(Answer(status, headers, body).words, secrets)
    if status == 500 and "LoginFault" in body[:4096].decode(errors="replace"):
        return  # a refused sign-in of the older kind, which simple-salesforce reads itself
    if status == 403 and any(code in words for code in LIMITS):
        raise Busy(words, 900.0)
    if status == 400 and ("INVALID_TYPE" in words or "not supported" in words):
        raise NotPermitted(words)
    if 300 <= status < 400:
        raise Misunderstood("The source sends us elsewhere; check its address")
    judge(status, headers, words)


def log_in(base_url: str, filled: Mapping[str, str]) -> Session:
    """Sign in with user name, password and security token (SOAP)."""
    with GuardedSession(tuple(filled.values())) as guarded:
        try:
            token, host = SalesforceLogin(
                username=filled["username"], password=filled["password"], security_token=filled["security_token"],
                scratch_url=base_url, sf_version=VERSION, session=guarded,
            )  # fmt: skip
        except SalesforceAuthenticationFailed as error:
            raise Refused(shown(str(error.auth_message), tuple(filled.values()))) from None
    return Session(f"{urlsplit(base_url).scheme}://{host}", token, expires_at=time.time() + SALESFORCE_SESSION)


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

    def begin(self, query: str) -> str:
        """Make a job that also sees what was deleted or archived, and return its id."""
        return str(self._whole(self._client.create_job, Operation.query_all, query=query)["id"])

    def is_complete(self, job: str) -> bool:
        """Tell whether a job's result can be read.

        Raises:
            Misunderstood: the job failed, with Salesforce's reason.
            NotPermitted: the object cannot be asked for.
        """
        found = self._whole(self._client.get_job, job, True)
        if found["state"] in {JobState.failed, JobState.aborted}:
            words = shown(str(found.get("errorMessage") or f"The job was {found['state'].lower()}"))
            raise (NotPermitted if "INVALID_TYPE" in words else Misunderstood)(words)
        return bool(found["state"] == JobState.job_complete)

    def results(self, job: str, locator: str, most: int) -> Results:
        """Read one page, and make sure that it is whole: Salesforce says how many rows there are."""
        try:
            found = self._client.get_query_results(job, locator, most)
        except (KeyError, UnicodeDecodeError):
            raise Busy("Half a page came: nothing says how many rows it has") from None
        rows = list(csv.reader(io.StringIO(found["records"], newline="")))
        if not rows and not found["number_of_records"]:
            return Results([], [], "")
        if len(rows) - 1 != found["number_of_records"] or any(len(row) != len(rows[0]) for row in rows):
            raise Busy("Half a page came: fewer rows than announced")
        return Results(rows[0], rows[1:], found["locator"])

    @staticmethod
    def _whole(question: Any, *args: Any, **named: Any) -> dict[str, Any]:
        try:
            return dict(question(*args, **named))
        except requests.exceptions.JSONDecodeError:
            raise Busy("Half an answer came: its JSON breaks off") from None
