"""How one signs in to HubSpot."""

from collections.abc import Mapping

from connectors.auth import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, expires_at, request_token, token_session
from connectors.connector_type import CredentialField, SignInMethod
from connectors.session import Session


def _oauth_session(base: str, filled: Mapping[str, str]) -> Session:
    form = {name: filled[name] for name in ("client_id", "client_secret", "refresh_token")}
    token = request_token("hubspot", f"{base}/oauth/v1/token", filled, data={"grant_type": "refresh_token", **form})
    return Session(
        base, token["access_token"], expires_at=expires_at(token), refresh_token=token.get("refresh_token") or ""
    )


SIGN_IN_METHODS = (
    SignInMethod(
        "private_app",
        "Private app",
        "In HubSpot: Settings, Integrations, Private apps. Give it the scopes crm.objects.*.read, crm.schemas.*.read, "
        "crm.objects.owners.read and tickets.",
        (CredentialField("token", "Access token"),),
        token_session("Authorization"),
        renews=False,
    ),
    SignInMethod(
        "oauth",
        "OAuth app",
        "An app that was installed in the portal and has a refresh token.",
        (CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN),
        _oauth_session,
    ),
)  # fmt: skip
