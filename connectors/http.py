"""One question and its answer over HTTP, as JSON: bounded in time and size, to allowed hosts only, never redirected."""

import json
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any

import httpx

from connectors.allowed_hosts import base_of
from connectors.errors import Busy, Misunderstood, judge, shown

TIMEOUT = httpx.Timeout(20.0, connect=10.0)
LONGEST = 45.0  # seconds for a whole answer; a work row's lease is 60
LARGEST = 64 * 1024 * 1024
USER_AGENT = "Accord connector"


class Answer:
    """What came back, read to its end."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        """Return the parsed body.

        Raises:
            Busy: it is not whole; the question is to be put again.
        """
        try:
            return json.loads(self.body)
        except ValueError:
            raise Busy("Half an answer came: its JSON breaks off") from None

    @property
    def words(self) -> str:
        """Say what the source says of an error: its own message where there is one."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        return _message(found) or f"HTTP {self.status}"

    @property
    def clock(self) -> datetime | None:
        """The source's own time."""
        try:
            moment = parsedate_to_datetime(self.headers.get("date", ""))
        except (ValueError, TypeError):
            return None
        return moment.replace(tzinfo=moment.tzinfo or UTC)


def _message(found: Any) -> str:
    if isinstance(found, list):
        found = found[0] if found else None
    if not isinstance(found, dict):
        return ""
    parts = [found.get(name) for name in ("errorCode", "error_description", "message", "error", "error_info")]
    return ": ".join(part for part in parts if isinstance(part, str))


@cache
def _trusted() -> ssl.SSLContext:
    """Return whom we trust; to read the list takes longer than most questions."""
    return httpx.create_ssl_context()


class Line:
    """A kept-open line to one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.client = httpx.Client(
            timeout=TIMEOUT, follow_redirects=False, headers={"user-agent": USER_AGENT}, verify=_trusted()
        )

    def close(self) -> None:
        self.client.close()

    def ask(
        self, method: str, url: str, *, headers: Mapping[str, str], secrets: tuple[str, ...] = (), **content: Any
    ) -> Answer:
        """Put one question and judge the answer.

        Raises:
            Fault: in one of its kinds; nothing of it says what the secrets are.
            Forbidden: the address is not one of the source's.
        """
        base_of(self.source, url)
        answer = self._exchange(method, url, dict(headers), content)
        if 300 <= answer.status < 400:
            raise Misunderstood("The source sends us elsewhere; check its address")
        judge(answer.status, answer.headers, shown(answer.words, secrets))
        return answer

    def _exchange(self, method: str, url: str, headers: dict[str, str], content: dict[str, Any]) -> Answer:
        try:
            with self.client.stream(method, url, headers=headers, **content) as response:
                return Answer(response.status_code, response.headers, _body(response))
        except httpx.TimeoutException:
            raise Busy("No answer came in time") from None
        except httpx.RemoteProtocolError:
            raise Busy("Half an answer came: the line was cut") from None
        except httpx.DecodingError:
            raise Busy("Half an answer came: it cannot be unpacked") from None
        except httpx.TransportError as error:
            raise Busy(f"The source cannot be reached ({type(error).__name__})") from None


def _body(response: httpx.Response) -> bytes:
    until = time.monotonic() + LONGEST
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > LARGEST:
            raise Misunderstood(f"An answer larger than {LARGEST // 1024**2} MB came")
        if time.monotonic() > until:
            raise Busy("The answer came too slowly")
    return bytes(body)
