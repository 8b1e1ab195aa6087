"""Whether this installation sends mail at all."""

from django.conf import settings

UNSENT = {f"django.core.mail.backends.{name}.EmailBackend" for name in ("console", "dummy", "filebased")}


def sends_mail() -> bool:
    """Return False while EMAIL_URL is not set: messages then only go to the log."""
    return settings.EMAIL_BACKEND not in UNSENT
