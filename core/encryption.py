"""Secrets that Accord must be able to use again, encrypted before they reach the database.

A value is JSON inside a Fernet token (AES-128-CBC, HMAC-SHA256). The keys come from ENCRYPTION_KEYS, newest first, or
else from SECRET_KEY and SECRET_KEY_FALLBACKS: the first seals, all open. `manage.py rotate_keys` seals everything
again with the first key, after which the others can go. A sealed value never shows itself: not in a page, not in a
repr, not in a log; code that needs it calls `open()`.
"""

import base64
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db import models


class Unsealable(ValueError):
    """The key that sealed this is no longer configured; only entering the secret again helps."""


class Sealed:
    """A secret under seal; two are equal when they are the same token."""

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def of(cls, value: Any) -> Self:
        """Seal a JSON value with the newest key."""
        return cls(_load_keys().encrypt(json.dumps(value).encode()).decode())

    def open(self) -> Any:
        """Return the value.

        Raises:
            Unsealable: none of our keys opens it.
        """
        try:
            return json.loads(_load_keys().decrypt(self.token.encode()))
        except InvalidToken:
            raise Unsealable("None of the ENCRYPTION_KEYS decrypts this secret. Enter it again.") from None

    def rotate(self) -> "Sealed":
        """Return the same secret sealed with the newest key."""
        try:
            return Sealed(_load_keys().rotate(self.token.encode()).decode())
        except InvalidToken:
            raise Unsealable("None of the ENCRYPTION_KEYS decrypts this secret. Enter it again.") from None

    def __bool__(self) -> bool:
        return bool(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __repr__(self) -> str:
        return "<Sealed>"


if TYPE_CHECKING:
    SealedTextBase = models.Field[Sealed, Sealed]
else:
    SealedTextBase = models.TextField


class SealedField(SealedTextBase):
    """A column that holds sealed values; empty text where there is none."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"blank": True, "default": "", "editable": False, **options})

    def from_db_value(self, value: str | None, *_: Any) -> Sealed:
        return Sealed(value or "")

    def to_python(self, value: Any) -> Sealed:
        return value if isinstance(value, Sealed) else Sealed(value or "")

    def get_prep_value(self, value: Any) -> str:
        return self.to_python(value).token

    def value_to_string(self, obj: models.Model) -> str:
        return self.to_python(self.value_from_object(obj)).token


def sealed_columns() -> Iterator[tuple[type[models.Model], SealedField]]:
    """Yield every sealed column of every installed model."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField):
                yield model, field


def _load_keys() -> MultiFernet:
    secrets = settings.ENCRYPTION_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return _build_fernet(tuple(secrets))


@lru_cache(maxsize=4)
def _build_fernet(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive_key(secret)) for secret in secrets])


def _derive_key(secret: str) -> bytes:
    """Derive a key without stretching: the secrets are long and random already (HKDF, RFC 5869)."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"accord sealed values 1").derive(secret.encode())
    return base64.urlsafe_b64encode(key)
