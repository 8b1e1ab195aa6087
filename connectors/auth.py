"""What the connectors' ways to sign in have in common: a fixed token, a token endpoint, the credentials to fill in.

What was filled in and the access token of the hour lie together in the connector's sealed `sign_in`.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from connectors.connector_type import CredentialField
from connectors.errors import Expired, NotPermitted, Refused, UnexpectedResponse
from connectors.http import HttpClient
from connectors.session import Session

CLIENT_ID = CredentialField("client_id", "Client ID", is_secret=False)
CLIENT_SECRET = CredentialField("client_secret", "Client secret")
REFRESH_TOKEN = CredentialField("refresh_token", "Refresh token")
UNKNOWN_LIFETIME = 1800  # seconds, where a token does not say how long it lasts


def token_session(header: str) -> Callable[[str, Mapping[str, str]], Session]:
    """Return a way to begin a session with the token that was filled in, sent in this header."""
    return lambda base, filled: Session(base, filled["token"], header)


def request_token(source: str, url: str, filled: Mapping[str, str], **content: Any) -> dict[str, Any]:
    """Ask a token endpoint.

    Raises:
        Refused: it takes neither token nor secret.
    """
    client = HttpClient(source)
    try:
        answer = client.request("POST", url, headers={}, secrets=tuple(filled.values()), **content)
        token = answer.json()
    except (Expired, NotPermitted, UnexpectedResponse) as fault:
        raise Refused(str(fault)) from None
    finally:
        client.close()
    if not isinstance(token, dict) or not isinstance(token.get("access_token"), str):
        raise Refused("The response to the sign-in has no access token")
    return token


def expires_at(token: Mapping[str, Any]) -> float:
    """Return when a token ends, in seconds since the epoch."""
    return time.time() + float(token.get("expires_in") or UNKNOWN_LIFETIME)
