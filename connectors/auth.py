"""How we sign in to each source: what a person fills in, and how an access token is had and renewed.

What was filled in and the access token of the hour lie together in the connector's sealed `sign_in`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import Expired, Fault, NotPermitted, Refused, UnexpectedResponse
from connectors.http import HttpClient
from connectors.session import SALESFORCE_SESSION, Session
from connectors.vendors.salesforce.bulk import log_in


@dataclass(frozen=True)
class CredentialField:
    """Something to fill in."""

    name: str
    label: str
    is_secret: bool = True
    is_long: bool = False
    is_optional: bool = False
    hint: str = ""


@dataclass(frozen=True)
class SignInMethod:
    """A way to sign in. `begin` gets the base address and what was filled in."""

    key: str
    title: str
    hint: str
    blanks: tuple[CredentialField, ...]
    begin: Callable[[str, Mapping[str, str]], Session]
    renews: bool = True  # False: the token is all there is, and when it is refused nothing can be done


def _token_session(header: str) -> Callable[[str, Mapping[str, str]], Session]:
    return lambda base, filled: Session(base, filled["token"], header)


def _request_token(source: str, url: str, filled: Mapping[str, str], **content: Any) -> dict[str, Any]:
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
        raise Refused("The answer to the sign-in holds no access token")
    return token


def _expires_at(token: Mapping[str, Any]) -> float:
    return time.time() + float(token.get("expires_in") or 1800)


def _hubspot_session(base: str, filled: Mapping[str, str]) -> Session:
    form = {name: filled[name] for name in ("client_id", "client_secret", "refresh_token")}
    token = _request_token("hubspot", f"{base}/oauth/v1/token", filled, data={"grant_type": "refresh_token", **form})
    return Session(
        base, token["access_token"], expires_at=_expires_at(token), refresh_token=token.get("refresh_token") or ""
    )


def _pipedrive_session(base: str, filled: Mapping[str, str]) -> Session:
    """The token is had from another host than the data, and names the company's own host."""
    issuer = base if base.startswith("http:") else "https://oauth.pipedrive.com"
    token = _request_token(
        "pipedrive",
        f"{issuer}/oauth/token",
        filled,
        data={"grant_type": "refresh_token", "refresh_token": filled["refresh_token"]},
        auth=(filled["client_id"], filled["client_secret"]),
    )
    return Session(
        token.get("api_domain") or base,
        token["access_token"],
        expires_at=_expires_at(token),
        refresh_token=token.get("refresh_token") or "",
    )


def _salesforce_session(base: str, filled: Mapping[str, str], form: Mapping[str, str]) -> Session:
    token = _request_token("salesforce", f"{base}/services/oauth2/token", filled, data=dict(form))
    return Session(
        token.get("instance_url") or base,
        token["access_token"],
        expires_at=time.time() + SALESFORCE_SESSION,
        refresh_token=token.get("refresh_token") or "",
    )


def _salesforce_refresh(base: str, filled: Mapping[str, str]) -> Session:
    form = {"grant_type": "refresh_token", "client_id": filled["client_id"], "refresh_token": filled["refresh_token"]}
    if filled.get("client_secret"):
        form["client_secret"] = filled["client_secret"]
    return _salesforce_session(base, filled, form)


def _salesforce_client(base: str, filled: Mapping[str, str]) -> Session:
    names = ("client_id", "client_secret")
    return _salesforce_session(
        base, filled, {"grant_type": "client_credentials", **{name: filled[name] for name in names}}
    )


def _salesforce_jwt(base: str, filled: Mapping[str, str]) -> Session:
    import jwt

    is_sandbox = ".sandbox." in base or base.startswith("https://test.")
    audience = "https://test.salesforce.com" if is_sandbox else "https://login.salesforce.com"
    claims = {"iss": filled["client_id"], "sub": filled["username"], "aud": audience, "exp": int(time.time()) + 180}
    try:
        assertion = jwt.encode(claims, filled["private_key"], algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise Refused("The private key cannot be read; paste it whole, from BEGIN to END") from None
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    return _salesforce_session(base, {**filled, "assertion": assertion}, form)


CLIENT_ID = CredentialField("client_id", "Client ID", is_secret=False)
CLIENT_SECRET = CredentialField("client_secret", "Client secret")
REFRESH_TOKEN = CredentialField("refresh_token", "Refresh token")
CONSUMER_KEY = CredentialField("client_id", "Consumer key", is_secret=False)

METHODS: dict[str, tuple[SignInMethod, ...]] = {
    "hubspot": (
        SignInMethod(
            "private_app",
            "Private app",
            "In HubSpot: Settings, Integrations, Private apps. Give it the scopes crm.objects.*.read, crm.schemas.*.read, "
            "crm.objects.owners.read and tickets.",
            (CredentialField("token", "Access token"),),
            _token_session("Authorization"),
            renews=False,
        ),
        SignInMethod(
            "oauth",
            "OAuth app",
            "An app that was installed in the portal and has a refresh token.",
            (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN),
            _hubspot_session,
        ),
    ),
    "pipedrive": (
        SignInMethod(
            "api_token",
            "API token",
            "In Pipedrive: Personal preferences, API. Take an admin's, so that everybody's deals are seen.",
            (CredentialField("token", "API token"),),
            _token_session("x-api-token"),
            renews=False,
        ),
        SignInMethod(
            "oauth",
            "OAuth app",
            "An app that was installed in the company and has a refresh token.",
            (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN),
            _pipedrive_session,
        ),
    ),
    "salesforce": (
        SignInMethod(
            "client_credentials",
            "Connected app, client credentials",
            "A connected app with the client credentials flow switched on and a user to run as. Use your My Domain address.",
            (CONSUMER_KEY, CredentialField("client_secret", "Consumer secret")),
            _salesforce_client,
        ),
        SignInMethod(
            "refresh_token",
            "Connected app, refresh token",
            "A connected app that somebody has allowed, with the scopes api and refresh_token.",
            (CONSUMER_KEY, CredentialField("client_secret", "Consumer secret", is_optional=True), REFRESH_TOKEN),
            _salesforce_refresh,
        ),
        SignInMethod(
            "jwt",
            "Connected app, signed (JWT)",
            "A connected app with a certificate, and a user whom it may act for.",
            (CONSUMER_KEY, CredentialField("username", "User name", is_secret=False), CredentialField("private_key", "Private key", is_long=True)),
            _salesforce_jwt,
        ),
        SignInMethod(
            "password",
            "User name, password and security token",
            "The older way; Salesforce lets it be switched off. The address is https://login.salesforce.com or your My Domain.",
            (
                CredentialField("username", "User name", is_secret=False),
                CredentialField("password", "Password"),
                CredentialField("security_token", "Security token"),
            ),
            log_in,
        ),
    ),
}  # fmt: skip


def method_of(source: str, key: str) -> SignInMethod:
    return next(method for method in METHODS[source] if method.key == key)


__all__ = ["METHODS", "CredentialField", "Fault", "Session", "SignInMethod", "method_of"]
