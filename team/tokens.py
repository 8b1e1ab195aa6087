"""API tokens: shown once, kept as a digest, read-only or more by scope, dead when revoked or expired."""

import hashlib
import secrets
import string
import zlib
from datetime import timedelta

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from team.models import ApiToken, User

ALPHABET = string.ascii_letters + string.digits
LIFETIME = timedelta(days=365)


def create_token(
    *, owner: User, name: str, scopes: list[str] | None = None, lifetime: timedelta = LIFETIME
) -> tuple[ApiToken, str]:
    """Make a token; returns the row and the secret, which is not kept anywhere."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(32))
    secret = f"accord_{body}_{zlib.crc32(body.encode()):08x}"
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        digest=hash_secret(secret),
        hint=secret[:12],
        scopes=scopes or ["read"],
        expires_at=timezone.now() + min(lifetime, LIFETIME),
    )
    return token, secret


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer accord_…`"""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = ApiToken.objects.select_related("owner").filter(digest=hash_secret(secret.strip())).first()
        if token is None or token.revoked_at or token.expires_at <= timezone.now() or not token.owner.is_active:
            raise AuthenticationFailed("This token is unknown, expired or revoked.")
        if not token.last_used_at or timezone.now() - token.last_used_at > timedelta(minutes=1):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=timezone.now())
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
