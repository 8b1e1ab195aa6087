"""How one signs in to Pipedrive."""

from collections.abc import Mapping

from connectors.auth import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, expires_at, request_token, token_session
from connectors.connector_type import CredentialField, SignInMethod
from connectors.session import Session


def _oauth_session(base: str, filled: Mapping[str, str]) -> Session:
    """The token is had from another host than the data, and names the company's own host."""
    issuer = base if base.startswith("http:") else "https://oauth.pipedrive.com"
    token = request_token(
        "pipedrive",
        f"{issuer}/oauth/token",
        filled,
        data={"grant_type": "refresh_token", "refresh_token": filled["refresh_token"]},
        auth=(filled["client_id"], filled["client_secret"]),
    )
    return Session(
        token.get("api_domain") or base,
        token["access_token"],
        expires_at=expires_at(token),
        refresh_token=token.get("refresh_token") or "",
    )


SIGN_IN_METHODS = (
    SignInMethod(
        "api_token",
        "API token",
        "In Pipedrive: Personal preferences, API. Use the token of an admin, so that all deals are visible.",
        (CredentialField("token", "API token"),),
        token_session("x-api-token"),
        renews=False,
    ),
    SignInMethod(
        "oauth",
        "OAuth app",
        "An app that was installed in the company and has a refresh token.",
        (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN),
        _oauth_session,
    ),
)  # fmt: skip
