"""Two-factor sign-in: its secrets are encrypted in the database, and can be re-encrypted with another key."""

import logging
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.db import transaction

from core.encryption import Sealed, Unsealable

FERNET_PREFIX = "gAAAA"  # version byte 0x80 and the high bytes of the time, in base64
SECRETS = ("secret", "seed")  # what allauth keeps in `Authenticator.data`: of the app, of the recovery codes

logger = logging.getLogger(__name__)


class MfaAdapter(DefaultMFAAdapter):
    """Encrypts the secrets of authenticator apps and the seeds of recovery codes before they are stored."""

    def encrypt(self, text: str) -> str:
        return Sealed.of(text).token

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret; where no key opens it, one that no code fits, so that the sign-in is refused."""
        try:
            return str(Sealed(encrypted_text).open())
        except Unsealable:
            logger.error("No encryption key decrypts the two-factor secret. Reset the person's two-factor sign-in.")
            return generate_totp_secret()


def encrypt_plain(authenticators: Any) -> None:
    """Encrypt the secrets that an earlier release stored as they were."""
    adapter = MfaAdapter()
    for row in authenticators.iterator():
        plain = {name: row.data[name] for name in SECRETS if name in row.data}
        plain = {name: text for name, text in plain.items() if not text.startswith(FERNET_PREFIX)}
        if plain:
            row.data = {**row.data, **{name: adapter.encrypt(text) for name, text in plain.items()}}
            row.save(update_fields=["data"])


def reencrypt_secrets(lost: list[str]) -> int:
    """Re-encrypt every secret with the newest key; appends to `lost` those that no key opens. Returns how many."""
    done = 0
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().select_related("user").get(pk=pk)
            try:
                reencrypted = {name: Sealed(row.data[name]).rotate().token for name in SECRETS if name in row.data}
            except Unsealable:
                lost.append(f"two-factor sign-in of “{row.user}”")
                continue
            row.data = {**row.data, **reencrypted}
            row.save(update_fields=["data"])
            done += 1
    return done
