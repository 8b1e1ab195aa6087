"""How one signs in to Salesforce."""

import time
from collections.abc import Mapping

import jwt

from connectors.auth import REFRESH_TOKEN, request_token
from connectors.connector_type import CredentialField, SignInMethod
from connectors.errors import Refused
from connectors.session import Session
from connectors.vendors.salesforce.bulk import SESSION_SECONDS, log_in

CONSUMER_KEY = CredentialField("client_id", "Consumer key", is_secret=False)


def _token_session(base: str, filled: Mapping[str, str], form: Mapping[str, str]) -> Session:
    token = request_token("salesforce", f"{base}/services/oauth2/token", filled, data=dict(form))
    return Session(
        token.get("instance_url") or base,
        token["access_token"],
        expires_at=time.time() + SESSION_SECONDS,
        refresh_token=token.get("refresh_token") or "",
    )


def _refresh_session(base: str, filled: Mapping[str, str]) -> Session:
    form = {"grant_type": "refresh_token", "client_id": filled["client_id"], "refresh_token": filled["refresh_token"]}
    if filled.get("client_secret"):
        form["client_secret"] = filled["client_secret"]
    return _token_session(base, filled, form)


def _client_session(base: str, filled: Mapping[str, str]) -> Session:
    names = ("client_id", "client_secret")
    return _token_session(base, filled, {"grant_type": "client_credentials", **{name: filled[name] for name in names}})


def _jwt_session(base: str, filled: Mapping[str, str]) -> Session:
    is_sandbox = ".sandbox." in base or base.startswith("https://test.")
    audience = "https://test.salesforce.com" if is_sandbox else "https://login.salesforce.com"
    claims = {"iss": filled["client_id"], "sub": filled["username"], "aud": audience, "exp": int(time.time()) + 180}
    try:
        assertion = jwt.encode(claims, filled["private_key"], algorithm="RS256")
    except (ValueError, TypeError, jwt.PyJWTError):
        raise Refused("The private key cannot be read; paste it whole, from BEGIN to END") from None
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
    return _token_session(base, {**filled, "assertion": assertion}, form)


SIGN_IN_METHODS = (
    SignInMethod(
        "client_credentials",
        "Connected app, client credentials",
        "A connected app with the client credentials flow switched on and a user to run as. Use your My Domain address.",
        (CONSUMER_KEY, CredentialField("client_secret", "Consumer secret")),
        _client_session,
    ),
    SignInMethod(
        "refresh_token",
        "Connected app, refresh token",
        "A connected app that a user has authorized, with the scopes api and refresh_token.",
        (CONSUMER_KEY, CredentialField("client_secret", "Consumer secret", is_optional=True), REFRESH_TOKEN),
        _refresh_session,
    ),
    SignInMethod(
        "jwt",
        "Connected app, signed (JWT)",
        "A connected app with a certificate and a user that it can act for.",
        (CONSUMER_KEY, CredentialField("username", "User name", is_secret=False), CredentialField("private_key", "Private key", is_long=True)),
        _jwt_session,
    ),
    SignInMethod(
        "password",
        "User name, password and security token",
        "The older method; it can be switched off in Salesforce. The address is https://login.salesforce.com or your My Domain.",
        (
            CredentialField("username", "User name", is_secret=False),
            CredentialField("password", "Password"),
            CredentialField("security_token", "Security token"),
        ),
        log_in,
    ),
)  # fmt: skip
