"""One question and its answer over HTTP, as JSON: bounded in time and size, to allowed hosts only, never redirected."""

import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx

from connectors.allowed_hosts import allowed_base_url
from connectors.answer import Answer
from connectors.errors import Busy, UnexpectedResponse, clean_message, raise_for_status

TIMEOUT = httpx.Timeout(20.0, connect=10.0)
MAX_SECONDS = 45.0  # seconds for a whole answer; a work row's lease is 60
MAX_BYTES = 64 * 1024 * 1024
USER_AGENT = "Accord connector"


@cache
def _ssl_context() -> ssl.SSLContext:
    """Return whom we trust; to read the list takes longer than most questions."""
    return httpx.create_ssl_context()


class HttpClient:
    """A kept-open line to one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.client = httpx.Client(
            timeout=TIMEOUT, follow_redirects=False, headers={"user-agent": USER_AGENT}, verify=_ssl_context()
        )

    def close(self) -> None:
        self.client.close()

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], secrets: tuple[str, ...] = (), **content: Any
    ) -> Answer:
        """Put one question and judge the answer.

        Raises:
            Fault: in one of its kinds; nothing of it says what the secrets are.
            Forbidden: the address is not one of the source's.
        """
        # checked for each request: a next page or a token answer may name another host
        allowed_base_url(self.source, url)
        answer = self._send(method, url, dict(headers), content)
        if 300 <= answer.status < 400:
            raise UnexpectedResponse("The source redirects to another address; check its address")
        raise_for_status(answer.status, answer.headers, clean_message(answer.message, secrets))
        return answer

    def _send(self, method: str, url: str, headers: dict[str, str], content: dict[str, Any]) -> Answer:
        try:
            with self.client.stream(method, url, headers=headers, **content) as response:
                return Answer(response.status_code, response.headers, _read_body(response))
        except httpx.TimeoutException:
            raise Busy("No response within the time limit") from None
        except httpx.RemoteProtocolError:
            raise Busy("The response is incomplete: the connection was lost") from None
        except httpx.DecodingError:
            raise Busy("The response is incomplete: it cannot be unpacked") from None
        except httpx.TransportError as error:
            raise Busy(f"The source cannot be reached ({type(error).__name__})") from None


def _read_body(response: httpx.Response) -> bytes:
    until = time.monotonic() + MAX_SECONDS
    body = bytearray()
    for piece in response.iter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            raise UnexpectedResponse(f"An answer larger than {MAX_BYTES // 1024**2} MB came")
        if time.monotonic() > until:
            raise Busy("The response was too slow")
    return bytes(body)
